"""aws-sims: items that come soon before or after a given one in many histories.

Two items are the more related the more users met both within few events of each other, what came
after counting twice as much as what came before, divided by how popular the answer is
(item-to-item collaborative filtering: Linden, Smith and York, 2003; the discount is that of
Amazon's ``popularity_discount_factor``). The question is the last item of a history. The item
itself is never an answer. An item that is unknown or leads nowhere is answered with popular items,
which also fill short lists.
"""

import datetime as dt
from typing import Final

import numpy as np

from personalize_assets.recipes.base import Progress, TrainingData, ignore_progress
from personalize_assets.recipes.histories import Histories
from personalize_assets.recipes.hyperparameters import Options, option
from personalize_assets.recipes.related_items import (
    MAX_NEIGHBOURS,
    RelatedItemsModel,
    related_items,
)
from personalize_assets.recipes.solvers.cold_start import log_popularity
from personalize_assets.recipes.solvers.percentiles import within_percentiles
from personalize_assets.recipes.solvers.transitions import TransitionOptions, fit_transitions
from personalize_assets.recipes.spec import RecipeSpec

_BEFORE: Final = 0.5
"""What an item that came before counts beside one that came after."""

_STRONGEST_DISCOUNT: Final = 0.6
"""Power of the popularity that answers are divided by where the factor is 1."""

_RARE_SHARE: Final = 2.0**-10
"""Weight that is left to pairs of too few users: they come after all others."""


class SimsOptions(Options):
    """Algorithm hyperparameters of aws-sims."""

    popularity_discount_factor: float = option(
        0.5,
        "Shared users are divided by the answer's popularity to the power of 0.6 times this: 0 "
        "favours popular items, 1 rare ones.",
        low=0,
        high=1,
        tunable=True,
    )
    min_cointeraction_count: int = option(
        3,
        "Pairs of items that fewer users have in common come after all others.",
        low=0,
        high=10,
        tunable=True,
    )


class SimsFeaturization(Options):
    """Feature transformation parameters of aws-sims."""

    min_user_history_length_percentile: float = option(
        0.005, "Users with shorter histories than this share of users are left out.", low=0, high=1
    )
    max_user_history_length_percentile: float = option(
        0.995, "Users with longer histories than this share of users are left out.", low=0, high=1
    )
    min_item_interaction_count_percentile: float = option(
        0.01, "Items with fewer interactions than this share of items are left out.", low=0, high=1
    )
    # Leaving these items out, as the guide's wording suggests, would take most of MovieLens's
    # interactions: measured MRR .117 in place of .19, where the service itself reports .167.
    max_item_interaction_count_percentile: float = option(
        0.9,
        "The number of interactions that this share of items does not exceed is added to each "
        "item's popularity before it is discounted by, so that rare items do not win by chance.",
        low=0,
        high=1,
    )


class Sims:
    """Counts which items are near each other in the histories of the same users."""

    model_type = RelatedItemsModel

    def fit(
        self,
        data: TrainingData,
        histories: Histories,
        config: SimsOptions,
        featurization: SimsFeaturization,
        rng: np.random.Generator,
        progress: Progress = ignore_progress,
    ) -> RelatedItemsModel:
        """Count and discount; see ``Learner``."""
        options = TransitionOptions(
            source_discount=0.0,
            target_discount=_STRONGEST_DISCOUNT * config.popularity_discount_factor,
            prior_percentile=featurization.max_item_interaction_count_percentile,
            both_directions=True,
            before=_BEFORE,
            min_users=config.min_cointeraction_count,
            rare_share=_RARE_SHARE,
            max_neighbours=MAX_NEIGHBOURS,
        )
        kept = _within_bounds(histories, data.n_items, featurization)
        neighbours = fit_transitions(kept, data.n_items, options)
        return related_items(neighbours, log_popularity(histories, data.n_items))


def _within_bounds(histories: Histories, n_items: int, bounds: SimsFeaturization) -> Histories:
    kept = histories.take(
        within_percentiles(
            histories.lengths,
            bounds.min_user_history_length_percentile,
            bounds.max_user_history_length_percentile,
        )
    )
    counts = np.bincount(kept.items, minlength=n_items)
    known = within_percentiles(counts, bounds.min_item_interaction_count_percentile, 1.0)
    return kept.where(known[kept.items])


SIMS = RecipeSpec(
    name="aws-sims",
    recipe_type="RELATED_ITEMS",
    description="Items that the same users interact with soon before or after a given item.",
    created=dt.date(2019, 6, 10),
    algorithm="aws-sims",
    feature_transformation="sims",
    query_fields=("itemId",),
    batch_field="itemId",
    config=SimsOptions,
    featurization=SimsFeaturization,
    hpo=True,
    promotes=True,
    learner=Sims(),
)
