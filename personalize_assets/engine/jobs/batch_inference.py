"""The work of a batch inference job: files of queries in S3 to files of recommendations."""
# pyarrow has no types.
# pyright: standard

import json
import logging
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from personalize_assets.core.names import (
    INVALID_S3_INPUT,
    INVALID_S3_OUTPUT,
    MAX_BATCH_BYTES,
    MAX_BATCH_FILES,
)
from personalize_assets.engine.jobs.batch_lines import (
    Query,
    format_answer,
    format_failure,
    parse_query,
)
from personalize_assets.engine.jobs.group_data import describe_data, read_interactions
from personalize_assets.engine.jobs.kinds import JobFailed, Json, Outcome, Report
from personalize_assets.engine.jobs.s3_objects import (
    AccessDenied,
    Location,
    NoSuchObject,
    Object,
    Objects,
    parse_location,
)
from personalize_assets.engine.jobs.states import ACTIVE, CREATE, Course
from personalize_assets.engine.jobs.train import SEED
from personalize_assets.engine.store import Resource, Store
from personalize_assets.recipes.artifact import SavedVersion, load_version
from personalize_assets.recipes.base import Histories
from personalize_assets.recipes.ranking import recommend
from personalize_assets.recipes.tables import histories_for_items, histories_for_users

log = logging.getLogger(__name__)

_QUERIES_AT_A_TIME: Final = 20_000
_CHECK: Final = "_CHECK"


@dataclass(frozen=True)
class BatchInference:
    """Answers every line of every input file with recommendations."""

    name: str = "batch-inference"
    course: Course = CREATE

    def exclusive(self, resource: Resource) -> str:
        """Batch jobs do not hinder each other."""
        return ""

    def prepare(self, store: Store, resource: Resource, now: datetime) -> Json:
        """Take the model, the data and both addresses along."""
        version = store.resources.get(resource.parent_arn or "")
        if version is None or version.status != ACTIVE:
            raise JobFailed("The solution version is not ACTIVE any more")
        return {
            **describe_data(store, version.group_arn, version),
            "model": str(store.artifacts.path(version.hidden["artifact"])),
            "input": resource.body["jobInput"]["s3DataSource"]["path"],
            "output": resource.body["jobOutput"]["s3DataDestination"]["path"],
            "n_results": resource.body["numResults"],
        }

    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        """Answer file after file; each output file is put in S3 when it is complete."""
        objects = Objects(order["s3_endpoint"])
        source, target = parse_location(order["input"]), parse_location(order["output"])
        found = _find_inputs(objects, source)
        _check_output(objects, target)
        report("loading", 0)
        answerer = _Answerer(order)
        totals = {"answered": 0, "failed": 0}
        done, size = 0, sum(item.size for item in found)
        for item in found:
            report("recommending", done / size)
            output = workspace / "part.out"
            with objects.open(Location(source.bucket, item.key)) as stream:
                _answer_file(stream, output, answerer, totals)
            objects.upload(output, Location(target.bucket, target.key + _output_name(source, item)))
            done += item.size
        log.info("%d queries answered, %d failed", totals["answered"], totals["failed"])
        return totals

    def finish(
        self, store: Store, resource: Resource, result: Json, workspace: Path, version: str
    ) -> Outcome:
        """Nothing but counts: the output is in S3."""
        return Outcome(body={}, hidden=result)


class _Answerer:
    """A model with the histories of the group's users."""

    def __init__(self, order: Json) -> None:
        self._version: SavedVersion = load_version(Path(order["model"]))
        self._n_results: int = order["n_results"]
        self.field: str = self._version.spec.batch_field or "userId"
        self._interactions = None if self.field == "itemId" else read_interactions(order)
        # Each id once as JSON, not once per line.
        self._items = [json.dumps(item) for item in self._version.item_ids.to_pylist()]

    def answer(self, queries: list[Query]) -> Generator[str]:
        """The lines that answer some queries, in their order."""
        asked = [query.id for query in queries if query.id is not None]
        items, scores = recommend(self._version.model, self._histories(asked), self._n_results)
        with_scores = self._version.spec.serves_scores
        rows = iter(zip(items.tolist(), scores.tolist(), strict=True))
        for query in queries:
            if query.id is None:
                yield format_failure(query)
                continue
            row, shares = next(rows)
            served = [self._items[item] for item in row if item >= 0]
            yield format_answer(query, served, shares[: len(served)] if with_scores else None)

    def _histories(self, asked: list[str]) -> Histories:
        if self._interactions is None:
            return histories_for_items(asked, self._version.item_ids)
        rng = np.random.default_rng(SEED)
        return histories_for_users(self._interactions, asked, self._version.item_ids, rng)


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


def _answer_file(
    stream: BinaryIO, output: Path, answerer: _Answerer, totals: dict[str, int]
) -> None:
    lines = _read_lines(stream)
    with output.open("w", encoding="utf-8", newline="\n") as file:
        while batch := list(islice(lines, _QUERIES_AT_A_TIME)):
            queries = [parse_query(line, answerer.field) for line in batch]
            failed = sum(query.id is None for query in queries)
            totals["failed"] += failed
            totals["answered"] += len(queries) - failed
            file.writelines(f"{line}\n" for line in answerer.answer(queries))


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
