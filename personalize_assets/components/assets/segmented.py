"""Stage recommended: a file of items in, a parquet file of the users who will like them out."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import dagster as dg

from personalize_assets.aws.batch import (
    SEGMENT_INPUT_NAME,
    BatchRequest,
    Write,
    run_batch_segment,
    stage_input,
    write_frequent_attributes,
    write_popular_items,
)
from personalize_assets.aws.results import transform_results
from personalize_assets.components.assets.batched import (
    ResultsConfig,
    job_result,
    staged_input,
    staged_result,
)
from personalize_assets.components.attributes import BatchSegment
from personalize_assets.components.graph import Graph, materialized
from personalize_assets.components.previews import segments_metadata
from personalize_assets.components.promotion import promoted_key
from personalize_assets.components.service_assets import BATCH_POOL, service_asset
from personalize_assets.core.names import MAX_ATTRIBUTE_AFFINITY_QUERIES
from personalize_assets.resources import PersonalizeResource, S3Resource

PREFERRED_COLUMN = "GENRES"


class SegmentInputConfig(dg.Config):
    """Which items or attributes to find users for."""

    input_key: str | None = None
    """Key in the bucket of a file with one `{"itemId": "..."}` or, by recipe, one
    `{"itemAttributes": "..."}` a line; the items with the most interactions, or the values that
    most items have, if empty."""


def build_segmented_assets(graph: Graph) -> list[dg.AssetsDefinition]:
    """Segment input, batch segment job and user segments; nothing where none is declared."""
    batch = graph.attributes.batch_segment
    if batch is None:
        return []
    return [_segment_input(graph, batch), _batch_segment(graph, batch), _user_segments(graph)]


def _asks_by_attributes(graph: Graph, batch: BatchSegment) -> bool:
    return graph.attributes.solution(batch.solution).spec.batch_field == "itemAttributes"


def _segment_input(graph: Graph, batch: BatchSegment) -> dg.AssetsDefinition:
    by_attributes = _asks_by_attributes(graph, batch)
    table = graph.key("cleaned_items" if by_attributes else "cleaned_interactions")
    spec = graph.spec(
        "segment_input",
        stage="recommended",
        kinds={"json", "s3"},
        deps=[table],
        description="The items to find users for, copied to a place of their own for this job.",
    )

    @dg.multi_asset(name=f"{graph.id}_segment_input", specs=[spec])
    def segment_input(
        context: dg.AssetExecutionContext, config: SegmentInputConfig, s3: S3Resource
    ) -> dg.MaterializeResult:
        made = materialized(context, table)
        staged = stage_input(
            s3.store(),
            folder=f"{graph.attributes.prefixes.transformed}batch/",
            input_key=config.input_key,
            table_key=made["parquet_key"],
            default_name=SEGMENT_INPUT_NAME,
            write_default=_default_questions(batch, made if by_attributes else None),
        )
        default = "values of most items" if by_attributes else "items with the most interactions"
        origin = s3.uri(config.input_key) if config.input_key else default
        return staged_result(spec.key, staged, origin, s3)

    return segment_input


def _default_questions(batch: BatchSegment, items: Mapping[str, Any] | None) -> Write:
    """What is asked where no file was dropped: popular items, or frequent values of a column."""
    if items is None:
        return partial(write_popular_items, count=batch.num_items)
    return partial(
        write_frequent_attributes,
        column=attribute_column(items["schema"]),
        count=min(batch.num_items, MAX_ATTRIBUTE_AFFINITY_QUERIES),
    )


def attribute_column(schema: Mapping[str, Any]) -> str:
    """The categorical column of an Items schema whose values are asked for; GENRES if there is one.

    Raises:
        dagster.Failure: It has none.
    """
    names = [field["name"] for field in schema["fields"] if field.get("categorical")]
    if not names:
        raise dg.Failure(
            "the items have no categorical column to make segments by: drop a file with one "
            '{"itemAttributes": "ITEMS.COLUMN = \\"value\\""} a line under the prefix batch_input'
        )
    return PREFERRED_COLUMN if PREFERRED_COLUMN in names else names[0]


def _batch_segment(graph: Graph, batch: BatchSegment) -> dg.AssetsDefinition:
    version, staged = promoted_key(graph, batch.solution), graph.key("segment_input")
    spec = graph.spec(
        "batch_segment",
        stage="recommended",
        kinds={"personalize", "json"},
        deps=[version, staged],
        description=f"{batch.num_results:,} users for each item, by `{batch.solution}`.",
    )

    @service_asset(graph, name=f"{graph.id}_batch_segment", specs=[spec], pool=BATCH_POOL)
    def batch_segment(
        context: dg.AssetExecutionContext, personalize: PersonalizeResource, s3: S3Resource
    ) -> dg.MaterializeResult:
        segment_input = materialized(context, staged)
        request = BatchRequest(
            name=f"{graph.attributes.name}-{batch.solution}",
            version_arn=materialized(context, version)["arn"],
            staged=staged_input(segment_input),
            results_prefix=f"{graph.attributes.prefixes.batch_results}segments/",
            num_results=batch.num_results,
            role_arn=personalize.role_arn,
            kms_key_arn=personalize.kms_key_arn,
        )
        job = run_batch_segment(
            personalize.get_client(),
            s3.store(),
            request,
            personalize.wait(context.log.info),
            tags=graph.resource_tags(personalize.tags),
        )
        return job_result(spec.key, job, segment_input["key"], s3)

    return batch_segment


def _user_segments(graph: Graph) -> dg.AssetsDefinition:
    items, jobs = graph.key("cleaned_items"), graph.key("batch_segment")
    titled = "items" in graph.attributes.prepared
    interactions = graph.key("cleaned_interactions")
    spec = graph.spec(
        "user_segments",
        stage="recommended",
        kinds={"parquet", "s3"},
        deps=[jobs, interactions, *([items] if titled else [])],
        stale_after_h=graph.attributes.freshness.recommendations_h,
        description="Users by item: one row an item, and a tidy table of one row a user.",
    )

    @dg.multi_asset(name=f"{graph.id}_user_segments", specs=[spec])
    def user_segments(
        context: dg.AssetExecutionContext, config: ResultsConfig, s3: S3Resource
    ) -> dg.MaterializeResult:
        job = {} if config.output_key else materialized(context, jobs)
        results = transform_results(
            s3.store(),
            rows="segments",
            output_key=config.output_key or job["output_key"],
            input_key=job.get("input_key"),
            items_key=materialized(context, items)["parquet_key"] if titled else None,
            interactions_key=materialized(context, interactions)["parquet_key"],
            classic_folder=f"{graph.attributes.prefixes.batch_results}segments/",
        )
        return dg.MaterializeResult(
            spec.key,
            metadata=segments_metadata(results, s3),
            data_version=dg.DataVersion(results.sha256),
        )

    return user_segments
