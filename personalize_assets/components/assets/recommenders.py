"""Stage deployed: use cases of a domain dataset group, trained and served by the service alone."""

from typing import Any

import dagster as dg

from personalize_assets.aws.ensure_recommenders import (
    EnsuredRecommender,
    RecommenderConfiguration,
    ensure_recommender,
)
from personalize_assets.aws.recommender_preview import RecommenderAnswer, preview_recommender
from personalize_assets.aws.samples import sample_known
from personalize_assets.components.assets.imported import dataset_key
from personalize_assets.components.attributes import Recommender
from personalize_assets.components.graph import Graph, materialized, numeric_history
from personalize_assets.components.previews import (
    PLOTTED_METRICS,
    ensured_metadata,
    markdown_table,
    metrics_metadata,
)
from personalize_assets.components.service_assets import TRAINING_POOL, service_asset
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.resources import PersonalizeResource, S3Resource

PREVIEWED_USERS = 3


def recommender_key(graph: Graph, name: str) -> dg.AssetKey:
    """Key of the recommender ``name``."""
    return graph.key(name, "recommender")


def build_recommender_assets(graph: Graph) -> list[dg.AssetsDefinition]:
    """A recommender for every declared use case."""
    return [_recommender(graph, one) for one in graph.attributes.recommenders]


def _recommender(graph: Graph, declared: Recommender) -> dg.AssetsDefinition:
    spec = graph.spec(
        declared.name,
        "recommender",
        stage="deployed",
        kinds={"personalize"},
        deps=[*(dataset_key(graph, dataset) for dataset in graph.attributes.datasets)],
        description=f"Use case `{declared.recipe}`: {RECIPES[declared.recipe].description} The "
        "service trains it anew every seven days; billed while it is active.",
    )

    @service_asset(
        graph,
        name=f"{graph.id}_{declared.name.replace('-', '_')}_recommender",
        specs=[spec],
        pool=TRAINING_POOL,
    )
    def recommender(
        context: dg.AssetExecutionContext, personalize: PersonalizeResource, s3: S3Resource
    ) -> dg.MaterializeResult:
        ensured = ensure_recommender(
            personalize.get_client(),
            f"{graph.attributes.name}-{declared.name}",
            materialized(context, graph.key("dataset_group"))["arn"],
            _configuration(declared),
            personalize.wait(context.log.info),
            tags=graph.resource_tags(personalize.tags),
        )
        arn = ensured.ensured.arn
        return dg.MaterializeResult(
            spec.key,
            metadata={
                **_preview(context, graph, declared, personalize, s3, arn),
                **_metadata(context, spec.key, ensured),
                "recipe": declared.recipe,
                "try": personalize.command("describe-recommender --recommender-arn", arn),
            },
            data_version=dg.DataVersion(arn),
        )

    return recommender


def _configuration(declared: Recommender) -> RecommenderConfiguration:
    exploration = declared.exploration
    return RecommenderConfiguration(
        recipe=declared.recipe,
        min_requests_per_second=declared.min_requests_per_second,
        exploration=None if exploration is None else exploration.as_config(),
        running=declared.running,
    )


def _metadata(
    context: dg.AssetExecutionContext, key: dg.AssetKey, recommender: EnsuredRecommender
) -> dict[str, Any]:
    """What is known of it; its offline metrics as numbers, a table and a small plot."""
    description = recommender.ensured.description
    metrics = {name: float(value) for name, value in description.get("modelMetrics", {}).items()}
    history = [*numeric_history(context.instance, key, PLOTTED_METRICS), metrics]
    return {
        **ensured_metadata(recommender.ensured),
        "unchanged": not (recommender.ensured.created or recommender.changed),
        "status": str(description.get("status")),
        **(metrics_metadata(metrics, history) if metrics else {}),
    }


def _preview(
    context: dg.AssetExecutionContext,
    graph: Graph,
    declared: Recommender,
    personalize: PersonalizeResource,
    s3: S3Resource,
    arn: str,
) -> dict[str, Any]:
    """Real answers with titles; nothing of a recommender that is stopped."""
    if not declared.running:
        return {}
    titled = "items" in graph.attributes.prepared
    sample = sample_known(
        s3.store(),
        materialized(context, graph.key("cleaned_interactions"))["parquet_key"],
        materialized(context, graph.key("cleaned_items"))["parquet_key"] if titled else None,
        users=PREVIEWED_USERS,
        seed=arn,
    )
    answers = preview_recommender(
        personalize.get_runtime_client(),
        arn,
        RECIPES[declared.recipe],
        sample,
        personalize.wait(context.log.info),
    )
    return {"preview": dg.MetadataValue.md(_table(answers))}


def _table(answers: list[RecommenderAnswer]) -> str:
    rows = [(answer.asked, "; ".join(answer.recommended[:5])) for answer in answers]
    return markdown_table(["asked", "recommended"], rows)
