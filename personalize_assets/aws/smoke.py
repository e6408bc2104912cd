"""A campaign's smoke test: a few real requests, and whether the answers make sense.

Asks for users and items that the data know, and for a user whom nobody knows. A sensible answer
holds something, nothing twice, and only ids that exist.
"""

import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from personalize_assets.aws.kinds import error_code
from personalize_assets.aws.waiters import THROTTLED, WaitPolicy, call_patiently
from personalize_assets.recipes.spec import RecipeType

if TYPE_CHECKING:
    from types_boto3_personalize_runtime import PersonalizeRuntimeClient

COLD_USER: Final = "a user whom nobody knows"
RANKED_ITEMS: Final = 10
_PATIENCE_S: Final = 300.0


@dataclass(frozen=True)
class SmokePlan:
    """What to ask.

    Attributes:
        recipe_type: Decides the operation and what a request names.
        users: Known users.
        items: Known items that many met, most first.
        known_items: Ids that an answer may hold.
        strangers: Share of an answer that may be other ids: 0, or more where applications add
            items by themselves.
        num_results: Items to ask for.
    """

    recipe_type: RecipeType
    users: tuple[str, ...]
    items: tuple[str, ...]
    known_items: frozenset[str]
    strangers: float = 0.0
    num_results: int = 10


@dataclass(frozen=True)
class SmokeAnswer:
    """One answer.

    Attributes:
        asked: The request in words, such as ``user 12``.
        items: Ids, best first; empty where the request failed.
        scores: Of the items where the recipe gives any.
        seconds: From request to answer.
        complaint: What is wrong with it; None where nothing is.
    """

    asked: str
    items: tuple[str, ...]
    scores: tuple[float | None, ...]
    seconds: float
    complaint: str | None


@dataclass(frozen=True)
class SmokeReport:
    """All answers of one smoke test."""

    answers: tuple[SmokeAnswer, ...] = field(default=())

    @property
    def complaints(self) -> tuple[str, ...]:
        """What is wrong, one sentence each; empty where the campaign is fit for service."""
        if not self.answers:
            return ("nothing could be asked: no user or item is known",)
        return tuple(f"{a.asked}: {a.complaint}" for a in self.answers if a.complaint is not None)

    @property
    def passed(self) -> bool:
        """Whether every answer makes sense."""
        return not self.complaints

    @property
    def median_ms(self) -> float:
        """Median latency in milliseconds, seen from here; 0 without answers."""
        return 1000 * statistics.median([a.seconds for a in self.answers] or [0.0])

    @property
    def slowest_ms(self) -> float:
        """Longest latency in milliseconds; 0 without answers."""
        return 1000 * max((a.seconds for a in self.answers), default=0.0)


@dataclass(frozen=True)
class _Question:
    """One request: its words, its arguments, and its operation."""

    asked: str
    arguments: Mapping[str, Any]
    ranks: bool = False


def run_smoke_test(
    runtime: "PersonalizeRuntimeClient",
    campaign_arn: str,
    plan: SmokePlan,
    policy: WaitPolicy,
    clock: Callable[[], float] = time.perf_counter,
) -> SmokeReport:
    """Ask a campaign what the plan says.

    Refusals become complaints; throttling is waited out.

    Args:
        runtime: boto3 client of personalize-runtime.
        campaign_arn: The campaign, active.
        plan: What to ask.
        policy: Pace of repeating what was throttled.
        clock: Seconds, for latencies.

    Raises:
        BotoCoreError: The service could not be reached.
        WaitTimeout: It throttled for five minutes.
    """
    patience = replace(policy, timeout_s=min(policy.timeout_s, _PATIENCE_S))
    return SmokeReport(
        tuple(
            _ask(runtime, campaign_arn, question, plan, patience, clock)
            for question in _questions(plan)
        )
    )


def _questions(plan: SmokePlan) -> Iterator[_Question]:
    if plan.recipe_type == "RELATED_ITEMS":
        count = max(1, len(plan.users))
        for item in plan.items[:count]:
            yield _Question(f"item {item}", {"itemId": item, "numResults": plan.num_results})
        return
    for user in (*plan.users, COLD_USER):
        asked = user if user == COLD_USER else f"user {user}"
        if plan.recipe_type == "PERSONALIZED_RANKING":
            chosen = list(plan.items[:RANKED_ITEMS])
            yield _Question(asked, {"userId": user, "inputList": chosen}, ranks=True)
        else:
            yield _Question(asked, {"userId": user, "numResults": plan.num_results})


def _ask(
    runtime: "PersonalizeRuntimeClient",
    campaign_arn: str,
    question: _Question,
    plan: SmokePlan,
    policy: WaitPolicy,
    clock: Callable[[], float],
) -> SmokeAnswer:
    def request() -> Sequence[Mapping[str, Any]]:
        arguments: dict[str, Any] = {"campaignArn": campaign_arn, **question.arguments}
        if question.ranks:
            return runtime.get_personalized_ranking(**arguments)["personalizedRanking"]
        return runtime.get_recommendations(**arguments)["itemList"]

    started = clock()
    try:
        found = call_patiently(request, policy, f"the smoke test of {campaign_arn}")
    except ClientError as error:
        if error_code(error) in THROTTLED:
            raise
        return SmokeAnswer(question.asked, (), (), clock() - started, f"refused: {error}")
    seconds = clock() - started
    items = tuple(str(entry["itemId"]) for entry in found)
    scores = tuple(entry.get("score") for entry in found)
    return SmokeAnswer(question.asked, items, scores, seconds, _complaint(items, question, plan))


def _complaint(items: Sequence[str], question: _Question, plan: SmokePlan) -> str | None:
    if not items:
        return "no items came back"
    twice = [item for item, count in Counter(items).items() if count > 1]
    if twice:
        return f"items came twice: {_some(twice)}"
    if question.ranks and set(items) != set(question.arguments["inputList"]):
        return "the ranking does not hold exactly the items that were given"
    unknown = [item for item in items if item not in plan.known_items]
    if len(unknown) > plan.strangers * len(items):
        return f"{len(unknown)} of {len(items)} items are unknown: {_some(unknown)}"
    return None


def _some(ids: Iterable[str]) -> str:
    return ", ".join(sorted(ids)[:5])
