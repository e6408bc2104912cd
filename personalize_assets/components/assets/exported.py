"""Stage operated: what the datasets hold, written back to S3 when somebody asks for it."""

import dagster as dg

from personalize_assets.aws.exports import ExportRequest, export_dataset
from personalize_assets.components.assets.imported import dataset_key
from personalize_assets.components.graph import Graph, materialized
from personalize_assets.components.previews import ensured_metadata, markdown_table
from personalize_assets.components.service_assets import service_asset
from personalize_assets.resources import PersonalizeResource, S3Resource


def export_key(graph: Graph, dataset: str) -> dg.AssetKey:
    """Key of the exported dataset: ``interactions``, ``items`` or ``users``."""
    return graph.key(f"exported_{dataset}")


def build_exported_assets(graph: Graph) -> list[dg.AssetsDefinition]:
    """An export for each dataset, outside the main job."""
    return [_exported(graph, dataset) for dataset in graph.attributes.datasets]


def _exported(graph: Graph, dataset: str) -> dg.AssetsDefinition:
    source = dataset_key(graph, dataset)
    spec = graph.spec(
        f"exported_{dataset}",
        stage="operated",
        kinds={"personalize", "csv", "s3"},
        deps=[source],
        description=f"All that the {dataset.capitalize()} dataset holds, imported in bulk or sent "
        "one by one, as CSV files. Every materialization writes a folder of its own.",
    )

    @service_asset(graph, name=f"{graph.id}_exported_{dataset}", specs=[spec])
    def exported(
        context: dg.AssetExecutionContext, personalize: PersonalizeResource, s3: S3Resource
    ) -> dg.MaterializeResult:
        request = ExportRequest(
            name=f"{graph.attributes.name}-{dataset}",
            dataset_arn=materialized(context, source)["dataset_arn"],
            request_id=context.run.root_run_id or context.run.run_id,
            prefix=f"{graph.attributes.prefixes.transformed}exports/{dataset}/",
            role_arn=personalize.role_arn,
            kms_key_arn=personalize.kms_key_arn,
        )
        done = export_dataset(
            personalize.get_client(),
            s3.store(),
            request,
            personalize.wait(context.log.info),
            tags=graph.resource_tags(personalize.tags),
        )
        return dg.MaterializeResult(
            spec.key,
            metadata={
                **ensured_metadata(done.job),
                "dagster/row_count": done.rows,
                "files": len(done.keys),
                "bytes": done.size,
                "s3_uri": s3.uri(done.folder),
                "open": s3.link(done.folder),
                "preview": dg.MetadataValue.md(markdown_table(done.columns, done.preview)),
            },
            data_version=dg.DataVersion(done.job.arn),
        )

    return exported
