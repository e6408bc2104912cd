"""Cleaning at the size of MovieLens-25M: ours against a pandas script, CPU and memory.

``python -m personalize_assets_tests.benchmarks.bench_cleaning [--rows 25000095]`` makes a seeded
file of ratings in MovieLens-25M's shape, 45,000 dirty lines among them, cleans it with each
contender in a process of its own, checks that both wrote the same interactions, and prints a table.
Fails if the interactions differ, or a target is missed at full size.
"""

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from personalize_assets.core.cleaning import CleaningRules, OutputPaths, clean_ratings
from personalize_assets.core.movielens import Layout

FULL_ROWS: Final = 25_000_095
USERS: Final = 162_541
ITEMS: Final = 59_047
HIGHEST_ITEM_ID: Final = 209_171
DIRTY_PER_ROW: Final = 45_000 / FULL_ROWS
FIRST_TIMESTAMP, LAST_TIMESTAMP = 789_652_009, 1_574_327_703

MIN_CPU_RATIO: Final = 2.5
MAX_PEAK_MB: Final = 1_500

DIRTY: Final = (
    "{user},{item},{rating}",
    "{user},{item},{rating},{time},7",
    "{user},,{rating},{time}",
    '{user},{item},{rating},"{time}',
    '"{user},{item},{rating},{time}',
    "{user},{item},\0{rating},{time}",
    " {user},{item},{rating},{time}",
    "+{user},{item},{rating},{time}",
    "{user}.0,{item},{rating},{time}",
    "0x1F,{item},{rating},{time}",
    "{user},1e3,{rating},{time}",
    "00{user},{item},{rating},{time}",
    "{user},{item},5.5,{time}",
    "{user},{item},0.0,{time}",
    "{user},{item},NaN,{time}",
    "{user},{item},{rating},{time}000",
    "{user},{item},{rating},-{time}",
    "{user},{item},{rating},{time}.0",
    "{user},999999,{rating},{time}",
    "",
)
"""One dirty line of each kind; a twentieth of the dirty lines each."""


