"""The weekly retraining of recommenders, as light work that looks at the clock alone.

AWS retrains every seven days, whatever came meanwhile. Knows nothing of how a model is trained.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from personalize_assets.engine.jobs.arrivals import data_mark
from personalize_assets.engine.jobs.kinds import Again, Step
from personalize_assets.engine.jobs.repeating import end_rounds
from personalize_assets.engine.jobs.states import REPEAT, Course

RETRAIN_EVERY: Final = timedelta(days=7)


@dataclass(frozen=True)
class Retrain:
    """Has a recommender trained anew every seven days while it is ACTIVE."""

    name: str = "retrain"
    course: Course = REPEAT

    def step(self, step: Step) -> Again | None:
        """Queue the training, unless the group's interactions are gone."""
        if data_mark(step.store, step.resource.group_arn, ("INTERACTIONS",)):
            step.submit("retrain-model", step.resource.arn, None)
        return Again(step.now + RETRAIN_EVERY)


def begin_retraining(step: Step) -> None:
    """Begin to retrain every seven days from now on; an earlier round ends.

    Args:
        step: Of a job on a recommender that is ACTIVE now, or will be after the job.
    """
    end_rounds(step, Retrain.name)
    step.submit(Retrain.name, step.resource.arn, step.now + RETRAIN_EVERY)
