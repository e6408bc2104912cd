"""Fitting a trained version again between trainings: trends counted anew, new items taken in.

What was measured stays as it was. Knows nothing of when that is due, nor of files.
"""

# pyarrow.compute makes its functions when it is imported, where pyright cannot see them.
# pyright: reportAttributeAccessIssue=false

from typing import Any, Protocol, runtime_checkable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from personalize_assets.recipes.artifact import SavedVersion
from personalize_assets.recipes.base import Progress, TrainingData, ignore_progress
from personalize_assets.recipes.evaluation import TrainedVersion, require_learner
from personalize_assets.recipes.histories import LongArray
from personalize_assets.recipes.hyperparameters import parse_hyperparameters
from personalize_assets.recipes.minima import check_needs
from personalize_assets.recipes.models import AnyModel
from personalize_assets.recipes.training import TrainingRequest, with_columns


@runtime_checkable
class CarriesOver(Protocol):
    """A model that keeps, between trainings, some of what the training found."""

    def carry_over(self, earlier: Any, positions: LongArray) -> AnyModel:
        """The model with what an earlier one of the same class knew of the same items.

        Args:
            earlier: The model of the training.
            positions: Index in the earlier catalogue of each item, -1 for new ones; int64.
        """
        ...


def refit(
    earlier: SavedVersion,
    data: TrainingData,
    request: TrainingRequest,
    rng: np.random.Generator,
    progress: Progress = ignore_progress,
) -> TrainedVersion:
    """Fit the recipe of a version to the data of now, all users included.

    Args:
        earlier: The version as it was trained.
        data: As for ``train_recipe``.
        request: What the version was trained for; weights, objectives and searches are not looked
            at, since no recipe that is fitted again has any.
        rng: The only source of chance.
        progress: Told of the learner's stages.

    Returns:
        A version with the facts of the earlier one.

    Raises:
        UnfitData: The data do not suffice any more.
    """
    spec = earlier.spec
    check_needs(spec, data, request.event_type)
    data = with_columns(data, request)
    model = require_learner(spec).fit(
        data,
        data.histories(rng),
        parse_hyperparameters(spec.config, request.hyperparameters),
        parse_hyperparameters(spec.featurization, request.featurization),
        rng,
        progress,
    )
    if isinstance(model, CarriesOver):
        model = model.carry_over(earlier.trained, _positions(data.item_ids, earlier.item_ids))
    return TrainedVersion(spec=spec, trained=model, **earlier.facts)


def _positions(item_ids: pa.StringArray, known: pa.StringArray) -> LongArray:
    found = pc.index_in(item_ids, value_set=known).fill_null(-1)
    return np.asarray(found, dtype=np.int64)
