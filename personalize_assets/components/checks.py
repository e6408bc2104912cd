"""Asset checks: each compares what was materialized with a number and says both."""

from collections.abc import Sequence

import dagster as dg

from personalize_assets.components.assets.trained import metrics_key
from personalize_assets.components.attributes import Solution
from personalize_assets.components.batch_checks import build_batch_checks
from personalize_assets.components.data_checks import build_data_checks
from personalize_assets.components.graph import Graph, materialized
from personalize_assets.components.metric_checks import build_metric_checks
from personalize_assets.components.promotion import build_promotion_checks

COMPARED_METRICS = ("mean_reciprocal_rank_at_25", "normalized_discounted_cumulative_gain_at_25")


def build_checks(graph: Graph) -> list[dg.AssetChecksDefinition]:
    """All checks of one dataset group."""
    checks = [_accounting(graph), _quarantine_share(graph)]
    checks += build_data_checks(graph) + build_metric_checks(graph)
    checks += build_promotion_checks(graph)
    baseline = next(
        (s for s in graph.attributes.solutions if s.recipe == "aws-popularity-count"), None
    )
    if baseline is not None:
        checks += [
            _better_than_popularity(graph, solution, baseline)
            for solution in graph.attributes.solutions
            if solution is not baseline and solution.spec.recipe_type != "USER_SEGMENTATION"
        ]
    return checks + build_batch_checks(graph)


def _accounting(graph: Graph) -> dg.AssetChecksDefinition:
    key = graph.key("cleaned_interactions")

    @dg.asset_check(
        asset=key,
        name="every_row_is_accounted_for",
        blocking=True,
        description="rows read + extra events = written + duplicates + quarantined + below the "
        "rule + not sampled",
    )
    def every_row_is_accounted_for(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        counts = materialized(context, key)
        came = counts["rows_read"] + counts["extra_events"]
        went = sum(
            counts[name]
            for name in (
                "dagster/row_count",
                "duplicates",
                "quarantined",
                "below_rule",
                "not_sampled",
            )
        )
        return dg.AssetCheckResult(
            passed=came == went,
            description=f"{came:,} came in, {went:,} are accounted for",
            metadata={"came_in": came, "accounted_for": went},
        )

    return every_row_is_accounted_for


def _quarantine_share(graph: Graph) -> dg.AssetChecksDefinition:
    key, limit = graph.key("cleaned_interactions"), graph.attributes.limits.max_quarantine_share

    @dg.asset_check(
        asset=key,
        name="few_rows_are_quarantined",
        description=f"At most {limit:.2%} of the rows read are quarantined.",
    )
    def few_rows_are_quarantined(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        counts = materialized(context, key)
        share = counts["quarantined"] / max(1, counts["rows_read"])
        return dg.AssetCheckResult(
            passed=share <= limit,
            description=f"{share:.3%} of {counts['rows_read']:,} rows, limit {limit:.2%}",
            metadata={"share": share, "limit": limit},
        )

    return few_rows_are_quarantined


def _better_than_popularity(
    graph: Graph, solution: Solution, baseline: Solution
) -> dg.AssetChecksDefinition:
    key, other = metrics_key(graph, solution.name), metrics_key(graph, baseline.name)

    @dg.asset_check(
        asset=key,
        name="better_than_popularity",
        additional_deps=[other],
        description=f"`{solution.name}` against `{baseline.name}`: {', '.join(COMPARED_METRICS)}.",
    )
    def better_than_popularity(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        ours, theirs = materialized(context, key), materialized(context, other)
        comparisons = [(name, ours[name], theirs[name]) for name in COMPARED_METRICS]
        return dg.AssetCheckResult(
            passed=all(mine > its for _, mine, its in comparisons),
            severity=dg.AssetCheckSeverity.WARN,
            description=_sentence(comparisons, baseline.name),
            metadata={name: mine - its for name, mine, its in comparisons},
        )

    return better_than_popularity


def _sentence(comparisons: Sequence[tuple[str, float, float]], baseline: str) -> str:
    return "; ".join(
        f"{name} {mine:.4f} against {its:.4f} of {baseline}" for name, mine, its in comparisons
    )
