"""The life of a recommender: training, updates, stopping and starting.

``hidden["artifact"]`` names the model that answers. Retraining and refreshing go on while it is
ACTIVE; see `retrain` and `refresh`. Knows nothing of requests.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from personalize_assets.engine.jobs.arrivals import data_mark, refreshed_types
from personalize_assets.engine.jobs.kinds import Again, Json, Outcome, Report, Step
from personalize_assets.engine.jobs.refresh import begin_refreshing
from personalize_assets.engine.jobs.retrain import begin_retraining
from personalize_assets.engine.jobs.states import (
    CREATE,
    REPEAT,
    START_RECOMMENDER,
    STOP_RECOMMENDER,
    UPDATE_RECOMMENDER,
    Course,
)
from personalize_assets.engine.jobs.training import MODEL, recommender_order, train_order
from personalize_assets.engine.jobs.versions import spec_of
from personalize_assets.engine.store import Resource, Store

UPDATE: Final = "latestRecommenderUpdate"
CONFIG: Final = "recommenderConfig"


@dataclass(frozen=True)
class RetrainModel:
    """Trains the model of an ACTIVE recommender anew; until then the old one answers."""

    name: str = "retrain-model"
    course: Course = REPEAT

    def exclusive(self, resource: Resource) -> str:
        """One change of a model at a time."""
        return f"model {resource.arn}"

    def prepare(self, store: Store, resource: Resource, now: datetime) -> Json:
        """Take the recipe, the columns and the places of the data along."""
        return {
            **recommender_order(store, resource, self.config(resource)),
            "refreshed_on": data_mark(
                store, resource.group_arn, refreshed_types(spec_of(resource))
            ),
        }

    def config(self, resource: Resource) -> Json:
        """The configuration to train for."""
        return resource.body.get(CONFIG, {})

    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        """Load, train, measure and write."""
        return train_order(order, workspace, report) | {"refreshed_on": order["refreshed_on"]}

    def finish(
        self, store: Store, resource: Resource, result: Json, workspace: Path, version: str
    ) -> Outcome:
        """Let the new model answer; what was refreshed beside the old one is in it now."""
        placed = store.artifacts.place_model(workspace / MODEL, resource.arn, version)
        return Outcome(
            body={"modelMetrics": result["metrics"]},
            hidden={
                "artifact": placed,
                "refreshed": None,
                "refreshed_on": result["refreshed_on"],
                "joined_upto": result["upto_events"],
            },
        )


@dataclass(frozen=True)
class TrainRecommender(RetrainModel):
    """Trains the first model of a recommender."""

    name: str = "train-recommender"
    course: Course = CREATE

    def finish(
        self, store: Store, resource: Resource, result: Json, workspace: Path, version: str
    ) -> Outcome:
        """Let the model answer, and begin to keep it up to date."""
        outcome = super().finish(store, resource, result, workspace, version)
        return Outcome(outcome.body, outcome.hidden, then=("recommender-ready",))


@dataclass(frozen=True)
class UpdateModel(RetrainModel):
    """Trains for a new configuration, and lets both take effect together."""

    name: str = "update-recommender-model"
    course: Course = UPDATE_RECOMMENDER

    def config(self, resource: Resource) -> Json:
        """The configuration that the update wants."""
        return resource.body[UPDATE][CONFIG]

    def finish(
        self, store: Store, resource: Resource, result: Json, workspace: Path, version: str
    ) -> Outcome:
        """Take the configuration over with the model."""
        store.resources.set_member(resource.arn, CONFIG, self.config(resource))
        return super().finish(store, resource, result, workspace, version)


@dataclass(frozen=True)
class UpdateRecommender:
    """Lets a new configuration take effect that needs no training."""

    name: str = "update-recommender"
    course: Course = UPDATE_RECOMMENDER

    def step(self, step: Step) -> Again | None:
        """Take the configuration over."""
        config: Any = step.resource.body[UPDATE][CONFIG]
        step.store.resources.set_member(step.resource.arn, CONFIG, config)
        return None


@dataclass(frozen=True)
class RecommenderReady:
    """Begins to keep a trained recommender up to date."""

    name: str = "recommender-ready"
    course: Course = REPEAT

    def step(self, step: Step) -> Again | None:
        """Begin retraining and refreshing."""
        begin_retraining(step)
        begin_refreshing(step)
        return None


@dataclass(frozen=True)
class StopRecommender:
    """Stops a recommender: it neither answers nor trains."""

    name: str = "stop-recommender"
    course: Course = STOP_RECOMMENDER

    def step(self, step: Step) -> Again | None:
        """Nothing; repeated work ends by itself where its resource is not ACTIVE."""
        return None


@dataclass(frozen=True)
class StartRecommender:
    """Starts a stopped recommender with the model that it had."""

    name: str = "start-recommender"
    course: Course = START_RECOMMENDER

    def step(self, step: Step) -> Again | None:
        """Begin retraining and refreshing anew."""
        begin_retraining(step)
        begin_refreshing(step)
        return None
