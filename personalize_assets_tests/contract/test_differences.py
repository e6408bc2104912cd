"""The engine beside the transcribed answers: what differs is listed, and has a reason."""

import pytest

from personalize_assets.aws import kinds, listing
from personalize_assets_tests.contract.differences import EXPLAINED, differences
from personalize_assets_tests.contract.observing import Observer
from personalize_assets_tests.contract.transcribed import load_answers
from personalize_assets_tests.contract.workflow import Walk


@pytest.mark.slow
def test_differences__are_those_that_are_explained(
    engine_walk: Walk, transcribed_walk: Walk
) -> None:
    found = set(differences(engine_walk.place.observer, transcribed_walk.place.observer))

    assert sorted(found - set(EXPLAINED)) == [], "answer as the reference, or explain it"
    assert sorted(set(EXPLAINED) - found) == [], "nothing to explain here any more"


def test_workflow__asks_for_everything_that_the_package_knows(transcribed_walk: Walk) -> None:
    asked = set(transcribed_walk.place.observer.requests)

    described = {kind.operation for kind in kinds.KINDS}
    listed = {
        "".join(word.title() for word in one.operation.split("_")) for one in listing.COLLECTIONS
    }
    assert described | listed < asked


def test_answers__say_where_they_are_from() -> None:
    answers = load_answers()

    for part in ("kinds", "answers"):
        assert all("[" in one["source"] for one in answers[part].values())
    assert {kind.label for kind in kinds.KINDS} | {"schema"} == set(answers["kinds"])


def observed(**members: str) -> Observer:
    return Observer(requests={"DescribeX": {}}, answers={"DescribeX": members})


def test_differences__name_members_and_types() -> None:
    ours, theirs = observed(name="string", size="number"), observed(size="string", tags="list")

    assert list(differences(ours, theirs)) == [
        "DescribeX answer.name: engine only",
        "DescribeX answer.size: number of the engine, string transcribed",
        "DescribeX answer.tags: transcribed only",
    ]


def test_differences__name_members_that_come_too_early() -> None:
    ours = Observer(always={"DescribeX ACTIVE": {"a"}}, ever={"DescribeX ACTIVE": {"a"}})
    theirs = Observer(always={"DescribeX ACTIVE": {"b"}}, ever={"DescribeX ACTIVE": {"b"}})

    assert list(differences(ours, theirs)) == [
        "DescribeX ACTIVE.a: the engine always, transcribed never",
        "DescribeX ACTIVE.b: transcribed always, the engine never",
    ]


def test_differences__name_statuses_out_of_order() -> None:
    steps = {("", "CREATE PENDING"), ("CREATE PENDING", "ACTIVE"), ("ACTIVE", "CREATE PENDING")}
    ours = Observer(states={"campaign": steps, "recommender": {("ACTIVE", "INACTIVE")}})

    assert list(differences(ours, Observer())) == ["campaign: CREATE PENDING after ACTIVE"]
