"""Metric attributions: what recommendations brought, one for each dataset group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from personalize_assets.aws.ensuring import ConfigurationDrift, Ensured, ensure_present, prune
from personalize_assets.aws.kinds import METRIC_ATTRIBUTION, describe
from personalize_assets.aws.waiters import WaitPolicy, call_patiently, wait_until_active

if TYPE_CHECKING:
    from types_boto3_personalize import PersonalizeClient
    from types_boto3_personalize.type_defs import (
        MetricAttributeTypeDef,
        MetricAttributionOutputTypeDef,
    )


@dataclass(frozen=True)
class WantedMetric:
    """One metric as the service knows it."""

    name: str
    event_type: str
    expression: str

    def as_member(self) -> "MetricAttributeTypeDef":
        """As CreateMetricAttribution takes it."""
        return {
            "metricName": self.name,
            "eventType": self.event_type,
            "expression": self.expression,
        }


def ensure_metric_attribution(
    personalize: "PersonalizeClient",
    name: str,
    dataset_group_arn: str,
    metrics: Sequence[WantedMetric],
    role_arn: str,
    policy: WaitPolicy,
    *,
    output_path: str | None = None,
) -> Ensured:
    """Make sure that the group attributes exactly these metrics.

    A group has one metric attribution; ours is told by its name, because it takes no tags. One with
    other metrics or another output is updated; what was reported before stays.

    Args:
        personalize: boto3 client.
        name: Name of the metric attribution.
        dataset_group_arn: The group, active, with the datasets that the metrics add up.
        metrics: At least one, at most ten.
        role_arn: Role that the service writes reports and metrics with.
        policy: Timeout, pace and progress of the waiting.
        output_path: ``s3://bucket/folder/`` of reports; None: Amazon CloudWatch only.

    Raises:
        ConfigurationDrift: The group has one of another name.
        ResourceFailed: Its creation failed.
        WaitTimeout: It was not ready in time.
    """
    started = policy.clock()
    output: MetricAttributionOutputTypeDef = {"roleArn": role_arn}
    if output_path is not None:
        output["s3DataDestination"] = {"path": output_path}

    def create() -> str:
        answer = personalize.create_metric_attribution(
            name=name,
            datasetGroupArn=dataset_group_arn,
            metrics=[metric.as_member() for metric in metrics],
            metricsOutputConfig=output,
        )
        return answer["metricAttributionArn"]

    ensured = ensure_present(
        personalize,
        METRIC_ATTRIBUTION,
        lambda: _find(personalize, dataset_group_arn, name),
        create,
        policy,
        f"metric attribution {name}",
    )
    changes = _changes(ensured, _metrics(personalize, ensured.arn), metrics, output)
    if not changes:
        return ensured
    call_patiently(
        lambda: personalize.update_metric_attribution(metricAttributionArn=ensured.arn, **changes),
        policy,
        f"update metric attribution {name}",
    )
    description = wait_until_active(personalize, METRIC_ATTRIBUTION, ensured.arn, policy)
    return Ensured(ensured.arn, ensured.created, description, policy.clock() - started)


def _changes(
    ensured: Ensured,
    found: Mapping[str, WantedMetric],
    metrics: Sequence[WantedMetric],
    output: Mapping[str, Any],
) -> dict[str, Any]:
    """What an update has to say; empty where all is as wanted. A changed metric is made anew."""
    wanted = {metric.name: metric for metric in metrics}
    removed = [name for name, metric in found.items() if wanted.get(name) != metric]
    added = [m.as_member() for name, m in wanted.items() if found.get(name) != m]
    changes: dict[str, Any] = {}
    if removed:
        changes["removeMetrics"] = removed
    if added:
        changes["addMetrics"] = added
    if prune(ensured.description.get("metricsOutputConfig")) != prune(output):
        changes["metricsOutputConfig"] = output
    return changes


def _find(personalize: "PersonalizeClient", dataset_group_arn: str, name: str) -> str | None:
    """The group's metric attribution.

    Raises:
        ConfigurationDrift: It has another name.
    """
    pages = personalize.get_paginator("list_metric_attributions").paginate(
        datasetGroupArn=dataset_group_arn
    )
    for page in pages:
        for summary in page["metricAttributions"]:
            arn = str(summary.get("metricAttributionArn"))
            found = str(describe(personalize, METRIC_ATTRIBUTION, arn).get("name"))
            if found != name:
                raise ConfigurationDrift(
                    f"the dataset group has the metric attribution {found}, wanted {name}; a group "
                    "can have one: delete that one first"
                )
            return arn
    return None


def _metrics(personalize: "PersonalizeClient", arn: str) -> dict[str, WantedMetric]:
    pages = personalize.get_paginator("list_metric_attribution_metrics").paginate(
        metricAttributionArn=arn
    )
    members = [metric for page in pages for metric in page["metrics"]]
    return {
        one["metricName"]: WantedMetric(one["metricName"], one["eventType"], one["expression"])
        for one in members
    }
