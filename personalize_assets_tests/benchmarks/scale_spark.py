"""Spark's ALS on the split of the recipes, for the benchmark of scale.

    python -m personalize_assets_tests.benchmarks.scale_spark STEP FOLDER NAME

``export`` writes the split as numbers and ``measure`` reads the answers back, both with the
project's interpreter; ``spark`` in between runs with one that has pyspark and numpy, and needs
nothing of the project. Spark cannot fold in histories, so that it also trains on what the tested
users did before the cut, which no other method sees.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

FACTORS, ITERATIONS, LENGTH = 64, 10, 25
ASKED = 4_000
_RUNS_KNOWN = 200  # answers besides, because Spark also recommends what users know
_SEED = 20


def export(folder: Path, name: str) -> dict[str, Any]:
    """Write user, item and a 1 of every event to train on, and who is asked about."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    trial = _trial(folder)
    split = trial.split
    first = len(split.train)
    rows = np.concatenate([split.train.rows, first + split.given.rows])
    items = np.concatenate([split.train.items, split.given.items])
    ones = np.ones(len(rows), dtype=np.float32)
    pq.write_table(pa.table({"user": rows, "item": items, "rating": ones}), folder / "spark.pq")
    asked = np.arange(first, first + min(ASKED, len(split.given)), dtype=np.int32)
    pq.write_table(pa.table({"user": asked}), folder / "asked.pq")
    return {}


def spark(folder: Path, name: str) -> dict[str, Any]:
    """Train Spark's ALS on one core and write its answers."""
    from pyspark.ml.recommendation import ALS  # pyright: ignore[reportMissingImports]
    from pyspark.sql import SparkSession  # pyright: ignore[reportMissingImports]

    session = (
        SparkSession.builder.master("local[1]")
        .config("spark.driver.memory", "6g")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.shuffle.partitions", "8")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    rows = session.read.parquet(str(folder / "spark.pq"))
    began = _spent()
    als = ALS(
        rank=FACTORS,
        maxIter=ITERATIONS,
        regParam=0.01,
        implicitPrefs=True,
        userCol="user",
        itemCol="item",
        ratingCol="rating",
        seed=_SEED,
    )
    model = als.fit(rows)
    fitted = _spent()
    asked = session.read.parquet(str(folder / "asked.pq"))
    found = model.recommendForUserSubset(asked, LENGTH + _RUNS_KNOWN).collect()
    spent = _spent()
    lists = {row["user"]: [each["item"] for each in row["recommendations"]] for row in found}
    timing = {
        "train_cpu_s": fitted - began,
        "users_per_cpu_s": len(lists) / (spent - fitted),
        "peak_gb": _peak_gb(session),
    }
    (folder / "spark.json").write_text(json.dumps({"lists": lists, "timing": timing}))
    session.stop()
    return timing


def measure(folder: Path, name: str) -> dict[str, Any]:
    """Amazon's metrics of the answers, without what users know."""
    from personalize_assets.core.metrics import Truth, evaluate, evaluate_textbook

    trial = _trial(folder)
    found = json.loads((folder / "spark.json").read_text())
    first, n_items = len(trial.split.train), trial.data.n_items
    given = trial.split.given.slice(0, len(found["lists"]))
    ranked = np.full((len(given), LENGTH), -1, dtype=np.int32)
    for row in range(len(given)):
        known = set(given.items[given.indptr[row] : given.indptr[row + 1]].tolist())
        new = [item for item in found["lists"].get(str(first + row), []) if item not in known]
        ranked[row, : len(new[:LENGTH])] = new[:LENGTH]
    held = trial.split.truth.slice(0, len(given))
    truth = Truth(held.indptr, held.items)
    return {
        **found["timing"],
        "quality": evaluate(ranked, truth, n_items),
        "textbook": evaluate_textbook(ranked, truth, n_items),
    }


def _trial(folder: Path) -> Any:
    from personalize_assets.recipes.registry import find_recipe
    from personalize_assets.recipes.trials import ItemTrial
    from personalize_assets_tests.benchmarks.scale_steps import SEED, read

    spec = find_recipe("aws-user-personalization")
    return ItemTrial.draw(spec, read(folder), np.random.default_rng(SEED))


def _spent() -> float:
    """CPU seconds of this process and of the Java virtual machine that it started."""
    total, own = time.process_time(), os.getpid()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        if int(fields[1]) == own:
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def _peak_gb(session: Any) -> float:
    pid = session.sparkContext._jvm.java.lang.ProcessHandle.current().pid()
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1e6
    return 0.0


STEPS: dict[str, Callable[[Path, str], dict[str, Any]]] = {
    "export": export,
    "spark": spark,
    "measure": measure,
}


def main() -> None:
    """Run one step and print what it found."""
    found = STEPS[sys.argv[1]](Path(sys.argv[2]), sys.argv[3])
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(json.dumps({"peak_gb": used, **found}))


if __name__ == "__main__":
    main()
