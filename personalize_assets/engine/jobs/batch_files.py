"""The files of batch jobs in S3: which are read, how lines are taken from them, what is written.

Shared by inference and segment jobs. Knows neither models nor what a line asks.
"""

import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from personalize_assets.core.names import (
    INVALID_S3_INPUT,
    INVALID_S3_OUTPUT,
    MAX_BATCH_BYTES,
    MAX_BATCH_FILES,
)
from personalize_assets.engine.jobs.kinds import JobFailed, Json, Report
from personalize_assets.engine.jobs.s3_objects import (
    AccessDenied,
    Location,
    NoSuchObject,
    Object,
    Objects,
    parse_location,
)

log = logging.getLogger(__name__)


class Answers(Protocol):
    """What answers the lines of a job."""

    @property
    def most_lines(self) -> int | None:
        """How many lines a file may have; None for any number."""
        ...

    @property
    def answered(self) -> int:
        """How many lines got an answer so far."""
        ...

    @property
    def failed(self) -> int:
        """How many lines got an error so far."""
        ...

    def answer(self, lines: Sequence[str]) -> Iterable[str]:
        """Give as many answers as there are lines, in the same order."""
        ...


_LINES_AT_A_TIME: Final = 2_000
_CHECK: Final = "_CHECK"


def answer_files(order: Json, workspace: Path, report: Report, load: Callable[[], Answers]) -> Json:
    """Answer every line of every input file; each output is put in S3 when it is complete.

    Args:
        order: With ``s3_endpoint`` and the addresses ``input`` and ``output``.
        workspace: A folder for the file in work.
        report: Told of the progress.
        load: Loads what answers; called once it is clear that S3 can be used.

    Returns:
        How many lines were ``answered`` and how many ``failed``.

    Raises:
        JobFailed: Input or output cannot be used, or a file has too many lines.
    """
    objects = Objects(order["s3_endpoint"])
    source, target = parse_location(order["input"]), parse_location(order["output"])
    found = _find_inputs(objects, source)
    _check_output(objects, target)
    report("loading", 0)
    answers = load()
    done, size = 0, sum(item.size for item in found)
    for item in found:
        report("recommending", done / size)
        output, place = workspace / "part.out", Location(source.bucket, item.key)
        with objects.open(place) as stream, output.open("w", encoding="utf-8", newline="\n") as out:
            lines = _limited(_read_lines(stream), answers.most_lines, place)
            read = 0
            while batch := list(islice(lines, _LINES_AT_A_TIME)):
                out.writelines(f"{line}\n" for line in answers.answer(batch))
                read += sum(len(line) + 1 for line in batch)
                report("recommending", min(done + read, done + item.size) / size)
        objects.upload(output, Location(target.bucket, target.key + _output_name(source, item)))
        done += item.size
    log.info("%d queries answered, %d failed", answers.answered, answers.failed)
    return {"answered": answers.answered, "failed": answers.failed}


def _find_inputs(objects: Objects, source: Location) -> list[Object]:
    try:
        found = objects.list_prefix(source)
    except (NoSuchObject, AccessDenied) as error:
        raise JobFailed(f"{INVALID_S3_INPUT}: {error} cannot be read") from error
    if not found:
        raise JobFailed(f"{INVALID_S3_INPUT}: no object begins with {source}")
    size = sum(item.size for item in found)
    if len(found) > MAX_BATCH_FILES or size > MAX_BATCH_BYTES:
        raise JobFailed(
            f"{INVALID_S3_INPUT}: {len(found)} files with {size} bytes begin with {source}; the "
            f"most are {MAX_BATCH_FILES} files and {MAX_BATCH_BYTES} bytes"
        )
    return found


def _check_output(objects: Objects, target: Location) -> None:
    try:
        objects.write(b"", Location(target.bucket, target.key + _CHECK))
    except (NoSuchObject, AccessDenied) as error:
        raise JobFailed(f"{INVALID_S3_OUTPUT}: {error} cannot be written") from error


def _output_name(source: Location, item: Object) -> str:
    folder = source.key.rpartition("/")[0]
    return item.key.removeprefix(folder).lstrip("/") + ".out"


def _limited(lines: Iterator[str], most: int | None, place: Location) -> Generator[str]:
    for number, line in enumerate(lines, start=1):
        if most is not None and number > most:
            raise JobFailed(f"{place} has more than {most} lines, the most that a file may have")
        yield line


def _read_lines(stream: BinaryIO) -> Generator[str]:
    """The lines that are not blank; bytes that are no UTF-8 become half surrogate pairs."""
    rest = b""
    while chunk := stream.read(1 << 20):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from _decode(lines)
    yield from _decode([rest])


def _decode(lines: Iterable[bytes]) -> Generator[str]:
    for line in lines:
        text = line.decode("utf-8-sig", errors="surrogateescape").strip()
        if text:
            yield text
