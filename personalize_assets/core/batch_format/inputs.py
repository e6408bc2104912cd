"""Reads the input file of a batch job (``users.json``): what it asks, and which lines are broken.

Asks no service: a line that is sound here may still fail there.
"""

# pyarrow ships no types, and pyarrow.compute makes its functions when it is imported.
# pyright: standard, reportAttributeAccessIssue=false

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from personalize_assets.core.batch_format.blocks import Block, parse_block, read_blocks
from personalize_assets.core.batch_format.queries import (
    QUERY_FIELDS,
    FailedLine,
    LineError,
    QueryField,
    Question,
    parse_object,
    parse_query,
)

_SCHEMA: Final = pa.schema([(field, pa.string()) for field in QUERY_FIELDS])


@dataclass(frozen=True)
class InputFile:
    """The lines of one input file.

    Attributes:
        path: Where it is.
        queries: For each field that lines ask by, the ids in file order (string, no nulls).
        numbers: For each such field, the line number of each id, int64.
        broken: The lines that ask nothing, with the reason.
    """

    path: Path
    queries: dict[QueryField, pa.StringArray]
    numbers: dict[QueryField, NDArray[np.int64]]
    broken: tuple[FailedLine, ...]

    @property
    def lines(self) -> int:
        """Lines that are not blank: what the output has to account for."""
        return sum(len(ids) for ids in self.queries.values()) + len(self.broken)

    def read_texts(self, numbers: NDArray[np.int64]) -> dict[int, str]:
        """Read the lines with these numbers once more."""
        if not len(numbers):
            return {}
        return {
            int(block.numbers[index]): block.text(int(index))
            for block in read_blocks(self.path)
            for index in np.flatnonzero(np.isin(block.numbers, numbers))
        }


def read_inputs(path: Path) -> InputFile:
    """Read a batch input file; blank lines count as nothing.

    Raises:
        OSError: The file cannot be read.
    """
    ids: dict[QueryField, list[pa.StringArray]] = {field: [] for field in QUERY_FIELDS}
    numbers: dict[QueryField, list[NDArray[np.int64]]] = {field: [] for field in QUERY_FIELDS}
    broken: list[FailedLine] = []
    for block in read_blocks(path):
        field, column = _parse_fast(block)
        if field is not None:
            ids[field].append(column)
            numbers[field].append(block.numbers)
            continue
        found = _parse_lines(block, path.name, broken)
        for name, pairs in found.items():
            ids[name].append(pa.array([key for key, _ in pairs], pa.string()))
            numbers[name].append(np.array([number for _, number in pairs], dtype=np.int64))
    used: list[QueryField] = [
        field for field in QUERY_FIELDS if any(len(part) for part in ids[field])
    ]
    return InputFile(
        path,
        {field: pa.concat_arrays(ids[field]) for field in used},
        {field: np.concatenate(numbers[field]) for field in used},
        tuple(broken),
    )


def sniff_line(start: bytes) -> QueryField | None:
    """Return what the first sound line in the beginning of a file asks by, or None.

    Args:
        start: The first bytes of the file; a line that is cut at their end does not count.
    """
    question = sniff_question(start)
    return "userId" if question == "itemList" else question


def sniff_question(start: bytes) -> Question | None:
    r"""Return which kind of batch job the first sound line in the beginning of a file is for.

    Args:
        start: The first bytes of the file; a line that is cut at their end does not count.

    Returns:
        ``itemList`` where the line also holds a list to rank for its user, else what it asks by;
        None where no line is sound.

    Example:
        >>> sniff_question(b'{"userId": "1", "itemList": ["2", "3"]}\n')
        'itemList'
    """
    lines = start.splitlines(keepends=True)
    for line in lines if len(lines) < 2 or start.endswith(b"\n") else lines[:-1]:
        try:
            members = parse_object(line)
            field, _ = parse_query(members)
        except LineError:
            continue
        ranks = field == "userId" and isinstance(members.get("itemList"), list)
        return "itemList" if ranks else field
    return None


def sniff_query_field(files: Iterable[InputFile]) -> QueryField | None:
    """Return what most lines ask by, or None where no line asks anything."""
    counts = dict.fromkeys(QUERY_FIELDS, 0)
    for file in files:
        for field, ids in file.queries.items():
            counts[field] += len(ids)
    best = max(QUERY_FIELDS, key=lambda field: counts[field])
    return best if counts[best] else None


def _parse_fast(block: Block) -> tuple[QueryField | None, pa.StringArray]:
    batch = parse_block(block, _SCHEMA)
    if batch is not None:
        for position, field in enumerate(QUERY_FIELDS):
            column = batch.column(position)
            if column.null_count == 0 and pc.min(pc.binary_length(column)).as_py():
                return field, column
            if column.null_count < len(column):
                break
    return None, pa.array([], pa.string())


def _parse_lines(
    block: Block, name: str, broken: list[FailedLine]
) -> dict[QueryField, list[tuple[str, int]]]:
    found: dict[QueryField, list[tuple[str, int]]] = {field: [] for field in QUERY_FIELDS}
    for index in range(len(block)):
        number = int(block.numbers[index])
        try:
            field, key = parse_query(parse_object(block.line(index)))
        except LineError as error:
            broken.append(FailedLine(name, number, str(error), block.text(index)))
        else:
            found[field].append((key, number))
    return found
