import pyarrow as pa
import pytest

from personalize_assets.core.attribution import (
    UNDEFINED_SOURCE,
    AttributionError,
    Expression,
    Metric,
    aggregate,
    check_expression,
    format_report,
    mark_of,
    marks_of,
    parse_expression,
)
from personalize_assets.core.schemas import Schema, SchemaField

CAMPAIGN = "arn:aws:personalize:us-east-1:123456789012:campaign/one"
COUNT = Metric("clicks", "Click", Expression("samplecount"))
PRICES = Metric("prices", "Click", Expression("sum", "ITEMS", "PRICE"))
LENGTHS = Metric("lengths", "watch", Expression("sum", "INTERACTIONS", "LENGTH"))
SCHEMAS = {
    "ITEMS": Schema(
        "ITEMS",
        None,
        (
            SchemaField("ITEM_ID", "string"),
            SchemaField("price", "float", nullable=True),
            SchemaField("NAME", "string"),
        ),
    )
}


def events(*rows: tuple[str, str, int, float | None, str | None, str | None]) -> pa.Table:
    names = (
        "ITEM_ID",
        "EVENT_TYPE",
        "TIMESTAMP",
        "LENGTH",
        "EVENT_ATTRIBUTION_SOURCE",
        "RECOMMENDATION_ID",
    )
    types = (
        pa.dictionary(pa.int32(), pa.string()),
        pa.dictionary(pa.int32(), pa.string()),
        pa.int64(),
        pa.float32(),
        pa.string(),
        pa.string(),
    )
    return pa.Table.from_pylist(
        [dict(zip(names, row, strict=True)) for row in rows],
        pa.schema(list(zip(names, types, strict=True))),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SAMPLECOUNT()", Expression("samplecount")),
        (" samplecount ( ) ", Expression("samplecount")),
        ("SUM(Items.PRICE)", Expression("sum", "ITEMS", "PRICE")),
        ("sum( interactions . event_value )", Expression("sum", "INTERACTIONS", "EVENT_VALUE")),
    ],
)
def test_parse_expression__forms(text: str, expected: Expression) -> None:
    assert parse_expression(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "COUNT()",
        "SAMPLECOUNT",
        "SAMPLECOUNT(Items.A)",
        "SUM()",
        "SUM(PRICE)",
        "SUM(Users.AGE)",
        "SUM(Items.PRICE) + 1",
        "AVG(Items.PRICE)",
        "SUM(Items.9)",
        "SUM(Items.A, Items.B)",
    ],
)
def test_parse_expression__anything_else(text: str) -> None:
    with pytest.raises(AttributionError, match="must be SUM") as error:
        parse_expression(text)
    assert repr(text) in str(error.value)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            "SUM(Items.COST)",
            r"the Items dataset has no such column. Its numeric columns are: PRICE",
        ),
        ("SUM(Items.NAME)", r"the Items dataset holds it as string"),
        ("SUM(Interactions.EVENT_VALUE)", r"the group has no Interactions dataset"),
    ],
)
def test_check_expression__not_to_be_summed(expression: str, message: str) -> None:
    with pytest.raises(AttributionError, match=message):
        check_expression(parse_expression(expression), SCHEMAS)


@pytest.mark.parametrize("expression", ["SAMPLECOUNT()", "SUM(items.Price)"])
def test_check_expression__fits(expression: str) -> None:
    check_expression(parse_expression(expression), SCHEMAS)


def test_aggregate__by_source_and_window() -> None:
    answer = f"RID-00000000-0000-0000-0000-CID-{mark_of(CAMPAIGN)}"
    table = events(
        ("1", "click", 900, None, None, answer),
        ("2", "CLICK", 1_799, None, None, answer.upper().replace("RID", "rid")),
        ("1", "click", 1_800, None, "partner", answer),
        ("1", "click", 899, None, None, "RID-without-a-mark"),
        ("1", "click", 0, None, "", None),
        ("1", "watch", 900, None, None, answer),
    )
    rows = aggregate(table, [COUNT], marks_of([CAMPAIGN]))
    assert [(row.window, row.source, row.value) for row in rows] == [
        (1_800, "partner", 1.0),
        (900, CAMPAIGN, 2.0),
        (0, UNDEFINED_SOURCE, 2.0),
    ]


def test_aggregate__sums_of_items_and_interactions() -> None:
    table = events(
        ("1", "click", 5, 7.5, None, None),
        ("2", "click", 6, 7.5, None, None),
        ("2", "click", 6, 7.5, None, None),
        ("unknown", "click", 7, 7.5, None, None),
        ("1", "watch", 8, 2.5, None, None),
        ("1", "watch", 9, None, None, None),
    )
    items = pa.table({"ITEM_ID": ["2", "1", "3"], "PRICE": [10.0, None, 99.0]})
    rows = aggregate(table, [PRICES, LENGTHS], {}, items)
    assert [(row.metric.name, row.value) for row in rows] == [("prices", 20.0), ("lengths", 2.5)]
    assert aggregate(table, [PRICES], {})[0].value == 0.0


def test_aggregate__without_columns_of_sources() -> None:
    table = events(("1", "click", 5, None, None, None)).select(
        ["ITEM_ID", "EVENT_TYPE", "TIMESTAMP"]
    )
    [row] = aggregate(table, [COUNT], marks_of([CAMPAIGN]))
    assert (row.source, row.value) == (UNDEFINED_SOURCE, 1.0)


def test_aggregate__no_event_of_the_type() -> None:
    assert aggregate(events(("1", "buy", 5, None, None, None)), [COUNT], {}) == []


def test_aggregate__more_sources_than_are_told_apart() -> None:
    rows = [("1", "click", 5, None, f"s{number:03}", None) for number in range(101)]
    found = aggregate(events(*rows, rows[100], rows[100]), [COUNT], {})
    by_source = {row.source: row.value for row in found}
    assert len(by_source) == 101
    assert by_source["s100"] == 3.0
    assert by_source[UNDEFINED_SOURCE] == 1.0
    assert "s099" not in by_source


def test_format_report__one_line_per_row() -> None:
    table = events(
        ("1", "click", 1_700, None, 'a "b", c', None), ("1", "click", 1_700, None, None, None)
    )
    assert format_report(aggregate(table, [COUNT], {})) == (
        "METRIC_NAME,EVENT_TYPE,VALUE,MATH_FUNCTION,EVENT_ATTRIBUTION_SOURCE,TIMESTAMP\n"
        "clicks,Click,1.0,samplecount,SOURCE_NAME_UNDEFINED,900\n"
        'clicks,Click,1.0,samplecount,"a ""b"", c",900\n'
    )
