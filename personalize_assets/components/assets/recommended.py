"""Stage recommended: a file of users in, a parquet file of titled recommendations out."""

import dagster as dg

from personalize_assets.aws.batch import (
    DEFAULT_INPUT_NAME,
    SEGMENT_INPUT_NAME,
    BatchRequest,
    run_batch_inference,
    stage_input,
    write_all_items,
    write_all_users,
)
from personalize_assets.aws.results import transform_results
from personalize_assets.components.assets.batched import (
    ResultsConfig,
    job_result,
    staged_input,
    staged_result,
)
from personalize_assets.components.assets.listening import filter_key
from personalize_assets.components.attributes import BatchInference
from personalize_assets.components.graph import Graph, materialized
from personalize_assets.components.previews import recommendations_metadata
from personalize_assets.components.promotion import promoted_key
from personalize_assets.components.service_assets import BATCH_POOL, service_asset
from personalize_assets.resources import PersonalizeResource, S3Resource


class BatchInputConfig(dg.Config):
    """Which users to recommend for."""

    input_key: str | None = None
    """Key in the bucket of a file with one `{"userId": "..."}` a line, or `{"itemId": "..."}` where
    the recipe relates items; all known users, or items, if empty."""


def build_recommended_assets(graph: Graph) -> list[dg.AssetsDefinition]:
    """Batch input, batch inference and recommendations; nothing where none is declared."""
    batch = graph.attributes.batch_inference
    if batch is None:
        return []
    return [_batch_input(graph, batch), _batch_inference(graph, batch), _recommendations(graph)]


def _batch_input(graph: Graph, batch: BatchInference) -> dg.AssetsDefinition:
    cleaned, prefixes = graph.key("cleaned_interactions"), graph.attributes.prefixes
    by_item = graph.attributes.solution(batch.solution).spec.batch_field == "itemId"
    spec = graph.spec(
        "batch_input",
        stage="recommended",
        kinds={"json", "s3"},
        deps=[cleaned],
        description="The users to recommend for, copied to a place of their own for this job.",
    )

    @dg.multi_asset(name=f"{graph.id}_batch_input", specs=[spec])
    def batch_input(
        context: dg.AssetExecutionContext, config: BatchInputConfig, s3: S3Resource
    ) -> dg.MaterializeResult:
        staged = stage_input(
            s3.store(),
            folder=f"{prefixes.transformed}batch/",
            input_key=config.input_key,
            table_key=materialized(context, cleaned)["parquet_key"],
            default_name=SEGMENT_INPUT_NAME if by_item else DEFAULT_INPUT_NAME,
            write_default=write_all_items if by_item else write_all_users,
        )
        every = "all items with interactions" if by_item else "all known users"
        origin = s3.uri(config.input_key) if config.input_key else every
        return staged_result(spec.key, staged, origin, s3)

    return batch_input


def _batch_inference(graph: Graph, batch: BatchInference) -> dg.AssetsDefinition:
    version, staged = promoted_key(graph, batch.solution), graph.key("batch_input")
    through = None if batch.filter is None else filter_key(graph, batch.filter)
    spec = graph.spec(
        "batch_inference",
        stage="recommended",
        kinds={"personalize", "json"},
        deps=[version, staged, *([] if through is None else [through])],
        description=_described(batch),
    )

    @service_asset(graph, name=f"{graph.id}_batch_inference", specs=[spec], pool=BATCH_POOL)
    def batch_inference(
        context: dg.AssetExecutionContext, personalize: PersonalizeResource, s3: S3Resource
    ) -> dg.MaterializeResult:
        batch_input = materialized(context, staged)
        request = BatchRequest(
            name=f"{graph.attributes.name}-{batch.solution}",
            version_arn=materialized(context, version)["arn"],
            staged=staged_input(batch_input),
            results_prefix=f"{graph.attributes.prefixes.batch_results}inference/",
            num_results=batch.num_results,
            role_arn=personalize.role_arn,
            kms_key_arn=personalize.kms_key_arn,
            filter_arn=None if through is None else materialized(context, through)["arn"],
            exploration=None if batch.exploration is None else batch.exploration.as_config(),
        )
        job = run_batch_inference(
            personalize.get_client(),
            s3.store(),
            request,
            personalize.wait(context.log.info),
            tags=graph.resource_tags(personalize.tags),
        )
        return job_result(spec.key, job, batch_input["key"], s3)

    return batch_inference


def _described(batch: BatchInference) -> str:
    through = "" if batch.filter is None else f", through the filter `{batch.filter}`"
    return f"{batch.num_results} items for each user, by `{batch.solution}`{through}."


def _recommendations(graph: Graph) -> dg.AssetsDefinition:
    items, jobs = graph.key("cleaned_items"), graph.key("batch_inference")
    titled = "items" in graph.attributes.prepared
    interactions = graph.key("cleaned_interactions")
    spec = graph.spec(
        "recommendations",
        stage="recommended",
        kinds={"parquet", "s3"},
        deps=[jobs, interactions, *([items] if titled else [])],
        stale_after_h=graph.attributes.freshness.recommendations_h,
        description="Titled recommendations: one row a user, and a tidy table of one row an item.",
    )

    @dg.multi_asset(name=f"{graph.id}_recommendations", specs=[spec])
    def recommendations(
        context: dg.AssetExecutionContext, config: ResultsConfig, s3: S3Resource
    ) -> dg.MaterializeResult:
        job = {} if config.output_key else materialized(context, jobs)
        results = transform_results(
            s3.store(),
            output_key=config.output_key or job["output_key"],
            input_key=job.get("input_key"),
            items_key=materialized(context, items)["parquet_key"] if titled else None,
            interactions_key=materialized(context, interactions)["parquet_key"],
            classic_folder=f"{graph.attributes.prefixes.batch_results}inference/",
        )
        return dg.MaterializeResult(
            spec.key,
            metadata=recommendations_metadata(results, s3),
            data_version=dg.DataVersion(results.sha256),
        )

    return recommendations
