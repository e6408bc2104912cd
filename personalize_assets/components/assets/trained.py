"""Stages trained and evaluated: a solution version for each declared recipe, and its metrics."""

import dagster as dg

from personalize_assets.aws.ensure import get_metrics
from personalize_assets.aws.naming import digest_of
from personalize_assets.aws.training import SolutionRequest
from personalize_assets.components.assets.imported import dataset_key
from personalize_assets.components.assets.training_modes import TrainingConfig, VersionMaker
from personalize_assets.components.attributes import Solution
from personalize_assets.components.graph import Graph, materialized, numeric_history
from personalize_assets.components.previews import (
    PLOTTED_METRICS,
    ensured_metadata,
    metrics_metadata,
)
from personalize_assets.components.service_assets import TRAINING_POOL, service_asset
from personalize_assets.resources import PersonalizeResource

TRAINING_ID = "training_id"
"""Metadata of a version: digest of what it was trained with and on."""


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
    datasets = {name: dataset_key(graph, name) for name in graph.attributes.datasets}
    spec = graph.spec(
        solution.name,
        "solution_version",
        stage="trained",
        kinds={"personalize"},
        deps=datasets.values(),
        description=f"A model of recipe `{solution.recipe}`, trained on the imported datasets.",
    )

    @service_asset(
        graph,
        name=f"{graph.id}_{solution.name.replace('-', '_')}_solution_version",
        specs=[spec],
        pool=TRAINING_POOL,
    )
    def solution_version(
        context: dg.AssetExecutionContext, config: TrainingConfig, personalize: PersonalizeResource
    ) -> dg.MaterializeResult:
        imported = {name: materialized(context, key) for name, key in datasets.items()}
        request = solution_request(
            graph,
            solution,
            materialized(context, graph.key("dataset_group"))["arn"],
            tuple(one["csv_sha256"] for one in imported.values()),
        )
        maker = VersionMaker(context, graph, solution, personalize, spec.key, imported)
        made = maker.make(request, config.training_mode)
        trained = made.trained
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
                TRAINING_ID: training_id(request),
                **made.basis,
            },
            data_version=dg.DataVersion(trained.version.arn),
        )

    return solution_version


def solution_request(
    graph: Graph, solution: Solution, group_arn: str, data: tuple[str, ...]
) -> SolutionRequest:
    """What to train, and on what.

    Args:
        graph: Of the dataset group.
        solution: As declared.
        group_arn: The group; empty where only names and digests are asked for.
        data: Digests of the files of all datasets, in declared order.
    """
    return SolutionRequest(
        group_name=graph.attributes.name,
        group_arn=group_arn,
        name=solution.name,
        recipe=solution.recipe,
        event_type=solution.event_type,
        event_value_threshold=solution.event_value_threshold,
        hyperparameters=dict(solution.hyperparameters),
        feature_transformation_parameters=dict(solution.feature_transformation_parameters),
        config=solution.further_config,
        perform_hpo=solution.perform_hpo,
        auto_training_days=solution.auto_training_days,
        data=data,
    )


def training_id(request: SolutionRequest) -> str:
    """Digest of configuration and data: trainings of the same digest are done once."""
    return digest_of([request.config_digest, *request.data])


def _metrics(graph: Graph, solution: Solution) -> dg.AssetsDefinition:
    version = version_key(graph, solution.name)
    spec = graph.spec(
        solution.name,
        "metrics",
        stage="evaluated",
        kinds={"personalize"},
        deps=[version],
        stale_after_h=graph.attributes.freshness.metrics_h,
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
