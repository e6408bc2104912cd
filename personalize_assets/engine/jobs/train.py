"""The work of a solution version: training data to a model and its metrics."""

import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from personalize_assets.core.arns import Kind, make_arn
from personalize_assets.engine.jobs.kinds import Json, Outcome, Report
from personalize_assets.engine.jobs.states import CREATE, Course
from personalize_assets.engine.jobs.training import MODEL, SEED, train_order, version_order
from personalize_assets.engine.store import Resource, Store

__all__ = ["SEED", "Train", "training_hours"]


@dataclass(frozen=True)
class Train:
    """Trains a recipe, or the best of several, and measures it on what was held out."""

    name: str = "train"
    course: Course = CREATE

    def exclusive(self, resource: Resource) -> str:
        """Trainings do not hinder each other."""
        return ""

    def prepare(self, store: Store, resource: Resource, now: datetime) -> Json:
        """Take recipe, options and the places of the data along."""
        return version_order(store, resource)

    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        """Load, train, measure and write."""
        return train_order(order, workspace, report)

    def finish(
        self, store: Store, resource: Resource, result: Json, workspace: Path, version: str
    ) -> Outcome:
        """Put the model where campaigns and batch jobs find it."""
        placed = store.artifacts.place_model(workspace / MODEL, resource.arn)
        body: dict[str, Any] = {"trainingHours": training_hours(result["seconds"])}
        if result["tuned"]:
            body["tunedHPOParams"] = {"algorithmHyperParameters": result["tuned"]}
        if resource.body.get("performAutoML"):
            body["recipeArn"] = make_arn(Kind.RECIPE, "", "", result["recipe"])
            best = {"bestRecipeArn": body["recipeArn"]}
            store.resources.set_member(str(resource.parent_arn), "autoMLResult", best)
        if resource.hidden.get("searches"):
            found = {"found": result["tuned"], "searched_at": resource.created_at.timestamp()}
            store.resources.merge(str(resource.parent_arn), hidden=found)
        hidden = {
            "artifact": placed,
            "metrics": result["metrics"],
            "joined_upto": result["upto_events"],
        }
        return Outcome(body, hidden, then=("version-ready",))


def training_hours(seconds: float) -> float:
    """Hours, never 0: clients take that for a version that was not trained."""
    return max(0.001, math.ceil(seconds / 3.6) / 1_000)
