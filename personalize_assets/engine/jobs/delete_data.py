"""The work of a data deletion job: users listed in S3 disappear from all datasets of a group.

The worker writes the imported data anew without them; their events and records go in the same
transaction that puts the new files in place, so that a user is either there or gone everywhere.
Models stay as they are until they are trained again.
"""
# pyarrow has no types, and makes its compute functions at run time.
# pyright: standard, reportAttributeAccessIssue=false

import io
import json
import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from personalize_assets.core.arns import Kind
from personalize_assets.core.names import INVALID_DATA_LOCATION, MAX_DELETION_BYTES
from personalize_assets.core.schemas import Schema, SchemaField
from personalize_assets.engine.jobs.csv_tables import CsvError, read_csv
from personalize_assets.engine.jobs.import_data import PARQUET, exclusion
from personalize_assets.engine.jobs.kinds import JobFailed, Json, Outcome, Report
from personalize_assets.engine.jobs.s3_objects import (
    AccessDenied,
    Location,
    NoSuchObject,
    Object,
    Objects,
    parse_location,
)
from personalize_assets.engine.jobs.states import ACTIVE, DELETE_DATA, Course
from personalize_assets.engine.store import Resource, Store

log = logging.getLogger(__name__)

_WITH_EVENTS: Final = ("INTERACTIONS", "ACTION_INTERACTIONS")
_WITH_USERS: Final = (*_WITH_EVENTS, "USERS")
_LIST: Final = Schema("USERS", None, (SchemaField("USER_ID", "string"),))
_USERS_FILE: Final = "users.json"
_BATCH_ROWS: Final = 1 << 20


@dataclass(frozen=True)
class DeleteData:
    """Removes users from the datasets of a group."""

    name: str = "delete-data"
    course: Course = DELETE_DATA

    def exclusive(self, resource: Resource) -> str:
        """Nothing else may write to the group's datasets meanwhile."""
        return exclusion(resource)

    def prepare(self, store: Store, resource: Resource, now: datetime) -> Json:
        """Take the places of all imported data along."""
        group = store.resources.get(str(resource.group_arn))
        if group is None or group.status != ACTIVE:
            raise JobFailed("The dataset group is not ACTIVE any more")
        datasets = store.resources.find(Kind.DATASET, group=group.arn)
        return {
            "location": resource.body["dataSource"]["dataLocation"],
            "files": {
                dataset.body["datasetType"]: str(store.artifacts.path(dataset.hidden["artifact"]))
                for dataset in datasets
                if dataset.body["datasetType"] in _WITH_USERS and "artifact" in dataset.hidden
            },
        }

    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        """Read the list of users and write the data anew without them."""
        users = _read_users(Objects(order["s3_endpoint"]), parse_location(order["location"]))
        (workspace / _USERS_FILE).write_text(json.dumps(users.to_pylist()), encoding="utf-8")
        files: dict[str, Json] = {}
        for index, (dataset_type, path) in enumerate(order["files"].items()):
            report(f"deleting from {dataset_type}", index / len(order["files"]))
            made = _write_without(Path(path), workspace / dataset_type, users)
            files[dataset_type] = {**made, "source": path}
        return {"files": files}

    def finish(
        self, store: Store, resource: Resource, result: Json, workspace: Path, version: str
    ) -> Outcome:
        """Put the new files in place and remove events and records."""
        users = json.loads((workspace / _USERS_FILE).read_text(encoding="utf-8"))
        n_deleted = 0
        for dataset in store.resources.find(Kind.DATASET, group=resource.group_arn):
            dataset_type = dataset.body["datasetType"]
            made = result["files"].get(dataset_type)
            if made and made["deleted"] and made["source"] == _bulk_path(store, dataset):
                n_deleted += made["deleted"]
                placed = store.artifacts.place_dataset(
                    workspace / dataset_type, dataset.arn, version
                )
                store.resources.merge(
                    dataset.arn, hidden={"artifact": placed, "rows": made["rows"]}
                )
            if dataset_type in _WITH_EVENTS:
                n_deleted += store.events.delete_users(dataset.arn, users)
            elif dataset_type == "USERS":
                n_deleted += store.records.delete(dataset.arn, users)
        log.info("deleted %d records of %d users", n_deleted, len(users))
        return Outcome(body={"numDeleted": n_deleted}, hidden={})


def _bulk_path(store: Store, dataset: Resource) -> str | None:
    """The file of a dataset now: another one if the dataset was deleted and made anew meanwhile."""
    artifact = dataset.hidden.get("artifact")
    return None if artifact is None else str(store.artifacts.path(artifact))


def _read_users(objects: Objects, location: Location) -> pa.Array:
    """The ids in all files, each once.

    Raises:
        JobFailed: There is no file, or one is too large or not as it should be.
    """
    try:
        found = _find_files(objects, location)
        size = sum(item.size for item in found)
        if size > MAX_DELETION_BYTES:
            raise JobFailed(
                f"{INVALID_DATA_LOCATION} The files have {size} bytes, the most is "
                f"{MAX_DELETION_BYTES}"
            )
        parts = [_read_file(objects, Location(location.bucket, item.key)) for item in found]
    except NoSuchObject as error:
        raise JobFailed(f"{INVALID_DATA_LOCATION} There is nothing at {error}") from error
    except AccessDenied as error:
        raise JobFailed(
            f"Insufficient privileges for accessing data in Amazon S3. {error}"
        ) from error
    except CsvError as error:
        raise JobFailed(str(error)) from error
    return pc.unique(pa.concat_arrays(parts))


def _find_files(objects: Objects, location: Location) -> list[Object]:
    """The file, or the ``.csv`` files of the folder and its subfolders; others are ignored."""
    if not location.is_folder:
        return [objects.find(location)]
    found = [item for item in objects.list_prefix(location) if item.key.lower().endswith(".csv")]
    if not found:
        raise NoSuchObject(f"{location}: no .csv file")
    return found


def _read_file(objects: Objects, location: Location) -> pa.Array:
    with objects.open(location) as stream:
        data = stream.read()
    header = data.partition(b"\n")[0].decode("utf-8-sig", errors="replace").strip()
    if header.strip('"').upper() != "USER_ID":
        raise CsvError(f"the header of {location} must be USER_ID alone, got {header[:200]!r}")
    table = read_csv(io.BytesIO(data), str(location), _LIST)
    return table["USER_ID"].cast(pa.string()).combine_chunks()


def _write_without(source: Path, target: Path, users: pa.Array) -> Json:
    """Copy a file without the rows of some users, and tell how many were left out."""
    file = pq.ParquetFile(source)
    rows = 0
    with pq.ParquetWriter(target, file.schema_arrow, **PARQUET) as writer:
        for batch in file.iter_batches(batch_size=_BATCH_ROWS):
            ids = batch["USER_ID"].dictionary_encode()
            gone = pc.is_in(ids.dictionary, value_set=users).take(ids.indices)
            kept = batch.filter(pc.invert(gone))
            writer.write_batch(kept)
            rows += kept.num_rows
    return {"rows": rows, "deleted": file.metadata.num_rows - rows}
