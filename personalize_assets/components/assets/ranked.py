"""Stage recommended: a file of users with lists of items in, their titled rankings out."""

from functools import partial

import dagster as dg

from personalize_assets.aws.batch import (
    RANKING_INPUT_NAME,
    BatchRequest,
    run_batch_inference,
    stage_input,
    write_popular_lists,
)
from personalize_assets.aws.results import transform_results
from personalize_assets.components.assets.batched import (
    ResultsConfig,
    job_result,
    staged_input,
    staged_result,
)
from personalize_assets.components.attributes import BatchRanking
from personalize_assets.components.graph import Graph, materialized
from personalize_assets.components.previews import rankings_metadata
from personalize_assets.components.promotion import promoted_key
from personalize_assets.components.service_assets import BATCH_POOL, service_asset
from personalize_assets.core.names import MAX_RESULTS
from personalize_assets.resources import PersonalizeResource, S3Resource


class RankingInputConfig(dg.Config):
    """Which lists to put in order, and for whom."""

    input_key: str | None = None
    """Key in the bucket of a file with one `{"userId": "...", "itemList": ["...", "..."]}` a line;
    for all known users the items with the most interactions if empty."""


def build_ranked_assets(graph: Graph) -> list[dg.AssetsDefinition]:
    """Ranking input, batch ranking and rankings; nothing where none is declared."""
    batch = graph.attributes.batch_ranking
    if batch is None:
        return []
    return [_ranking_input(graph, batch), _batch_ranking(graph, batch), _rankings(graph)]


def _ranking_input(graph: Graph, batch: BatchRanking) -> dg.AssetsDefinition:
    cleaned = graph.key("cleaned_interactions")
    spec = graph.spec(
        "ranking_input",
        stage="recommended",
        kinds={"json", "s3"},
        deps=[cleaned],
        description="The lists to rank, copied to a place of their own for this job.",
    )

    @dg.multi_asset(name=f"{graph.id}_ranking_input", specs=[spec])
    def ranking_input(
        context: dg.AssetExecutionContext, config: RankingInputConfig, s3: S3Resource
    ) -> dg.MaterializeResult:
        staged = stage_input(
            s3.store(),
            folder=f"{graph.attributes.prefixes.transformed}batch/",
            input_key=config.input_key,
            table_key=materialized(context, cleaned)["parquet_key"],
            default_name=RANKING_INPUT_NAME,
            write_default=partial(write_popular_lists, count=batch.num_items),
        )
        default = f"the {batch.num_items} items with the most interactions for all known users"
        origin = s3.uri(config.input_key) if config.input_key else default
        return staged_result(spec.key, staged, origin, s3)

    return ranking_input


def _batch_ranking(graph: Graph, batch: BatchRanking) -> dg.AssetsDefinition:
    version, staged = promoted_key(graph, batch.solution), graph.key("ranking_input")
    spec = graph.spec(
        "batch_ranking",
        stage="recommended",
        kinds={"personalize", "json"},
        deps=[version, staged],
        description=f"Each list in its user's order, by `{batch.solution}`.",
    )

    @service_asset(graph, name=f"{graph.id}_batch_ranking", specs=[spec], pool=BATCH_POOL)
    def batch_ranking(
        context: dg.AssetExecutionContext, personalize: PersonalizeResource, s3: S3Resource
    ) -> dg.MaterializeResult:
        ranking_input = materialized(context, staged)
        request = BatchRequest(
            name=f"{graph.attributes.name}-{batch.solution}",
            version_arn=materialized(context, version)["arn"],
            staged=staged_input(ranking_input),
            results_prefix=f"{graph.attributes.prefixes.batch_results}ranking/",
            num_results=MAX_RESULTS,  # a ranking is as long as its list, whatever that is
            role_arn=personalize.role_arn,
            kms_key_arn=personalize.kms_key_arn,
        )
        job = run_batch_inference(
            personalize.get_client(),
            s3.store(),
            request,
            personalize.wait(context.log.info),
            tags=graph.resource_tags(personalize.tags),
        )
        return job_result(spec.key, job, ranking_input["key"], s3)

    return batch_ranking


def _rankings(graph: Graph) -> dg.AssetsDefinition:
    items, jobs = graph.key("cleaned_items"), graph.key("batch_ranking")
    titled = "items" in graph.attributes.prepared
    interactions = graph.key("cleaned_interactions")
    spec = graph.spec(
        "rankings",
        stage="recommended",
        kinds={"parquet", "s3"},
        deps=[jobs, interactions, *([items] if titled else [])],
        stale_after_h=graph.attributes.freshness.recommendations_h,
        description="Titled rankings: one row a user, and a tidy table of one row an item.",
    )

    @dg.multi_asset(name=f"{graph.id}_rankings", specs=[spec])
    def rankings(
        context: dg.AssetExecutionContext, config: ResultsConfig, s3: S3Resource
    ) -> dg.MaterializeResult:
        job = {} if config.output_key else materialized(context, jobs)
        results = transform_results(
            s3.store(),
            rows="rankings",
            output_key=config.output_key or job["output_key"],
            input_key=job.get("input_key"),
            items_key=materialized(context, items)["parquet_key"] if titled else None,
            interactions_key=materialized(context, interactions)["parquet_key"],
            classic_folder=f"{graph.attributes.prefixes.batch_results}ranking/",
        )
        return dg.MaterializeResult(
            spec.key,
            metadata=rankings_metadata(results, s3),
            data_version=dg.DataVersion(results.sha256),
        )

    return rankings
