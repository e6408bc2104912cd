"""One measurement of scale in a process of its own, so that its peak of memory is its own.

    python -m personalize_assets_tests.benchmarks.scale_steps STEP FOLDER [NAME]

Steps are functions of a folder and a name; what they find is printed as one line of JSON. CPU
seconds are those of this process with one thread. Called by ``bench_scale``.
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
import pyarrow as pa
import pyarrow.parquet as pq

from personalize_assets.core.names import MAX_RESULTS
from personalize_assets.recipes.artifact import load_version, save_version
from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.evaluation import train_and_evaluate
from personalize_assets.recipes.ranking import recommend
from personalize_assets.recipes.registry import find_recipe
from personalize_assets.recipes.tables import training_data
from personalize_assets.recipes.trials import ItemTrial, measure
from personalize_assets_tests.planted import ITEM_SCHEMA, planted

Found = dict[str, Any]

SEED = 20
LENGTH = 25
MRR = "mean_reciprocal_rank_at_25"
NDCG = "normalized_discounted_cumulative_gain_at_25"
PEER_USERS = 4_000
_TABLES = ("interactions", "items", "users")
_COLUMNS = {"interactions": ["USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE"]}


class Stopwatch:
    """CPU seconds of stages that follow one another."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._stage, self._began = "start", time.process_time()

    def __call__(self, stage: str, share: float = 0.0) -> None:
        """End the stage before and begin this one; fits where progress is reported."""
        now = time.process_time()
        spent = self.seconds.get(self._stage, 0.0) + now - self._began
        self.seconds[self._stage] = spent
        self._stage, self._began = stage, now

    def sum(self, *without: str) -> float:
        """Seconds of all stages but some."""
        return sum(spent for stage, spent in self.seconds.items() if stage not in without)


def make(folder: Path, name: str) -> Found:
    """Plant a set of ``name`` (users, items and rows with ``x`` between) in a folder."""
    n_users, n_items, n_rows = map(int, name.split("x"))
    made = planted(n_users, n_items, n_rows)
    for table in _TABLES:
        pq.write_table(getattr(made, table), folder / f"{table}.parquet")
    return {}


def read(folder: Path) -> TrainingData:
    """The set of a folder as recipes train on it."""
    tables: list[pa.Table] = [
        pq.read_table(folder / f"{name}.parquet", columns=_COLUMNS.get(name)) for name in _TABLES
    ]
    return training_data(*tables, item_schema=ITEM_SCHEMA)


def train(folder: Path, name: str) -> Found:
    """Train and evaluate a recipe as the engine does, and write the version."""
    watch = Stopwatch()
    watch("read")
    data = read(folder)
    rng = np.random.default_rng(SEED)
    version = train_and_evaluate(find_recipe(name), data, rng=rng, progress=watch)
    watch("save")
    target = folder / name
    target.mkdir(exist_ok=True)
    save_version(target, data, version)
    watch("end")
    size = sum(path.stat().st_size for path in target.iterdir())
    return {
        "train_cpu_s": watch.sum("start", "evaluate"),
        "evaluate_cpu_s": watch.seconds["evaluate"],
        "stages": {stage: round(spent, 2) for stage, spent in watch.seconds.items()},
        "version_mb": size / 1e6,
        "quality": version.metrics,
        "textbook": version.textbook,
    }


def serve(folder: Path, name: str) -> Found:
    """Load a version, and answer every user of the set."""
    began, cpu = time.perf_counter(), time.process_time()
    version = load_version(folder / name)
    load_s, load_cpu_s = time.perf_counter() - began, time.process_time() - cpu
    histories = read(folder).histories(np.random.default_rng(SEED))
    began = time.process_time()
    items, _ = recommend(version.model, histories, LENGTH)
    spent = time.process_time() - began
    assert items.shape == (len(histories), min(LENGTH, MAX_RESULTS))
    return {
        "load_s": load_s,
        "load_cpu_s": load_cpu_s,
        "users": len(histories),
        "users_per_cpu_s": len(histories) / spent,
    }


def peer(folder: Path, name: str) -> Found:
    """Train a library's recommender on the recipes' split and measure it on the same users."""
    from personalize_assets_tests.benchmarks.peers import PEERS  # needs a library that is optional

    spec = find_recipe("aws-user-personalization")
    data = read(folder)
    rng = np.random.default_rng(SEED)
    trial = ItemTrial.draw(spec, data, rng)
    began = time.process_time()
    model = PEERS[name](data, trial.train, rng)
    fit_s = time.process_time() - began
    asked = trial.split.given.slice(0, min(PEER_USERS, trial.n_test_users))
    began = time.process_time()
    model.recommend(asked, LENGTH)
    spent = time.process_time() - began
    metrics, textbook = measure(spec, model, trial.split)
    return {
        "train_cpu_s": fit_s,
        "users_per_cpu_s": len(asked) / spent,
        "quality": metrics,
        "textbook": textbook,
    }


STEPS: dict[str, Callable[[Path, str], Found]] = {
    "make": make,
    "train": train,
    "serve": serve,
    "peer": peer,
}


def main() -> None:
    """Run one step and print what it found."""
    step, folder, name = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    found = STEPS[step](folder, name)
    used = resource.getrusage(resource.RUSAGE_SELF)
    found |= {"peak_gb": used.ru_maxrss / 1e6, "cpu_s": time.process_time(), "pid": os.getpid()}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
