"""Columns of values: which are valid, from CSV text and from parquet's own types."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from personalize_assets.core.cleaning.definitions import Reason
from personalize_assets.core.cleaning.events import NULL_MICROS
from personalize_assets.core.movielens import RawDataError
from personalize_assets.core.tables.checks import (
    Numbers,
    check_metadata,
    check_texts,
    check_timestamps,
    check_values,
)

MOMENT = datetime(2020, 1, 1, 0, 0, 0, 999_999)
SECONDS = 1_577_836_800


def outcomes(numbers: Numbers) -> list[Any]:
    """Value of each row, or None where missing, or the reason of its fault."""
    found: list[Any] = numbers.values.tolist()
    for row in range(len(found)):
        reasons = [fault.reason for fault in numbers.faults if fault.rows[row]]
        if numbers.missing[row]:
            reasons = [*reasons, None]
        if reasons:
            found[row] = reasons[0]
    return found


def test_check_texts__ids() -> None:
    long = "é" * 256
    texts = check_texts(pa.array(["a", " b", "", None, "a\0", "tab\t", long, long + "x"]), "id")
    assert texts.missing.tolist() == [False, False, True, True, False, False, False, False]
    assert texts.invalid.tolist() == [False, False, False, False, True, True, False, True]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (pa.array([7, None], pa.int16()), ["7", ""]),
        (pa.array([True, False]), ["True", "False"]),
        (pa.nulls(1), [""]),
    ],
)
def test_check_texts__other_types(column: pa.Array, values: list[str]) -> None:
    assert check_texts(column, "id").values.to_pylist() == values


def test_check_texts__floats_are_no_ids() -> None:
    with pytest.raises(RawDataError, match="sku is of type double: wanted are text or integers"):
        check_texts(pa.array([1.0]), "sku")


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("0", 0),
        ("4102444800", 4_102_444_800),
        ("4102444801", Reason.TIMESTAMP_RANGE),
        ("1700000000000", Reason.TIMESTAMP_MS),
        ("007", Reason.TIMESTAMP),
        ("-1", Reason.TIMESTAMP),
        ("1.0", Reason.TIMESTAMP),
        ("2020-01-01", Reason.TIMESTAMP),
        ("", None),
    ],
)
def test_check_timestamps__text(text: str, outcome: object) -> None:
    assert outcomes(check_timestamps(pa.array([text]), "at")) == [outcome]


@pytest.mark.parametrize(
    ("column", "outcome"),
    [
        (
            pa.array([5, -5, 1_700_000_000_000, None]),
            [5, Reason.TIMESTAMP, Reason.TIMESTAMP_MS, None],
        ),
        (pa.array([MOMENT, None], pa.timestamp("us")), [SECONDS, None]),
        (pa.array([MOMENT], pa.timestamp("ns")), [SECONDS]),
        (
            pa.array([datetime(2020, 1, 1, tzinfo=UTC)], pa.timestamp("ms", "Europe/Rome")),
            [SECONDS],
        ),
        (pa.array([datetime(1969, 1, 1, tzinfo=UTC)], pa.timestamp("s")), [Reason.TIMESTAMP]),
    ],
)
def test_check_timestamps__types(column: pa.Array, outcome: list[object]) -> None:
    assert outcomes(check_timestamps(column, "at")) == outcome


def test_check_timestamps__floats_are_refused() -> None:
    with pytest.raises(RawDataError, match="at is of type double: wanted are epoch seconds"):
        check_timestamps(pa.array([1.5]), "at")


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("1", 1_000_000),
        ("-0.25", -250_000),
        ("-0", 0),
        ("999999999.999999", 999_999_999_999_999),
        ("1e3", Reason.VALUE),
        ("+1", Reason.VALUE),
        (" 1", Reason.VALUE),
        ("nan", Reason.VALUE),
        ("1000000000", Reason.VALUE),
        ("", None),
    ],
)
def test_check_values__text(text: str, outcome: object) -> None:
    numbers = check_values(pa.array([text]), "amount")
    assert outcomes(numbers) == [outcome]
    assert (numbers.values[0] == NULL_MICROS) == (outcome is None)


@pytest.mark.parametrize(
    ("column", "outcome"),
    [
        (pa.array([1.5, 0.1234567, float("nan"), None]), [1_500_000, 123_457, None, None]),
        (pa.array([float("inf"), 1e9]), [Reason.VALUE, Reason.VALUE]),
        (pa.array([0.1], pa.float32()), [100_000]),
        (pa.array([3, -(10**9)]), [3_000_000, Reason.VALUE]),
        (pa.array([Decimal("2.50")]), [2_500_000]),
    ],
)
def test_check_values__types(column: pa.Array, outcome: list[object]) -> None:
    assert outcomes(check_values(column, "amount")) == outcome


def test_check_values__booleans_are_refused() -> None:
    with pytest.raises(RawDataError, match="amount is of type bool: wanted are numbers"):
        check_values(pa.array([True]), "amount")


@pytest.mark.parametrize(
    ("column", "declared", "values", "wrong"),
    [
        (pa.array(["web", ""]), None, ["web", None], [False, False]),
        (pa.array(["x" * 1000, "x" * 1001]), None, ["x" * 1000, "x" * 1001], [False, True]),
        (pa.array(["x" * 1001]), "text", ["x" * 1001], [False]),
        (pa.array(["7", "", "x", "07"]), "long", [7, None, 0, 0], [False, False, True, True]),
        (pa.array(["2147483647", "2147483648"]), "int", [2**31 - 1, 0], [False, True]),
        (pa.array(["1.50", "", "x"]), "float", [Decimal("1.5"), None, 0], [False, False, True]),
        (pa.array([True, None]), None, ["True", None], [False, False]),
        (pa.array([7, None], pa.uint8()), None, [7, None], [False, False]),
        (pa.array([0.5]), None, [Decimal("0.5")], [False]),
        (pa.array([MOMENT, None]), None, [SECONDS, None], [False, False]),
    ],
)
def test_check_metadata__types(
    column: pa.Array, declared: Any, values: list[object], wrong: list[bool]
) -> None:
    array, fault = check_metadata(column, "c", declared)
    assert array.to_pylist() == values
    assert fault.rows.tolist() == wrong


def test_check_metadata__lists_are_refused() -> None:
    with pytest.raises(RawDataError, match=r"tags is of type list<.*>: wanted are numbers"):
        check_metadata(pa.array([["a"]]), "tags", None)
