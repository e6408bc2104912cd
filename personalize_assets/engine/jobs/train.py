"""The work of a solution version: training data to a model and its metrics."""
# pyarrow has no types.
# pyright: standard

import math
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np

from personalize_assets.core.arns import parse_arn
from personalize_assets.engine.jobs.group_data import (
    describe_data,
    read_dataset,
    read_interactions,
)
from personalize_assets.engine.jobs.kinds import JobFailed, Json, Outcome, Report
from personalize_assets.engine.jobs.states import CREATE, Course
from personalize_assets.engine.store import Resource, Store
from personalize_assets.recipes.artifact import save_version
from personalize_assets.recipes.evaluation import train_and_evaluate
from personalize_assets.recipes.hyperparameters import parse_hyperparameters
from personalize_assets.recipes.minima import TooLittleData
from personalize_assets.recipes.registry import find_recipe
from personalize_assets.recipes.tables import training_data

# The same data and settings give the same version, whenever it is trained.
SEED: Final = 20
_FOLDER: Final = "model"


@dataclass(frozen=True)
class Train:
    """Trains a recipe on 90 percent of the users and measures it on the others."""

    name: str = "train"
    course: Course = CREATE

    def exclusive(self, resource: Resource) -> str:
        """Trainings do not hinder each other."""
        return ""

    def prepare(self, store: Store, resource: Resource, now: datetime) -> Json:
        """Take recipe, options and the places of the data along."""
        config = resource.body.get("solutionConfig", {})
        return {
            **describe_data(store, resource.group_arn, resource),
            "recipe": parse_arn(resource.body["recipeArn"]).name,
            "hyperparameters": config.get("algorithmHyperParameters", {}),
            "featurization": config.get("featureTransformationParameters", {}),
        }

    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        """Load, train, measure and write."""
        began = time.perf_counter()
        spec = find_recipe(order["recipe"])
        report("loading", 0)
        data = training_data(
            read_interactions(order), read_dataset(order, "ITEMS"), read_dataset(order, "USERS")
        )
        try:
            version = train_and_evaluate(
                spec,
                data,
                config=parse_hyperparameters(spec.config, order["hyperparameters"]),
                featurization=parse_hyperparameters(spec.featurization, order["featurization"]),
                event_type=order["event_type"],
                rng=np.random.default_rng(SEED),
                progress=report,
            )
        except TooLittleData as error:
            raise JobFailed(str(error)) from error
        report("saving", 0.95)
        folder = workspace / _FOLDER
        folder.mkdir()
        save_version(folder, spec, data.item_ids, version)
        return {"metrics": version.metrics, "seconds": time.perf_counter() - began}

    def finish(
        self, store: Store, resource: Resource, result: Json, workspace: Path, version: str
    ) -> Outcome:
        """Put the model where batch jobs find it."""
        placed = store.artifacts.place_model(workspace / _FOLDER, resource.arn)
        # Never 0: clients take that for a version that was not trained.
        hours = max(0.001, math.ceil(result["seconds"] / 3.6) / 1_000)
        return Outcome(
            body={"trainingHours": hours},
            hidden={"artifact": placed, "metrics": result["metrics"]},
        )
