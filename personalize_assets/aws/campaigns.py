"""A campaign brought to a new version, asked for real, and brought back if it answers badly.

Holds no state: what is wanted comes from the caller, what is there from the service. A process
that ends anywhere in between is followed by one that finds what is there, asks again and goes on.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from personalize_assets.aws.ensure_serving import (
    CampaignConfiguration,
    CampaignOfAnotherSolution,
    ServingCampaign,
    ensure_campaign,
)
from personalize_assets.aws.kinds import CAMPAIGN, sibling_arn
from personalize_assets.aws.smoke import SmokeReport
from personalize_assets.aws.waiters import (
    ResourceFailed,
    WaitPolicy,
    WaitTimeout,
    call_patiently,
    wait_until_gone,
    wait_until_updated,
)

if TYPE_CHECKING:
    from types_boto3_personalize import PersonalizeClient

log = logging.getLogger(__name__)

Smoke = Callable[[str], SmokeReport]
"""Asks the campaign of an ARN."""


class SmokeTestFailed(RuntimeError):
    """A version does not answer as it should; what was done about it stands beside.

    Attributes:
        version_arn: The version that failed.
        complaints: What was wrong with its answers.
        after: What the campaign answers from now, in one sentence.
        rolled_back_to: The version that answers again; None where there was none.
    """

    def __init__(
        self, version_arn: str, report: SmokeReport, after: str, rolled_back_to: str | None
    ) -> None:
        self.version_arn = version_arn
        self.complaints = report.complaints
        self.after = after
        self.rolled_back_to = rolled_back_to
        said = "; ".join(self.complaints)
        super().__init__(f"{version_arn} failed its smoke test: {said}. {after}")


@dataclass(frozen=True)
class CampaignRequest:
    """What to bring into service.

    Attributes:
        name: Name of the campaign.
        wanted: Version, throughput and exploration.
        last_good: The version that stood the smoke test last; None where none is known.
        replace: Whether a campaign of another solution may be deleted to make room; nothing
            answers until the new one is active.
    """

    name: str
    wanted: CampaignConfiguration
    last_good: str | None = None
    replace: bool = False


@dataclass(frozen=True)
class Deployed:
    """A campaign that answers, and its answers."""

    campaign: ServingCampaign
    report: SmokeReport


def deploy_campaign(
    personalize: "PersonalizeClient",
    request: CampaignRequest,
    smoke: Smoke,
    policy: WaitPolicy,
    *,
    tags: Mapping[str, str] | None = None,
) -> Deployed:
    """Bring a campaign to the wanted version and ask it; roll back if the answers are bad.

    It is rolled back to the version that stood its smoke test last, or else to the one that
    answered before this call. A campaign that this call has made, with nothing to go back to, is
    deleted: nobody uses it yet, and it costs.

    Args:
        personalize: boto3 client.
        request: What to bring into service.
        smoke: Asks the campaign.
        policy: Timeout, pace and progress of the waiting.
        tags: Given when the campaign is created.

    Raises:
        SmokeTestFailed: The version answers badly; the message says what answers now.
        CampaignOfAnotherSolution: The campaign would have to be deleted, and `replace` is False.
        ResourceFailed: The update failed; the old version still answers.
        WaitTimeout: It was not ready in time.
    """
    campaign = _ensure(personalize, request, policy, tags)
    report = smoke(campaign.ensured.arn)
    if report.passed:
        return Deployed(campaign, report)
    log.warning("the smoke test failed: %s", "; ".join(report.complaints))
    good = _version_to_go_back_to(request, campaign)
    if good is not None:
        after, rolled_back_to = _roll_back(personalize, request, good, smoke, policy)
    elif campaign.ensured.created:
        _delete(personalize, campaign.ensured.arn, policy)
        after, rolled_back_to = (
            "The new campaign was deleted: there was no version before it.",
            None,
        )
    else:
        after = "It was left in service: no other version is known to have been good."
        rolled_back_to = None
    raise SmokeTestFailed(request.wanted.version_arn, report, after, rolled_back_to)


def _ensure(
    personalize: "PersonalizeClient",
    request: CampaignRequest,
    policy: WaitPolicy,
    tags: Mapping[str, str] | None,
) -> ServingCampaign:
    try:
        return ensure_campaign(personalize, request.name, request.wanted, policy, tags=tags)
    except CampaignOfAnotherSolution:
        if not request.replace:
            raise
    arn = sibling_arn(request.wanted.version_arn, CAMPAIGN, request.name)
    log.warning("deleting %s, which belongs to another solution", arn)
    _delete(personalize, arn, policy)
    return ensure_campaign(personalize, request.name, request.wanted, policy, tags=tags)


def _delete(personalize: "PersonalizeClient", arn: str, policy: WaitPolicy) -> None:
    wait_until_updated(personalize, CAMPAIGN, arn, "latestCampaignUpdate", policy)
    call_patiently(lambda: personalize.delete_campaign(campaignArn=arn), policy, f"delete {arn}")
    wait_until_gone(personalize, CAMPAIGN, arn, policy)


def _version_to_go_back_to(request: CampaignRequest, campaign: ServingCampaign) -> str | None:
    wanted = request.wanted.version_arn
    for version in (request.last_good, campaign.before):
        same_solution = version is not None and _solution(version) == _solution(wanted)
        if same_solution and version != wanted:
            return version
    return None


def _roll_back(
    personalize: "PersonalizeClient",
    request: CampaignRequest,
    good: str,
    smoke: Smoke,
    policy: WaitPolicy,
) -> tuple[str, str | None]:
    """Bring the campaign back to ``good`` and ask it; give a sentence, and what answers again."""
    wanted = replace(request.wanted, version_arn=good)
    try:
        campaign = ensure_campaign(personalize, request.name, wanted, policy)
        report = smoke(campaign.ensured.arn)
    except (ClientError, BotoCoreError, ResourceFailed, WaitTimeout) as error:
        log.exception("rolling back to %s failed", good)
        return f"Rolling back to {good} failed: {error}", None
    if report.passed:
        return f"Rolled back to {good}, which answers as it should.", good
    said = "; ".join(report.complaints)
    return f"Rolled back to {good}, which fails the same test: {said}", good


def _solution(version_arn: str) -> str:
    return version_arn.rpartition("/")[0]
