"""An item attribute that a solution is to be good for beside relevance: `optimizationObjective`.

The attribute shifts the log probabilities of items after the training. Knows items by their columns
only.
"""

# pyarrow has no types.
# pyright: standard

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from personalize_assets.core.columns import Columns
from personalize_assets.core.metrics import LONGEST_LIST, Truth, average_reward_at_k
from personalize_assets.core.names import MAX_RESULTS
from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.minima import UnfitData
from personalize_assets.recipes.models import AnyModel, item_model
from personalize_assets.recipes.shifted import shifted
from personalize_assets.recipes.trials import ItemTrial, Metrics, Trial

Sensitivity = Literal["LOW", "MEDIUM", "HIGH", "OFF"]

STRENGTHS: Final[dict[Sensitivity, float]] = {"LOW": 0.25, "MEDIUM": 0.5, "HIGH": 1.0, "OFF": 0.0}
"""How much an item's log probability gains for each standard deviation of its attribute."""

_FARTHEST: Final = 2.0
"""Standard deviations that count at most: else few dear items would be all that is recommended."""


@dataclass(frozen=True)
class Objective:
    """Favours items with a high value of a numeric attribute: ``optimizationObjective``.

    Attributes:
        item_attribute: A numeric column of the Items dataset, whatever its case.
        sensitivity: How much relevance is given up for it.
    """

    item_attribute: str
    sensitivity: Sensitivity = "OFF"

    def apply(self, model: AnyModel, trial: Trial) -> AnyModel:
        """Add the standardized attribute; items of which it is not known count as average.

        Raises:
            UnfitData: There is no such column, or it is not numeric or has nulls.
        """
        values = self.values(trial.data)
        known = np.isfinite(values)
        deviation = values[known].std() if known.any() else 0.0
        if deviation == 0:
            return model
        standard = np.where(known, (values - values[known].mean()) / deviation, 0.0)
        within = np.clip(standard, -_FARTHEST, _FARTHEST)
        return shifted(model, STRENGTHS[self.sensitivity] * within)

    def measure(self, model: AnyModel, trial: Trial) -> Metrics:
        """How much of the reward within reach the first ranks bring."""
        if not isinstance(trial, ItemTrial):
            return {}
        values = self.values(trial.data)
        known = values[np.isfinite(values)]
        spread = np.ptp(known) if len(known) else 0.0
        rewards = (values - known.min()) / spread if spread else np.ones_like(values)
        ranked = trial.answers(item_model(model), MAX_RESULTS)
        truth = Truth(trial.split.truth.indptr, trial.split.truth.items)
        value = average_reward_at_k(ranked, truth, np.nan_to_num(rewards), LONGEST_LIST)
        return {"average_rewards_at_k": round(value, 4)}

    def values(self, data: TrainingData) -> NDArray[np.float64]:
        """The attribute of each catalogue item, NaN for items that are not in the Items dataset.

        Raises:
            UnfitData: There is no such column, or it is not numeric or has nulls.
        """
        table = data.item_features
        names = {} if table is None else {name.upper(): name for name in table.column_names}
        name = names.get(self.item_attribute.upper())
        if table is None or name is None:
            raise UnfitData(
                f"Create failed. The optimization objective {self.item_attribute} is no column of "
                "the Items dataset."
            )
        column = table[name]
        if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
            raise UnfitData(f"Create failed. The optimization objective {name} is not numeric.")
        listed = np.asarray(table[Columns.ITEM_ID].is_valid())
        values = column.cast(pa.float64()).to_numpy()
        if np.isnan(values[listed]).any():
            raise UnfitData(f"Create failed. The optimization objective {name} has null values.")
        return np.where(listed, values, np.nan)
