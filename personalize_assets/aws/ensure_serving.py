"""What answers and listens in real time: campaigns, filters and event trackers, made or changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NotRequired, TypedDict, cast

from botocore.exceptions import ClientError

from personalize_assets.aws.ensuring import (
    ConfigurationDrift,
    Ensured,
    ensure_present,
    prune,
    tagging,
)
from personalize_assets.aws.kinds import (
    CAMPAIGN,
    EVENT_TRACKER,
    FAILED_STATUSES,
    FILTER,
    find,
    sibling_arn,
)
from personalize_assets.aws.waiters import (
    ResourceFailed,
    WaitPolicy,
    call_patiently,
    wait_until_gone,
    wait_until_updated,
)

if TYPE_CHECKING:
    from types_boto3_personalize import PersonalizeClient
    from types_boto3_personalize.type_defs import CampaignConfigUnionTypeDef

CAMPAIGN_UPDATE: Final = "latestCampaignUpdate"
_EXPLORATION: Final = "itemExplorationConfig"
_SYNC: Final = "syncWithLatestSolutionVersion"


class CampaignOfAnotherSolution(ConfigurationDrift):
    """A campaign of the wanted name answers from another solution, and cannot be moved."""


@dataclass(frozen=True)
class CampaignConfiguration:
    """What a campaign is to be.

    Attributes:
        version_arn: The solution version that answers.
        min_provisioned_tps: Requests a second that are paid for in any case.
        exploration: ``itemExplorationConfig``; None for recipes that do not explore.
    """

    version_arn: str
    min_provisioned_tps: int = 1
    exploration: Mapping[str, str] | None = None


@dataclass(frozen=True)
class ServingCampaign:
    """A campaign that answers as it was wanted.

    Attributes:
        ensured: The campaign; ``created`` says whether this call made it.
        updated: Whether this call changed it.
        before: The version that answered before this call; None where there was no campaign.
    """

    ensured: Ensured
    updated: bool
    before: str | None


def ensure_campaign(
    personalize: "PersonalizeClient",
    name: str,
    wanted: CampaignConfiguration,
    policy: WaitPolicy,
    *,
    tags: Mapping[str, str] | None = None,
) -> ServingCampaign:
    """Make sure that the campaign ``name`` answers from the wanted version.

    A missing one is created; one that differs is updated, and its old version answers until the
    update is active. An update that somebody else has begun is waited for first. Members of its
    configuration that are not ours are kept; `syncWithLatestSolutionVersion` is switched off,
    because it would let versions in that nobody has promoted.

    Args:
        personalize: boto3 client.
        name: Name of the campaign.
        wanted: Version, throughput and exploration.
        policy: Timeout, pace and progress of the waiting.
        tags: Given when the campaign is created.

    Raises:
        CampaignOfAnotherSolution: A campaign of this name belongs to another solution.
        ResourceFailed: Its creation or update failed; the old version, if any, still answers.
        WaitTimeout: It was not ready in time.
    """
    started = policy.clock()
    arn = sibling_arn(wanted.version_arn, CAMPAIGN, name)

    def create() -> str:
        answer = personalize.create_campaign(
            name=name,
            **_members(wanted, _merged({}, wanted)),
            **tagging(tags),
        )
        return answer["campaignArn"]

    ensured = ensure_present(
        personalize,
        CAMPAIGN,
        lambda: arn if find(personalize, CAMPAIGN, arn) is not None else None,
        create,
        policy,
        f"campaign {name}",
        tags,
    )
    found = wait_until_updated(personalize, CAMPAIGN, arn, CAMPAIGN_UPDATE, policy)
    before = None if ensured.created else str(found["solutionVersionArn"])
    _refuse_another_solution(name, found, wanted)
    updated = _differs(found, wanted)
    if updated:
        found = _update(personalize, arn, found, wanted, policy)
    result = Ensured(arn, ensured.created, found, policy.clock() - started)
    return ServingCampaign(result, updated, before)


def ensure_filter(
    personalize: "PersonalizeClient",
    name: str,
    dataset_group_arn: str,
    expression: str,
    policy: WaitPolicy,
    *,
    tags: Mapping[str, str] | None = None,
) -> Ensured:
    """Make sure that the filter ``name`` is active with this expression.

    The service cannot change a filter, and applications know it by its ARN, which holds the name.
    So one with another expression is deleted, once no batch job is at work with it, and made anew
    under the same name; requests that name it fail in between, for some seconds, and nothing else
    does. Check the expression before: one that the service refuses is replaced by the old one.
    When the process ends in between, the next call makes what is missing.

    Args:
        personalize: boto3 client.
        name: Name of the filter.
        dataset_group_arn: The group, active.
        expression: Filter expression.
        policy: Timeout, pace and progress of the waiting.
        tags: Given when the filter is created.

    Raises:
        ResourceFailed: Its creation failed.
        WaitTimeout: It was not ready in time, or a batch job used the old one all the while.
        ClientError: The service refused the expression; the old one is there again.
    """
    arn = sibling_arn(dataset_group_arn, FILTER, name)

    def make(wanted: str) -> Ensured:
        def create() -> str:
            answer = personalize.create_filter(
                name=name,
                datasetGroupArn=dataset_group_arn,
                filterExpression=wanted,
                **tagging(tags),
            )
            return answer["filterArn"]

        return ensure_present(
            personalize,
            FILTER,
            lambda: arn if find(personalize, FILTER, arn) is not None else None,
            create,
            policy,
            f"filter {name}",
            tags,
        )

    ensured = make(expression)
    old = str(ensured.description["filterExpression"])
    if old == expression:
        return ensured
    call_patiently(
        lambda: personalize.delete_filter(filterArn=arn), policy, f"delete filter {name}"
    )
    wait_until_gone(personalize, FILTER, arn, policy)
    try:
        return make(expression)
    except (ClientError, ResourceFailed):
        make(old)
        raise


def ensure_event_tracker(
    personalize: "PersonalizeClient",
    name: str,
    dataset_group_arn: str,
    policy: WaitPolicy,
    *,
    tags: Mapping[str, str] | None = None,
) -> Ensured:
    """Make sure that the group has an active event tracker; any one that it has is taken.

    A group can have one, and applications send events with its tracking id: replacing one would
    lose them.

    Args:
        personalize: boto3 client.
        name: Name of the tracker, if there is none yet.
        dataset_group_arn: The group, active.
        policy: Timeout, pace and progress of the waiting.
        tags: Given when the tracker is created.

    Raises:
        ResourceFailed: Its creation failed.
        WaitTimeout: It was not ready in time.
    """

    def create() -> str:
        answer = personalize.create_event_tracker(
            name=name, datasetGroupArn=dataset_group_arn, **tagging(tags)
        )
        return answer["eventTrackerArn"]

    return ensure_present(
        personalize,
        EVENT_TRACKER,
        lambda: _find_tracker(personalize, dataset_group_arn),
        create,
        policy,
        f"event tracker {name}",
        tags,
    )


def _find_tracker(personalize: "PersonalizeClient", dataset_group_arn: str) -> str | None:
    pages = personalize.get_paginator("list_event_trackers").paginate(
        datasetGroupArn=dataset_group_arn
    )
    found = (tracker.get("eventTrackerArn") for page in pages for tracker in page["eventTrackers"])
    return next((arn for arn in found if arn), None)


class _Members(TypedDict):
    solutionVersionArn: str
    minProvisionedTPS: int
    campaignConfig: NotRequired["CampaignConfigUnionTypeDef"]


def _members(wanted: CampaignConfiguration, config: Mapping[str, Any] | None) -> _Members:
    members: _Members = {
        "solutionVersionArn": wanted.version_arn,
        "minProvisionedTPS": wanted.min_provisioned_tps,
    }
    if config is not None:
        members["campaignConfig"] = cast("CampaignConfigUnionTypeDef", config)
    return members


def _merged(found: Mapping[str, Any], wanted: CampaignConfiguration) -> dict[str, Any] | None:
    """The configuration to send, which replaces the old one whole; None where there is nothing."""
    kept = {name: value for name, value in found.items() if name not in (_SYNC, _EXPLORATION)}
    if wanted.exploration is not None:
        kept[_EXPLORATION] = dict(wanted.exploration)
    return kept if kept or found else None


def _differs(found: Mapping[str, Any], wanted: CampaignConfiguration) -> bool:
    config = _member(found, "campaignConfig")
    return (
        found["solutionVersionArn"] != wanted.version_arn
        or found.get("minProvisionedTPS", 1) != wanted.min_provisioned_tps
        or bool(config.get(_SYNC))
        or _as_numbers(config.get(_EXPLORATION)) != _as_numbers(wanted.exploration)
    )


def _member(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A member that holds members; empty where it is absent."""
    return found.get(name) or {}


