"""Stages trained and evaluated: a solution version for each declared recipe, and its metrics."""

import dagster as dg

from personalize_assets.aws.ensure import get_metrics
from personalize_assets.aws.training import SolutionRequest, train_solution
from personalize_assets.components.assets.imported import dataset_key
from personalize_assets.components.attributes import Solution
from personalize_assets.components.graph import Graph, materialized, numeric_history
from personalize_assets.components.previews import (
    PLOTTED_METRICS,
    ensured_metadata,
    metrics_metadata,
)
from personalize_assets.components.service_assets import TRAINING_POOL, service_asset
from personalize_assets.resources import PersonalizeResource


def version_key(graph: Graph, solution: str) -> dg.AssetKey:
    """Key of the trained version of ``solution``."""
    return graph.key(solution, "solution_version")


def metrics_key(graph: Graph, solution: str) -> dg.AssetKey:
    """Key of the metrics of ``solution``."""
    return graph.key(solution, "metrics")


def build_trained_assets(graph: Graph) -> list[dg.AssetsDefinition]:
    """A solution version and its metrics for every declared solution."""
    return [
        asset
        for solution in graph.attributes.solutions
        for asset in (_solution_version(graph, solution), _metrics(graph, solution))
    ]


def _solution_version(graph: Graph, solution: Solution) -> dg.AssetsDefinition:
    datasets = [dataset_key(graph, dataset) for dataset in graph.attributes.datasets]
    spec = graph.spec(
        solution.name,
        "solution_version",
        stage="trained",
        kinds={"personalize"},
        deps=datasets,
        description=f"A model of recipe `{solution.recipe}`, trained on the imported datasets.",
    )

    @service_asset(
        graph,
        name=f"{graph.id}_{solution.name.replace('-', '_')}_solution_version",
        specs=[spec],
        pool=TRAINING_POOL,
    )
    def solution_version(
        context: dg.AssetExecutionContext, personalize: PersonalizeResource
    ) -> dg.MaterializeResult:
        request = SolutionRequest(
            group_name=graph.attributes.name,
            group_arn=materialized(context, graph.key("dataset_group"))["arn"],
            name=solution.name,
            recipe=solution.recipe,
            event_type=solution.event_type,
            event_value_threshold=solution.event_value_threshold,
            hyperparameters=dict(solution.hyperparameters),
            feature_transformation_parameters=dict(solution.feature_transformation_parameters),
            data=tuple(materialized(context, key)["csv_sha256"] for key in datasets),
        )
        trained = train_solution(
            personalize.get_client(),
            request,
            personalize.wait(context.log.info),
            tags=graph.resource_tags(personalize.tags),
        )
        return dg.MaterializeResult(
            spec.key,
            metadata={
                **ensured_metadata(trained.version),
                "solution_arn": trained.solution_arn,
                "recipe": solution.recipe,
                "try": personalize.command(
                    "describe-solution-version --solution-version-arn", trained.version.arn
                ),
                "training_hours": float(trained.version.description.get("trainingHours", 0.0)),
            },
            data_version=dg.DataVersion(trained.version.arn),
        )

    return solution_version


def _metrics(graph: Graph, solution: Solution) -> dg.AssetsDefinition:
    version = version_key(graph, solution.name)
    spec = graph.spec(
        solution.name,
        "metrics",
        stage="evaluated",
        kinds={"personalize"},
        deps=[version],
        description="Offline metrics on the newest tenth of the events of held-out users.",
    )

    @service_asset(
        graph, name=f"{graph.id}_{solution.name.replace('-', '_')}_metrics", specs=[spec]
    )
    def metrics(
        context: dg.AssetExecutionContext, personalize: PersonalizeResource
    ) -> dg.MaterializeResult:
        arn = materialized(context, version)["arn"]
        values = get_metrics(personalize.get_client(), arn, personalize.wait(context.log.info))
        history = [*numeric_history(context.instance, spec.key, PLOTTED_METRICS), values]
        return dg.MaterializeResult(
            spec.key,
            metadata={
                **metrics_metadata(values, history),
                "solution_version_arn": arn,
                "try": personalize.command("get-solution-metrics --solution-version-arn", arn),
            },
            data_version=dg.DataVersion(arn),
        )

    return metrics
