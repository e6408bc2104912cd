"""What may be declared of tables, and what is said of the rest."""

from typing import Any

import pytest
from pydantic import ValidationError

from personalize_assets.core.tables import TableSource

COLUMNS = {"USER_ID": "customer", "ITEM_ID": "sku", "TIMESTAMP": "at"}


def declare(**interactions: Any) -> TableSource:
    return TableSource.model_validate(
        {"interactions": {"file": "orders.csv", "columns": COLUMNS, **interactions}}
    )


def test_table_source__files_and_metadata() -> None:
    source = TableSource.model_validate(
        {
            "interactions": {
                "file": "orders.csv",
                "columns": {**COLUMNS, "EVENT_VALUE": "amount", "DEVICE": "device"},
                "types": {"DEVICE": "string"},
            },
            "items": {"file": "x/goods.parquet", "columns": {"ITEM_ID": "sku", "PRICE": "price"}},
        }
    )
    assert source.files() == {"interactions": "orders.csv", "items": "x/goods.parquet"}
    assert source.interactions.metadata() == ("DEVICE",)
    assert source.items is not None
    assert source.items.is_parquet
    assert TableSource.model_validate(source.model_dump(mode="json")) == source


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"file": "orders.json"}, "should match pattern"),
        ({"file": "/orders.csv"}, "should match pattern"),
        ({"columns": {"USER_ID": "customer"}}, "ITEM_ID, TIMESTAMP must be mapped to columns"),
        ({"columns": {**COLUMNS, "a b": "x"}}, "'a b' is no column name"),
        (
            {"types": {"TIMESTAMP": "long"}},
            "TIMESTAMP cannot be typed; metadata columns here are none",
        ),
        ({"types": {"DEVICE": "blob"}}, "Input should be"),
        ({"delimiter": "::"}, "Input should be"),
        ({"event_rules": True}, "event_rules need EVENT_VALUE to be mapped"),
        ({"colums": {}}, "Extra inputs are not permitted"),
        ({"event_type": "a,b"}, "should match pattern"),
        (
            {"columns": {**COLUMNS, "EVENT_TYPE": "what"}, "event_type": "buy"},
            "EVENT_TYPE comes from one place; given are columns.EVENT_TYPE and event_type",
        ),
    ],
)
def test_interactions_table__refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        declare(**change)
    assert message in str(caught.value)


def test_items_table__needs_metadata() -> None:
    with pytest.raises(ValidationError, match="at least one metadata column beside the id"):
        TableSource.model_validate(
            {
                "interactions": {"file": "o.csv", "columns": COLUMNS},
                "items": {"file": "i.csv", "columns": {"ITEM_ID": "sku"}},
            }
        )
