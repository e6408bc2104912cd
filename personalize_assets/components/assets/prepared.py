"""Stage prepared: raw files become the CSV files that Amazon Personalize imports."""

from collections.abc import Iterator

import dagster as dg

from personalize_assets.aws.cleaners import Dataset
from personalize_assets.aws.preparation import prepare_entities, prepare_interactions
from personalize_assets.aws.raw_data import find_raw_files
from personalize_assets.components.assets.raw import raw_key
from personalize_assets.components.engines import choose_cleaner
from personalize_assets.components.graph import Graph, materialized
from personalize_assets.components.previews import prepared_result, quarantine_result
from personalize_assets.resources import S3Resource

KINDS = {"csv", "parquet", "s3"}


def build_prepared_assets(graph: Graph) -> list[dg.AssetsDefinition]:
    """Cleaned interactions and quarantined rows, and where declared items and users."""
    assets = [_interactions(graph)]
    if "items" in graph.attributes.prepared:
        description = "The catalogue: genres, year, creation time where known, and titles."
        assets.append(_entities(graph, "items", description))
    if "users" in graph.attributes.prepared:
        assets.append(_entities(graph, "users", "What is known of each user."))
    return assets


def _interactions(graph: Graph) -> dg.AssetsDefinition:
    source, prefix = graph.attributes.source, graph.attributes.prefixes.transformed
    with_items = "items" in graph.attributes.prepared
    items = graph.key("cleaned_items")
    deps = [raw_key(graph, "interactions"), *([items] if with_items else [])]
    cleaned, quarantined = graph.keys("cleaned_interactions", "quarantined_interactions")

    @dg.multi_asset(
        name=f"{graph.id}_cleaned_interactions",
        specs=[
            graph.spec(
                "cleaned_interactions",
                stage="prepared",
                kinds=KINDS,
                deps=deps,
                description="Events by declared rules, valid, without duplicates, ordered by time.",
            ),
            graph.spec(
                "quarantined_interactions",
                stage="prepared",
                kinds={"csv", "s3"},
                deps=deps,
                description="Rows that were refused, with line number, reason and text.",
            ),
        ],
    )
    def cleaned_interactions(
        context: dg.AssetExecutionContext, s3: S3Resource
    ) -> Iterator[dg.MaterializeResult]:
        raw = find_raw_files(s3.store(), source.prefix, source.tables)
        items_key = materialized(context, items)["parquet_key"] if with_items else None
        chosen = choose_cleaner(graph.attributes.preparation, "interactions", context, s3.settings)
        rules, log = graph.attributes.cleaning, context.log.info
        prepared = prepare_interactions(
            s3.store(), raw, rules, prefix, items_key, log, chosen.cleaner
        )
        yield prepared_result(cleaned, prepared, s3, chosen.metadata)
        yield quarantine_result(quarantined, prepared, s3)

    return cleaned_interactions


def _entities(graph: Graph, dataset: Dataset, description: str) -> dg.AssetsDefinition:
    source, prefix = graph.attributes.source, graph.attributes.prefixes.transformed
    name = f"cleaned_{dataset}"
    spec = graph.spec(
        name,
        stage="prepared",
        kinds=KINDS,
        deps=[raw_key(graph, dataset)],
        description=description,
    )

    @dg.multi_asset(name=f"{graph.id}_{name}", specs=[spec])
    def cleaned_entities(context: dg.AssetExecutionContext, s3: S3Resource) -> dg.MaterializeResult:
        raw = find_raw_files(s3.store(), source.prefix, source.tables)
        chosen = choose_cleaner(graph.attributes.preparation, dataset, context, s3.settings)
        log = context.log.info
        prepared = prepare_entities(s3.store(), dataset, raw, prefix, log, chosen.cleaner)
        return prepared_result(spec.key, prepared, s3, chosen.metadata)

    return cleaned_entities
