"""Stage recommended: a file of users in, a parquet file of titled recommendations out."""

import dagster as dg

from personalize_assets.aws.batch import (
    DEFAULT_INPUT_NAME,
    SEGMENT_INPUT_NAME,
    stage_input,
    write_all_items,
    write_all_users,
)
from personalize_assets.components.assets.batched import (
    Asked,
    Batch,
    build_job,
    build_results,
    staged_result,
)
from personalize_assets.components.attributes import BatchInference
from personalize_assets.components.graph import Graph, materialized
from personalize_assets.components.previews import recommendations_metadata
from personalize_assets.resources import S3Resource

INFERENCE = Batch(
    "batch_inference", "batch_input", "recommendations", "inference/", "recommendations"
)


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
    asked = Asked(batch.solution, batch.num_results, batch.filter, batch.exploration)
    titled = "Titled recommendations: one row a user, and a tidy table of one row an item."
    return [
        _batch_input(graph, batch),
        build_job(graph, INFERENCE, asked, _described(batch)),
        build_results(graph, INFERENCE, recommendations_metadata, titled),
    ]


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


def _described(batch: BatchInference) -> str:
    through = "" if batch.filter is None else f", through the filter `{batch.filter}`"
    return f"{batch.num_results} items for each user, by `{batch.solution}`{through}."
