"""Stage imported: the dataset group, and one dataset for each kind of cleaned file."""

import json
from collections.abc import Mapping
from typing import Any

import dagster as dg

from personalize_assets.aws.ensure import ensure_dataset_group
from personalize_assets.aws.imports import ImportRequest, import_dataset
from personalize_assets.components.graph import Graph, materialized
from personalize_assets.components.previews import ensured_metadata
from personalize_assets.components.service_assets import IMPORT_POOL, service_asset
from personalize_assets.core.domain_schemas import fit_to_domain
from personalize_assets.core.schema_rules import Domain
from personalize_assets.core.schemas import SchemaError, parse_dataset_type, parse_schema
from personalize_assets.resources import PersonalizeResource, S3Resource

KINDS = {"personalize"}


def dataset_key(graph: Graph, dataset: str) -> dg.AssetKey:
    """Key of the imported dataset: ``interactions``, ``items`` or ``users``."""
    return graph.key(f"{dataset}_dataset")


def build_imported_assets(graph: Graph) -> list[dg.AssetsDefinition]:
    """The dataset group and its datasets."""
    return [
        _dataset_group(graph),
        *(_dataset(graph, dataset) for dataset in graph.attributes.datasets),
    ]


def _dataset_group(graph: Graph) -> dg.AssetsDefinition:
    spec = graph.spec(
        "dataset_group",
        stage="imported",
        kinds=KINDS,
        deps=[graph.key("cost_forecast")],
        description="The container of all that follows in Amazon Personalize.",
    )

    @service_asset(graph, name=f"{graph.id}_dataset_group", specs=[spec])
    def dataset_group(
        context: dg.AssetExecutionContext, personalize: PersonalizeResource
    ) -> dg.MaterializeResult:
        ensured = ensure_dataset_group(
            personalize.get_client(),
            graph.attributes.name,
            personalize.wait(context.log.info),
            domain=graph.attributes.domain,
            kms_key_arn=personalize.kms_key_arn,
            role_arn=personalize.role_arn if personalize.kms_key_arn else None,
            tags=graph.resource_tags(personalize.tags),
        )
        return dg.MaterializeResult(
            spec.key,
            metadata=ensured_metadata(ensured),
            data_version=dg.DataVersion(ensured.arn),
        )

    return dataset_group


def schema_for(schema: Mapping[str, Any], dataset: str, domain: Domain | None) -> Mapping[str, Any]:
    """The schema of a cleaned file for a group of ``domain``.

    Raises:
        dagster.Failure: The domain needs a column that is missing or of another type.
    """
    if domain is None:
        return schema
    dataset_type = parse_dataset_type(dataset)
    fitted = fit_to_domain(schema, dataset_type, domain)
    try:
        parse_schema(json.dumps(fitted), dataset_type, domain)
    except SchemaError as error:
        raise dg.Failure(
            f"the {dataset} do not fit the domain {domain}: {error}. Map such a column in "
            f"source.tables, or leave {dataset} out of the datasets",
            allow_retries=False,
        ) from error
    return fitted


def _dataset(graph: Graph, dataset: str) -> dg.AssetsDefinition:
    cleaned, group = graph.key(f"cleaned_{dataset}"), graph.key("dataset_group")
    spec = graph.spec(
        f"{dataset}_dataset",
        stage="imported",
        kinds=KINDS,
        deps=[cleaned, group],
        description=f"The {dataset.capitalize()} dataset with the cleaned CSV: nothing is imported "
        "where it did not change, what was added where that is all, and else everything.",
    )

    @service_asset(graph, name=f"{graph.id}_{dataset}_dataset", specs=[spec], pool=IMPORT_POOL)
    def imported_dataset(
        context: dg.AssetExecutionContext, personalize: PersonalizeResource, s3: S3Resource
    ) -> dg.MaterializeResult:
        source = materialized(context, cleaned)
        request = ImportRequest(
            group_name=graph.attributes.name,
            group_arn=materialized(context, group)["arn"],
            dataset_type=dataset,
            schema=schema_for(source["schema"], dataset, graph.attributes.domain),
            csv_key=source["csv_key"],
            data_sha256=source["csv_sha256"],
            role_arn=personalize.role_arn,
            copies=f"{graph.attributes.prefixes.transformed}imported/",
            domain=graph.attributes.domain,
        )
        imported = import_dataset(
            personalize.get_client(),
            s3.store(),
            request,
            personalize.wait(context.log.info),
            tags=graph.resource_tags(personalize.tags),
        )
        return dg.MaterializeResult(
            spec.key,
            metadata={
                **ensured_metadata(imported.job),
                "dataset_arn": imported.dataset_arn,
                "schema_arn": imported.schema_arn,
                "dagster/row_count": source["dagster/row_count"],
                "data_location": imported.data_location,
                "import_mode": imported.choice.mode,
                "import_reason": imported.choice.reason,
                "csv_sha256": request.data_sha256,
            },
            data_version=dg.DataVersion(imported.job.arn),
        )

    return imported_dataset
