"""Orders from what users declare."""

import pytest

from personalize_assets.core.cleaning import CleaningRules
from personalize_assets.core.movielens import Layout, RawDataError
from personalize_assets.core.tables import TableSource
from personalize_assets.spark.order import EventRule, Order, Rules
from personalize_assets.spark.ordering import make_order, refusal

LAYOUT = Layout("dat", "raw/ratings.dat", "raw/movies.dat", "raw/users.dat")
EVENTS = {"USER_ID": "u", "ITEM_ID": "i", "TIMESTAMP": "t", "EVENT_VALUE": "v"}
TABLES = TableSource.model_validate(
    {
        "interactions": {"file": "e.csv", "columns": EVENTS, "event_rules": True, "delimiter": ";"},
        "items": {"file": "i.parquet", "columns": {"ITEM_ID": "i", "NAME": "n"}},
    }
)


def test_make_order__movielens() -> None:
    order = make_order(
        "interactions", LAYOUT, CleaningRules(), raw="/r", items="/items", output="/o"
    )
    rules = Rules((EventRule("watch", 3_000_000), EventRule("click", 1_000_000)))
    assert order == Order(
        "interactions", "/r", "raw/ratings.dat", "/o", layout="dat", rules=rules, items="/items"
    )
    movies = make_order("items", LAYOUT, CleaningRules(), raw="/r", items="/items", output="/o")
    assert (movies.name, movies.items) == ("raw/movies.dat", None)


def test_make_order__table() -> None:
    rules = CleaningRules.model_validate({"mode": "all", "fraction": 0.5})
    order = make_order("interactions", TABLES, rules, raw="/r", items=None, output="/o")
    assert order.table is not None
    assert list(order.table.columns.items()) == list(EVENTS.items())
    assert (order.table.delimiter, order.table.event_rules) == (";", True)
    assert (order.rules.mode, order.rules.fraction, order.name) == ("all", 0.5, "e.csv")
    assert Order.from_json(order.to_json()) == order


@pytest.mark.parametrize(
    ("source", "dataset", "message"),
    [
        (TABLES, "items", "i.parquet: Spark cleans CSV files, not parquet"),
        (TABLES, "users", "source.tables declares no users"),
        (Layout("csv", "r", "m"), "users", "this release has no file of users"),
    ],
)
def test_make_order__refusals(source: Layout | TableSource, dataset: str, message: str) -> None:
    with pytest.raises(RawDataError, match=message):
        make_order(dataset, source, CleaningRules(), raw="/r", items=None, output="/o")


def test_refusal__none() -> None:
    assert refusal("users", LAYOUT) is None
    assert refusal("interactions", TABLES) is None
