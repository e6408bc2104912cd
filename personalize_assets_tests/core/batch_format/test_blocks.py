"""Blocks of lines: numbers, texts, and when Arrow may parse them."""

from pathlib import Path

import pyarrow as pa
import pytest

from personalize_assets.core.batch_format.blocks import parse_block, read_blocks

SCHEMA = pa.schema([("userId", pa.string())])
LINES = [b'{"userId":"1"}', b'{"userId":"22"}', b'{"userId":"333"}']


def read(path: Path, data: bytes, block_bytes: int = 1 << 20) -> list[tuple[int, bytes]]:
    path.write_bytes(data)
    return [
        (int(block.numbers[index]), block.line(index))
        for block in read_blocks(path, block_bytes)
        for index in range(len(block))
    ]


@pytest.mark.parametrize("block_bytes", [1, 2, 5, 15, 16, 17, 40, 1000])
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_read_blocks__every_line_whatever_the_block(
    tmp_path: Path, block_bytes: int, end: bytes
) -> None:
    data = b"\n".join(LINES) + end
    assert read(tmp_path / "f", data, block_bytes) == list(enumerate(LINES, 1))


@pytest.mark.parametrize("block_bytes", [3, 1000])
def test_read_blocks__blank_lines_count_but_are_not_yielded(
    tmp_path: Path, block_bytes: int
) -> None:
    data = b"\n \t\n" + LINES[0] + b"\n\n\n" + LINES[1] + b"\n\n"
    assert read(tmp_path / "f", data, block_bytes) == [(3, LINES[0]), (6, LINES[1])]


def test_read_blocks__mark_and_windows_line_ends(tmp_path: Path) -> None:
    data = b"\xef\xbb\xbf" + b"\r\n".join(LINES) + b"\r\n"
    assert read(tmp_path / "f", data) == list(enumerate(LINES, 1))


@pytest.mark.parametrize("data", [b"", b"\n", b"\n\n\n\n\n", b"\xef\xbb\xbf"])
def test_read_blocks__nothing_in_it(tmp_path: Path, data: bytes) -> None:
    assert read(tmp_path / "f", data) == []


def test_block_text__bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"a\xffb")
    (block,) = read_blocks(tmp_path / "f")
    assert block.text(0) == "a\\xffb"


def test_parse_block__one_row_a_line(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b'{"userId":"1"}\n\n{"other":[{}],"userId":"2"}\n{}\n')
    (block,) = read_blocks(tmp_path / "f")
    batch = parse_block(block, SCHEMA)
    assert batch is not None
    assert batch.to_pydict() == {"userId": ["1", "2", None]}


@pytest.mark.parametrize(
    "data",
    [
        b'{"userId":"1"}{"userId":"2"}\n',
        b'{"userId":"1"}{"userId":"2"}\n{"userId":\n"3"}',
        b'{"other":\n{"a":1}}{"userId":"2"}',
        b'{"userId":"1"} {\n',
        b'{"userId":1}\n',
        b'{"userId":"\xff"}\n',
        b'{"userId":"1","userId":"2"}\n',
        b' {"userId":"1"}\n',
        b"[]\n",
        b'{"userId":"\\ud800"}\n',
    ],
)
def test_parse_block__lines_that_need_a_look_each(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "f").write_bytes(data)
    (block,) = read_blocks(tmp_path / "f")
    assert parse_block(block, SCHEMA) is None