def _as_numbers(exploration: Mapping[str, str] | None) -> dict[str, float] | None:
    """Exploration with its texts as numbers: the service may write `0.30` for `0.3`."""
    found = cast("Mapping[str, str] | None", prune(exploration))
    return None if found is None else {name: float(value) for name, value in found.items()}


def _update(
    personalize: "PersonalizeClient",
    arn: str,
    found: Mapping[str, Any],
    wanted: CampaignConfiguration,
    policy: WaitPolicy,
) -> dict[str, Any]:
    config = _merged(_member(found, "campaignConfig"), wanted)
    older = _member(found, CAMPAIGN_UPDATE).get("creationDateTime")
    call_patiently(
        lambda: personalize.update_campaign(campaignArn=arn, **_members(wanted, config)),
        policy,
        f"update campaign {arn}",
    )
    described = wait_until_updated(personalize, CAMPAIGN, arn, CAMPAIGN_UPDATE, policy, since=older)
    update = _member(described, CAMPAIGN_UPDATE)
    if update.get("status") in FAILED_STATUSES:
        raise ResourceFailed(arn, f"update {update['status']}", update.get("failureReason"))
    return described


def _refuse_another_solution(
    name: str, found: Mapping[str, Any], wanted: CampaignConfiguration
) -> None:
    ours, theirs = (_solution(arn) for arn in (wanted.version_arn, found["solutionVersionArn"]))
    if ours != theirs:
        raise CampaignOfAnotherSolution(
            f"campaign {name} answers from {theirs}, wanted is a version of {ours}; a campaign "
            "cannot change its solution"
        )


def _solution(version_arn: str) -> str:
    return version_arn.rpartition("/")[0]
