"""Stage deployed: the version of each solution that may answer, and how versions did over time."""

from dataclasses import replace

import dagster as dg
from pydantic import model_validator

from personalize_assets.components.assets.trained import metrics_key, version_key
from personalize_assets.components.attributes import Solution
from personalize_assets.components.graph import Graph, materialized, newest_metadata
from personalize_assets.components.promotion import (
    baseline_of,
    decision_metadata,
    describe_rules,
    judge,
    refusal,
)
from personalize_assets.components.service_assets import service_asset
from personalize_assets.components.versions import versions_metadata
from personalize_assets.resources import PersonalizeResource


class PromotionConfig(dg.Config):
    """A person's decision against the numbers; it is recorded with its reason."""

    force: bool = False
    """Promote the version whatever its metrics are."""

    reason: str = ""
    """Why; required with `force`."""

    @model_validator(mode="after")
    def _say_why(self) -> "PromotionConfig":
        if self.force and not self.reason.strip():
            raise ValueError("`force: true` needs a `reason`, which is kept with the version")
        return self


def build_promoted_assets(graph: Graph) -> list[dg.AssetsDefinition]:
    """A promoted version for every solution that answers, by campaign or in batch."""
    return [_promoted_version(graph, solution) for solution in graph.attributes.served]


def _promoted_version(graph: Graph, solution: Solution) -> dg.AssetsDefinition:
    version, baseline = version_key(graph, solution.name), baseline_of(graph, solution)
    held = [metrics_key(graph, one.name) for one in (solution, baseline) if one is not None]
    spec = graph.spec(
        solution.name,
        "promoted_version",
        stage="deployed",
        kinds={"personalize"},
        deps=[version, *held],
        description=f"The version of `{solution.name}` that may answer. "
        f"{describe_rules(graph, solution)}",
    )

    @service_asset(
        graph,
        name=f"{graph.id}_{solution.name.replace('-', '_')}_promoted_version",
        specs=[spec],
    )
    def promoted_version(
        context: dg.AssetExecutionContext,
        config: PromotionConfig,
        personalize: PersonalizeResource,
    ) -> dg.MaterializeResult:
        trained = materialized(context, version)
        judgement = judge(context, graph, solution, personalize, trained["arn"])
        if config.force:
            judgement = replace(judgement, forced=config.reason)
        if judgement.outcome == "refused":
            raise refusal(solution, judgement)
        context.log.info(judgement.sentence())
        return dg.MaterializeResult(
            spec.key,
            metadata={
                "arn": judgement.arn,
                "solution_arn": trained["solution_arn"],
                **decision_metadata(judgement, newest_metadata(context.instance, spec.key)),
                **versions_metadata(context.instance, graph, solution, judgement),
                "training_hours": trained["training_hours"],
                "unchanged": judgement.outcome == "unchanged",
                **{name: float(value) for name, value in judgement.metrics.items()},
            },
            data_version=dg.DataVersion(judgement.arn),
        )

    return promoted_version
