"""Stage deployed: filters that requests may name, and the tracker that takes events in."""

from typing import Any

import dagster as dg

from personalize_assets.aws.ensure_serving import ensure_event_tracker, ensure_filter
from personalize_assets.aws.naming import clean_name
from personalize_assets.components.assets.imported import dataset_key
from personalize_assets.components.attributes.serving import Filter
from personalize_assets.components.filters import check_expression, example_command
from personalize_assets.components.graph import Graph, materialized
from personalize_assets.components.previews import ensured_metadata
from personalize_assets.components.service_assets import service_asset
from personalize_assets.resources import PersonalizeResource

_EXAMPLE = """\
```python
import datetime

import boto3

events = boto3.client("personalize-events"{endpoint})
events.put_events(
    trackingId="{tracking_id}",
    userId="1",
    sessionId="1",
    eventList=[{{"eventType": "{event_type}", "itemId": "1", "sentAt": datetime.datetime.now()}}],
)
```"""


def filter_key(graph: Graph, name: str) -> dg.AssetKey:
    """Key of a declared filter."""
    return graph.key("filters", name)


def build_listening_assets(graph: Graph) -> list[dg.AssetsDefinition]:
    """One asset a declared filter, and the event tracker where one is declared."""
    filters = [_filter(graph, declared) for declared in graph.attributes.filters]
    return [*filters, _event_tracker(graph)] if graph.attributes.event_tracker else filters


def _filter(graph: Graph, declared: Filter) -> dg.AssetsDefinition:
    group = graph.key("dataset_group")
    datasets = [dataset_key(graph, dataset) for dataset in graph.attributes.datasets]
    cleaned = {name: graph.key(f"cleaned_{name}") for name in graph.attributes.datasets}
    spec = graph.spec(
        "filters",
        declared.name,
        stage="deployed",
        kinds={"personalize"},
        deps=[group, *datasets],
        description=declared.description or f"`{declared.expression}`",
    )

    @service_asset(graph, name=f"{graph.id}_filter_{declared.name.replace('-', '_')}", specs=[spec])
    def declared_filter(
        context: dg.AssetExecutionContext, personalize: PersonalizeResource
    ) -> dg.MaterializeResult:
        avro = {name: materialized(context, key)["schema"] for name, key in cleaned.items()}
        parameters = check_expression(graph, declared, avro)
        ensured = ensure_filter(
            personalize.get_client(),
            clean_name(f"{graph.attributes.name}-{declared.name}"),
            materialized(context, group)["arn"],
            declared.expression,
            personalize.wait(context.log.info),
            tags=graph.resource_tags(personalize.tags),
        )
        return dg.MaterializeResult(
            spec.key,
            metadata={
                **ensured_metadata(ensured),
                "expression": declared.expression,
                "parameters": ", ".join(sorted(parameters)) or "none",
                "try": example_command(graph, declared.name, parameters),
            },
            data_version=dg.DataVersion(f"{ensured.arn} {declared.expression}"),
        )

    return declared_filter


def _event_tracker(graph: Graph) -> dg.AssetsDefinition:
    group = graph.key("dataset_group")
    spec = graph.spec(
        "event_tracker",
        stage="deployed",
        kinds={"personalize"},
        deps=[group, dataset_key(graph, "interactions")],
        description="Takes events of applications in; its tracking id stands in the metadata.",
    )

    @service_asset(graph, name=f"{graph.id}_event_tracker", specs=[spec])
    def event_tracker(
        context: dg.AssetExecutionContext, personalize: PersonalizeResource
    ) -> dg.MaterializeResult:
        ensured = ensure_event_tracker(
            personalize.get_client(),
            clean_name(f"{graph.attributes.name}-events"),
            materialized(context, group)["arn"],
            personalize.wait(context.log.info),
            tags=graph.resource_tags(personalize.tags),
        )
        tracking_id = str(ensured.description["trackingId"])
        return dg.MaterializeResult(
            spec.key,
            metadata={
                **ensured_metadata(ensured),
                "tracking_id": tracking_id,
                "example": dg.MetadataValue.md(_example(graph, tracking_id, personalize)),
            },
            data_version=dg.DataVersion(ensured.arn),
        )

    return event_tracker


def _example(graph: Graph, tracking_id: str, personalize: PersonalizeResource) -> str:
    endpoint = personalize.endpoint_url
    events: Any = graph.attributes.cleaning.events
    return _EXAMPLE.format(
        tracking_id=tracking_id,
        endpoint="" if endpoint is None else f', endpoint_url="{endpoint}"',
        event_type=events[0].event_type if events else "click",
    )
