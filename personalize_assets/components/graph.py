"""What all assets of one dataset group share: keys, groups, owners, and how they find each other.

Assets hand no values to each other in memory. What a later asset needs of an earlier one (an ARN,
a digest, a key in S3) stands in the metadata of its newest materialization, so that any asset can
be materialized alone, in another process, on another day.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import dagster as dg

from personalize_assets.aws.naming import PROJECT_TAG
from personalize_assets.components.attributes import DatasetGroupAttributes

Stage = Literal[
    "raw", "prepared", "imported", "trained", "evaluated", "deployed", "recommended", "operated"
]

STAGES: Mapping[Stage, str] = {
    "raw": "Raw files as they lie in S3.",
    "prepared": "Cleaned files that Amazon Personalize can import, the rows that were refused, and "
    "what the rest would cost on AWS.",
    "imported": "The dataset group and its datasets.",
    "trained": "Solution versions: one trained model a recipe.",
    "evaluated": "Offline metrics of each solution version, and recipes beside each other.",
    "deployed": "Versions that were promoted, and what answers in real time.",
    "recommended": "Batch jobs and their results with titles.",
    "operated": "What exists in the account, and what was done to it by hand.",
}
"""Groups of the asset graph in the order in which data flows."""


@dataclass(frozen=True)
class Graph:
    """Names things for one dataset group.

    Attributes:
        attributes: What its YAML file declares.
        running: Whether sensors and schedules run without being switched on in the UI.
    """

    attributes: DatasetGroupAttributes
    running: bool = True

    @property
    def sensor_status(self) -> dg.DefaultSensorStatus:
        """Whether sensors run without being switched on."""
        return dg.DefaultSensorStatus.RUNNING if self.running else dg.DefaultSensorStatus.STOPPED

    @property
    def schedule_status(self) -> dg.DefaultScheduleStatus:
        """Whether schedules run without being switched on."""
        return (
            dg.DefaultScheduleStatus.RUNNING if self.running else dg.DefaultScheduleStatus.STOPPED
        )

    @property
    def id(self) -> str:
        """The group's name as an identifier of Dagster: lower case, underscores."""
        return self.attributes.name.lower().replace("-", "_")

    def resource_tags(self, common: Mapping[str, str]) -> dict[str, str]:
        """Tags of what is created for this group, beside the deployment's ``common`` ones."""
        return {**common, **self.attributes.tags, PROJECT_TAG: self.attributes.name}

    def key(self, *path: str) -> dg.AssetKey:
        """Key of an asset of this group."""
        return dg.AssetKey([self.id, *(part.replace("-", "_") for part in path)])

    def keys(self, *names: str) -> list[dg.AssetKey]:
        """Keys of several assets with one-part names."""
        return [self.key(name) for name in names]

    def spec(
        self,
        *path: str,
        stage: Stage,
        kinds: Iterable[str],
        description: str,
        deps: Iterable[dg.AssetKey] = (),
        stale_after_h: float | None = None,
    ) -> dg.AssetSpec:
        """Specification of an asset with what all of them share.

        Args:
            path: Path below the group's key.
            stage: Group of the graph.
            kinds: What it is made of, for the UI.
            description: For the UI.
            deps: What it is made from.
            stale_after_h: Hours after which it has to be materialized again to count as fresh.
        """
        policy = (
            None
            if stale_after_h is None
            else dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=stale_after_h))
        )
        return dg.AssetSpec(
            self.key(*path),
            deps=list(deps),
            description=description,
            group_name=stage,
            kinds=set(kinds),
            owners=list(self.attributes.owners),
            tags={"personalize/dataset_group": self.attributes.name},
            freshness_policy=policy,
        )


def materialized(
    context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext, key: dg.AssetKey
) -> Mapping[str, Any]:
    """Metadata values of the materialization of ``key`` that this run goes by.

    That is the one that this run made, or else the newest: two runs at the same time do not take
    each other's.

    Raises:
        dagster.Failure: It was never materialized.
    """
    made = _made_by_run(context.instance, context.run.run_id, key) or _newest(context.instance, key)
    if made is None:
        raise dg.Failure(
            f"{key.to_user_string()} was never materialized: materialize it first, or the whole job"
        )
    return _values(made)


def newest_metadata(instance: dg.DagsterInstance, key: dg.AssetKey) -> Mapping[str, Any]:
    """Metadata values of the newest materialization of ``key``; empty if there is none."""
    made = _newest(instance, key)
    return {} if made is None else _values(made)


def _values(made: dg.AssetMaterialization) -> Mapping[str, Any]:
    return {name: value.value for name, value in made.metadata.items()}


def _made_by_run(
    instance: dg.DagsterInstance, run_id: str, key: dg.AssetKey
) -> dg.AssetMaterialization | None:
    records = instance.get_records_for_run(
        run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION
    ).records
    made = [record.event_log_entry.asset_materialization for record in records]
    return next((m for m in reversed(made) if m is not None and m.asset_key == key), None)


def _newest(instance: dg.DagsterInstance, key: dg.AssetKey) -> dg.AssetMaterialization | None:
    event = instance.get_latest_materialization_event(key)
    return None if event is None else event.asset_materialization


def numeric_history(
    instance: dg.DagsterInstance, key: dg.AssetKey, names: Iterable[str], limit: int = 19
) -> list[Mapping[str, float]]:
    """Numbers from the metadata of the last materializations of ``key``, oldest first."""
    wanted = set(names)
    records = instance.fetch_materializations(key, limit=limit).records
    made = [record.asset_materialization for record in reversed(records)]
    return [
        {
            name: float(value.value)
            for name, value in one.metadata.items()
            if name in wanted and isinstance(value.value, int | float)
        }
        for one in made
        if one is not None
    ]
