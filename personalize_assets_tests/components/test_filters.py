"""Declared filters: refused at load where they cannot be read, and before anything is replaced."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
import pytest

from personalize_assets.components import PersonalizeDatasetGroup
from personalize_assets.components.attributes.serving import Filter
from personalize_assets.components.filters import check_expression, example_command
from personalize_assets.components.graph import Graph

SCHEMA = {
    "type": "record",
    "name": "Interactions",
    "namespace": "com.amazonaws.personalize.schema",
    "fields": [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
        {"name": "EVENT_TYPE", "type": "string"},
    ],
    "version": "1.0",
}


def graph_of(filters: Mapping[str, str]) -> Graph:
    attributes: dict[str, Any] = {
        "name": "films",
        "source": {"type": "movielens", "prefix": "raw/"},
        "prefixes": {"transformed": "t/", "batch_input": "i/", "batch_results": "r/"},
        "datasets": ["interactions"],
        "solutions": [{"name": "mine", "recipe": "aws-sims"}],
        "filters": [{"name": name, "expression": text} for name, text in filters.items()],
    }
    return Graph(PersonalizeDatasetGroup.resolve_from_dict(attributes))


def check(filters: Mapping[str, str], name: str) -> frozenset[str]:
    graph = graph_of(filters)
    (declared,) = [one for one in graph.attributes.filters if one.name == name]
    return check_expression(graph, declared, {"interactions": SCHEMA})


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("INCLUDE ItemID", "Invalid Expression"),
        ("EXCLUDE ActionID WHERE Actions.VALUE > 1", "filters of actions need datasets of actions"),
    ],
)
def test_filter__is_refused_at_load(expression: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Filter(name="x", expression=expression)


def test_check_expression__gives_the_parameters() -> None:
    text = "INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($KIND)"

    assert check({"kind": text}, "kind") == {"KIND"}


def test_check_expression__says_which_field_is_missing_and_that_nothing_changed() -> None:
    text = 'INCLUDE ItemID WHERE Interactions.DEVICE IN ("phone")'

    with pytest.raises(dg.Failure, match=r"filter phones: .*DEVICE.*was left untouched") as failure:
        check({"phones": text}, "phones")
    assert failure.value.allow_retries is False


def test_example_command__names_group_and_parameters() -> None:
    command = example_command(graph_of({}), "decade", frozenset({"TO", "FROM"}))

    assert command == (
        "personalize-assets recommend --user-id 1 --filter decade --filter-value FROM=VALUE "
        "--filter-value TO=VALUE --group films"
    )
