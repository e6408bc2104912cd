"""Where the data of a dataset group lie, written down so that a worker process finds them.

A value that is JSON on the way to a worker. It also says how far the streams of events and records
are read, so that a job which is begun again sees the same data. Reads nothing itself.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any, Self, cast

from personalize_assets.core.arns import Kind
from personalize_assets.core.schemas import (
    RECORD_NAMES,
    DatasetType,
    Domain,
    Schema,
    parse_schema,
)
from personalize_assets.engine.store import Resource, Store


@dataclass(frozen=True, slots=True)
class DatasetSource:
    """One dataset.

    Attributes:
        arn: Under which events and records of the dataset are kept.
        dataset_type: What it holds.
        schema_json: Its schema as given.
        domain: Of the schema; None for custom groups.
        bulk: Path of the parquet file of imported data; None while nothing was imported.
        erasures: How often records were removed from the dataset.
        sequence: Tells the dataset from an earlier one of the same name.
    """

    arn: str
    dataset_type: DatasetType
    schema_json: str
    domain: Domain | None = None
    bulk: str | None = None
    erasures: int = 0
    sequence: int = 0

    @property
    def schema(self) -> Schema:
        """The parsed schema."""
        return _parse(self.schema_json, self.dataset_type, self.domain)


@dataclass(frozen=True)
class GroupSources:
    """All datasets of a group.

    Attributes:
        database: Path of the database with the streamed events and records.
        group_arn: Of the dataset group.
        datasets: By type; types that the group does not have are absent.
        upto_events: Sequence number of the newest event that is read; None reads all, also those
            that come later.
        upto_records: The same for records.
    """

    database: str
    group_arn: str
    datasets: Mapping[DatasetType, DatasetSource] = field(
        default_factory=dict[DatasetType, DatasetSource]
    )
    upto_events: int | None = None
    upto_records: int | None = None

    def to_json(self) -> dict[str, Any]:
        """As an object for ``json.dumps``; the inverse of `from_json`."""
        return {
            "database": self.database,
            "group_arn": self.group_arn,
            "datasets": {name: asdict(source) for name, source in self.datasets.items()},
            "upto_events": self.upto_events,
            "upto_records": self.upto_records,
        }

    @classmethod
    def from_json(cls, members: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        datasets = cast("dict[DatasetType, dict[str, Any]]", members["datasets"])
        return cls(
            database=members["database"],
            group_arn=members["group_arn"],
            datasets={name: DatasetSource(**source) for name, source in datasets.items()},
            upto_events=members["upto_events"],
            upto_records=members["upto_records"],
        )


def describe_group(store: Store, group_arn: str, *, live: bool = False) -> GroupSources:
    """Write down where the data of a group lie.

    Args:
        store: Of the engine.
        group_arn: Of the dataset group; an unknown one has no datasets.
        live: Whether events and records that come later are to be seen; else the streams are cut
            at the present moment.
    """
    datasets: dict[DatasetType, DatasetSource] = {}
    for dataset in store.resources.find(Kind.DATASET, group=group_arn):
        schema = store.resources.get(dataset.body["schemaArn"])
        for name in RECORD_NAMES:  # not EVENT_INTERACTIONS, which only stands for the tracker
            if dataset.body["datasetType"] == name and schema is not None:
                artifact = dataset.hidden.get("artifact")
                datasets[name] = DatasetSource(
                    arn=dataset.arn,
                    dataset_type=name,
                    schema_json=schema.body["schema"],
                    domain=schema.body.get("domain"),
                    bulk=str(store.artifacts.path(artifact)) if artifact else None,
                    erasures=dataset.hidden.get("erasures", 0),
                    sequence=dataset.sequence,
                )
    return GroupSources(
        database=str(store.artifacts.root / "control.sqlite3"),
        group_arn=group_arn,
        datasets=datasets,
        upto_events=None if live else store.events.newest(),
        upto_records=None if live else store.records.newest(),
    )


def schema_of(store: Store, dataset: Resource) -> Schema:
    """The parsed schema of a dataset."""
    schema = store.resources.get(dataset.body["schemaArn"])
    assert schema is not None  # a schema cannot be deleted while a dataset uses it
    return _parse(schema.body["schema"], dataset.body["datasetType"], schema.body.get("domain"))


@lru_cache(maxsize=256)
def _parse(schema_json: str, dataset_type: DatasetType, domain: Domain | None) -> Schema:
    """Parse a stored schema, each only once."""
    return parse_schema(schema_json, dataset_type, domain)
