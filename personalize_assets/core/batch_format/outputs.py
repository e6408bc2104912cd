"""Reads what a batch inference job wrote (``users.json.out``): who gets which items and scores.

Good lines come as Arrow columns, failed ones one by one with the reason. Knows no titles.
"""

# pyarrow ships no types, and pyarrow.compute makes its functions when it is imported.
# pyright: standard, reportAttributeAccessIssue=false

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

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
    is_id,
    parse_object,
    parse_query,
)

Member = Literal["recommendedItems", "usersList"]
"""What the lines of a job answer with: items, or the users of a segment."""

_OTHER_NAMES: Final = {"usersList": "recommendedUsers"}
"""The service's files say ``usersList``, its guide says otherwise: both are read."""

_ID_NAMES: Final[dict[Member, str]] = {"recommendedItems": "item id", "usersList": "user id"}


@dataclass(frozen=True)
class Answers:
    """The good lines of a block, in file order.

    Attributes:
        keys: The id that each line answers, string, shape ``(n,)``.
        counts: How many ids each line answers with, int64, shape ``(n,)``.
        items: All ids of the answers one line after the other, best first, string: items, or users
            where the job makes segments.
        scores: The ids' scores, float64; null where the recipe gives none.
    """

    keys: pa.StringArray
    counts: NDArray[np.int64]
    items: pa.StringArray
    scores: pa.DoubleArray


@dataclass(frozen=True)
class OutputBlock:
    """A part of an output file: its good lines and the others."""

    answers: Answers
    failed: tuple[FailedLine, ...]


class OutputReader:
    """Reads output files of one job, whose lines all answer the same kind of query.

    Attributes:
        field: What the job was asked by; where it is not given, the first good line decides.
            None until then.
        member: What the lines answer with.
    """

    def __init__(
        self, field: QueryField | None = None, member: Member = "recommendedItems"
    ) -> None:
        self.field: QueryField | None = field
        self.member: Member = member

    def read(self, path: Path) -> Iterator[OutputBlock]:
        """Yield the lines of an output file, block by block.

        Raises:
            OSError: The file cannot be read.
        """
        for block in read_blocks(path):
            if self.field is None:
                self.field = _first_good_field(block, self.member)
            every = range(len(block))
            fast = None
            if self.field is not None:
                fast = _parse_fast(block, path.name, self.field, self.member)
            yield fast or _parse_lines(every, block, path.name, self.field, self.member)


def _schema(member: Member) -> pa.Schema:
    answer = [(member, pa.list_(pa.string())), ("scores", pa.list_(pa.float64()))]
    return pa.schema(
        [
            ("input", pa.struct([(field, pa.string()) for field in QUERY_FIELDS])),
            ("output", pa.struct(answer)),
            ("error", pa.string()),
        ]
    )


def _first_good_field(block: Block, member: Member) -> QueryField | None:
    for index in range(len(block)):
        try:
            line = parse_object(block.line(index))
            field, _ = parse_query(line.get("input"))
            _parse_result(line, member)
        except LineError:
            continue
        return field
    return None


def _parse_fast(block: Block, name: str, field: QueryField, member: Member) -> OutputBlock | None:
    batch = parse_block(block, _schema(member))
    if batch is None:
        return None
    asked = dict(zip(QUERY_FIELDS, batch.column(0).flatten(), strict=True))
    keys = asked[field]
    items, scores = batch.column(1).flatten()
    if not _are_plain(keys, items, scores):
        return None
    usable = pc.and_(batch.column(2).is_null(), pc.and_(keys.is_valid(), items.is_valid()))
    for earlier in QUERY_FIELDS[: QUERY_FIELDS.index(field)]:
        usable = pc.and_(usable, asked[earlier].is_null())
    lengths_agree = pc.equal(pc.list_value_length(scores), pc.list_value_length(items))
    usable = pc.and_(usable, pc.fill_null(lengths_agree, scores.is_null()))
    unusable = np.flatnonzero(~usable.to_numpy(zero_copy_only=False))
    failed = _parse_lines(unusable, block, name, field, member)
    if len(failed.answers.keys):  # the rules above and those for single lines must not drift apart
        return None
    if len(unusable):
        keys, items, scores = (column.filter(usable) for column in (keys, items, scores))
    counts = pc.list_value_length(items).to_numpy().astype(np.int64)
    answers = Answers(keys, counts, items.flatten(), _flat_scores(counts, scores))
    return OutputBlock(answers, failed.failed)


def _are_plain(keys: pa.StringArray, items: pa.ListArray, scores: pa.ListArray) -> bool:
    """Whether the columns hold nothing that only a look at each line can judge."""
    ids, values = items.flatten(), scores.flatten()
    if ids.null_count or values.null_count:
        return False
    shortest = [pc.min(pc.binary_length(column)).as_py() for column in (keys, ids)]
    return 0 not in shortest and pc.all(pc.is_finite(values)).as_py() is not False


def _flat_scores(counts: NDArray[np.int64], scores: pa.ListArray) -> pa.DoubleArray:
    """Return a score an item, also for the lines that have none: those are null."""
    if scores.null_count == 0:
        return scores.flatten()
    known = np.repeat(scores.is_valid().to_numpy(zero_copy_only=False), counts)
    values = np.zeros(len(known))
    values[known] = scores.flatten().to_numpy()
    return pa.array(values, mask=~known)


def _parse_lines(
    indices: Iterable[int], block: Block, name: str, field: QueryField | None, member: Member
) -> OutputBlock:
    keys: list[str] = []
    counts: list[int] = []
    items: list[str] = []
    scores: list[float | None] = []
    failed: list[FailedLine] = []
    for index in indices:
        query = None
        try:
            line = parse_object(block.line(index))
            query = parse_query(line.get("input"))
            line_items, line_scores = _parse_result(line, member)
            if query[0] != field:
                raise LineError(f"answers a query by {query[0]} in a job that is asked by {field}")
        except LineError as error:
            number = int(block.numbers[index])
            failed.append(FailedLine(name, number, str(error), block.text(index), query))
        else:
            keys.append(query[1])
            counts.append(len(line_items))
            items.extend(line_items)
            scores.extend(line_scores)
    answers = Answers(
        pa.array(keys, pa.string()),
        np.array(counts, dtype=np.int64),
        pa.array(items, pa.string()),
        pa.array(scores, pa.float64()),
    )
    return OutputBlock(answers, tuple(failed))


def _parse_result(
    line: dict[str, Any], member: Member
) -> tuple[list[str], list[float] | list[None]]:
    """Return ids and scores of an output line.

    Raises:
        LineError: The service reports an error, or the line does not hold a list of ids.
    """
    error = line.get("error")
    if error is not None:
        raise LineError(error if isinstance(error, str) else json.dumps(error))
    output = line.get("output")
    members: dict[str, Any] = output if isinstance(output, dict) else {}
    items = members.get(member, members.get(_OTHER_NAMES.get(member, member)))
    if not isinstance(items, list):
        raise LineError(f"the output has no list {member}")
    if not all(is_id(item) for item in items):
        raise LineError(f"{member} holds something that is no {_ID_NAMES[member]}")
    scores = members.get("scores")
    if scores is None:
        return items, [None] * len(items)
    if not isinstance(scores, list) or len(scores) != len(items):
        raise LineError(f"expected {len(items)} scores, one an item")
    if not all(_is_score(score) for score in scores):
        raise LineError("scores holds something that is no finite number")
    return items, [float(score) for score in scores]


def _is_score(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -sys.float_info.max <= value <= sys.float_info.max
