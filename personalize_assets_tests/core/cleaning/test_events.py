"""Codes, rules and the arranging of events."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalize_assets.core.cleaning import CleaningRules
from personalize_assets.core.cleaning import events as events_module
from personalize_assets.core.cleaning.events import (
    NULL_MICROS,
    Events,
    apply_rules,
    arrange,
    encode_numbers,
    encode_strings,
    event_types,
)


@given(st.lists(st.integers(0, 60), max_size=30))
def test_encode_numbers__sorted_codes(ids: list[int]) -> None:
    distinct, codes = encode_numbers(np.array(ids, dtype=np.int64))
    assert distinct.tolist() == sorted(set(ids))
    assert [distinct[code] for code in codes] == ids


def test_encode_numbers__large_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events_module, "_LOOKUP_LIMIT", 5)
    distinct, codes = encode_numbers(np.array([10**17, 3, 10**17]))
    assert distinct.tolist() == [3, 10**17]
    assert codes.tolist() == [1, 0, 1]


@given(st.lists(st.lists(st.text(max_size=3), max_size=5), max_size=3))
def test_encode_strings__utf8_byte_order(chunks: list[list[str]]) -> None:
    chunked = pa.chunked_array([pa.array(chunk, pa.string()) for chunk in chunks], pa.string())
    distinct, codes = encode_strings(chunked)
    flat = [text for chunk in chunks for text in chunk]
    assert distinct.to_pylist() == sorted(set(flat), key=str.encode)
    assert [distinct[code].as_py() for code in codes.tolist()] == flat


# Ratings 0.5, 1, 1.5, 3, 3.5, 5 in millionths.
VALUES = np.array([500_000, 1_000_000, 1_500_000, 3_000_000, 3_500_000, 5_000_000])


def test_apply_rules__strongest() -> None:
    outcome = apply_rules(VALUES, CleaningRules())
    assert event_types(CleaningRules()) == ("click", "watch")
    assert outcome.rows.tolist() == [2, 3, 4, 5]
    assert outcome.event.tolist() == [0, 0, 1, 1]
    assert (outcome.below, outcome.extra) == (2, 0)


def test_apply_rules__all() -> None:
    outcome = apply_rules(VALUES, CleaningRules(mode="all"))
    assert sorted(zip(outcome.rows.tolist(), outcome.event.tolist(), strict=True)) == [
        (2, 0),
        (3, 0),
        (4, 0),
        (4, 1),
        (5, 0),
        (5, 1),
    ]
    assert (outcome.below, outcome.extra) == (2, 2)


def test_apply_rules__bound_is_exclusive_and_exact() -> None:
    rules = CleaningRules.model_validate({"events": [{"event_type": "hit", "above": 0.1}]})
    outcome = apply_rules(np.array([100_000, 100_001, NULL_MICROS]), rules)
    assert outcome.rows.tolist() == [1]
    assert outcome.below == 2


def test_arrange__order_duplicates_and_extras() -> None:
    events = Events(
        users=pa.array(["2", "10"]),
        items=pa.array(["a", "b"]),
        user=np.array([1, 0, 0, 0, 0], dtype=np.int32),
        item=np.array([0, 1, 0, 0, 0], dtype=np.int32),
        timestamp=np.array([5, 5, 5, 5, 4], dtype=np.uint32),
        event_types=(),
        event=None,
        value=np.array([1, 2, NULL_MICROS, 7, 3]),
        extras=pa.table({"line": [0, 1, 2, 3, 4]}),
    )
    assert arrange(events) == 1
    assert events.extras is not None
    assert events.extras["line"].to_pylist() == [4, 3, 1, 0]
    assert events.timestamp.tolist() == [4, 5, 5, 5]
    assert events.user.tolist() == [0, 0, 0, 1]
    assert events.value is not None
    assert events.value.tolist() == [3, 7, 2, 1]


def test_arrange__empty() -> None:
    none = np.empty(0, dtype=np.int32)
    empty = pa.array([], pa.string())
    events = Events(empty, empty, none, none, none.astype(np.uint32), (), None, None)
    assert arrange(events) == 0
