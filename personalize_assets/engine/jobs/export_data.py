"""The work of a dataset export job: the data of a dataset to CSV files in S3.

The files are such that an import job of the same schema reads them again.
"""
# pyarrow has no types, and makes its compute functions at run time.
# pyright: standard, reportAttributeAccessIssue=false

import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from personalize_assets.core.cleaning.writers import format_lines
from personalize_assets.core.names import INVALID_S3_OUTPUT
from personalize_assets.core.schemas import Schema
from personalize_assets.engine.data.columns import arrow_schema
from personalize_assets.engine.data.sources import GroupSources, describe_group
from personalize_assets.engine.data.tables import read_interactions, read_records
from personalize_assets.engine.jobs.kinds import JobFailed, Json, Outcome, Report
from personalize_assets.engine.jobs.s3_objects import (
    AccessDenied,
    Location,
    NoSuchObject,
    Objects,
    parse_location,
)
from personalize_assets.engine.jobs.states import ACTIVE, CREATE, Course
from personalize_assets.engine.store import Resource, Store

log = logging.getLogger(__name__)

ROWS_PER_FILE: Final = 1_000_000
_CHUNK_ROWS: Final = 1 << 16


@dataclass(frozen=True)
class ExportData:
    """Writes what was imported, what was sent one by one, or both.

    Attributes:
        rows_per_file: A file with as many records is followed by another.
    """

    name: str = "export"
    course: Course = CREATE
    rows_per_file: int = ROWS_PER_FILE

    def exclusive(self, resource: Resource) -> str:
        """Exports do not hinder each other."""
        return ""

    def prepare(self, store: Store, resource: Resource, now: datetime) -> Json:
        """Take the places of the data along, cut at the present moment."""
        dataset = store.resources.get(resource.parent_arn or "")
        if dataset is None or dataset.status != ACTIVE:
            raise JobFailed("The dataset is not ACTIVE any more")
        path = resource.body["jobOutput"]["s3DataDestination"]["path"]
        return {
            "sources": describe_group(store, str(resource.group_arn)).to_json(),
            "dataset_type": dataset.body["datasetType"],
            "ingestion": resource.body["ingestionMode"],
            "folder": path if path.endswith("/") else f"{path}/",
            "name": resource.name,
        }

    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        """Read, and write one file after another; without any records one with a header."""
        sources = GroupSources.from_json(order["sources"])
        schema = sources.datasets[order["dataset_type"]].schema
        report("reading", 0)
        table = _quote(_read(sources, order))
        objects, folder = Objects(order["s3_endpoint"]), parse_location(order["folder"])
        starts = range(0, max(1, table.num_rows), self.rows_per_file)
        for number, start in enumerate(starts):
            report("writing", number / len(starts))
            file = workspace / "part.csv"
            _write_csv(table.slice(start, self.rows_per_file), schema, file)
            key = f"{folder.key}{order['name']}-part-{number:05}.csv"
            _upload(objects, file, Location(folder.bucket, key))
        log.info("exported %d records into %d files", table.num_rows, len(starts))
        return {"records": table.num_rows}

    def finish(
        self, store: Store, resource: Resource, result: Json, workspace: Path, version: str
    ) -> Outcome:
        """Nothing but counts: the files are in S3."""
        return Outcome(body={}, hidden=result)


def _read(sources: GroupSources, order: Json) -> pa.Table:
    dataset_type, ingestion = order["dataset_type"], order["ingestion"]
    if dataset_type == "INTERACTIONS":
        table = read_interactions(sources, ingestion)
    else:
        table = read_records(sources, dataset_type, ingestion)
    schema = arrow_schema(sources.datasets[dataset_type].schema)
    return schema.empty_table() if table is None else table.select(schema.names)


def _upload(objects: Objects, file: Path, target: Location) -> None:
    try:
        objects.upload(file, target)
    except NoSuchObject as error:
        raise JobFailed(f"{INVALID_S3_OUTPUT}: {error} cannot be written") from error
    except AccessDenied as error:
        raise JobFailed(
            f"Insufficient privileges for accessing data in Amazon S3. {error}"
        ) from error


def _write_csv(table: pa.Table, schema: Schema, file: Path) -> None:
    with file.open("wb") as stream:
        stream.write((",".join(item.name for item in schema.fields) + "\n").encode())
        for start in range(0, table.num_rows, _CHUNK_ROWS):
            chunk = table.slice(start, _CHUNK_ROWS)
            stream.write(format_lines([_format(column) for column in chunk.columns]))


def _quote(table: pa.Table) -> pa.Table:
    """Put text into quotes, each distinct value once; line ends within become spaces."""
    table = table.unify_dictionaries().combine_chunks()
    for index, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type) and table.num_rows:
            column = table.column(index).combine_chunks()
            text = pc.replace_substring_regex(column.dictionary, "[\r\n]+", " ")
            escaped = pc.replace_substring_regex(text, r'(["\\])', r"\\\1")
            quoted = pc.binary_join_element_wise('"', escaped, '"', "")
            quoted = pa.DictionaryArray.from_arrays(column.indices, quoted)
            table = table.set_column(index, field, quoted)
    return table


def _format(column: pa.ChunkedArray) -> pa.Array:
    return pc.fill_null(column.combine_chunks().cast(pa.string()), "")
