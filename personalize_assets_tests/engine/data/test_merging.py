import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personalize_assets.engine.data import merging
from personalize_assets.engine.data.merging import merge_interactions, merge_records

TEXT = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    {
        "USER_ID": TEXT,
        "TIMESTAMP": pa.int64(),
        "EVENT_VALUE": pa.float32(),
        "MOBILE": pa.bool_(),
        "PLACE": TEXT,
    }
)
ROWS = st.tuples(
    st.sampled_from(["a", "b"]),
    st.integers(0, 2),
    st.sampled_from([None, 0.0, 0.5]),
    st.sampled_from([None, False, True]),
    st.sampled_from([None, "", "x"]),
)


def make(rows: list[tuple[object, ...]]) -> pa.Table:
    return pa.Table.from_pylist(
        [dict(zip(SCHEMA.names, row, strict=True)) for row in rows], schema=SCHEMA
    )


@settings(deadline=None)
@given(st.lists(st.lists(ROWS, max_size=12), min_size=1, max_size=3))
def test_merge_interactions__keeps_the_first_of_equal_rows(
    tables: list[list[tuple[object, ...]]],
) -> None:
    merged = merge_interactions([make(rows) for rows in tables])
    expected = list(dict.fromkeys(row for rows in tables for row in rows))
    assert [tuple(row.values()) for row in merged.to_pylist()] == expected
    assert merged.schema == SCHEMA


@settings(deadline=None)
@given(st.lists(st.lists(ROWS, max_size=12), min_size=1, max_size=3))
def test_merge_records__keeps_the_last_of_each_id(
    tables: list[list[tuple[object, ...]]],
) -> None:
    merged = merge_records([make(rows) for rows in tables], "USER_ID")
    last: dict[object, tuple[object, ...]] = {}
    for row in (row for rows in tables for row in rows):
        last.pop(row[0], None)
        last[row[0]] = row
    assert [tuple(row.values()) for row in merged.to_pylist()] == list(last.values())


def test_merge_interactions__equal_hashes_lose_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "_mix", lambda hashes, codes: None)
    rows: list[tuple[object, ...]] = [
        ("a", 0, None, None, None),
        ("a", 0, 0.0, None, None),
        ("a", 0, 0.0, False, None),
        ("a", 0, 0.0, False, ""),
        ("a", 0, 0.0, False, ""),
        ("b", 0, 0.0, False, ""),
    ]
    merged = merge_interactions([make(rows)])
    assert [tuple(row.values()) for row in merged.to_pylist()] == [*rows[:4], rows[5]]
