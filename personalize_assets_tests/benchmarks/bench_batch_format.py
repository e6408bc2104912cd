"""Batch output to titled parquet: ours against a plain loop over json and a dict, in the same run.

    python -m personalize_assets_tests.benchmarks.bench_batch_format [--users 162541] [--items 25]

Makes a seeded output file in the shape of MovieLens 25M, lets each side turn it into the same two
parquet files in a fresh process, compares these value by value and prints CPU seconds (user and
system), peak memory and the ratios. Ends with status 1 where the results differ or ours needs more
than 0.75 of the loop's CPU.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

CATALOGUE = 59_047
TARGET = 0.75
GENRES = ("Action", "Comedy", "Crime", "Drama", "Horror", "Romance", "Sci-Fi", "Thriller")


def make_items(path: Path, rng: np.random.Generator) -> list[str]:
    """Write an items parquet with titles of MovieLens's lengths; return the ids."""
    ids = [str(number) for number in np.sort(rng.choice(209_171, CATALOGUE, replace=False) + 1)]
    lengths = rng.integers(4, 34, CATALOGUE)
    titles = [
        f"{'Título ' if n % 40 == 0 else ''}{'Some movie of many words and nights'[:n]} {i} (1995)"
        for i, n in zip(ids, lengths, strict=True)
    ]
    genres = [
        "|".join(rng.choice(GENRES, size, replace=False)) or None
        for size in rng.integers(0, 4, CATALOGUE)
    ]
    pq.write_table(pa.table({"ITEM_ID": ids, "TITLE": titles, "GENRES": genres}), path)
    return ids


def make_output(path: Path, ids: list[str], users: int, items: int) -> None:
    """Write an output file as the service does, users in random order."""
    rng = np.random.default_rng(2)
    names = np.array(ids)
    popular = 1 / np.arange(1, len(ids) + 1)
    chosen = rng.choice(len(ids), (users, items), p=popular / popular.sum())
    scores = np.sort(rng.random((users, items)) * 0.05)[:, ::-1]
    with path.open("w", encoding="utf-8") as file:
        for user, row, values in zip(rng.permutation(users) + 1, chosen, scores, strict=True):
            listed = '","'.join(names[row])
            numbers = ",".join(f"{value:.7f}".rstrip("0") + "1" for value in values)
            file.write(
                f'{{"input":{{"userId":"{user}"}},"output":{{"recommendedItems":["{listed}"],'
                f'"scores":[{numbers}]}},"error":null}}\n'
            )


def run_ours(folder: Path) -> None:
    """Use the package."""
    from personalize_assets.core.batch_format import (
        ItemTitles,
        ResultPaths,
        transform_batch_output,
    )

    transform_batch_output(
        folder / "users.json.out",
        ItemTitles.from_file(folder / "items.parquet"),
        ResultPaths.in_folder(folder / "ours"),
    )


def run_loop(folder: Path) -> None:
    """Do what a script would do: a dict of labels, `json.loads` a line, lists, two tables."""
    items = pq.read_table(folder / "items.parquet").to_pydict()
    known = dict(
        zip(items["ITEM_ID"], zip(items["TITLE"], items["GENRES"], strict=True), strict=True)
    )
    labels = {
        item: f"{title} ({genres.split('|')[0]})" if genres else title
        for item, (title, genres) in known.items()
    }
    user_ids: list[int] = []
    texts: list[str] = []
    tidy: dict[str, list] = {
        name: [] for name in ("user_id", "rank", "item_id", "score", "title", "genres")
    }
    with (folder / "users.json.out").open(encoding="utf-8") as file:
        for text in file:
            line = json.loads(text)
            if line["error"] is not None:
                continue
            user, recommended = line["input"]["userId"], line["output"]["recommendedItems"]
            user_ids.append(int(user))
            texts.append(" | ".join(labels[item] for item in recommended))
            tidy["user_id"].extend([user] * len(recommended))
            tidy["rank"].extend(range(1, len(recommended) + 1))
            tidy["item_id"].extend(recommended)
            tidy["score"].extend(line["output"]["scores"])
            tidy["title"].extend(known[item][0] for item in recommended)
            tidy["genres"].extend(known[item][1] for item in recommended)
    transformed = pa.table({"userId": user_ids, "Recommendations": texts})
    pq.write_table(transformed, folder / "loop" / "transformed.parquet")
    pq.write_table(pa.table(tidy), folder / "loop" / "recommendations.parquet")


SIDES: dict[str, Callable[[Path], None]] = {"ours": run_ours, "loop": run_loop}


def measure(side: str, folder: Path) -> dict[str, float]:
    """Run one side in a fresh process; return its CPU seconds and peak megabytes."""
    command = [sys.executable, "-m", __spec__.name, "--side", side, "--folder", str(folder)]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(answer.stdout)


def same_results(folder: Path) -> bool:
    """Whether both sides wrote equal values."""
    names = ("transformed.parquet", "recommendations.parquet")
    return all(
        pq.read_table(folder / "ours" / name)
        .to_pandas()
        .equals(
            pq.read_table(folder / "loop" / name)
            .cast(pq.read_schema(folder / "ours" / name))
            .to_pandas()
        )
        for name in names
    )


def main() -> None:
    """Make the data, run both sides, compare, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=162_541)
    parser.add_argument("--items", type=int, default=25)
    parser.add_argument("--side", choices=SIDES)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if options.side:
        SIDES[options.side](options.folder)
        usage = resource.getrusage(resource.RUSAGE_SELF)
        result = {"cpu_s": usage.ru_utime + usage.ru_stime, "peak_mb": usage.ru_maxrss / 1024}
        print(json.dumps(result))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ids = make_items(folder / "items.parquet", np.random.default_rng(1))
        make_output(folder / "users.json.out", ids, options.users, options.items)
        size = (folder / "users.json.out").stat().st_size / 1e6
        print(f"{options.users:,} users x {options.items}, {size:.0f} MB of JSON Lines")
        results = {}
        for side in SIDES:
            (folder / side).mkdir()
            results[side] = measure(side, folder)
            print(
                f"{side:6} {results[side]['cpu_s']:6.2f} CPU s {results[side]['peak_mb']:7.0f} MB"
            )
        same = same_results(folder)
    ratio = results["ours"]["cpu_s"] / results["loop"]["cpu_s"]
    print(f"ratio {ratio:.2f} of the loop's CPU (at most {TARGET}); same results: {same}")
    sys.exit(0 if same and ratio <= TARGET else 1)


if __name__ == "__main__":
    main()
