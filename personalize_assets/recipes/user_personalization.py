"""aws-user-personalization: item-to-item regression and transitions over recent histories.

The two parts score the catalogue from the newest events of a history; each is standardized over
the catalogue and the two are added. A temperature learned from events that the parts did not see
turns the sum into probabilities, and a learned repeat rate decides how far items that the user
already knows come back. New users get what users begin with and what is popular lately.
"""

import datetime as dt
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from scipy import sparse

from personalize_assets.core.splitting import mark_truth
from personalize_assets.recipes.base import (
    BoolArray,
    FloatArray,
    Histories,
    IntArray,
    Progress,
    TrainingData,
    ignore_progress,
)
from personalize_assets.recipes.options import SequenceOptions, UserHistoryOptions
from personalize_assets.recipes.solvers.calibration import best_temperature
from personalize_assets.recipes.solvers.cold_start import log_beginnings
from personalize_assets.recipes.solvers.ease import Ease, fit_ease
from personalize_assets.recipes.solvers.percentiles import within_percentiles
from personalize_assets.recipes.solvers.queries import (
    recent_matrix,
    seen_matrix,
    weighted_matrix,
)
from personalize_assets.recipes.solvers.repeats import mix_repeats, repeat_rate
from personalize_assets.recipes.solvers.single_rows import newest_items, sum_rows
from personalize_assets.recipes.solvers.sparse_rows import sparse_rows
from personalize_assets.recipes.solvers.transitions import TransitionOptions, fit_transitions
from personalize_assets.recipes.spec import RecipeSpec
from personalize_assets.recipes.storage import ModelFormat

_FORMAT = ModelFormat("user-personalization", 1)
_RIDGE = 300.0 * 149  # divided by hidden_dimension, whose default is 149
_EASE_DECAY, _EASE_EVENTS = 10.0, 64
_TRANSITION_DECAY, _TRANSITION_EVENTS = 8.0, 50
_FLAT_EVENTS = 500  # newest items that count where newer ones do not weigh more
_CALIBRATION_SHARE, _MIN_CALIBRATION, _MAX_CALIBRATION = 0.05, 25, 300


@dataclass(frozen=True)
class Serving:
    """How scores are made from a history.

    Attributes:
        recency: Whether newer events weigh more.
        temperature: Divides the sum of the standardized parts.
        repeat_rate: Share of the probability that known items have.
    """

    recency: bool
    temperature: float
    repeat_rate: float


