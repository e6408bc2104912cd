"""Stage raw: the files that people put under the source's prefix."""

from collections.abc import Iterator

import dagster as dg

from personalize_assets.aws.arrivals import set_id
from personalize_assets.aws.raw_data import find_raw_files
from personalize_assets.components.graph import Graph
from personalize_assets.resources import S3Resource

RAW_NAMES = {
    "movielens": {"interactions": "raw_ratings", "items": "raw_movies", "users": "raw_users"},
    "table": {"interactions": "raw_interactions", "items": "raw_items", "users": "raw_users"},
}
"""Names of the raw assets by type of source and dataset."""


def raw_key(graph: Graph, dataset: str) -> dg.AssetKey:
    """Key of the raw asset that ``dataset`` is made from."""
    return graph.key(RAW_NAMES[graph.attributes.source.type][dataset])


def build_raw_assets(graph: Graph) -> list[dg.AssetsDefinition]:
    """One asset a raw file: found, identified and described, never changed."""
    source = graph.attributes.source
    specs = [
        graph.spec(
            RAW_NAMES[source.type][dataset],
            stage="raw",
            kinds={"s3"},
            description=f"Raw {dataset} under `{source.prefix}`, found by their files.",
        )
        for dataset in graph.attributes.prepared
    ]

    @dg.multi_asset(name=f"{graph.id}_raw_files", specs=specs)
    def raw_files(s3: S3Resource) -> Iterator[dg.MaterializeResult]:
        found = find_raw_files(s3.store(), source.prefix, source.tables)
        identity = set_id({name: found.file(name) for name in graph.attributes.prepared})
        for dataset in graph.attributes.prepared:
            file = found.file(dataset)
            yield dg.MaterializeResult(
                raw_key(graph, dataset),
                metadata={
                    "s3_uri": s3.uri(file.key),
                    "open": s3.link(file.key),
                    "layout": found.kind,
                    "set": identity,
                    "bytes": file.size,
                    "etag": file.etag,
                    "last_modified": dg.MetadataValue.timestamp(file.last_modified),
                },
                data_version=dg.DataVersion(file.etag),
            )

    return [raw_files]
