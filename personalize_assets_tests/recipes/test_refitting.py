from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from personalize_assets.core.schemas import Schema, SchemaField
from personalize_assets.recipes.artifact import SavedVersion, load_version, save_version
from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.minima import TooLittleData
from personalize_assets.recipes.refitting import refit
from personalize_assets.recipes.registry import find_recipe
from personalize_assets.recipes.tables import training_data
from personalize_assets.recipes.training import TrainingRequest, train_recipe

SCHEMA = Schema(
    "ITEMS",
    None,
    (
        SchemaField("ITEM_ID", "string"),
        SchemaField("NAME", "string", item_name=True),
        SchemaField("PLOT", "string", textual=True),
        SchemaField("CREATION_TIMESTAMP", "long"),
    ),
)
PLOTS = {
    "a": ("one", "ship robot", 100),
    "b": ("two", "ship moon", 200),
    "c": ("three", "moon house", 300),
}


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def texts(plots: dict[str, tuple[str, str, int]], met: list[str]) -> TrainingData:
    """Items with texts, and one interaction of a user of its own with each of ``met``."""
    names, words, created = zip(*plots.values(), strict=True)
    items = pa.table(
        {
            "ITEM_ID": list(plots),
            "NAME": list(names),
            "PLOT": list(words),
            "CREATION_TIMESTAMP": list(created),
        }
    )
    interactions = pa.table(
        {
            "USER_ID": pa.array([f"u{row}" for row in range(len(met))], pa.string()),
            "ITEM_ID": pa.array(met, pa.string()),
            "TIMESTAMP": pa.array([150] * len(met), pa.int64()),
        }
    )
    return training_data(interactions, items, item_schema=SCHEMA)


def saved(folder: Path, recipe: str, data: TrainingData) -> SavedVersion:
    folder.mkdir()
    save_version(folder, data, train_recipe(find_recipe(recipe), data, TrainingRequest(), rng()))
    return load_version(folder)


def test_refit__takes_texts_in_and_keeps_popularity_and_freshness(tmp_path: Path) -> None:
    earlier = saved(tmp_path / "v", "aws-semantic-similarity", texts(PLOTS, ["a", "a", "b"]))
    more = {**PLOTS, "aa": ("zero", "robot moon", 900)}
    again = refit(earlier, texts(more, ["c"] * 5 + ["aa"]), TrainingRequest(), rng())
    assert again.metrics == earlier.metrics
    # In the order of ids: a, aa, b, c. What was counted at the training stands.
    assert again.model.popularity.tolist() == [1.0, 0.0, 0.5, 0.0]  # type: ignore[attr-defined]
    assert again.model.freshness.tolist() == [0.0, 1.0, 0.5, 1.0]  # type: ignore[attr-defined]
    folder = tmp_path / "again"
    folder.mkdir()
    save_version(folder, texts(more, []), again)
    assert load_version(folder).item_ids.to_pylist() == ["a", "aa", "b", "c"]


def test_refit__refuses_what_no_training_would_take(tmp_path: Path) -> None:
    rows = [(f"u{user}", f"i{user % 7 + step}", step) for user in range(40) for step in range(30)]
    users, items, moments = zip(*rows, strict=True)
    table = pa.table({"USER_ID": users, "ITEM_ID": items, "TIMESTAMP": moments})
    earlier = saved(tmp_path / "v", "aws-trending-now", training_data(table))
    with pytest.raises(TooLittleData, match="fewer than 1000 interactions"):
        refit(earlier, training_data(table.slice(0, 999)), TrainingRequest(), rng())
