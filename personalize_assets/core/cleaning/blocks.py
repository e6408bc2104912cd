"""Reading a file in blocks of whole lines, and refusing files that are not text at all.

Knows lines, encodings and headers, not what is in a line.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from personalize_assets.core.movielens.errors import RawDataError
from personalize_assets.core.movielens.formats import FileFormat

BLOCK_BYTES: Final = 8 << 20
MAX_LINE_BYTES: Final = 64 << 20

CheckHeader = Callable[[bytes], None]
"""Called with the header line of a file, without its end; raises RawDataError if it is wrong."""

Progress = Callable[[str, int], None]
"""Called with the name of a stage and the rows it has handled so far."""

_UTF8_BOM: Final = b"\xef\xbb\xbf"
_UTF16_BOMS: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")


@dataclass(frozen=True)
class Block:
    """Whole lines of a file.

    Attributes:
        data: The lines, each with its newline; the last of a file gets one if it has none.
        first_line: Number of the first line in its file, 1-based, counting the header.
    """

    data: bytes
    first_line: int


def no_progress(stage: str, rows: int) -> None:
    """Report nothing."""


def opened(source: BinaryIO | Path, name: str) -> AbstractContextManager[BinaryIO]:
    """Open ``source`` if it is a path; a stream is used as it is and stays open.

    Raises:
        RawDataError: The path is not there.
    """
    if not isinstance(source, Path):
        return nullcontext(source)
    if not source.is_file():
        raise RawDataError(f"{name} is missing: {source} is no file")
    return source.open("rb")


def read_blocks(
    stream: BinaryIO,
    name: str,
    check_header: CheckHeader | None,
    block_bytes: int = BLOCK_BYTES,
) -> Iterator[Block]:
    """Read the data lines of a file, without its header and byte order mark.

    Args:
        stream: Anything with ``read(n)``; it may return less than asked for.
        name: Name of the file for messages.
        check_header: Looks at the first line; None if the file has no header.
        block_bytes: About how much to hold at a time.

    Raises:
        RawDataError: The file is empty, in UTF-16 or UTF-32, has a wrong header, or has a line of
            more than ``MAX_LINE_BYTES``.
    """
    blocks = _whole_lines(stream, name, block_bytes)
    lines = _without_head(next(blocks, b""), name, check_header)
    line = 1 if check_header is None else 2
    if lines:
        yield Block(lines, line)
    for data in blocks:
        line += lines.count(b"\n")
        lines = data
        yield Block(lines, line)


def _whole_lines(stream: BinaryIO, name: str, block_bytes: int) -> Iterator[bytes]:
    rest = b""
    while chunk := _read_fully(stream, block_bytes):
        end = chunk.rfind(b"\n") + 1
        if end:
            yield rest + chunk[:end]
            rest = chunk[end:]
        else:
            rest += chunk
        if len(rest) > MAX_LINE_BYTES:
            raise RawDataError(
                f"{name} has a line of more than {MAX_LINE_BYTES >> 20} MiB: not a file of lines"
            )
    if rest:
        yield rest + b"\n"


def _read_fully(stream: BinaryIO, size: int) -> bytes:
    parts: list[bytes] = []
    missing = size
    while missing and (part := stream.read(missing)):
        parts.append(part)
        missing -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def exact_header(name: str, form: FileFormat) -> CheckHeader | None:
    """The check that a file has the header of ``form``; None if ``form`` has no header."""
    if not form.has_header:
        return None

    def check(header: bytes) -> None:
        if header != form.header.encode():
            raise RawDataError(_wrong_header(header, name, form.header))

    return check


def _without_head(data: bytes, name: str, check_header: CheckHeader | None) -> bytes:
    if data.startswith(_UTF16_BOMS):
        raise RawDataError(f"{name} is in UTF-16 or UTF-32: save it as UTF-8")
    data = data.removeprefix(_UTF8_BOM)
    if not data[:4096].strip() and not data.strip():
        raise RawDataError(f"{name} is empty")
    if check_header is None:
        return data
    header, _, lines = data.partition(b"\n")
    check_header(header.removesuffix(b"\r"))
    return lines


def _wrong_header(header: bytes, name: str, wanted: str) -> str:
    shown = header[:200].decode("utf-8", errors="replace").replace("\x00", "\\0")
    if header[:1].isdigit():
        return f"{name} has no header: its first line is {shown!r}, wanted {wanted!r}"
    return f"{name} has other columns: found {shown!r}, wanted {wanted!r}"
