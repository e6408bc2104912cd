"""JSON Lines files in blocks of whole lines, which Arrow parses at once where every line allows.

A block remembers where each of its lines lies, so that a row that cannot be used still leads back
to its line number and text. Knows nothing of what the lines mean.
"""

# pyarrow ships no types.
# pyright: standard

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.json as pj
from numpy.typing import NDArray

BLOCK_BYTES: Final = 8 << 20
_BOM: Final = b"\xef\xbb\xbf"
_OPEN, _CLOSE, _NEWLINE = b"{}\n"
_BLANK = re.compile(rb"\s*\Z")


@dataclass(frozen=True)
class Block:
    """Some lines of a file; blank lines are left out, as nobody answers them.

    Attributes:
        data: The bytes, with blank lines still in them.
        starts: Offset of each line's first byte, int64.
        ends: Offset behind each line's last byte, its line end not counted, int64.
        numbers: Number of each line in its file, from 1, int64.
    """

    data: bytes
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    numbers: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts)

    def line(self, index: int) -> bytes:
        """Return the bytes of one line, without its line end."""
        return self.data[self.starts[index] : self.ends[index]]

    def text(self, index: int) -> str:
        """Return one line for a report, with bytes that are not UTF-8 as backslash escapes."""
        return self.line(index).decode("utf-8", errors="backslashreplace")


def read_blocks(path: Path, block_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
    """Yield the lines of a file in blocks of about ``block_bytes``.

    A longer line makes a longer block. A byte order mark of UTF-8 is skipped, and CR LF counts as a
    line end. Blocks without a line in them are not yielded.
    """
    first_number, rest, at_end = 1, b"", False
    with path.open("rb") as file:
        if file.read(len(_BOM)) != _BOM:
            file.seek(0)
        while not at_end:
            chunk = file.read(block_bytes)
            at_end = len(chunk) < block_bytes
            data = rest + chunk
            whole, newline, rest = (data, b"\n", b"") if at_end else data.rpartition(b"\n")
            if newline:
                block, lines = _make_block(whole + newline, first_number)
                first_number += lines
                if len(block):
                    yield block


def parse_block(block: Block, schema: pa.Schema) -> pa.RecordBatch | None:
    """Parse a block with Arrow: one row a line, columns as in ``schema``, other members ignored.

    Returns:
        None where not every line is one JSON object that fits the schema; then each line needs a
        look of its own.
    """
    characters = np.frombuffer(block.data, dtype=np.uint8)
    # Arrow takes line ends for mere blanks: an object over two lines, or two in one line, would
    # shift all numbers. Where each line begins with { and ends with }, an equal count rules it out.
    if np.any(characters[block.starts] != _OPEN) or np.any(characters[block.ends - 1] != _CLOSE):
        return None
    try:
        block.data.decode("utf-8")
        table = pj.read_json(
            pa.BufferReader(block.data),
            read_options=pj.ReadOptions(use_threads=False, block_size=len(block.data) + 1),
            parse_options=pj.ParseOptions(
                explicit_schema=schema, unexpected_field_behavior="ignore"
            ),
        )
    except (UnicodeDecodeError, pa.ArrowInvalid):
        return None
    if table.num_rows != len(block):
        return None
    batches: list[Any] = table.combine_chunks().to_batches()
    return batches[0]


def _make_block(data: bytes, first_number: int) -> tuple[Block, int]:
    if b"\r\n" in data:
        data = data.replace(b"\r\n", b"\n")
    ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == _NEWLINE)
    starts = np.concatenate(([0], ends[:-1] + 1))
    numbers = np.arange(first_number, first_number + len(ends), dtype=np.int64)
    keep = ends > starts
    odd = np.flatnonzero(np.frombuffer(data, dtype=np.uint8)[starts] != _OPEN)
    for index in odd:
        if _BLANK.match(data, starts[index], ends[index]):
            keep[index] = False
    return Block(data, starts[keep], ends[keep], numbers[keep]), len(numbers)
