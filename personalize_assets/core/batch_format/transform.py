"""From the output of a batch inference job to titled recommendations, no line lost.

Ties the parts of this package together; reads and writes local files only.
"""

# pyarrow ships no types.
# pyright: standard

import logging
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Self

import pyarrow as pa

from personalize_assets.core.batch_format.accounting import Account, account_for
from personalize_assets.core.batch_format.inputs import read_inputs, sniff_query_field
from personalize_assets.core.batch_format.outputs import Answers, Member, OutputReader
from personalize_assets.core.batch_format.queries import DEFAULT_FIELD, FailedLine, QueryField
from personalize_assets.core.batch_format.segments import NamedSegments, SegmentWriters
from personalize_assets.core.batch_format.titles import ItemTitles
from personalize_assets.core.batch_format.writers import NamedAnswers, ParquetWriters

log = logging.getLogger(__name__)

PREVIEW_ROWS = 3
_DEFAULT_FIELDS: Mapping[Member, QueryField] = {
    "recommendedItems": DEFAULT_FIELD,
    "usersList": "itemId",
}


@dataclass(frozen=True)
class ResultPaths:
    """Where the results go.

    Attributes:
        transformed: Parquet: ``userId`` (or ``itemId``), ``Recommendations``. Of segments:
            ``itemId`` (or ``itemAttributes``), ``Users``.
        tidy: Parquet: ``user_id`` (or ``query_item_id``), rank, item_id, score, title, genres. Of
            segments: ``item_id`` (or ``item_attributes``), title, rank, user_id.
        failed: JSON Lines: file, line, reason, text; empty where nothing failed.
    """

    transformed: Path
    tidy: Path
    failed: Path

    @classmethod
    def in_folder(cls, folder: Path, tidy: str = "recommendations") -> Self:
        """Return the usual names in a folder; ``tidy`` says what the rows of that file are."""
        return cls(
            folder / "transformed.parquet",
            folder / f"{tidy}.parquet",
            folder / "failed.jsonl",
        )


@dataclass(frozen=True)
class TransformReport:
    """What became of a job's output.

    Attributes:
        query: What the job was asked by.
        inputs: Lines of the input that were not blank; where no input was given, of the output.
        users: Rows of ``transformed``: queries with an answer (items, where asked by itemId).
        rows: Rows of ``tidy``: recommended items, or users of segments.
        failed: Lines of ``failed``.
        unexpected: Lines of the output that no input line asked for; 0 where no input was given.
        reasons: How often each reason occurs among the failed lines, most frequent first.
        unknown_items: How many different recommended ids have no title in the catalogue; of
            segments, how many that were asked about.
        preview: The first queries with the labels of their items, or the first users of segments.
    """

    query: QueryField
    inputs: int
    users: int
    rows: int
    failed: int
    unexpected: int
    reasons: dict[str, int]
    unknown_items: int
    preview: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def accounted(self) -> bool:
        """Whether every input line has either recommendations or an entry among the failed."""
        return self.inputs == self.users + self.failed


def transform_batch_output(
    out_files: Path | Sequence[Path],
    titles: ItemTitles,
    paths: ResultPaths,
    *,
    expected_inputs: Path | Sequence[Path] | None = None,
    member: Member = "recommendedItems",
) -> TransformReport:
    """Write titled recommendations, rankings or segments from the ``.out`` files of a batch job.

    The results appear under their names when all of them are complete, or not at all.

    Args:
        out_files: What the service wrote, one file or several of one job.
        titles: What the items are called.
        paths: Where the results go; folders must exist.
        expected_inputs: The job's input files. With them each line that was asked is accounted for,
            and failed lines are told by their place in the input; without, by that in the output.
        member: What the lines answer with: items, or the users of a segment.

    Raises:
        OSError: A file cannot be read or written.
    """
    inputs = [read_inputs(path) for path in _as_list(expected_inputs)]
    # What was answered tells what the job is asked by; most of the input may be of the wrong kind.
    reader = OutputReader(member=member)
    fallback = sniff_query_field(inputs) or _DEFAULT_FIELDS[member]
    with _finished(paths) as partial:
        tally = _write_answers(reader, fallback, _as_list(out_files), titles, partial)
        query = reader.field or fallback
        if expected_inputs is None:
            lines = len(tally.answered) + len(tally.failed)
            account = Account(lines, tuple(tally.failed), 0)
        else:
            account = account_for(inputs, query, tally.answered, tally.failed)
        _write_failed(account.failed, partial.failed)
    reasons = Counter(line.reason for line in account.failed)
    report = TransformReport(
        query=query,
        inputs=account.inputs,
        users=len(tally.answered),
        rows=tally.rows,
        failed=len(account.failed),
        unexpected=account.unexpected,
        reasons=dict(reasons.most_common()),
        unknown_items=len(tally.unknown),
        preview=tuple(tally.preview),
    )
    log.info("%d lines: %d with an answer, %d failed", report.inputs, report.users, report.failed)
    return report


