"""Stage recommended: a file of users with lists of items in, their titled rankings out."""

from functools import partial

import dagster as dg

from personalize_assets.aws.batch import (
    RANKING_INPUT_NAME,
    stage_input,
    write_popular_lists,
)
from personalize_assets.components.assets.batched import (
    Asked,
    Batch,
    build_job,
    build_results,
    staged_result,
)
from personalize_assets.components.attributes import BatchRanking
from personalize_assets.components.graph import Graph, materialized
from personalize_assets.components.previews import rankings_metadata
from personalize_assets.core.names import MAX_RESULTS
from personalize_assets.resources import S3Resource

RANKING = Batch("batch_ranking", "ranking_input", "rankings", "ranking/", "rankings")


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
    # A ranking is as long as its list, whatever that is.
    asked = Asked(batch.solution, num_results=MAX_RESULTS)
    described = f"Each list in its user's order, by `{batch.solution}`."
    titled = "Titled rankings: one row a user, and a tidy table of one row an item."
    return [
        _ranking_input(graph, batch),
        build_job(graph, RANKING, asked, described),
        build_results(graph, RANKING, rankings_metadata, titled),
    ]


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
