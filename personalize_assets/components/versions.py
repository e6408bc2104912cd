"""Versions of a solution over time, read from Dagster's event log: a table and a small plot."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import dagster as dg

from personalize_assets.components.assets.trained import metrics_key, version_key
from personalize_assets.components.attributes import Solution
from personalize_assets.components.graph import Graph
from personalize_assets.components.plots import line_plot
from personalize_assets.components.previews import PLOTTED_METRICS, markdown_table
from personalize_assets.components.promotion import Judgement, promoted_key
from personalize_assets.core.metrics import AMAZON_LABELS
from personalize_assets.core.promotion import Outcome

MAX_VERSIONS: Final = 12
_MAX_EVENTS: Final = 60  # runs that train nothing materialize the same version again


@dataclass(frozen=True)
class PastVersion:
    """One version as the event log knows it.

    Attributes:
        arn: The version.
        evaluated_at: When its metrics were first told, aware.
        metrics: Metadata of its metrics.
        training_hours: What Amazon says that it took; None where the event is gone.
        decision: What became of it; ``not promoted`` where nothing did.
    """

    arn: str
    evaluated_at: datetime
    metrics: Mapping[str, Any]
    training_hours: float | None
    decision: str


def versions_metadata(
    instance: dg.DagsterInstance,
    graph: Graph,
    solution: Solution,
    judgement: Judgement,
) -> dict[str, Any]:
    """A table of the last versions, newest first, and a plot of those that were promoted.

    Args:
        instance: Holds the events.
        graph: Names the assets.
        solution: Whose versions.
        judgement: Of the version that is decided on now, whose event is not written yet.
    """
    past = past_versions(instance, graph, solution.name)
    decisions = {judgement.arn: _decision(past, judgement.arn, judgement.outcome)}
    names = [name for name in PLOTTED_METRICS if name in judgement.metrics]
    names = names or sorted(judgement.metrics)[:3]
    rows = [
        (
            f"{one.evaluated_at:%Y-%m-%d %H:%M}",
            one.arn.rpartition("/")[2],
            *(_shown(one.metrics.get(name)) for name in names),
            "-" if one.training_hours is None else f"{one.training_hours:.3f}",
            decisions.get(one.arn, one.decision),
        )
        for one in past
    ]
    labels = [AMAZON_LABELS.get(name, name) for name in names]
    head = ["evaluated (UTC)", "version", *labels, "hours", "decision"]
    told = [one for one in reversed(past) if decisions.get(one.arn, one.decision) in _SERVED]
    series = {
        label: [float(one.metrics[name]) for one in told if name in one.metrics]
        for name, label in zip(names, labels, strict=True)
    }
    return {
        "plot": dg.MetadataValue.md(line_plot("Promoted versions", series)),
        "versions": dg.MetadataValue.md(markdown_table(head, rows)),
    }


_SERVED: Final = ("promoted", "forced")


def past_versions(instance: dg.DagsterInstance, graph: Graph, solution: str) -> list[PastVersion]:
    """The last versions that have metrics, newest first, each once."""
    decisions = {
        values["arn"]: values["decision"]
        for _, values in _events(instance, promoted_key(graph, solution))
        if values.get("decision") in _SERVED
    }
    hours = {
        values["arn"]: float(values["training_hours"])
        for _, values in _events(instance, version_key(graph, solution))
        if "training_hours" in values
    }
    first_told: dict[str, tuple[datetime, Mapping[str, Any]]] = {}
    for at, values in _events(instance, metrics_key(graph, solution)):
        first_told[str(values["solution_version_arn"])] = (at, values)
    return [
        PastVersion(arn, at, values, hours.get(arn), decisions.get(arn, "not promoted"))
        for arn, (at, values) in list(first_told.items())[:MAX_VERSIONS]
    ]


def _decision(past: list[PastVersion], arn: str, outcome: Outcome) -> str:
    """What became of the version of now: when it is unchanged, what it became when it was new."""
    if outcome != "unchanged":
        return outcome
    before = {one.arn: one.decision for one in past}.get(arn)
    return before if before in _SERVED else "promoted"


def _events(
    instance: dg.DagsterInstance, key: dg.AssetKey
) -> Iterator[tuple[datetime, Mapping[str, Any]]]:
    """Moment and metadata of the last materializations of ``key``, newest first."""
    for record in instance.fetch_materializations(key, limit=_MAX_EVENTS).records:
        made = record.asset_materialization
        if made is not None:
            values = {name: value.value for name, value in made.metadata.items()}
            yield datetime.fromtimestamp(record.timestamp, UTC), values


def _shown(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else "-"
