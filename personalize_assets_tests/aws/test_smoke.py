"""Which answers a smoke test complains of; the service is a script of answers."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from personalize_assets.aws.smoke import COLD_USER, SmokePlan, SmokeReport, run_smoke_test
from personalize_assets.aws.waiters import WaitPolicy
from personalize_assets.recipes.spec import RecipeType

POLICY = WaitPolicy(timeout_s=1, min_delay_s=0, max_delay_s=0, sleep=lambda _: None)


class Runtime:
    """Answers every request with the same items, after some errors."""

    def __init__(self, *items: str, errors: tuple[str, ...] = ()) -> None:
        self.items = items
        self.errors = list(errors)
        self.asked: list[dict[str, Any]] = []

    def _answer(self, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        self.asked.append(arguments)
        if self.errors:
            raise ClientError({"Error": {"Code": self.errors.pop(0), "Message": "no"}}, "Get")
        return [{"itemId": item, "score": 0.5} for item in self.items]

    def get_recommendations(self, **arguments: Any) -> dict[str, Any]:
        return {"itemList": self._answer(arguments)}

    def get_personalized_ranking(self, **arguments: Any) -> dict[str, Any]:
        return {"personalizedRanking": self._answer(arguments)}


def smoke(
    runtime: Runtime, kind: RecipeType = "USER_PERSONALIZATION", **changes: Any
) -> SmokeReport:
    plan = SmokePlan(
        **{
            "recipe_type": kind,
            "users": ("7",),
            "items": ("a", "b"),
            "known_items": frozenset("abc"),
            **changes,
        }
    )
    return run_smoke_test(runtime, "arn", plan, POLICY)  # type: ignore[arg-type]


def test_smoke__sensible_answers_pass() -> None:
    report = smoke(Runtime("a", "c"))

    assert report.passed
    assert report.answers[0].scores == (0.5, 0.5)


@pytest.mark.parametrize(
    ("items", "complaint"),
    [
        ((), "no items came back"),
        (("a", "b", "a"), "items came twice: a"),
        (("a", "z"), "1 of 2 items are unknown: z"),
    ],
)
def test_smoke__complains(items: tuple[str, ...], complaint: str) -> None:
    assert smoke(Runtime(*items)).complaints == (
        f"user 7: {complaint}",
        f"{COLD_USER}: {complaint}",
    )


@pytest.mark.parametrize(("items", "passed"), [(("a", "z"), True), (("a", "y", "z"), False)])
def test_smoke__lets_strangers_in_where_applications_add_items(
    items: tuple[str, ...], passed: bool
) -> None:
    assert smoke(Runtime(*items), strangers=0.5).passed is passed


def test_smoke__refusals_are_complaints() -> None:
    report = smoke(Runtime("a", errors=("InvalidInputException",)))

    assert "refused" in report.complaints[0]
    assert len(report.complaints) == 1


def test_smoke__throttling_is_waited_out() -> None:
    runtime = Runtime("a", errors=("ThrottlingException", "ThrottlingException"))

    assert smoke(runtime).passed
    assert len(runtime.asked) == 4


def test_smoke__nothing_to_ask_is_no_success() -> None:
    assert smoke(Runtime("a"), "RELATED_ITEMS", items=()).complaints == (
        "nothing could be asked: no user or item is known",
    )


def test_smoke__related_items_are_asked_by_item() -> None:
    runtime = Runtime("a")

    assert smoke(runtime, "RELATED_ITEMS", users=("1", "2")).passed
    assert [asked["itemId"] for asked in runtime.asked] == ["a", "b"]


def test_smoke__rankings_hold_what_was_given() -> None:
    assert smoke(Runtime("b", "a"), "PERSONALIZED_RANKING").passed
    assert smoke(Runtime("b", "c"), "PERSONALIZED_RANKING").complaints[0] == (
        "user 7: the ranking does not hold exactly the items that were given"
    )
