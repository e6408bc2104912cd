"""Orders as JSON: what is written is read back, and what is wrong is said."""

import json
from typing import Any

import pytest

from personalize_assets.spark.order import EventRule, Order, OrderError, Rules, Table

ORDER = {"version": 1, "dataset": "users", "raw": "/r", "name": "r", "output": "/o", "layout": "u"}
RATINGS = ORDER | {"dataset": "interactions", "items": "/i"}
RULES = {"events": [{"event_type": "a", "above_micros": 2}]}


@pytest.mark.parametrize(
    "order",
    [
        Order("users", "/raw/u.user", "u.user", "/out", layout="u"),
        Order(
            "interactions",
            "s3a://bucket/raw/r.csv",
            "raw/r.csv",
            "s3a://bucket/out",
            table=Table({"USER_ID": "b", "ITEM_ID": "a"}, {"X": "long"}, "\t", None, True),
            rules=Rules((EventRule("b", 3), EventRule("a", -1)), "all", 0.25),
            items="s3a://bucket/items.parquet",
        ),
    ],
)
def test_from_json__inverse(order: Order) -> None:
    again = Order.from_json(order.to_json())
    assert again == order
    if order.table is not None and again.table is not None:
        assert list(again.table.columns) == list(order.table.columns)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", r"order: an object is needed; got \[\]"),
        ("{", "order: not JSON"),
        ({"version": 2}, "order.version: this job reads 1, got 2"),
        ({"more": 1}, "order: more not known; allowed: dataset, raw"),
        ({"dataset": "actions"}, "order.dataset: one of 'interactions', 'items', 'users'; got"),
        ({"layout": "xml"}, "order.layout: one of 'csv', 'dat', 'u'; got 'xml'"),
        ({"layout": None}, "exactly one of layout and table"),
        ({"layout": "csv"}, "releases of layout csv have no users"),
        ({"raw": ""}, "order.raw: text is needed"),
        ({"items": 7}, "order.items: text is needed"),
        ({"table": {"columns": {}}}, "exactly one of layout and table"),
        ({"table": {}}, "order.table: columns missing"),
        ({"table": {"columns": {"A": 1}}}, "order.table.columns: an object of strings"),
        ({"table": {"columns": {}, "types": {"A": "date"}}}, "order.table.types.A: one of"),
        ({"table": {"columns": {}, "delimiter": "#"}}, "order.table.delimiter: one of ','"),
        ({"rules": {"mode": "none"}}, "order.rules.mode: one of 'strongest', 'all'"),
        ({"rules": {"events": [{"event_type": "a"}]}}, "order.rules.events: above_micros missing"),
    ],
)
def test_from_json__refusals(content: Any, message: str) -> None:
    text = content if isinstance(content, str) else json.dumps(ORDER | content)
    with pytest.raises(OrderError, match=message):
        Order.from_json(text)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "order.rules.events: at least one rule"),
        ({"items": None, "rules": RULES}, "order.items: MovieLens ratings need"),
        ({"rules": {"events": RULES["events"] * 2}}, "from the highest bound down; got \\[2, 2\\]"),
        ({"rules": RULES | {"fraction": 0}}, r"order.rules.fraction: in \(0, 1\]; got 0"),
    ],
)
def test_from_json__refusals_of_interactions(content: dict[str, Any], message: str) -> None:
    with pytest.raises(OrderError, match=message):
        Order.from_json(json.dumps(RATINGS | content))


def test_at__folders() -> None:
    order = Order.from_json(json.dumps(ORDER))
    assert order.at("csv") == "/o/csv"
