"""The work of an update of a solution: the new configuration holds, the schedule restarts."""

from dataclasses import dataclass
from typing import Final

from personalize_assets.engine.jobs.auto_train import begin_schedule
from personalize_assets.engine.jobs.kinds import Again, Step
from personalize_assets.engine.jobs.states import UPDATE_SOLUTION, Course
from personalize_assets.engine.store import Resource

UPDATE: Final = "latestSolutionUpdate"
FLAGS: Final = ("performAutoTraining", "performIncrementalUpdate")
"""The members of a solution that an update can change, beside its configuration."""


@dataclass(frozen=True)
class UpdateSolution:
    """Brings a solution to what its newest update wants; until then the old configuration holds."""

    name: str = "update-solution"
    course: Course = UPDATE_SOLUTION

    def step(self, step: Step) -> Again | None:
        """Take over what the update gives; what it does not give stays."""
        update = step.resource.body[UPDATE]
        resources, arn = step.store.resources, step.resource.arn
        for member in FLAGS:
            if member in update:
                resources.set_member(arn, member, update[member])
        changes = update.get("solutionUpdateConfig", {})
        if changes:
            config = {**step.resource.body.get("solutionConfig", {}), **changes}
            resources.set_member(arn, "solutionConfig", config)
        begin_schedule(step)
        return None


def is_updating(solution: Resource) -> bool:
    """Tell whether an update of a solution is in work."""
    return solution.body.get(UPDATE, {}).get("status") in UPDATE_SOLUTION.open
