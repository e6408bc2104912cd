"""What follows when a solution version becomes ACTIVE: campaigns take it, its refreshing begins."""

from dataclasses import dataclass

from personalize_assets.engine.jobs.deploy import follow
from personalize_assets.engine.jobs.kinds import Again, Step
from personalize_assets.engine.jobs.refresh import begin_refreshing
from personalize_assets.engine.jobs.states import REPEAT, Course


@dataclass(frozen=True)
class VersionReady:
    """Has the campaigns that sync with the solution deploy the version.

    A version that was made with ``trainingMode`` UPDATE gets no further updates.
    """

    name: str = "version-ready"
    course: Course = REPEAT

    def step(self, step: Step) -> Again | None:
        """Queue what is to follow."""
        version = step.resource
        follow(step.store, str(version.parent_arn), step.now, step.submit)
        if version.body["trainingMode"] != "UPDATE":
            begin_refreshing(step)
        return None
