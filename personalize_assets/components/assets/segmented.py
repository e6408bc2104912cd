"""Stage recommended: a file of items in, a parquet file of the users who will like them out."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import dagster as dg

from personalize_assets.aws.batch import (
    SEGMENT_INPUT_NAME,
    Write,
    run_batch_segment,
    stage_input,
    write_frequent_attributes,
    write_popular_items,
)
from personalize_assets.components.assets.batched import (
    Asked,
    Batch,
    build_job,
    build_results,
    staged_result,
)
from personalize_assets.components.attributes import BatchSegment
from personalize_assets.components.graph import Graph, materialized
from personalize_assets.components.previews import segments_metadata
from personalize_assets.core.names import MAX_ATTRIBUTE_AFFINITY_QUERIES
from personalize_assets.resources import S3Resource

PREFERRED_COLUMN = "GENRES"
SEGMENT = Batch(
    "batch_segment", "segment_input", "user_segments", "segments/", "segments", run_batch_segment
)


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
    asked = Asked(batch.solution, batch.num_results)
    described = f"{batch.num_results:,} users for each item, by `{batch.solution}`."
    by_item = "Users by item: one row an item, and a tidy table of one row a user."
    return [
        _segment_input(graph, batch),
        build_job(graph, SEGMENT, asked, described),
        build_results(graph, SEGMENT, segments_metadata, by_item),
    ]


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
