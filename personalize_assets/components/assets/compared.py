"""Stage evaluated: recipes beside each other, popularity and chance, with and without metadata."""

import dagster as dg

from personalize_assets.aws.comparison import (
    ComparisonOptions,
    Contender,
    PreparedFiles,
    compare_prepared,
)
from personalize_assets.components.assets.trained import metrics_key
from personalize_assets.components.attributes import Comparison, Solution
from personalize_assets.components.comparisons import comparison_metadata
from personalize_assets.components.graph import Graph, materialized
from personalize_assets.resources import S3Resource


def build_compared_assets(graph: Graph) -> list[dg.AssetsDefinition]:
    """The comparison; nothing where none is declared."""
    comparison = graph.attributes.comparison
    return [] if comparison is None else [_metrics_comparison(graph, comparison)]


def _metrics_comparison(graph: Graph, comparison: Comparison) -> dg.AssetsDefinition:
    solutions = graph.attributes.solutions
    cleaned = {name: graph.key(f"cleaned_{name}") for name in graph.attributes.datasets}
    spec = graph.spec(
        "metrics_comparison",
        stage="evaluated",
        kinds={"python", "json"},
        deps=[*(metrics_key(graph, one.name) for one in solutions), *cleaned.values()],
        description="What the solutions reached, and their recipes beside popularity and chance, "
        "with metadata and without, on the same folds of users.",
    )

    @dg.multi_asset(name=f"{graph.id}_metrics_comparison", specs=[spec])
    def metrics_comparison(
        context: dg.AssetExecutionContext, s3: S3Resource
    ) -> dg.MaterializeResult:
        made = {name: materialized(context, key) for name, key in cleaned.items()}
        items, users = made.get("items", {}), made.get("users", {})
        compared = compare_prepared(
            s3.store(),
            PreparedFiles(
                interactions_key=made["interactions"]["parquet_key"],
                items_key=items.get("parquet_key"),
                item_schema=items.get("schema"),
                users_key=users.get("parquet_key"),
            ),
            # Who makes segments is asked something else than those who recommend.
            [_contender(one) for one in solutions if one.spec.recipe_type != "USER_SEGMENTATION"],
            ComparisonOptions(comparison.folds, comparison.seed, comparison.max_events),
            f"{graph.attributes.prefixes.transformed}comparison/",
            context.log.info,
        )
        metrics = {
            one.name: materialized(context, metrics_key(graph, one.name)) for one in solutions
        }
        return dg.MaterializeResult(spec.key, comparison_metadata(compared, metrics, s3))

    return metrics_comparison


def _contender(solution: Solution) -> Contender:
    return Contender(
        recipe=solution.recipe,
        event_type=solution.event_type,
        event_value_threshold=solution.event_value_threshold,
        hyperparameters=dict(solution.hyperparameters),
        feature_transformation_parameters=dict(solution.feature_transformation_parameters),
    )
