"""What a newly cleaned file has beyond the one before it, and whether that is all that changed.

Both files are read once, side by side, and only one record of each is held. That is enough because
cleaning brings records into one order: where nothing was removed, the records of the old file come
in the new one in the order that they had. Knows CSV as cleaning writes it, not what it is about.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

_ESCAPED: Final = re.compile(rb"\\.", re.DOTALL)
_QUOTED: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


@dataclass(frozen=True)
class Additions:
    """How a new file differs from an old one.

    Attributes:
        added: Records that the old file does not have.
        changed: Records whose id the old file has with other values; always 0 without ids.
        only_added: Whether nothing else differs: same columns, and every record of the old file is
            in the new one, unchanged or, with ids, with new values. The counts mean something only
            then.
    """

    added: int
    changed: int
    only_added: bool

    @property
    def records(self) -> int:
        """Records that were written out."""
        return self.added + self.changed


def write_additions(
    old: BinaryIO, new: BinaryIO, out: BinaryIO, *, by_id: bool = False
) -> Additions:
    """Write the records of ``new`` that ``old`` does not have, under the same header.

    Files whose common records are in another order count as changed, never as only added to.

    Args:
        old: CSV file with a header, lines ending in a newline.
        new: The same, later.
        out: Gets the header and the records; worth something only where ``only_added``.
        by_id: Whether the first column tells records apart, so that one of the same id may have
            other values; else only equal records are the same.
    """
    header = new.readline()
    if header != old.readline():
        return Additions(0, 0, only_added=False)
    out.write(header)
    before = read_records(old)
    expected = next(before, None)
    added = changed = 0
    for record in read_records(new):
        if record == expected:
            expected = next(before, None)
            continue
        if by_id and expected is not None and _first_field(record) == _first_field(expected):
            changed += 1
            expected = next(before, None)
        else:
            added += 1
        out.write(record)
    return Additions(added, changed, only_added=expected is None)


def read_records(stream: BinaryIO) -> Iterator[bytes]:
    r"""Records as they stand there, each with its end; one with an end of line in quotes is whole.

    >>> import io
    >>> list(read_records(io.BytesIO(b'1,"a\\"\nb"\n2,c\n')))
    [b'1,"a\\"\nb"\n', b'2,c\n']
    """
    for line in stream:
        record = line
        while b'"' in record and _in_quotes(record) and (more := stream.readline()):
            record += more
        yield record


def _in_quotes(record: bytes) -> bool:
    return _ESCAPED.sub(b"", record).count(b'"') % 2 == 1


def _first_field(record: bytes) -> bytes:
    quoted = _QUOTED.match(record)
    return record.split(b",", 1)[0] if quoted is None else quoted.group()
