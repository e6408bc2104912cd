import json
from dataclasses import replace

import pyarrow as pa

from personalize_assets.core.schemas import parse_schema
from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.item_columns import item_columns
from personalize_assets_tests.recipes.examples import catalogue

ITEMS = parse_schema(
    json.dumps(
        {
            "type": "record",
            "name": "Items",
            "namespace": "com.amazonaws.personalize.schema",
            "version": "1.0",
            "fields": [
                {"name": "ITEM_ID", "type": "string"},
                {"name": "title", "type": "string", "itemName": True},
                {"name": "GENRES", "type": "string", "categorical": True},
                {"name": "PLOT", "type": ["null", "string"], "textual": True},
                {"name": "YEAR", "type": "int"},
            ],
        }
    )
)


def data() -> TrainingData:
    features = pa.table(
        {"ITEM_ID": ["i0"], "TITLE": ["A"], "GENRES": ["x|y"], "PLOT": ["Once."], "YEAR": [1999]}
    )
    return replace(catalogue(1), item_features=features, item_schema=ITEMS)


def test_item_columns__by_role() -> None:
    assert item_columns(data(), "categorical") == ["GENRES"]
    assert item_columns(data(), "textual") == ["PLOT"]
    assert item_columns(data(), "itemName") == ["TITLE"]


def test_item_columns__excluded() -> None:
    features = data().item_features
    assert features is not None
    without = replace(data(), item_features=features.drop_columns(["GENRES"]))
    assert item_columns(without, "categorical") == []


def test_item_columns__no_schema() -> None:
    unknown = replace(data(), item_schema=None)
    assert item_columns(unknown, "categorical") == ["TITLE", "GENRES", "PLOT"]
    assert item_columns(unknown, "textual") == []


def test_item_columns__no_items_dataset() -> None:
    assert item_columns(catalogue(1), "categorical") == []
