"""What the UI shows of a comparison."""

import base64
import re
from dataclasses import dataclass
from typing import Any, Literal

import dagster as dg
import pytest

from personalize_assets.aws.comparison import Compared
from personalize_assets.components.comparisons import comparison_metadata
from personalize_assets.components.plots import INLINE_CHARACTERS, bar_plot
from personalize_assets.recipes.comparison.results import Comparison, Row

MRR, NDCG = "mean_reciprocal_rank_at_25", "normalized_discounted_cumulative_gain_at_25"


@dataclass
class Place:
    """Stands for the resource."""

    deployment: Literal["local", "aws"] = "local"

    def uri(self, key: str) -> str:
        return f"s3://bucket/{key}"

    def link(self, key: str) -> dg.MetadataValue:
        return dg.MetadataValue.path(key)


def row(method: str, *values: float, metadata: bool = False) -> Row:
    folds = tuple({MRR: value, NDCG: value / 2, "coverage": 0.125} for value in values)
    return Row(method, "served", metadata, folds, 60, 0.5)


ROWS = (
    row("aws-x", 0.25, 0.25),
    row("aws-x", 0.25, 0.75, metadata=True),
    row("aws-popularity-count", 0.125, 0.125),
    row("random", 0.0, 0.0),
)


def shown(
    rows: tuple[Row, ...] = ROWS, share: float = 1.0, place: Place | None = None
) -> dict[str, Any]:
    compared = Compared(
        (Comparison("items", None, 20, 30, 400, 2, 7, rows),), share, "folder/found.json", 1.5
    )
    solutions = {"mine": {MRR: 0.2, NDCG: 0.3, "coverage": 0.4, "arn": "x"}, "odd": {}}
    found = comparison_metadata(compared, solutions, place or Place())  # type: ignore[arg-type]
    return {name: getattr(value, "value", value) for name, value in found.items()}


def test_comparison_metadata__says_which_is_which() -> None:
    metadata = shown()
    assert metadata["solutions"].splitlines()[2:] == [
        "| mine | 0.2000 | 0.3000 | 0.4000 |",
        "| odd | - | - | - |",
    ]
    assert metadata["solutions"].startswith("| GetSolutionMetrics, by the embedded engine | MRR@25")
    assert "computed by this project on this machine" in metadata["how"]
    assert "2 of 10 folds of users, seed 7." in metadata["how"]


def test_comparison_metadata__of_aws_and_of_some_users() -> None:
    metadata = shown(share=0.04, place=Place("aws"))
    assert "by Amazon Personalize" in metadata["solutions"]
    assert "on users with 4.0% of interactions" in metadata["how"]


def test_comparison_metadata__recipes_and_the_gain_of_metadata() -> None:
    metadata = shown()
    assert metadata["recipes"].splitlines()[2:] == [
        "| aws-x | .250 ±.000 | .125 ±.000 | .125 ±.000 |",
        "| aws-x + metadata | .500 ±.250 | .250 ±.125 | .125 ±.000 |",
        "| aws-popularity-count | .125 ±.000 | .062 ±.000 | .125 ±.000 |",
        "| random | .000 ±.000 | .000 ±.000 | .125 ±.000 |",
    ]
    assert metadata["gain_of_metadata"].endswith("| aws-x | .250 ±.250 | .125 ±.125 | .000 ±.000 |")
    assert "gain_of_metadata" not in shown(ROWS[2:])


def test_comparison_metadata__short_enough_to_be_shown_in_place() -> None:
    many = (*(row(f"aws-recipe-with-a-long-name-{n}", 0.25) for n in range(40)), *ROWS[2:])
    table = shown(many)["recipes"]
    assert len(table) <= INLINE_CHARACTERS
    assert "random" in table
    assert "aws-popularity-count" in table


@pytest.mark.parametrize("count", [1, 4, 9])
def test_bar_plot__a_bar_for_each_value(count: int) -> None:
    bars = {f"recipe {n}": [0.5, 1.0] for n in range(count)}
    markdown = bar_plot("Here", bars, ["MRR", "NDCG"])
    encoded = re.search(r"base64,([A-Za-z0-9+/=]+)\)", markdown)
    assert encoded is not None
    svg = base64.b64decode(encoded[1]).decode()
    assert [part.count("v-26") + part.count("v-52") for part in svg.split("<path")[1:]] == [
        count,
        count,
    ]
    assert markdown.startswith("Here: MRR, then NDCG of recipe 0")


def test_bar_plot__nothing_at_all() -> None:
    assert bar_plot("Here", {"random": [0.0]}, ["MRR"]).startswith("Here: MRR of random")
