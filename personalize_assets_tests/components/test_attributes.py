"""What a defs.yaml may say, and what it is told when it says something else."""

from typing import Any

import pytest
from dagster.components.resolved.errors import ResolutionException
from pydantic import ValidationError

from personalize_assets.components import PersonalizeDatasetGroup

GOOD: dict[str, Any] = {
    "name": "shop",
    "source": {"prefix": "shop/raw_data/"},
    "prefixes": {
        "transformed": "shop/transformed/",
        "batch_input": "shop/batch/input/",
        "batch_results": "shop/batch/results/",
    },
    "solutions": [{"name": "popular", "recipe": "aws-popularity-count"}],
}


def load(**changes: Any) -> PersonalizeDatasetGroup:
    return PersonalizeDatasetGroup.resolve_from_dict({**GOOD, **changes})


def test_attributes__minimum() -> None:
    group = load()

    assert group.source.type == "movielens"
    assert list(group.datasets) == ["interactions", "items"]
    assert [rule.event_type for rule in group.cleaning.events] == ["watch", "click"]
    assert group.batch_inference is None


@pytest.mark.parametrize(
    "changes",
    [
        {"costs": {"budget_usd": None}},
        {"retraining": {"full": None, "after_new_interactions": None}},
        {"comparison": None, "batch_inference": None},
    ],
)
def test_attributes__null_is_left_out(changes: dict[str, Any]) -> None:
    load(**changes)


def test_attributes__cleaning_rules() -> None:
    group = load(cleaning={"mode": "all", "events": [{"event_type": "buy", "above": 0}]})

    assert group.cleaning.mode == "all"
    assert [(r.event_type, r.above) for r in group.cleaning.events] == [("buy", 0)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"solutions": [{"name": "x", "recipe": "aws-magic"}]},
            r"unknown recipe 'aws-magic'.*aws-sims",
        ),
        ({"solutions": [{"name": "My Model", "recipe": "aws-sims"}]}, "lower-case letters"),
        ({"solutions": [GOOD["solutions"][0]] * 2}, "solution names must differ"),
        ({"source": {"prefix": "shop/raw"}}, "must end in '/'"),
        ({"source": {"prefix": "/shop/raw/"}}, "not begin with it"),
        ({"datasets": ["items"]}, "must hold interactions"),
        ({"datasets": ["interactions", "films"]}, "may hold interactions, items, users"),
        ({"batch_inference": {"solution": "best"}}, "names solution 'best'; declared are popular"),
        ({"source": {"prefix": "shop/raw/", "type": "table"}}, "type `table` needs `tables`"),
        ({"cleaning": {"mode": "some"}}, "mode"),
        ({"cleaning": {"fraction": 0}}, "fraction"),
    ],
)
def test_attributes__refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises((ResolutionException, ValidationError), match=f"(?s){message}"):
        load(**changes)
