"""Lines of a block: matching, bytes, leaving out."""

import numpy as np
import pytest

from personalize_assets.core.cleaning.blocks import Block
from personalize_assets.core.cleaning.lines import Lines


@pytest.fixture
def lines() -> Lines:
    return Lines(Block(b"12\n\na\xff\r\n7\r\r\n0\n", 2))


def test_lines__texts_and_numbers(lines: Lines) -> None:
    assert [lines.text(index) for index in range(len(lines))] == [
        b"12",
        b"",
        b"a\xff",
        b"7\r",
        b"0",
    ]
    assert [lines.number(index) for index in range(len(lines))] == [2, 3, 4, 5, 6]


def test_matching__whole_line_without_its_end(lines: Lines) -> None:
    assert lines.matching(r"\d+").tolist() == [True, False, False, False, True]
    assert lines.matching(r"").tolist() == [False, True, False, False, False]
    assert lines.matching(r"1|0").tolist() == [False, False, False, False, True]


def test_not_utf8__only_the_line_that_is_not(lines: Lines) -> None:
    assert lines.not_utf8().tolist() == [False, False, True, False, False]


@pytest.mark.parametrize(
    ("dropped", "left"),
    [
        ([], b"12\n\na\xff\r\n7\r\r\n0\n"),
        ([0], b"\na\xff\r\n7\r\r\n0\n"),
        ([1, 2], b"12\n7\r\r\n0\n"),
        ([4], b"12\n\na\xff\r\n7\r\r\n"),
        ([0, 1, 2, 3, 4], b""),
    ],
)
def test_without__joins_the_others(lines: Lines, dropped: list[int], left: bytes) -> None:
    assert lines.without(np.array(dropped, dtype=np.int64)) == left
