"""The text of a converted file: it reads as what was converted, and says what was not."""

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from personalize_assets.core.conversion import Note, write_defs

scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=120)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(min_size=1, max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=50)
@given(st.lists(values, max_size=3), values, values)
def test_write_defs__reads_as_what_was_written(solutions: list[Any], tags: Any, null: Any) -> None:
    attributes = {"name": "any", "tags": tags, "solutions": solutions, "comparison": null}

    read = yaml.safe_load(write_defs(attributes, [], "c.json"))

    assert read["attributes"] == attributes
    assert read["type"] == "personalize_assets.components.PersonalizeDatasetGroup"


def test_write_defs__says_at_the_top_what_was_not_carried_over() -> None:
    notes = [
        Note("left out", "a.b", {"long": "x" * 200}, "because", "do this"),
        Note("renamed", "c", "old", "new"),
    ]

    text = write_defs({"name": "any"}, notes, "c.json")

    head = text.partition("type:")[0]
    assert "Converted from c.json" in head
    assert "a.b" in head
    assert "left out: because (do this)" in head
    assert "renamed" not in head
    assert all(line.startswith("#") for line in head.splitlines())


def test_write_defs__loses_no_attribute() -> None:
    with pytest.raises(ValueError, match="no section of the file holds novelty"):
        write_defs({"novelty": 1}, [], "c.json")


def test_write_defs__lines_are_short() -> None:
    solutions = [
        {"name": f"solution-{n}", "recipe": "aws-sims", "events": ["a"] * 30} for n in "ab"
    ]

    text = write_defs({"solutions": solutions}, [], "c.json")

    assert max(map(len, text.splitlines())) <= 100
