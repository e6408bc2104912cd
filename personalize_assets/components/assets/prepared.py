"""Stage prepared: raw files become the CSV files that Amazon Personalize imports."""

from collections.abc import Iterator

import dagster as dg

from personalize_assets.aws.preparation import prepare_interactions, prepare_items, prepare_users
from personalize_assets.aws.raw_data import find_raw_files
from personalize_assets.components.assets.raw import raw_key
from personalize_assets.components.graph import Graph, materialized
from personalize_assets.components.previews import prepared_result, quarantine_result
from personalize_assets.resources import S3Resource

KINDS = {"csv", "parquet", "s3"}


def build_prepared_assets(graph: Graph) -> list[dg.AssetsDefinition]:
    """Cleaned interactions and quarantined rows, and where declared items and users."""
    assets = [_interactions(graph)]
    if "items" in graph.attributes.prepared:
        assets.append(_items(graph))
    if "users" in graph.attributes.prepared:
        assets.append(_users(graph))
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
        prepared = prepare_interactions(
            s3.store(), raw, graph.attributes.cleaning, prefix, items_key, context.log.info
        )
        yield prepared_result(cleaned, prepared, s3)
        yield quarantine_result(quarantined, prepared, s3)

    return cleaned_interactions


def _items(graph: Graph) -> dg.AssetsDefinition:
    source, prefix = graph.attributes.source, graph.attributes.prefixes.transformed
    spec = graph.spec(
        "cleaned_items",
        stage="prepared",
        kinds=KINDS,
        deps=[raw_key(graph, "items")],
        description="The catalogue: genres, year, creation time where known, and titles.",
    )

    @dg.multi_asset(name=f"{graph.id}_cleaned_items", specs=[spec])
    def cleaned_items(context: dg.AssetExecutionContext, s3: S3Resource) -> dg.MaterializeResult:
        raw = find_raw_files(s3.store(), source.prefix, source.tables)
        prepared = prepare_items(s3.store(), raw, prefix, context.log.info)
        return prepared_result(spec.key, prepared, s3)

    return cleaned_items


def _users(graph: Graph) -> dg.AssetsDefinition:
    source, prefix = graph.attributes.source, graph.attributes.prefixes.transformed
    spec = graph.spec(
        "cleaned_users",
        stage="prepared",
        kinds=KINDS,
        deps=[raw_key(graph, "users")],
        description="What is known of each user.",
    )

    @dg.multi_asset(name=f"{graph.id}_cleaned_users", specs=[spec])
    def cleaned_users(context: dg.AssetExecutionContext, s3: S3Resource) -> dg.MaterializeResult:
        raw = find_raw_files(s3.store(), source.prefix, source.tables)
        prepared = prepare_users(s3.store(), raw, prefix, context.log.info)
        return prepared_result(spec.key, prepared, s3)

    return cleaned_users
