"""Lines of small text files: decoding them and splitting them into fields, with or without quotes.

One line is one record: a line end inside quotes is not supported, so that a stray quote costs one
line and not the rest of the file, and so that every line has a number. Knows no meaning of fields.
"""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from personalize_assets.core.cleaning.blocks import exact_header, read_blocks
from personalize_assets.core.cleaning.definitions import Reason
from personalize_assets.core.cleaning.fields import split_csv
from personalize_assets.core.cleaning.lines import is_utf8
from personalize_assets.core.cleaning.quarantine import Fault
from personalize_assets.core.movielens.formats import FileFormat


class Record(NamedTuple):
    """A line split into the right number of fields.

    Attributes:
        line: Its number, 1-based, the header counts.
        raw: Its bytes without its end.
        fields: Decoded and unquoted.
    """

    line: int
    raw: bytes
    fields: list[str]


def read_records(stream: BinaryIO, name: str, form: FileFormat) -> Iterator[Record | Fault]:
    """Read every line of a file as a record, or as the reason why it is none.

    Files with a header are UTF-8. Files without one (1m, 10m, 100k) are UTF-8 if the whole file is,
    else Latin-1. The file is held in memory.

    Raises:
        RawDataError: As ``read_blocks``.
    """
    blocks = list(read_blocks(stream, name, exact_header(name, form)))
    encoding = "utf-8"
    if not form.has_header and not all(is_utf8(block.data) for block in blocks):
        encoding = "latin-1"
    for block in blocks:
        lines = block.data.split(b"\n")[:-1]
        for number, line in enumerate(lines, start=block.first_line):
            raw = line.removesuffix(b"\r")
            fields = split_line(raw, encoding, form)
            if isinstance(fields, Reason):
                yield Fault(number, fields, raw)
            else:
                yield Record(number, raw, fields)


def split_line(raw: bytes, encoding: str, form: FileFormat) -> list[str] | Reason:
    """Split one line (without its end) into its fields, or say why it cannot be."""
    if not raw:
        return Reason.EMPTY_LINE
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        return Reason.ENCODING
    fields = split_csv(text, form.delimiter) if form.quoted else text.split(form.delimiter)
    if fields is None:
        return Reason.QUOTES
    return fields if len(fields) == len(form.columns) else Reason.FIELD_COUNT
