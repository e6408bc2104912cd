"""A few real requests to a recommender, answered with titles, for people to look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from personalize_assets.aws.results import titles_of
from personalize_assets.aws.samples import KnownSample
from personalize_assets.aws.waiters import WaitPolicy, call_patiently
from personalize_assets.recipes.spec import RecipeSpec

if TYPE_CHECKING:
    from types_boto3_personalize_runtime import PersonalizeRuntimeClient

RESULTS = 10


@dataclass(frozen=True)
class RecommenderAnswer:
    """One answer: what was asked in words, and titles, best first."""

    asked: str
    recommended: Sequence[str]


def preview_recommender(
    runtime: "PersonalizeRuntimeClient",
    arn: str,
    spec: RecipeSpec,
    sample: KnownSample,
    policy: WaitPolicy,
) -> list[RecommenderAnswer]:
    """Ask for some known users, about much-met items where the use case needs one.

    Args:
        runtime: boto3 client of personalize-runtime.
        arn: The recommender, active.
        spec: Its use case.
        sample: Users and items that the data know.
        policy: Pace of repeating what was throttled.

    Raises:
        ClientError: The recommender refused.
        WaitTimeout: It was throttled all the while.
    """
    by_item = "itemId" in spec.query_fields
    items = sample.items if by_item else ("",) * len(sample.users)
    answers: list[RecommenderAnswer] = []
    for user, item in zip(sample.users, items, strict=False):
        arguments: dict[str, Any] = {"userId": user, **({"itemId": item} if by_item else {})}
        found = call_patiently(
            lambda asked=arguments: runtime.get_recommendations(
                recommenderArn=arn, numResults=RESULTS, **asked
            ),
            policy,
            f"a request to {arn}",
        )
        ids = [str(one.get("itemId")) for one in found["itemList"]]
        about = f", {titles_of(sample.titles, [item])[0]}" if by_item else ""
        answers.append(RecommenderAnswer(f"user {user}{about}", titles_of(sample.titles, ids)))
    return answers
