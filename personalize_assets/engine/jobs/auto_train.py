"""Automatic training: versions that a solution makes by itself, on the engine's clock.

The first begins within an hour after the solution is ACTIVE or updated, unless one was made by hand
by then; each later one when the solution's period has passed since the last training began. Where
no interaction came since, a turn is left out. Every 90 days a version of the v2 recipes searches
hyperparameters, which later versions keep. Knows nothing of how a version is trained.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from personalize_assets.core.arns import Kind, make_arn
from personalize_assets.core.names import (
    DEFAULT_TRAINING_DAYS,
    MAX_ACTIVE_SOLUTION_VERSIONS,
    SEARCH_EVERY_DAYS,
)
from personalize_assets.engine.jobs.arrivals import data_mark, learned_types
from personalize_assets.engine.jobs.kinds import Again, Step
from personalize_assets.engine.jobs.repeating import end_rounds
from personalize_assets.engine.jobs.states import (
    BEING_CREATED,
    CREATE,
    CREATE_PENDING,
    REPEAT,
    Course,
)
from personalize_assets.engine.jobs.versions import (
    note_data,
    spec_of,
    trained_versions,
    version_body,
)
from personalize_assets.engine.store import Resource

# As late in the hour as it can be, since a version that is made by hand by then replaces it.
FIRST_TRAINING: Final = timedelta(minutes=59)
_LOOK_AGAIN: Final = timedelta(hours=1)


@dataclass(frozen=True)
class ActivateSolution:
    """Makes a solution ACTIVE and begins its schedule."""

    name: str = "activate-solution"
    course: Course = CREATE

    def step(self, step: Step) -> Again | None:
        """Begin the schedule, if the solution has one."""
        begin_schedule(step)
        return None


@dataclass(frozen=True)
class AutoTrain:
    """Makes versions of an ACTIVE solution again and again.

    The job was queued when the schedule began: only trainings since then count for it.
    """

    name: str = "auto-train"
    course: Course = REPEAT

    def step(self, step: Step) -> Again | None:
        """Make a version if it is time and there is something new."""
        solution = step.resource
        if not solution.body.get("performAutoTraining"):
            return None
        period = timedelta(days=training_days(solution))
        versions = trained_versions(step.store, solution.arn)
        recent = [version for version in versions if version.created_at >= step.job.created_at]
        if recent and step.now < recent[0].created_at + period:
            return Again(recent[0].created_at + period)
        types = learned_types(spec_of(solution))
        present = data_mark(step.store, solution.group_arn, types)
        if not present:
            return Again(step.now + (period if versions else _LOOK_AGAIN))
        if versions and versions[0].hidden.get("trained_on") == present:
            return Again(step.now + period)
        if _too_many(step):
            return Again(step.now + _LOOK_AGAIN)
        _add_version(step)
        return Again(step.now + period)


def begin_schedule(step: Step) -> None:
    """Begin a solution's automatic training anew; an earlier schedule ends.

    Args:
        step: Of a job on the solution.
    """
    end_rounds(step, AutoTrain.name)
    present = step.store.resources.get(step.resource.arn) or step.resource
    if present.body.get("performAutoTraining"):
        step.submit(AutoTrain.name, present.arn, step.now + FIRST_TRAINING)


def training_days(solution: Resource) -> int:
    """The days between automatic trainings."""
    config = solution.body.get("solutionConfig", {}).get("autoTrainingConfig", {})
    expression = config.get("schedulingExpression")
    return DEFAULT_TRAINING_DAYS if expression is None else days_of(expression)


def days_of(expression: str) -> int:
    """The number in an expression such as ``rate(7 days)``, whose form the service model states."""
    return int("".join(character for character in expression if character.isdigit()))


def _too_many(step: Step) -> bool:
    count = step.store.resources.count(
        Kind.SOLUTION_VERSION,
        account=step.resource.account,
        region=step.resource.region,
        statuses=BEING_CREATED,
    )
    return count >= MAX_ACTIVE_SOLUTION_VERSIONS


def _add_version(step: Step) -> None:
    solution, name = step.resource, step.new_id()
    arn = make_arn(Kind.SOLUTION_VERSION, solution.region, solution.account, solution.name, name)
    step.store.resources.insert(_new_version(step, arn, name, step.now))
    step.submit("train", arn, None)


def _new_version(step: Step, arn: str, name: str, now: datetime) -> Resource:
    solution = step.resource
    return Resource(
        arn=arn,
        kind=Kind.SOLUTION_VERSION,
        account=solution.account,
        region=solution.region,
        name=f"{solution.name}/{name}",
        created_at=now,
        updated_at=now,
        status=CREATE_PENDING,
        parent_arn=solution.arn,
        group_arn=solution.group_arn,
        body=version_body(solution, "AUTOTRAIN", "AUTOMATIC"),
        hidden={**note_data(step.store, solution), "searches": _search_is_due(solution, now)},
    )


def _search_is_due(solution: Resource, now: datetime) -> bool:
    """Whether the version is to search hyperparameters that nobody can ask to be searched."""
    spec = spec_of(solution)
    if spec is None or spec.searched is None:
        return False
    last = solution.hidden.get("searched_at", solution.created_at.timestamp())
    return now.timestamp() - last >= timedelta(days=SEARCH_EVERY_DAYS).total_seconds()
