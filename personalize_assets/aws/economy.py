"""What of a dataset group costs money by the day, and what could be saved; done only when asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from personalize_assets.aws.inventory import Found, Inventory
from personalize_assets.aws.kinds import CAMPAIGN, FAILED_STATUSES, RECOMMENDER, Kind, find
from personalize_assets.aws.waiters import (
    ResourceFailed,
    WaitPolicy,
    call_patiently,
    wait_until_gone,
    wait_until_updated,
)
from personalize_assets.core.capacity import Judgement, Traffic, judge_capacity
from personalize_assets.core.prices import Prices, capacity_usd_per_day

if TYPE_CHECKING:
    from types_boto3_personalize import PersonalizeClient

_UPDATE = "latestCampaignUpdate"
_STOPPED = ("INACTIVE", "CREATE FAILED")
_SECONDS_PER_DAY = 86_400


@dataclass(frozen=True)
class Running:
    """A campaign or recommender, which is paid for while it exists.

    Attributes:
        found: What it is.
        per_second: Requests a second that are provisioned.
        usd_per_day: What that costs a day; 0 while it is stopped.
        judgement: Whether it is asked as much.
    """

    found: Found
    per_second: int
    usd_per_day: float
    judgement: Judgement


def age_days(found: Found, now: datetime) -> float:
    """Days since it was made; 0 where the service does not say."""
    made = found.listed.created_at
    return 0.0 if made is None else (now - made.astimezone(UTC)).total_seconds() / _SECONDS_PER_DAY


def list_running(
    client: "PersonalizeClient",
    inventory: Inventory,
    prices: Prices,
    traffic: Mapping[str, Traffic],
    now: datetime,
) -> list[Running]:
    """Campaigns and recommenders of ours with what they cost and whether they are used.

    Args:
        client: boto3 client of personalize.
        inventory: What there is.
        prices: The price list.
        traffic: What campaigns were asked, by ARN, where that is known.
        now: The present moment, aware.
    """
    kinds: Sequence[tuple[Kind, str]] = (
        (CAMPAIGN, "minProvisionedTPS"),
        (RECOMMENDER, "minRecommendationRequestsPerSecond"),
    )
    running: list[Running] = []
    for kind, member in kinds:
        for found in inventory.of(kind.label):
            description = find(client, kind, found.arn) if found.ours else None
            if description is None:
                continue
            config: Mapping[str, Any] = description.get("recommenderConfig") or description
            per_second = int(config.get(member, 1))
            stopped = found.listed.status in _STOPPED
            usd = (
                0.0
                if stopped
                else capacity_usd_per_day(kind.label, found.recipe, per_second, prices)
            )
            judged = judge_capacity(per_second, age_days(found, now), traffic.get(found.arn))
            running.append(Running(found, per_second, usd, judged))
    return running


def reduce_campaign(client: "PersonalizeClient", running: Running, policy: WaitPolicy) -> None:
    """Provision only what was asked of a campaign, and wait until that holds.

    Raises:
        ResourceFailed: The update failed; the reason is in the message.
        WaitTimeout: It took too long.
    """
    arn, enough = running.found.arn, running.judgement.enough
    before: Any = find(client, CAMPAIGN, arn) or {}
    call_patiently(
        lambda: client.update_campaign(campaignArn=arn, minProvisionedTPS=enough),
        policy,
        f"reduce {running.found} to {enough}",
    )
    older = before.get(_UPDATE, {}).get("creationDateTime")
    after = wait_until_updated(client, CAMPAIGN, arn, _UPDATE, policy, since=older)
    update: Mapping[str, Any] = after.get(_UPDATE) or {}
    if update.get("status") in FAILED_STATUSES:
        raise ResourceFailed(arn, f"update {update['status']}", update.get("failureReason"))


def remove_campaign(client: "PersonalizeClient", running: Running, policy: WaitPolicy) -> None:
    """Delete a campaign, and wait until it is gone; its solution version stays.

    Raises:
        WaitTimeout: It took too long.
    """
    arn = running.found.arn
    call_patiently(
        lambda: client.delete_campaign(campaignArn=arn), policy, f"delete {running.found}"
    )
    wait_until_gone(client, CAMPAIGN, arn, policy)
