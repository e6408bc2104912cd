"""Stage deployed: what recommendations brought, measured by the service."""

import dagster as dg

from personalize_assets.aws.ensure_attribution import WantedMetric, ensure_metric_attribution
from personalize_assets.components.assets.imported import dataset_key
from personalize_assets.components.attributes import MetricAttribution
from personalize_assets.components.graph import Graph, materialized
from personalize_assets.components.previews import ensured_metadata, markdown_table
from personalize_assets.components.service_assets import service_asset
from personalize_assets.resources import PersonalizeResource, S3Resource


def build_attributed_assets(graph: Graph) -> list[dg.AssetsDefinition]:
    """The metric attribution; nothing where none is declared."""
    declared = graph.attributes.metric_attribution
    return [] if declared is None else [_metric_attribution(graph, declared)]


def _metric_attribution(graph: Graph, declared: MetricAttribution) -> dg.AssetsDefinition:
    spec = graph.spec(
        "metric_attribution",
        stage="deployed",
        kinds={"personalize"},
        deps=[dataset_key(graph, dataset) for dataset in graph.attributes.datasets],
        description="What recommendations brought, by source and quarter of an hour, reported to "
        "Amazon CloudWatch and, where a prefix is declared, to S3. Counts what comes after it was "
        "made.",
    )
    metrics = [WantedMetric(one.name, one.event_type, one.expression) for one in declared.metrics]

    @service_asset(graph, name=f"{graph.id}_metric_attribution", specs=[spec])
    def metric_attribution(
        context: dg.AssetExecutionContext, personalize: PersonalizeResource, s3: S3Resource
    ) -> dg.MaterializeResult:
        ensured = ensure_metric_attribution(
            personalize.get_client(),
            f"{graph.attributes.name}-attribution",
            materialized(context, graph.key("dataset_group"))["arn"],
            metrics,
            personalize.role_arn,
            personalize.wait(context.log.info),
            output_path=None if declared.prefix is None else s3.uri(declared.prefix),
        )
        rows = [(one.name, one.event_type, one.expression) for one in metrics]
        table = markdown_table(["metric", "event type", "expression"], rows)
        reports = {} if declared.prefix is None else {"reports": s3.uri(declared.prefix)}
        return dg.MaterializeResult(
            spec.key,
            metadata={
                **ensured_metadata(ensured),
                "metrics": dg.MetadataValue.md(table),
                **reports,
            },
            data_version=dg.DataVersion(ensured.arn),
        )

    return metric_attribution
