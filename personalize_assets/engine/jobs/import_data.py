"""The work of a dataset import job: CSV files in S3 to one parquet file of the dataset.

The file has the columns of the schema that was in force when it was written. Items, users and
actions also keep when they were imported, in ``_IMPORTED_AT``, since a record that arrives later
counts before it.
"""
# pyarrow has no types, and makes its compute functions at run time.
# pyright: standard, reportAttributeAccessIssue=false

import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from personalize_assets.core.names import (
    INVALID_DATA_LOCATION,
    MAX_FULL_IMPORT_BYTES,
    MAX_INCREMENTAL_IMPORT_BYTES,
)
from personalize_assets.core.schemas import DatasetType, Schema, parse_schema
from personalize_assets.engine.data.columns import ID_COLUMNS, IMPORTED_AT, read_stored
from personalize_assets.engine.data.merging import merge_interactions, merge_records
from personalize_assets.engine.jobs.attribution import plan_import_report, publish_report
from personalize_assets.engine.jobs.csv_tables import CsvError, read_csv
from personalize_assets.engine.jobs.import_rules import RuleBroken, check_merged, check_read
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
from personalize_assets.engine.store import Resource, Store

log = logging.getLogger(__name__)

PARQUET: Final[dict[str, Any]] = {"compression": "zstd", "dictionary_pagesize_limit": 16 << 20}
_FILE: Final = "data.parquet"


def exclusion(resource: Resource) -> str:
    """What jobs that write imported data of one group have in common: each builds on the last."""
    return f"data {resource.group_arn}"


@dataclass(frozen=True)
class ImportData:
    """Reads the files of an import job, checks them and makes the dataset's new content."""

    name: str = "import"
    course: Course = CREATE

    def exclusive(self, resource: Resource) -> str:
        """One after another: each builds on the one before."""
        return exclusion(resource)

    def prepare(self, store: Store, resource: Resource, now: datetime) -> Json:
        """Take the dataset's schema and present content along."""
        dataset = store.resources.get(resource.parent_arn or "")
        if dataset is None or dataset.status != ACTIVE:
            raise JobFailed("The dataset is not ACTIVE any more")
        schema = store.resources.get(dataset.body["schemaArn"])
        if schema is None:
            raise JobFailed("The schema of the dataset is gone")
        earlier = dataset.hidden.get("artifact")
        incremental = resource.body["importMode"] == "INCREMENTAL"
        return {
            "location": resource.body["dataSource"]["dataLocation"],
            "dataset_type": dataset.body["datasetType"],
            "schema": schema.body["schema"],
            "domain": schema.body.get("domain"),
            "incremental": incremental,
            "earlier": str(store.artifacts.path(earlier)) if incremental and earlier else None,
            "imported_at": int(now.timestamp() * 1_000),
            "report": plan_import_report(store, resource),
        }

    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        """Read, check, merge and write."""
        dataset_type: DatasetType = order["dataset_type"]
        schema = parse_schema(order["schema"], dataset_type, order["domain"])
        failed = f"Failed to create a data import job for {dataset_type} dataset. "
        try:
            read = _read_all(order, schema, report)
            check_read(read, schema)
            report("merging", 0)
            table = _merge(read, order, schema)
            check_merged(table, schema)
        except NoSuchObject as error:
            raise JobFailed(f"{INVALID_DATA_LOCATION} There is nothing at {error}") from error
        except AccessDenied as error:
            raise JobFailed(
                f"{failed}Insufficient privileges for accessing data in Amazon S3. {error}"
            ) from error
        except (CsvError, RuleBroken) as error:
            raise JobFailed(f"{failed}{error}") from error
        report("writing", 0)
        pq.write_table(table, workspace / _FILE, **PARQUET)
        if order["report"]:
            publish_report(order["report"], read, order["s3_endpoint"])
        log.info("read %d records, the dataset has %d rows", read.num_rows, table.num_rows)
        return {"records": read.num_rows, "rows": table.num_rows}

    def finish(
        self, store: Store, resource: Resource, result: Json, workspace: Path, version: str
    ) -> Outcome:
        """Make the new file the content of the dataset."""
        dataset_arn = str(resource.parent_arn)
        placed = store.artifacts.place_dataset(workspace / _FILE, dataset_arn, version)
        store.resources.merge(dataset_arn, hidden={"artifact": placed, "rows": result["rows"]})
        return Outcome(body={}, hidden={"records": result["records"]})


def _read_all(order: Json, schema: Schema, report: Report) -> pa.Table:
    objects, location = Objects(order["s3_endpoint"]), parse_location(order["location"])
    found = objects.list_folder(location) if location.is_folder else [objects.find(location)]
    if not found:
        raise NoSuchObject(str(location))
    _check_size(found, incremental=order["incremental"])
    tables: list[pa.Table] = []
    for index, item in enumerate(found):
        report("reading", index / len(found))
        source = Location(location.bucket, item.key)
        with objects.open(source) as stream:
            tables.append(read_csv(stream, str(source), schema))
    return pa.concat_tables(tables)


def _check_size(found: list[Object], *, incremental: bool) -> None:
    mode = "INCREMENTAL" if incremental else "FULL"
    most = MAX_INCREMENTAL_IMPORT_BYTES if incremental else MAX_FULL_IMPORT_BYTES
    size = sum(item.size for item in found)
    if size > most:
        raise RuleBroken(f"The most for one {mode} import is {most} bytes, the data has {size}.")


def _merge(read: pa.Table, order: Json, schema: Schema) -> pa.Table:
    id_column = ID_COLUMNS.get(schema.dataset_type)
    if id_column is not None:
        moments = pa.repeat(pa.scalar(order["imported_at"], pa.int64()), read.num_rows)
        read = read.append_column(IMPORTED_AT, moments)
    tables = [read]
    if order["earlier"]:
        tables.insert(0, read_stored(order["earlier"], read.schema))
    return merge_records(tables, id_column) if id_column else merge_interactions(tables)
