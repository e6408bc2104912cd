import json

import pyarrow as pa

from personalize_assets.core.schemas import parse_schema
from personalize_assets.recipes.item_columns import columns_of_role, with_roles

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


def table() -> pa.Table:
    return pa.table(
        {"ITEM_ID": ["a"], "TITLE": ["A"], "GENRES": ["x|y"], "PLOT": ["Once."], "YEAR": [1999]}
    )


def test_with_roles__columns_of_each_role() -> None:
    marked = with_roles(table(), ITEMS)
    assert columns_of_role(marked, "categorical") == ["GENRES"]
    assert columns_of_role(marked, "textual") == ["PLOT"]
    assert columns_of_role(marked, "itemName") == ["TITLE"]
    assert marked.equals(table())


def test_with_roles__survive_a_choice_of_rows_and_columns() -> None:
    chosen = with_roles(table(), ITEMS).take([0, 0]).drop_columns(["TITLE"])
    assert columns_of_role(chosen, "textual") == ["PLOT"]
    assert columns_of_role(chosen, "itemName") == []


def test_columns_of_role__table_that_nobody_marked() -> None:
    assert columns_of_role(table(), "categorical") == ["TITLE", "GENRES", "PLOT"]
    assert columns_of_role(table(), "textual") == []
