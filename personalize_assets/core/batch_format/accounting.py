"""Pairs each line of the batch input with a line of the output, wherever that stands.

Order means nothing, so lines are paired by what they ask; an id that is asked twice has to be
answered twice. Knows nothing of titles or of how results are stored.
"""

# pyarrow ships no types.
# pyright: standard

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from personalize_assets.core.batch_format.inputs import InputFile
from personalize_assets.core.batch_format.queries import FailedLine, QueryField


@dataclass(frozen=True)
class Account:
    """Where every line went.

    Attributes:
        inputs: Lines of the input that were not blank.
        failed: One entry for each input line without recommendations, then the failed lines of the
            output that no input line can explain.
        unexpected: Lines of the output, good or failed, that no line of the input asked for.
    """

    inputs: int
    failed: tuple[FailedLine, ...]
    unexpected: int


def account_for(
    inputs: Sequence[InputFile],
    field: QueryField,
    answered: pa.StringArray,
    failed: Iterable[FailedLine],
) -> Account:
    """Join input and output lines.

    Args:
        inputs: The input files of the job.
        field: What the good lines of the output answer by.
        answered: The ids of the good lines of the output, string.
        failed: The failed lines of the output.
    """
    pool = _FailedOutput(failed)
    explained: list[FailedLine] = []
    unanswered: list[FailedLine] = []
    for file in inputs:
        explained.extend(file.broken)
        pool.drop_unreadable(len(file.broken))
    for line in _lines_without_answer(inputs, field, answered):
        reason = pool.take_reason(line.query)
        if reason is None:
            unanswered.append(line)
        else:
            explained.append(replace(line, reason=reason))
    explained.extend(replace(line, reason=pool.explain_silence()) for line in unanswered)
    explained.sort(key=lambda line: (line.file, line.line))
    leftover = pool.rest()
    surplus = np.count_nonzero(_unmatched(answered, _asked(inputs, field)))
    return Account(
        inputs=sum(file.lines for file in inputs),
        failed=(*explained, *leftover),
        unexpected=int(surplus) + len(leftover),
    )


class _FailedOutput:
    """The failed lines of the output, each to be used for one input line."""

    def __init__(self, failed: Iterable[FailedLine]) -> None:
        self._by_query: defaultdict[tuple[QueryField, str], deque[FailedLine]] = defaultdict(deque)
        self._unreadable: deque[FailedLine] = deque()
        for line in failed:
            lines = self._unreadable if line.query is None else self._by_query[line.query]
            lines.append(line)

    def drop_unreadable(self, count: int) -> None:
        """Take away what the service wrote about broken input lines, which names no query."""
        for _ in range(min(count, len(self._unreadable))):
            self._unreadable.popleft()

    def take_reason(self, query: tuple[QueryField, str] | None) -> str | None:
        """Return why a query failed, or None where no line of the output says so."""
        lines = self._by_query.get(query) if query is not None else None
        return lines.popleft().reason if lines else None

    def explain_silence(self) -> str:
        """Return the reason for a query that nothing readable answers."""
        if not self._unreadable:
            return "no line of the output answers it"
        lost = self._unreadable.popleft()
        return (
            "no readable line of the output answers it; "
            f"line {lost.line} of {lost.file} is unreadable: {lost.reason}"
        )

    def rest(self) -> list[FailedLine]:
        """Return the lines that explained nothing."""
        return [*self._unreadable, *(line for lines in self._by_query.values() for line in lines)]


def _asked(inputs: Sequence[InputFile], field: QueryField) -> pa.StringArray:
    parts = [file.queries[field] for file in inputs if field in file.queries]
    return pa.concat_arrays([pa.array([], pa.string()), *parts])


def _lines_without_answer(
    inputs: Sequence[InputFile], field: QueryField, answered: pa.StringArray
) -> Iterator[FailedLine]:
    missing = _unmatched(_asked(inputs, field), answered)
    for file in inputs:
        for name, ids in file.queries.items():
            lacks = np.ones(len(ids), dtype=bool)
            if name == field:
                lacks, missing = missing[: len(ids)], missing[len(ids) :]
            rows = np.flatnonzero(lacks)
            numbers = file.numbers[name][rows]
            texts = file.read_texts(numbers)
            for row, number in zip(rows, numbers, strict=True):
                query = (name, ids[int(row)].as_py())
                yield FailedLine(file.path.name, int(number), "", texts[int(number)], query)


def _unmatched(wanted: pa.StringArray, offered: pa.StringArray) -> NDArray[np.bool_]:
    """Return which of ``wanted`` find no partner, each of ``offered`` being partner of one."""
    indices = pa.concat_arrays([wanted, offered]).dictionary_encode().indices
    codes = indices.to_numpy().astype(np.int64)
    codes, partners = codes[: len(wanted)], np.bincount(codes[len(wanted) :], minlength=len(codes))
    order = np.argsort(codes, kind="stable")
    grouped = codes[order]
    positions = np.arange(len(codes))
    is_first = np.ones(len(codes), dtype=bool)
    is_first[1:] = grouped[1:] != grouped[:-1]
    firsts = np.maximum.accumulate(np.where(is_first, positions, 0))
    occurrence = np.empty(len(codes), dtype=np.int64)
    occurrence[order] = positions - firsts
    return occurrence >= partners[codes]
