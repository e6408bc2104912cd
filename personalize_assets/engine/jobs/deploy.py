"""Which solution version answers for a campaign: at its creation, at updates, and by itself.

``hidden["deployed"]`` of a campaign names the version. ``body["solutionVersionArn"]`` is what was
asked for and may end in ``$LATEST``. Knows nothing of models.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from personalize_assets.core.arns import LATEST, Kind, parse_arn
from personalize_assets.engine.jobs.kinds import Again, JobFailed, Step
from personalize_assets.engine.jobs.states import (
    ACTIVE,
    CREATE,
    CREATE_FAILED,
    CREATE_PENDING,
    UPDATE_CAMPAIGN,
    Course,
)
from personalize_assets.engine.store import Resource, Store

UPDATE: Final = "latestCampaignUpdate"
SYNC: Final = "syncWithLatestSolutionVersion"
CONFIGURED: Final = ("solutionVersionArn", "minProvisionedTPS", "campaignConfig")
"""The members of a campaign that an update can change."""


class Submit(Protocol):
    """Queues a job within a transaction."""

    def __call__(self, kind: str, resource_arn: str, not_before: datetime | None, /) -> None:
        """Queue it: kind, resource, and the moment before which it does not begin."""
        ...


def newest_version(store: Store, solution_arn: str) -> Resource | None:
    """The newest ACTIVE version of a solution; None if it has none."""
    found = store.resources.find(
        Kind.SOLUTION_VERSION, parent=solution_arn, statuses={ACTIVE}, limit=1
    )
    return found[0] if found else None


def is_latest(version_arn: str) -> bool:
    """Tell whether the ARN of a version stands for the newest one, whichever that is."""
    return parse_arn(version_arn).name == LATEST


def begin_update(
    store: Store, campaign: Resource, wanted: Mapping[str, Any], now: datetime, submit: Submit
) -> None:
    """Begin to bring a campaign to what is wanted; within a transaction.

    Args:
        store: Of the engine.
        campaign: ACTIVE or CREATE FAILED, without an update in work.
        wanted: All of `CONFIGURED` that it is to have.
        now: The present moment.
        submit: Queues the job.
    """
    update = {
        **wanted,
        "status": CREATE_PENDING,
        "creationDateTime": now.timestamp(),
        "lastUpdatedDateTime": now.timestamp(),
    }
    _replace(store, campaign.arn, {UPDATE: update})
    submit("redeploy", campaign.arn, None)


def is_updating(campaign: Resource) -> bool:
    """Tell whether an update of a campaign is in work."""
    return campaign.body.get(UPDATE, {}).get("status") in UPDATE_CAMPAIGN.open


def follow(store: Store, solution_arn: str, now: datetime, submit: Submit) -> None:
    """Have all campaigns that sync with a solution deploy its newest version.

    To be called within the transaction in which a version becomes ACTIVE, before or after it does:
    what is newest is looked up when the job runs, which is also why campaigns that are in work
    already need no care.

    Args:
        store: Of the engine.
        solution_arn: Whose version it is.
        now: The present moment.
        submit: Queues the jobs.
    """
    for campaign in store.resources.find(
        Kind.CAMPAIGN, parent=solution_arn, statuses={ACTIVE, CREATE_FAILED}
    ):
        if campaign.body.get("campaignConfig", {}).get(SYNC) and not is_updating(campaign):
            wanted = {name: campaign.body[name] for name in CONFIGURED}
            begin_update(store, campaign, wanted, now, submit)


@dataclass(frozen=True)
class Deploy:
    """Makes a new campaign answer from its version."""

    name: str = "deploy"
    course: Course = CREATE

    def step(self, step: Step) -> Again | None:
        """Look the version up and note that it answers."""
        version = _resolve(step.store, step.resource.body["solutionVersionArn"])
        step.store.resources.merge(step.resource.arn, hidden={"deployed": version.arn})
        return None


@dataclass(frozen=True)
class Redeploy:
    """Brings a campaign to what its newest update wants; until then the old version answers."""

    name: str = "redeploy"
    course: Course = UPDATE_CAMPAIGN

    def step(self, step: Step) -> Again | None:
        """Take the wanted members over; the summary of the update names the version itself."""
        update = step.resource.body[UPDATE]
        version = _resolve(step.store, update["solutionVersionArn"])
        wanted = {name: update[name] for name in CONFIGURED if name in update}
        resources, arn = step.store.resources, step.resource.arn
        _replace(step.store, arn, wanted)
        resources.merge(
            arn,
            body={UPDATE: {"solutionVersionArn": version.arn}},
            hidden={"deployed": version.arn},
        )
        resources.set_status(arn, ACTIVE, step.now)
        return None


def _resolve(store: Store, wanted: str) -> Resource:
    parsed = parse_arn(wanted)
    if parsed.name == LATEST:
        solution = wanted.removesuffix(f"/{LATEST}")
        version = newest_version(store, solution)
        if version is None:
            raise JobFailed(f"The solution has no ACTIVE solution version: {solution}")
        return version
    version = store.resources.get(wanted)
    if version is None or version.status != ACTIVE:
        raise JobFailed(f"The solution version is not ACTIVE any more: {wanted}")
    return version


def _replace(store: Store, arn: str, members: Mapping[str, Any]) -> None:
    """Set members of a body as they are: merging alone would keep parts of the old values."""
    store.resources.merge(arn, body=dict.fromkeys(members))
    store.resources.merge(arn, body=members)
