"""Asset checks of batch jobs: every line that was asked has its answer or its reason."""

import dagster as dg

from personalize_assets.components.graph import Graph, materialized


def build_batch_checks(graph: Graph) -> list[dg.AssetChecksDefinition]:
    """One check for each kind of batch job that is declared."""
    declared = {
        "recommendations": graph.attributes.batch_inference,
        "user_segments": graph.attributes.batch_segment,
        "rankings": graph.attributes.batch_ranking,
    }
    return [_every_line_answered(graph, name) for name, batch in declared.items() if batch]


def _every_line_answered(graph: Graph, name: str) -> dg.AssetChecksDefinition:
    key = graph.key(name)

    @dg.asset_check(
        asset=key,
        name="every_input_line_is_answered",
        blocking=True,
        description="input lines = answered lines + failed lines",
    )
    def every_input_line_is_answered(
        context: dg.AssetCheckExecutionContext,
    ) -> dg.AssetCheckResult:
        counts = materialized(context, key)
        lines, answered, failed = (
            counts[n] for n in ("input_lines", "answered_lines", "failed_lines")
        )
        unexpected = counts["unexpected_lines"]
        return dg.AssetCheckResult(
            passed=lines == answered + failed and not unexpected,
            description=f"{lines:,} lines in, {answered:,} answered, {failed:,} lines failed, "
            f"{unexpected:,} that nobody asked for",
            metadata={"input_lines": lines, "answered_lines": answered, "failed_lines": failed},
        )

    return every_input_line_is_answered
