"""The check that a new version's metrics are not worse than those of the version before it.

A warning on every solution, in service or not; what keeps a worse version from being promoted is
the gate in ``promotion``.
"""

from collections.abc import Mapping
from typing import Any, Final

import dagster as dg

from personalize_assets.components.assets.trained import metrics_key
from personalize_assets.components.attributes import Solution
from personalize_assets.components.graph import Graph, materialized
from personalize_assets.core.drift import judge_drop
from personalize_assets.core.promotion import Rule, applicable_rules

_LOOKED_THROUGH: Final = 50


def build_metric_checks(graph: Graph) -> list[dg.AssetChecksDefinition]:
    """One check a solution."""
    return [_not_worse(graph, solution) for solution in graph.attributes.solutions]


def _not_worse(graph: Graph, solution: Solution) -> dg.AssetChecksDefinition:
    key, rules = metrics_key(graph, solution.name), graph.attributes.promotion.metrics
    declared = [Rule(rule.name, rule.max_drop) for rule in rules]
    segments = solution.spec.recipe_type == "USER_SEGMENTATION"
    limits = ", ".join(f"{rule.metric} (at most {rule.max_drop:.0%} less)" for rule in declared)

    @dg.asset_check(
        asset=key,
        name="not_worse_than_before",
        description=f"Against the version of `{solution.name}` before this one: "
        f"{'metrics of segments' if segments else limits}.",
    )
    def not_worse_than_before(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        now = materialized(context, key)
        before = _version_before(context.instance, key, now["solution_version_arn"])
        # All metrics that say how good answers are: at 5, 10, 25, or 1 percent.
        known = [name for name in now if "_at_" in name]
        verdicts = [
            judge_drop(rule.metric, now[rule.metric], before.get(rule.metric), rule.max_drop)
            for rule in applicable_rules(declared, known, segments=segments)
            if rule.metric in known
        ]
        return dg.AssetCheckResult(
            passed=all(verdict.passed for verdict in verdicts),
            severity=dg.AssetCheckSeverity.WARN,
            description="; ".join(verdict.sentence for verdict in verdicts)
            or "it has none of the metrics that are compared",
            metadata={"version_before": before.get("solution_version_arn", "none")},
        )

    return not_worse_than_before


def _version_before(
    instance: dg.DagsterInstance, key: dg.AssetKey, version_arn: str
) -> Mapping[str, Any]:
    """Metadata of the newest metrics of another version; empty where there were none."""
    for record in instance.fetch_materializations(key, limit=_LOOKED_THROUGH).records:
        made = record.asset_materialization
        values = {} if made is None else {n: value.value for n, value in made.metadata.items()}
        if values.get("solution_version_arn") not in (None, version_arn):
            return values
    return {}
