import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from personalize_assets.core.arns import Kind, make_arn
from personalize_assets.core.schemas import RECORD_NAMES, DatasetType, parse_schema
from personalize_assets.engine.data.columns import arrow_schema
from personalize_assets.engine.data.tables import pa
from personalize_assets.engine.store import Event, ItemRecord, Resource, Store

ACCOUNT = "123456789012"
NOW = datetime(2024, 1, 1, tzinfo=UTC)
FIELDS: dict[DatasetType, dict[str, Any]] = {
    "INTERACTIONS": {
        "USER_ID": "string",
        "ITEM_ID": "string",
        "EVENT_TYPE": "string",
        "EVENT_VALUE": ["float", "null"],
        "TIMESTAMP": "long",
        "DEVICE": ["string", "null"],
    },
    "ACTION_INTERACTIONS": {
        "USER_ID": "string",
        "ACTION_ID": "string",
        "EVENT_TYPE": "string",
        "TIMESTAMP": "long",
    },
    "ITEMS": {"ITEM_ID": "string", "PRICE": ["int", "null"]},
    "USERS": {"USER_ID": "string", "AGE": ["int", "null"]},
    "ACTIONS": {"ACTION_ID": "string", "VALUE": ["long", "null"]},
}


@dataclass
class Group:
    """A dataset group whose data are put into the store directly."""

    store: Store
    arn: str
    minute: int = 0

    def _insert(self, kind: Kind, *parts: str, **members: Any) -> str:
        arn = make_arn(kind, "us-east-1", ACCOUNT, *parts)
        with self.store.transaction():
            self.store.resources.insert(
                Resource(arn, kind, ACCOUNT, "us-east-1", parts[-1], NOW, NOW, "ACTIVE", **members)
            )
        return arn

    def dataset(self, dataset_type: DatasetType, **fields: Any) -> str:
        """Add an empty dataset; ``fields`` replace those of `FIELDS`."""
        schema = {
            "type": "record",
            "name": RECORD_NAMES[dataset_type],
            "fields": [
                {"name": name, "type": kind}
                for name, kind in (fields or FIELDS[dataset_type]).items()
            ],
        }
        number = self.store.resources.count(Kind.SCHEMA)
        schema_arn = self._insert(Kind.SCHEMA, f"s{number}", body={"schema": json.dumps(schema)})
        return self._insert(
            Kind.DATASET,
            "movies",
            dataset_type,
            group_arn=self.arn,
            body={"datasetType": dataset_type, "schemaArn": schema_arn},
        )

    def bulk(self, dataset_arn: str, *rows: Sequence[Any], imported_at: int | None = None) -> None:
        """Replace what was imported; rows have the order of the schema's fields."""
        dataset = self.store.resources.get(dataset_arn)
        assert dataset is not None
        stored = self.store.resources.get(dataset.body["schemaArn"])
        assert stored is not None
        schema = arrow_schema(parse_schema(stored.body["schema"]))
        columns = zip(*rows, strict=True) if rows else [[] for _ in schema.names]
        table = pa.table(
            [pa.array(column, kind) for column, kind in zip(columns, _plain(schema), strict=True)],
            names=schema.names,
        ).cast(schema)
        if imported_at is not None:
            table = table.append_column("_IMPORTED_AT", pa.array([imported_at] * len(rows)))
        self.minute += 1
        path = f"datasets/{dataset.name}-{self.minute}.parquet"
        pq.write_table(table, self.store.artifacts.path(path))
        with self.store.transaction():
            self.store.resources.merge(dataset_arn, hidden={"artifact": path})

    def events(self, dataset_arn: str, *events: Event) -> None:
        """Stream events in one call."""
        with self.store.transaction():
            self.store.events.add(dataset_arn, events, NOW)

    def records(self, dataset_arn: str, at: int = 0, **records: dict[str, Any]) -> None:
        """Stream records by id; they arrive ``at`` seconds after the beginning."""
        sent = [ItemRecord(name, properties) for name, properties in records.items()]
        with self.store.transaction():
            self.store.records.add(dataset_arn, sent, NOW + timedelta(seconds=at))


def _plain(schema: pa.Schema) -> list[pa.DataType]:
    return [pa.string() if pa.types.is_dictionary(kind) else kind for kind in schema.types]


@pytest.fixture
def group(tmp_path: Path) -> Iterator[Group]:
    """A group without datasets."""
    store = Store.open(tmp_path)
    arn = make_arn(Kind.DATASET_GROUP, "us-east-1", ACCOUNT, "movies")
    with store.transaction():
        store.resources.insert(
            Resource(arn, Kind.DATASET_GROUP, ACCOUNT, "us-east-1", "movies", NOW, NOW, "ACTIVE")
        )
    yield Group(store, arn)
    store.close()


def event(
    event_id: str, user_id: str | None, item_id: str | None, sent_at: int, **more: Any
) -> Event:
    """An event of type view in session s, unless told otherwise."""
    members = {"session_id": "s", "event_type": "view"} | more
    return Event(event_id, sent_at=sent_at, user_id=user_id, item_id=item_id, **members)
