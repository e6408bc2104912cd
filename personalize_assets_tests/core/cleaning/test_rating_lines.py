"""Lines of ratings: what is valid, and why the rest is not."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalize_assets.core.cleaning.blocks import Block
from personalize_assets.core.cleaning.definitions import Reason
from personalize_assets.core.cleaning.lines import Lines
from personalize_assets.core.cleaning.quarantine import Fault
from personalize_assets.core.cleaning.rating_lines import (
    explain_line,
    line_pattern,
    membership,
    parse_ratings,
)
from personalize_assets.core.movielens.formats import RATINGS
from personalize_assets.core.movielens.layouts import LayoutKind

KINDS: list[LayoutKind] = ["csv", "dat", "u"]
KNOWN = membership(np.array([1, 20, 300]))

FAULTS = [
    (b"", Reason.EMPTY_LINE),
    (b"1,20,3.0", Reason.FIELD_COUNT),
    (b"1,20,3.0,4,5", Reason.FIELD_COUNT),
    (b"1", Reason.FIELD_COUNT),
    (b"1,,3.0,4", Reason.MISSING),
    (b",20,3.0,4", Reason.MISSING),
    (b" 1,20,3.0,4", Reason.USER_ID),
    (b"+1,20,3.0,4", Reason.USER_ID),
    (b"1.0,20,3.0,4", Reason.USER_ID),
    (b"0x1F,20,3.0,4", Reason.USER_ID),
    (b'"1,20,3.0,4', Reason.USER_ID),
    (b"\x001,20,3.0,4", Reason.USER_ID),
    (b"1\xff,20,3.0,4", Reason.USER_ID),
    (b"1000000000000000000,20,3.0,4", Reason.USER_ID),
    (b"1,007,3.0,4", Reason.ITEM_ID),
    (b"1,1e3,3.0,4", Reason.ITEM_ID),
    (b"1,20,NaN,4", Reason.VALUE),
    (b"1,20,-3.0,4", Reason.VALUE),
    (b'1,20,"3.0",4', Reason.VALUE),
    (b"1,20,3.0,1700000000000", Reason.TIMESTAMP_MS),
    (b"1,20,3.0,4.0", Reason.TIMESTAMP),
    (b"1,20,3.0,-4", Reason.TIMESTAMP),
    (b"1,20,3.0,4 ", Reason.TIMESTAMP),
    (b"1,20,3.0,4\r\r", Reason.TIMESTAMP),
    (b"1,20,3.0,170000000000", Reason.TIMESTAMP),
    (b"1,20,3.0,4102444801", Reason.TIMESTAMP_RANGE),
    (b"1,20,5.5,4", Reason.RATING_RANGE),
    (b"1,20,5.000001,4", Reason.RATING_RANGE),
    (b"1,20,0.0,4", Reason.RATING_RANGE),
    (b"1,20,0.499999,4", Reason.RATING_RANGE),
    (b"1,21,3.0,4", Reason.UNKNOWN_ITEM),
    (b"1,999999999999,3.0,4", Reason.UNKNOWN_ITEM),
    (b"1,21,9.0,9999999999", Reason.TIMESTAMP_RANGE),
]


def in_layout(line: bytes, kind: LayoutKind) -> bytes:
    return line.replace(b",", RATINGS[kind].delimiter.encode())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("line", "reason"), FAULTS)
def test_parse_ratings__fault(line: bytes, reason: Reason, kind: LayoutKind) -> None:
    good = in_layout(b"1,20,3.5,4\n", kind)
    line = in_layout(line, kind)
    lines = Lines(Block(good + line + b"\n" + good, 2))
    columns, faults = parse_ratings(lines, RATINGS[kind], KNOWN)
    assert faults == [Fault(3, reason, line.removesuffix(b"\r"))]
    assert columns.user.tolist() == [1, 1]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("line", "row"),
    [
        (b"1,20,4,5", (1, 20, 4_000_000, 5)),
        (b"1,20,4.0,5\r", (1, 20, 4_000_000, 5)),
        (b"0,300,0.5,0", (0, 300, 500_000, 0)),
        (b"999999999999999999,1,05.000000,4102444800", (10**18 - 1, 1, 5_000_000, 4_102_444_800)),
        (b"7,1,3.141593,9", (7, 1, 3_141_593, 9)),
    ],
)
def test_parse_ratings__valid(
    line: bytes, row: tuple[int, int, int, int], kind: LayoutKind
) -> None:
    lines = Lines(Block(in_layout(line, kind) + b"\n", 1))
    columns, faults = parse_ratings(lines, RATINGS[kind], KNOWN)
    assert faults == []
    found = (columns.user[0], columns.item[0], columns.micros[0], columns.timestamp[0])
    assert tuple(int(number) for number in found) == row


FIELD = st.one_of(
    st.from_regex(r"\A[0-9]{1,20}\Z"),
    st.from_regex(r"\A[0-9]{1,10}\.[0-9]{0,7}\Z"),
    st.text('07.9+-e" \0\r,:\t', max_size=4),
)


@pytest.mark.parametrize("kind", KINDS)
@given(fields=st.lists(FIELD, min_size=3, max_size=5))
def test_explain_line__agrees_with_line_pattern(fields: list[str], kind: LayoutKind) -> None:
    form = RATINGS[kind]
    line = form.delimiter.join(fields).encode()
    matches = re.fullmatch(line_pattern(form).encode(), line) is not None
    assert (explain_line(line, form) is None) == matches
    engine = Lines(Block(line.replace(b"\n", b"") + b"\n", 1)).matching(line_pattern(form))
    assert bool(engine[0]) == (matches or _valid_but_for_one_return(line, kind))


def _valid_but_for_one_return(line: bytes, kind: LayoutKind) -> bool:
    return line.endswith(b"\r") and explain_line(line[:-1], RATINGS[kind]) is None


@given(st.lists(st.integers(0, 10**15), max_size=5), st.lists(st.integers(0, 10**15), max_size=5))
def test_membership__agrees_with_set(known: list[int], asked: list[int]) -> None:
    is_known = membership(np.array(known, dtype=np.int64))
    ids = np.array(asked + known, dtype=np.int64)
    assert is_known(ids).tolist() == [number in set(known) for number in asked + known]
