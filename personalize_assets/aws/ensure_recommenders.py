"""Recommenders: the use cases of domain dataset groups, created, changed, started and stopped."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from personalize_assets.aws.ensuring import Ensured, ensure_present, refuse_drift, tagging
from personalize_assets.aws.kinds import FAILED_STATUSES, RECOMMENDER, find, sibling_arn
from personalize_assets.aws.waiters import (
    ResourceFailed,
    WaitPolicy,
    call_patiently,
    wait_until_active,
    wait_until_status,
    wait_until_updated,
)

if TYPE_CHECKING:
    from types_boto3_personalize import PersonalizeClient
    from types_boto3_personalize.type_defs import RecommenderConfigUnionTypeDef

_UPDATE: Final = "latestRecommenderUpdate"
_INACTIVE: Final = "INACTIVE"
_STOPPING: Final = ("STOP PENDING", "STOP IN_PROGRESS")


@dataclass(frozen=True)
class RecommenderConfiguration:
    """What a recommender is to be.

    Attributes:
        recipe: Name of the use case, such as ``aws-vod-top-picks``.
        min_requests_per_second: Requests a second that are paid for in any case.
        exploration: ``itemExplorationConfig``; None for use cases that do not explore, or for the
            service's own.
        running: Whether it answers; a stopped one costs nothing and is not retrained.
    """

    recipe: str
    min_requests_per_second: int = 1
    exploration: Mapping[str, str] | None = None
    running: bool = True

    @property
    def config(self) -> "RecommenderConfigUnionTypeDef":
        """As CreateRecommender takes it."""
        config: RecommenderConfigUnionTypeDef = {
            "minRecommendationRequestsPerSecond": self.min_requests_per_second
        }
        if self.exploration is not None:
            config["itemExplorationConfig"] = dict(self.exploration)
        return config


@dataclass(frozen=True)
class EnsuredRecommender:
    """A recommender as it was wanted.

    Attributes:
        ensured: The recommender; ``created`` says whether this call made it.
        changed: Whether this call updated, started or stopped it.
    """

    ensured: Ensured
    changed: bool


def ensure_recommender(
    personalize: "PersonalizeClient",
    name: str,
    dataset_group_arn: str,
    wanted: RecommenderConfiguration,
    policy: WaitPolicy,
    *,
    tags: Mapping[str, str] | None = None,
) -> EnsuredRecommender:
    """Make sure that the recommender ``name`` is there, configured as wanted, and runs or not.

    Safe to be killed anywhere: each step is taken only where the description asks for it. A stopped
    one that is to stay stopped keeps its configuration, because the service changes none of those.

    Args:
        personalize: boto3 client.
        name: Name of the recommender.
        dataset_group_arn: A domain dataset group, active, whose data are imported.
        wanted: Use case, capacity, exploration and whether it runs.
        policy: Timeout, pace and progress of the waiting.
        tags: Given when the recommender is created.

    Raises:
        ConfigurationDrift: A recommender of this name is another use case.
        ResourceFailed: Its training or update failed; the reason is in the message.
        WaitTimeout: It was not ready in time.
    """
    started = policy.clock()
    arn = sibling_arn(dataset_group_arn, RECOMMENDER, name)
    found = find(personalize, RECOMMENDER, arn)
    was_stopped = found is not None and found.get("status") in (*_STOPPING, _INACTIVE)
    if was_stopped:
        stopped = wait_until_status(personalize, RECOMMENDER, arn, _INACTIVE, policy)
        _refuse_another_use_case(name, wanted, stopped)
        if not wanted.running:
            ensured = Ensured(arn, False, stopped, policy.clock() - started)
            return EnsuredRecommender(ensured, changed=False)
        _call(personalize, "start", arn, policy)
        wait_until_active(personalize, RECOMMENDER, arn, policy)

    def create() -> str:
        answer = personalize.create_recommender(
            name=name,
            datasetGroupArn=dataset_group_arn,
            recipeArn=f"arn:aws:personalize:::recipe/{wanted.recipe}",
            recommenderConfig=wanted.config,
            **tagging(tags),
        )
        return answer["recommenderArn"]

    ensured = ensure_present(
        personalize,
        RECOMMENDER,
        lambda: arn if find(personalize, RECOMMENDER, arn) is not None else None,
        create,
        policy,
        f"recommender {name}",
        tags,
    )
    _refuse_another_use_case(name, wanted, ensured.description)
    description = wait_until_updated(personalize, RECOMMENDER, arn, _UPDATE, policy)
    differs = _differs(description, wanted)
    if differs:
        description = _update(personalize, arn, description, wanted, policy)
    if not wanted.running:
        _call(personalize, "stop", arn, policy)
        description = wait_until_status(personalize, RECOMMENDER, arn, _INACTIVE, policy)
    changed = differs or was_stopped or not wanted.running
    result = Ensured(arn, ensured.created, description, policy.clock() - started)
    return EnsuredRecommender(result, changed=changed and not ensured.created)


def _call(personalize: "PersonalizeClient", verb: str, arn: str, policy: WaitPolicy) -> None:
    """Start or stop a recommender."""

    def request() -> Any:
        if verb == "start":
            return personalize.start_recommender(recommenderArn=arn)
        return personalize.stop_recommender(recommenderArn=arn)

    call_patiently(request, policy, f"{verb} recommender {arn}")


def _refuse_another_use_case(
    name: str, wanted: RecommenderConfiguration, found: Mapping[str, Any]
) -> None:
    recipe = f"arn:aws:personalize:::recipe/{wanted.recipe}"
    refuse_drift(f"recommender {name}", {"recipeArn": recipe}, found)


def _differs(found: Mapping[str, Any], wanted: RecommenderConfiguration) -> bool:
    """Whether what was asked for is not so; what was not asked for may be as the service likes."""
    config: Mapping[str, Any] = found.get("recommenderConfig") or {}
    if config.get("minRecommendationRequestsPerSecond", 1) != wanted.min_requests_per_second:
        return True
    exploration: Mapping[str, str] = config.get("itemExplorationConfig") or {}
    asked = wanted.exploration or {}
    return any(
        member not in exploration or float(exploration[member]) != float(value)
        for member, value in asked.items()
    )


def _update(
    personalize: "PersonalizeClient",
    arn: str,
    found: Mapping[str, Any],
    wanted: RecommenderConfiguration,
    policy: WaitPolicy,
) -> dict[str, Any]:
    before: Mapping[str, Any] = found.get(_UPDATE) or {}
    call_patiently(
        lambda: personalize.update_recommender(recommenderArn=arn, recommenderConfig=wanted.config),
        policy,
        f"update recommender {arn}",
    )
    description = wait_until_updated(
        personalize, RECOMMENDER, arn, _UPDATE, policy, since=before.get("creationDateTime")
    )
    update: Mapping[str, Any] = description.get(_UPDATE) or {}
    if update.get("status") in FAILED_STATUSES:
        raise ResourceFailed(arn, f"update {update['status']}", update.get("failureReason"))
    return description
