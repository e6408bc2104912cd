"""What may be asked of a declared group."""

import dataclasses
from typing import Any

import pytest

from personalize_assets.api.declared import DeclaredGroup
from personalize_assets.api.questions import (
    FOR_ITEMS,
    FOR_LISTS,
    FOR_USERS,
    Addresses,
    NotAllowed,
    NothingAnswers,
    ValuesMissing,
    choose_target,
    filter_expression,
    filter_values,
    fitting,
    parse_pairs,
)
from personalize_assets.aws.naming import job_name

GENRE = "INCLUDE ItemID WHERE Items.GENRES IN ($GENRE)"
ATTRIBUTES: dict[str, Any] = {
    "name": "films",
    "prefixes": {"transformed": "films/transformed/"},
    "solutions": [
        {"name": "mine", "recipe": "aws-user-personalization"},
        {"name": "top", "recipe": "aws-popularity-count"},
        {"name": "like", "recipe": "aws-sims"},
        {"name": "ordered", "recipe": "aws-personalized-ranking"},
        {"name": "unserved", "recipe": "aws-user-personalization-v2"},
    ],
    "campaigns": [{"solution": name} for name in ("like", "mine", "top", "ordered")],
    "filters": [{"name": "genre", "expression": GENRE, "description": "Of a genre."}],
    "event_tracker": True,
    "recommenders": [
        {"name": "picks", "recipe": "aws-vod-top-picks"},
        {"name": "more", "recipe": "aws-vod-more-like-x"},
        {"name": "asleep", "recipe": "aws-vod-trending-now", "running": False},
    ],
}
FILMS = DeclaredGroup.of(ATTRIBUTES, "defs/films/defs.yaml")


def names(kinds: Any) -> list[str]:
    return [target.name for target in fitting(FILMS, kinds)]


def test_declared_group__takes_what_asking_needs() -> None:
    assert FILMS.campaigns == ("like", "mine", "top", "ordered")
    assert FILMS.recommenders == {"picks": "aws-vod-top-picks", "more": "aws-vod-more-like-x"}
    assert FILMS.descriptions == {"genre": "Of a genre."}
    assert FILMS.event_types == ("watch", "click")
    assert FILMS.items_key == "films/transformed/items/items.parquet"


def test_fitting__campaigns_by_their_recipes_and_use_cases_by_what_they_need() -> None:
    assert names(FOR_USERS) == ["mine", "top", "picks"]
    assert names(FOR_ITEMS) == ["like", "more"]
    assert names(FOR_LISTS) == ["ordered"]


def test_choose_target__the_first_that_can_or_the_named_one() -> None:
    assert choose_target(FILMS, FOR_USERS).name == "mine"
    assert choose_target(FILMS, FOR_USERS, campaign="top").name == "top"
    assert choose_target(FILMS, FOR_USERS, recommender="picks").kind == "recommender"


@pytest.mark.parametrize(
    ("named", "said", "allowed"),
    [
        ({"campaign": "ordered"}, "no campaign 'ordered' of films answers this", ("mine", "top")),
        ({"campaign": "unserved"}, "these do: mine, top", ("mine", "top")),
        ({"recommender": "mine"}, "no recommender 'mine' .* these do: picks", ("picks",)),
        ({"campaign": "mine", "recommender": "picks"}, "a campaign or a recommender, not both", ()),
    ],
)
def test_choose_target__says_what_is_allowed(
    named: dict[str, str], said: str, allowed: tuple[str, ...]
) -> None:
    with pytest.raises(NotAllowed, match=said) as refused:
        choose_target(FILMS, FOR_USERS, **named)
    assert refused.value.allowed == allowed


def test_choose_target__says_where_to_declare_what_could_answer() -> None:
    alone = dataclasses.replace(FILMS, campaigns=("mine",), recommenders={})

    with pytest.raises(NothingAnswers, match=r"add one in defs/films/defs\.yaml and run `make run"):
        choose_target(alone, FOR_LISTS)


def test_filters__are_the_declared_ones_with_all_their_values() -> None:
    assert filter_expression(FILMS, "genre") == GENRE
    assert filter_values(GENRE, "genre", {"GENRE": "Comedy,Drama"}) == {"GENRE": '"Comedy","Drama"'}
    with pytest.raises(NotAllowed, match="no filter 'x' is declared; declared are genre"):
        filter_expression(FILMS, "x")
    with pytest.raises(ValuesMissing, match="needs a value for GENRE") as missing:
        filter_values(GENRE, "genre", {})
    assert missing.value.allowed == ("GENRE",)
    with pytest.raises(NotAllowed, match="no parameter X; it has GENRE"):
        filter_values(GENRE, "genre", {"GENRE": "a", "X": "b"})


@pytest.mark.parametrize("texts", [["GENRE"], ["=x"], ["A=1", "A=2"]])
def test_parse_pairs__refuses(texts: list[str]) -> None:
    with pytest.raises(NotAllowed, match=r"KEY=VALUE|given twice"):
        parse_pairs("context", texts)


def test_addresses__are_those_that_the_pipeline_gives() -> None:
    addresses = Addresses.of(FILMS, "aws-cn", "cn-north-1", "123456789012")
    solution = f"arn:aws-cn:personalize:cn-north-1:123456789012:solution/{job_name('films-mine')}"

    assert addresses.dataset_group == (
        "arn:aws-cn:personalize:cn-north-1:123456789012:dataset-group/films"
    )
    assert addresses.target(choose_target(FILMS, FOR_USERS)).endswith(":campaign/films-mine")
    assert addresses.filter("genre").endswith(":filter/films-genre")
    assert addresses.is_solution(solution, "mine")
    assert addresses.is_solution(f"{solution}-2", "mine")
    assert not addresses.is_solution(solution.replace("mine-", "mine-too-"), "mine")
