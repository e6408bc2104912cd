"""Small but real files for the stand-ins: models of a few recipes, new items, imported data.

Each is made once in a process and copied from then on.
"""

import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from personalize_assets.core.schemas import DatasetType, Domain, parse_schema
from personalize_assets.engine.data.columns import IMPORTED_AT, arrow_schema
from personalize_assets.recipes.artifact import save_version
from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.registry import find_recipe
from personalize_assets.recipes.tables import training_data
from personalize_assets.recipes.training import TrainingRequest, train_recipe
from personalize_assets_tests.engine.life_cycles.recipes import (
    MOST_POPULAR,
    POPULARITY,
    TOP_PICKS,
    TRENDING,
    USER,
)

REAL: Final = frozenset(
    recipe.name for recipe in (USER, POPULARITY, TRENDING, TOP_PICKS, MOST_POPULAR)
)
"""Recipes whose models answer; those of others are empty folders."""
N_ITEMS: Final = 40
_N_USERS: Final = 30


@cache
def in_memory() -> str | None:
    """The folder of a disk in memory, where there is one."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() else None


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="life-cycles-", dir=in_memory())


@cache
def _data() -> TrainingData:
    rng = np.random.default_rng(1)
    rows = 1_200
    return training_data(
        pa.table(
            {
                "USER_ID": [f"u{user}" for user in rng.integers(0, _N_USERS, rows)],
                "ITEM_ID": [f"i{item}" for item in rng.integers(0, N_ITEMS, rows)],
                "TIMESTAMP": pa.array(1_700_000_000 + 3_600 * np.arange(rows), pa.int64()),
                "EVENT_TYPE": ["watch"] * rows,
            }
        )
    )


@cache
def _model(recipe: str) -> Path:
    folder = Path(_folder().name) / recipe
    folder.mkdir()
    if recipe in REAL:
        rng = np.random.default_rng(1)
        version = train_recipe(find_recipe(recipe), _data(), TrainingRequest(), rng)
        save_version(folder, _data(), version)
    return folder


def write_model(target: Path, recipe: str) -> None:
    """Make the folder of a trained model."""
    shutil.copytree(_model(recipe), target)


@cache
def new_items() -> bytes:
    """A file of new items that holds one."""
    columns = {"ITEM_ID": ["new"], "CREATED_AT": [1_700_000_000], "EVENTS": [0], "EXPECTED": [0.0]}
    return _parquet(pa.table(columns, metadata={"shape": "1.0", "newest": "1700000000"}))


@cache
def imported(schema_json: str, dataset_type: DatasetType, domain: Domain | None) -> bytes:
    """A file of imported data without rows."""
    schema = arrow_schema(parse_schema(schema_json, dataset_type, domain))
    if dataset_type in ("ITEMS", "USERS", "ACTIONS"):
        schema = schema.append(pa.field(IMPORTED_AT, pa.int64()))
    return _parquet(schema.empty_table())


def _parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return sink.getvalue().to_pybytes()
