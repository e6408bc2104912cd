"""Blocks of whole lines, and files that are refused."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalize_assets.core.cleaning import blocks
from personalize_assets.core.cleaning.blocks import exact_header, opened, read_blocks
from personalize_assets.core.movielens import RawDataError
from personalize_assets.core.movielens.formats import RATINGS

HEADER = b"userId,movieId,rating,timestamp\n"
CHECK = exact_header("ratings.csv", RATINGS["csv"])


class Dribble(io.BytesIO):
    """A stream that returns less than asked for, as those of a network may."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(3, size) if size and size > 0 else size)


@given(st.binary(min_size=1, max_size=60).filter(bytes.strip), st.integers(1, 9))
def test_read_blocks__keeps_every_byte_and_counts_lines(data: bytes, size: int) -> None:
    data = b"7" + data
    found = list(read_blocks(Dribble(data), "f", None, size))
    joined = b"".join(block.data for block in found)
    assert joined == (data if data.endswith(b"\n") else data + b"\n")
    line = 1
    for block in found:
        assert block.first_line == line
        assert block.data.endswith(b"\n")
        line += block.data.count(b"\n")


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_read_blocks__skips_header(bom: bytes, end: bytes) -> None:
    content = bom + HEADER.replace(b"\n", end) + b"1,2,3,4" + end + b"5"
    found = read_blocks(io.BytesIO(content), "f", CHECK)
    assert [(block.data, block.first_line) for block in found] == [
        (b"1,2,3,4" + end, 2),
        (b"5\n", 3),
    ]


def test_read_blocks__header_alone_gives_nothing() -> None:
    assert list(read_blocks(io.BytesIO(HEADER), "f", CHECK)) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "ratings.csv is empty"),
        (b"\n \r\n", "ratings.csv is empty"),
        (b"\xef\xbb\xbf", "ratings.csv is empty"),
        ("userId,movieId".encode("utf-16"), "is in UTF-16 or UTF-32: save it as UTF-8"),
        ("userId,movieId".encode("utf-16-be").join([b"\xfe\xff", b""]), "is in UTF-16 or UTF-32"),
        ("userId".encode("utf-32"), "is in UTF-16 or UTF-32"),
        (
            b"1,2,3.0,4\n",
            "ratings.csv has no header: its first line is '1,2,3.0,4', wanted "
            "'userId,movieId,rating,timestamp'",
        ),
        (
            b"userId,movieId,tag,timestamp\n1,2,x,4\n",
            "ratings.csv has other columns: found 'userId,movieId,tag,timestamp', wanted "
            "'userId,movieId,rating,timestamp'",
        ),
        ("userId,movieId".encode("utf-16-le"), r"has other columns: found 'u\\0s\\0e\\0r"),
    ],
)
def test_read_blocks__refused(content: bytes, message: str) -> None:
    with pytest.raises(RawDataError) as caught:
        list(read_blocks(io.BytesIO(content), "ratings.csv", CHECK))
    assert message in str(caught.value)


def test_read_blocks__line_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "MAX_LINE_BYTES", 1 << 20)
    with pytest.raises(RawDataError, match="f has a line of more than 1 MiB"):
        list(read_blocks(io.BytesIO(b"x" * (2 << 20)), "f", None, 4096))


def test_opened__missing(tmp_path: Path) -> None:
    with pytest.raises(RawDataError, match=r"ratings.csv is missing: .*nothing.csv is no file"):
        opened(tmp_path / "nothing.csv", "ratings.csv")


def test_opened__stream_stays_open() -> None:
    stream = io.BytesIO(b"x")
    with opened(stream, "f") as same:
        assert same is stream
    assert not stream.closed