@dataclass
class _Tally:
    parts: list[pa.StringArray] = field(default_factory=list)
    failed: list[FailedLine] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    preview: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    rows: int = 0

    def add(self, named: NamedAnswers | NamedSegments) -> None:
        """Count the answers of a block."""
        answers = named.answers
        self.parts.append(answers.keys)
        self.rows += len(answers.items)
        self.unknown.update(named.unknown.to_pylist())
        start = 0
        for key, count in zip(answers.keys, answers.counts, strict=True):
            if len(self.preview) == PREVIEW_ROWS:
                break
            self.preview.append((key.as_py(), named.labels_of(start, int(count))))
            start += count

    @property
    def answered(self) -> pa.StringArray:
        """The ids of all good lines."""
        return pa.concat_arrays([pa.array([], pa.string()), *self.parts])


def _write_answers(
    reader: OutputReader,
    fallback: QueryField,
    out_files: Iterable[Path],
    titles: ItemTitles,
    partial: ResultPaths,
) -> _Tally:
    tally = _Tally()
    write: _Write | None = None
    with ExitStack() as stack:
        for block in chain.from_iterable(reader.read(path) for path in out_files):
            tally.failed.extend(block.failed)
            if len(block.answers.keys):
                if write is None:
                    write = _open_writers(stack, reader.member, partial, reader.field or fallback)
                tally.add(write(block.answers, titles))
        if write is None:
            _open_writers(stack, reader.member, partial, fallback)
    return tally


_Write = Callable[[Answers, ItemTitles], NamedAnswers | NamedSegments]


def _open_writers(
    stack: ExitStack, member: Member, partial: ResultPaths, field: QueryField
) -> _Write:
    """Open both files until the stack ends; gives what names answers and writes them."""
    if member == "usersList":
        segments = stack.enter_context(SegmentWriters(partial.transformed, partial.tidy, field))

        def write_segments(answers: Answers, titles: ItemTitles) -> NamedSegments:
            named = NamedSegments(answers, titles)
            segments.write(named)
            return named

        return write_segments
    items = stack.enter_context(ParquetWriters(partial.transformed, partial.tidy, field))

    def write_items(answers: Answers, titles: ItemTitles) -> NamedAnswers:
        named = NamedAnswers(answers, titles)
        items.write(named)
        return named

    return write_items


def _write_failed(failed: Iterable[FailedLine], path: Path) -> None:
    # A reason may hold half a surrogate pair, which UTF-8 cannot; as \\uXXXX it is still JSON.
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
        file.writelines(line.as_json() + "\n" for line in failed)


@contextmanager
def _finished(paths: ResultPaths) -> Generator[ResultPaths]:
    """Give names to write under; they become the real ones when the block ends well."""
    wanted = (paths.transformed, paths.tidy, paths.failed)
    partial = tuple(path.with_name(f".{path.name}.partial") for path in wanted)
    try:
        yield ResultPaths(*partial)
        for source, target in zip(partial, wanted, strict=True):
            source.replace(target)
    finally:
        for path in partial:
            path.unlink(missing_ok=True)


def _as_list(paths: Path | Sequence[Path] | None) -> Sequence[Path]:
    if paths is None:
        return []
    return [paths] if isinstance(paths, Path) else paths