def main() -> int:
    """Make the file, run both, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=FULL_ROWS)
    parser.add_argument("--folder", type=Path, default=None, help="keep the files here")
    parser.add_argument("--contender", choices=sorted(CONTENDERS), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.contender:
        print(json.dumps(_measure(arguments.contender, arguments.folder)))
        return 0
    if arguments.folder:
        return _compare(arguments.folder, arguments.rows)
    with tempfile.TemporaryDirectory() as folder:
        return _compare(Path(folder), arguments.rows)


def _compare(folder: Path, rows: int) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    dirty = make_ratings(folder, rows)
    size_mb = (folder / "ratings.csv").stat().st_size / 1e6
    print(f"{rows:,} lines ({size_mb:,.0f} MB), {dirty:,} of them dirty")
    results = {name: _run(name, folder) for name in CONTENDERS}
    print(f"{'':10}{'CPU s':>9}{'wall s':>9}{'peak MB':>9}{'written':>12}{'quarantined':>13}")
    for name, result in results.items():
        print(
            f"{name:10}{result['cpu_s']:9.1f}{result['wall_s']:9.1f}{result['peak_mb']:9.0f}"
            f"{result['written']:12,}{result['quarantined']:13,}"
        )
    ours, pandas = results["ours"], results["pandas"]
    ratio = pandas["cpu_s"] / ours["cpu_s"]
    print(f"pandas takes {ratio:.2f} times our CPU; target at full size {MIN_CPU_RATIO}")
    if _digest(folder, "ours") != _digest(folder, "pandas"):
        print("the two wrote different interactions")
        return 1
    print("both wrote the same interactions, byte for byte")
    met = ratio >= MIN_CPU_RATIO and ours["peak_mb"] <= MAX_PEAK_MB
    return 0 if met or rows < FULL_ROWS else 1


def _run(contender: str, folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", __spec__.name, "--folder", str(folder)]
    done = subprocess.run(
        [*command, "--contender", contender], check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout)


def _measure(contender: str, folder: Path) -> dict[str, Any]:
    started = time.perf_counter()
    counts = CONTENDERS[contender](folder)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "wall_s": time.perf_counter() - started,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3),
        **counts,
    }


def _ours(folder: Path) -> dict[str, int]:
    report = clean_ratings(
        folder / "ratings.csv",
        Layout("csv", "ratings.csv", "movies.csv"),
        np.load(folder / "items.npy"),
        CleaningRules(),
        OutputPaths.in_folder(folder / "ours", "interactions"),
    )
    return {"written": report.accounts.written, "quarantined": report.accounts.quarantined}


def _pandas(folder: Path) -> dict[str, int]:
    from personalize_assets_tests.benchmarks.clean_with_pandas import clean_with_pandas

    items = np.load(folder / "items.npy")
    return clean_with_pandas(folder / "ratings.csv", items, folder / "pandas")


CONTENDERS: Final = {"ours": _ours, "pandas": _pandas}


def _digest(folder: Path, contender: str) -> str:
    with (folder / contender / "interactions.csv").open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def make_ratings(folder: Path, rows: int, seed: int = 25) -> int:
    """Write ``ratings.csv`` and ``items.npy`` (ids of known movies) into ``folder``.

    Rows are ordered by user and movie, as GroupLens orders them; users have between 20 and some
    thousands of ratings, movies follow a power law, and one line in 10,000 repeats the line before.

    Returns:
        The number of dirty lines.
    """
    rng = np.random.default_rng(seed)
    items = np.sort(rng.choice(np.arange(1, HIGHEST_ITEM_ID + 1), ITEMS, replace=False))
    np.save(folder / "items.npy", items)
    weights = 20 + rng.lognormal(4.0, 1.3, USERS)
    edges = np.floor(np.cumsum(weights) / weights.sum() * rows).astype(np.int64)
    dirty_at = np.sort(rng.choice(rows, int(rows * DIRTY_PER_ROW), replace=False))
    step = 1_000_000
    with (folder / "ratings.csv").open("wb") as stream:
        stream.write(b"userId,movieId,rating,timestamp\n")
        for start in range(0, rows, step):
            stop = min(start + step, rows)
            dirty = dirty_at[(dirty_at >= start) & (dirty_at < stop)] - start
            stream.write(_lines(rng, edges, items, start, stop, dirty))
    return len(dirty_at)


def _lines(
    rng: np.random.Generator,
    edges: np.ndarray,
    items: np.ndarray,
    start: int,
    stop: int,
    dirty: np.ndarray,
) -> bytes:
    n = stop - start
    user = np.searchsorted(edges, np.arange(start, stop), side="right") + 1
    item = items[(len(items) * rng.random(n) ** 3).astype(np.int64)]
    order = np.lexsort((item, user))
    repeated = np.flatnonzero(rng.random(n) < 1e-4)
    item = item[order]
    rating = rng.integers(1, 11, n) / 2
    stamp = rng.integers(FIRST_TIMESTAMP, LAST_TIMESTAMP + 1, n)
    for column in (user, item, rating, stamp):
        column[repeated] = column[repeated - 1]
    texts = pc.binary_join_element_wise(
        *(pa.array(column).cast(pa.string()) for column in (user, item)),
        pa.array([f"{half / 2}" for half in range(11)]).take(pa.array((rating * 2).astype(int))),
        pa.array(stamp).cast(pa.string()),
        ",",
    ).to_pylist()
    for row in dirty.tolist():
        template = DIRTY[int(rng.integers(len(DIRTY)))]
        texts[row] = template.format(
            user=user[row], item=item[row], rating=rating[row], time=stamp[row]
        )
    texts.append("")
    return "\n".join(texts).encode()


if __name__ == "__main__":
    sys.exit(main())
