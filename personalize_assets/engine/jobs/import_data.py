"""The work of a dataset import job: CSV files in S3 to one parquet file of the dataset."""
# pyarrow has no types, and makes its compute functions at run time.
# pyright: standard, reportAttributeAccessIssue=false

import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from personalize_assets.core.names import (
    INVALID_DATA_LOCATION,
    MAX_INTERACTION_COLUMNS,
    MIN_INTERACTIONS,
)
from personalize_assets.core.schemas import DatasetType, Schema, parse_schema
from personalize_assets.engine.jobs.csv_tables import CsvError, arrow_schema, read_csv
from personalize_assets.engine.jobs.kinds import JobFailed, Json, Outcome, Report
from personalize_assets.engine.jobs.merging import merge_interactions, merge_records
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

_FILE: Final = "data.parquet"
_KEYS: Final = ("USER_ID", "ITEM_ID", "TIMESTAMP")
_ID_COLUMNS: Final[dict[str, str]] = {
    "ITEMS": "ITEM_ID",
    "USERS": "USER_ID",
    "ACTIONS": "ACTION_ID",
}


@dataclass(frozen=True)
class ImportData:
    """Reads the files of an import job, checks them and makes the dataset's new content."""

    name: str = "import"
    course: Course = CREATE

    def exclusive(self, resource: Resource) -> str:
        """Imports of one dataset run one after another: each builds on the one before."""
        return f"import {resource.parent_arn}"

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
            "earlier": str(store.artifacts.path(earlier)) if incremental and earlier else None,
        }

    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        """Read, check, merge and write."""
        dataset_type: DatasetType = order["dataset_type"]
        schema = parse_schema(order["schema"], dataset_type, order["domain"])
        failed = f"Failed to create a data import job for {dataset_type} dataset. "
        location = parse_location(order["location"])
        try:
            tables = _read_all(Objects(order["s3_endpoint"]), location, schema, report)
        except NoSuchObject as error:
            raise JobFailed(f"{INVALID_DATA_LOCATION} There is nothing at {error}") from error
        except AccessDenied as error:
            raise JobFailed(
                f"{failed}Insufficient privileges for accessing data in Amazon S3. {error}"
            ) from error
        except CsvError as error:
            raise JobFailed(f"{failed}{error}") from error
        n_records = sum(table.num_rows for table in tables)
        if dataset_type == "INTERACTIONS" and n_records < MIN_INTERACTIONS:
            raise JobFailed(
                f"{failed}An import job needs at least {MIN_INTERACTIONS} interactions, the data "
                f"has {n_records}."
            )
        report("merging", 0)
        if order["earlier"]:
            tables.insert(0, _align(pq.read_table(order["earlier"]), schema))
        table = _merge(tables, schema)
        _check_event_types(table, schema, failed)
        report("writing", 0)
        pq.write_table(
            table, workspace / _FILE, compression="zstd", dictionary_pagesize_limit=16 << 20
        )
        log.info("read %d records, the dataset has %d rows", n_records, table.num_rows)
        return {"records": n_records, "rows": table.num_rows}

    def finish(
        self, store: Store, resource: Resource, result: Json, workspace: Path, version: str
    ) -> Outcome:
        """Make the new file the content of the dataset."""
        dataset_arn = str(resource.parent_arn)
        placed = store.artifacts.place_dataset(workspace / _FILE, dataset_arn, version)
        store.resources.merge(dataset_arn, hidden={"artifact": placed, "rows": result["rows"]})
        return Outcome(body={}, hidden={"records": result["records"]})


def _read_all(
    objects: Objects, location: Location, schema: Schema, report: Report
) -> list[pa.Table]:
    found = objects.list_folder(location) if location.is_folder else [objects.find(location)]
    if not found:
        raise NoSuchObject(str(location))
    tables: list[pa.Table] = []
    for index, item in enumerate(found):
        report("reading", index / len(found))
        source = Location(location.bucket, item.key)
        with objects.open(source) as stream:
            tables.append(read_csv(stream, str(source), schema))
    return tables


def _merge(tables: list[pa.Table], schema: Schema) -> pa.Table:
    id_column = _ID_COLUMNS.get(schema.dataset_type)
    if id_column is None:
        return merge_interactions(tables)
    return merge_records(tables, id_column)


def _align(table: pa.Table, schema: Schema) -> pa.Table:
    return table.select(list(schema.columns)).cast(arrow_schema(schema))


def _check_event_types(table: pa.Table, schema: Schema, failed: str) -> None:
    if schema.dataset_type != "INTERACTIONS":
        return
    optional = [column for column in schema.columns if column not in _KEYS]
    n_types = len(table["EVENT_TYPE"].unique()) if "EVENT_TYPE" in optional else 0
    if n_types + len(optional) > MAX_INTERACTION_COLUMNS:
        raise JobFailed(
            f"{failed}An Interactions dataset may have {MAX_INTERACTION_COLUMNS} event types and "
            f"optional columns together, the data has {n_types} event types and {len(optional)} "
            f"optional columns ({', '.join(optional)})."
        )