@dataclass(frozen=True)
class UserPersonalizationModel:
    """Two item-to-item parts, and the answer for new users.

    Attributes:
        ease: Regression of each item on all others.
        transitions: What follows what, shape ``(n_items, n_items)``.
        beginnings: Log probabilities for a new user, shape ``(n_items,)``.
        serving: How these are put together.
    """

    ease: Ease
    transitions: sparse.csr_array
    beginnings: FloatArray
    serving: Serving

    @property
    def n_items(self) -> int:
        """Size of the catalogue."""
        return len(self.beginnings)

    def score(self, histories: Histories) -> FloatArray:
        """Log probability of each item to be the next; see ``Model``."""
        own = weighted_matrix(
            histories, self.n_items, _EASE_DECAY if self.serving.recency else None
        )
        return mix_repeats(self.liking(histories), own, self.serving.repeat_rate)

    def liking(self, histories: Histories) -> FloatArray:
        """The same without regard to what is known already; see ``Liking``."""
        scores = self.affinity(histories)
        scores /= np.float32(self.serving.temperature)
        lost = ~scores.any(axis=1)  # nothing known leads anywhere
        scores[lost] = self.beginnings
        return scores

    def affinity(self, histories: Histories) -> FloatArray:
        """The sum of the standardized parts, shape ``(n, n_items)``; known items included."""
        if len(histories) == 1:
            return self._affinity_of_one(histories.items)
        recency = self.serving.recency
        scores = self.ease.score(
            recent_matrix(
                histories,
                self.n_items,
                decay=_EASE_DECAY if recency else None,
                limit=_EASE_EVENTS if recency else _FLAT_EVENTS,
            )
        )
        _standardize(scores)
        newest = recent_matrix(
            histories,
            self.n_items,
            decay=_TRANSITION_DECAY if recency else None,
            limit=_TRANSITION_EVENTS if recency else _FLAT_EVENTS,
        )
        scores += _standardize((newest @ self.transitions).toarray())
        return scores

    def _affinity_of_one(self, items: IntArray) -> FloatArray:
        """The same for one history, as answers in real time need it; shape ``(1, n_items)``."""
        recency = self.serving.recency
        decay, limit = (_EASE_DECAY, _EASE_EVENTS) if recency else (None, _FLAT_EVENTS)
        scores = self.ease.score_one(*newest_items(items, decay=decay, limit=limit))
        decay, limit = (_TRANSITION_DECAY, _TRANSITION_EVENTS) if recency else (None, _FLAT_EVENTS)
        newest, weights = newest_items(items, decay=decay, limit=limit)
        following = sum_rows(self.transitions, newest, weights)
        return _standardize(scores[None, :]) + _standardize(following[None, :])

    def save(self, folder: Path) -> None:
        """Write the model; see ``Model``."""
        arrays = {
            **self.ease.arrays(),
            "beginnings": self.beginnings,
            "transitions_data": self.transitions.data,
            "transitions_indices": self.transitions.indices,
            "transitions_indptr": self.transitions.indptr,
        }
        _FORMAT.write(folder, asdict(self.serving), arrays)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the model; see ``Model``."""
        settings, arrays = _FORMAT.read(folder)
        n_items = len(arrays["beginnings"])
        transitions = sparse_rows(
            arrays["transitions_data"],
            arrays["transitions_indices"],
            arrays["transitions_indptr"],
            n_items,
        )
        ease = Ease.from_arrays(arrays, n_items)
        return cls(ease, transitions, arrays["beginnings"], Serving(**settings))


class UserPersonalization:
    """Fits the parts, then the temperature on events that were kept from them."""

    model_type = UserPersonalizationModel

    def fit(
        self,
        data: TrainingData,
        histories: Histories,
        config: SequenceOptions,
        featurization: UserHistoryOptions,
        rng: np.random.Generator,
        progress: Progress = ignore_progress,
    ) -> UserPersonalizationModel:
        """Fit and calibrate; see ``Learner``."""
        kept = histories.take(
            within_percentiles(
                histories.lengths,
                featurization.min_user_history_length_percentile,
                featurization.max_user_history_length_percentile,
            )
        )
        asked = _calibration_users(kept, rng)
        held = mark_truth(kept.indptr) & np.repeat(asked, kept.lengths)
        known = kept.where(~held)
        model = _fit_parts(known, data.n_items, config, progress)
        rate = repeat_rate(histories, data.n_items)
        progress("calibrate", 0.0)
        temperature = _temperature(model, known.take(asked), kept.where(held).take(asked))
        serving = replace(model.serving, repeat_rate=rate, temperature=temperature)
        return replace(model, serving=serving)


def _fit_parts(
    histories: Histories, n_items: int, config: SequenceOptions, progress: Progress
) -> UserPersonalizationModel:
    progress("regression", 0.0)
    ease = fit_ease(seen_matrix(histories, n_items), _RIDGE / config.hidden_dimension)
    progress("transitions", 0.0)
    transitions = fit_transitions(histories, n_items, TransitionOptions(window=config.bptt))
    return UserPersonalizationModel(
        ease=ease,
        transitions=transitions,
        beginnings=log_beginnings(histories, n_items, recent=config.recency_mask),
        serving=Serving(recency=config.recency_mask, temperature=1.0, repeat_rate=0.0),
    )


def _calibration_users(histories: Histories, rng: np.random.Generator) -> BoolArray:
    candidates = np.flatnonzero(histories.lengths >= 2)
    count = int(np.clip(len(candidates) * _CALIBRATION_SHARE, _MIN_CALIBRATION, _MAX_CALIBRATION))
    chosen = np.zeros(len(histories), dtype=np.bool_)
    chosen[rng.permutation(candidates)[:count]] = True
    return chosen


def _temperature(model: UserPersonalizationModel, known: Histories, held: Histories) -> float:
    scores = model.affinity(known)
    scores[known.rows, known.items] = -np.inf
    return best_temperature(scores, held.rows, held.items)


def _standardize(scores: FloatArray) -> FloatArray:
    """Give each row mean 0 and deviation 1, in place; constant rows become 0."""
    scores -= scores.mean(axis=1, keepdims=True)
    deviation = scores.std(axis=1, keepdims=True)
    constant = deviation[:, 0] < 1e-12
    scores /= np.where(deviation < 1e-12, 1, deviation)
    scores[constant] = 0
    return scores


USER_PERSONALIZATION = RecipeSpec(
    name="aws-user-personalization",
    recipe_type="USER_PERSONALIZATION",
    description="Items that a user will like next, from the whole history, newest events first.",
    created=dt.date(2019, 6, 10),
    algorithm="aws-user-personalization",
    feature_transformation="JSON-percentile-filtering",
    used_datasets=("Users", "Items"),
    serves_scores=True,
    config=SequenceOptions,
    featurization=UserHistoryOptions,
    hpo=True,
    real_time=True,
    refresh="new-items",
    explores=True,
    takes_context=True,
    promotes=True,
    learner=UserPersonalization(),
)
