"""Declared filters: checked against the datasets that they name before anything is replaced."""

import json
from collections.abc import Mapping
from typing import Any

import dagster as dg

from personalize_assets.components.attributes.serving import Filter
from personalize_assets.components.graph import Graph
from personalize_assets.core.filters import FilterError, check_filter, parse_filter
from personalize_assets.core.names import MAX_FIELDS_OF_ALL_FILTERS
from personalize_assets.core.schema_rules import DatasetType
from personalize_assets.core.schemas import Schema, parse_dataset_type, parse_schema


def check_expression(
    graph: Graph, declared: Filter, avro: Mapping[str, Mapping[str, Any]]
) -> frozenset[str]:
    """Check a filter against the schemas of the cleaned files, and give its parameters.

    Args:
        graph: Of the dataset group.
        declared: The filter.
        avro: Schemas by names of datasets.

    Raises:
        dagster.Failure: The service would refuse it; the filter that exists is left as it is.
    """
    schemas: dict[DatasetType, Schema] = {}
    for name, schema in avro.items():
        kind = parse_dataset_type(name)
        schemas[kind] = parse_schema(json.dumps(schema), kind, graph.attributes.domain)
    found = parse_filter(declared.expression)
    try:
        check_filter(found, schemas)
    except FilterError as error:
        raise dg.Failure(
            f"filter {declared.name}: {error}; what existed was left untouched",
            allow_retries=False,
        ) from error
    fields = {f for one in graph.attributes.filters for f in parse_filter(one.expression).fields}
    if len(fields) > MAX_FIELDS_OF_ALL_FILTERS:
        raise dg.Failure(
            f"the filters of {graph.attributes.name} name {len(fields)} distinct fields; a dataset "
            f"group may have {MAX_FIELDS_OF_ALL_FILTERS} in all of its filters",
            allow_retries=False,
        )
    return found.parameters


def example_command(graph: Graph, name: str, parameters: frozenset[str]) -> str:
    """How to ask for recommendations through the filter from a terminal."""
    values = "".join(f" --filter-value {parameter}=VALUE" for parameter in sorted(parameters))
    group = "" if graph.attributes.name == "movielens" else f" --group {graph.attributes.name}"
    return f"personalize-assets recommend --user-id 1 --filter {name}{values}{group}"
