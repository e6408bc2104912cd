"""aws-user-personalization: what the newest events of a history lead to, and what fits besides.

Two parts score the catalogue from the newest events: EASE, a regression of items on items, and
transitions, what follows what. Others say how well the metadata of an item fit those of the user's
items, and how much likelier an item is for such a user and at such a moment. How much each part
counts is learned from the newest events of users that the parts did not see; a part that does not
help counts nothing. What follows at once and what is popular count only where lists get better by
them, as those of many items do of which little is known. A learned repeat rate decides how far
items that the user knows come back. New users get what users begin with and what is popular lately.
"""

import datetime as dt
import logging
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, Self

import numpy as np
from scipy import sparse

from personalize_assets.core.splitting import mark_truth
from personalize_assets.recipes.base import Progress, TrainingData, ignore_progress
from personalize_assets.recipes.circumstances import fit_circumstances, with_circumstances
from personalize_assets.recipes.histories import BoolArray, FloatArray, Histories, IntArray
from personalize_assets.recipes.item_columns import item_columns
from personalize_assets.recipes.options import SequenceOptions, UserHistoryOptions
from personalize_assets.recipes.solvers.cold_start import log_beginnings, log_popularity
from personalize_assets.recipes.solvers.ease import Ease, fit_ease
from personalize_assets.recipes.solvers.item_profiles import ItemProfiles, Metadata, make_profiles
from personalize_assets.recipes.solvers.lifts import Lifts
from personalize_assets.recipes.solvers.mixing import Prior, Weights, sure_weights
from personalize_assets.recipes.solvers.percentiles import within_percentiles
from personalize_assets.recipes.solvers.queries import recent_matrix, seen_matrix, weighted_matrix
from personalize_assets.recipes.solvers.ranking_gain import ranks_better
from personalize_assets.recipes.solvers.repeats import mix_repeats, repeat_rate
from personalize_assets.recipes.solvers.single_rows import newest_items, sum_rows
from personalize_assets.recipes.solvers.sparse_rows import (
    dense_product,
    no_rows,
    sparse_arrays,
    sparse_from,
)
from personalize_assets.recipes.solvers.standardizing import scale_rows, standardize
from personalize_assets.recipes.solvers.transitions import TransitionOptions, fit_transitions
from personalize_assets.recipes.spec import RecipeSpec
from personalize_assets.recipes.storage import ModelFormat

log = logging.getLogger(__name__)

_FORMAT = ModelFormat("user-personalization", 3)
_RIDGE: Final = 300.0 * 149  # divided by hidden_dimension, whose default is 149
_EASE_DECAY, _EASE_EVENTS = 10.0, 64
_TRANSITION_DECAY, _TRANSITION_EVENTS = 8.0, 50
_NUMBER_DECAY = 3.0
_NEAR = TransitionOptions(window=3, decay=1.5, max_neighbours=100)
_NEAR_DECAY, _NEAR_EVENTS = 1.0, 4
_FLAT_EVENTS = 500  # newest items that count where newer ones do not weigh more

_USUAL_WEIGHTS: Final = (0.23, 0.31)
"""Of the regression and the transitions: what was learned on MovieLens."""

_OPTIONAL: Final = slice(2, 4)
"""Parts that must make lists better to count: what follows at once, and popularity."""

_DOUBT: Final = 20.0
_LEARN_SHARE, _LEAST_LEARN, _LEARN_CELLS = 0.2, 25, 4_000_000
_REFIT_EVENTS: Final = 3_000_000
"""Up to so many events the parts are fitted again with the users that the weights came from; of
more events these users are too few to matter."""


@dataclass(frozen=True)
class Mixture:
    """How scores are made from the parts.

    Attributes:
        recency: Whether newer events weigh more.
        repeat_rate: Share of the probability that known items have.
        regression: Weight of EASE.
        transitions: Weight of what follows what.
        near: Weight of what follows at once.
        popularity: Weight of the logarithm of each item's share of the events.
        profiles: Weight of each column of the items' metadata.
        lifts: Weight of what is known of the user and of the moment.
    """

    recency: bool
    repeat_rate: float = 0.0
    regression: float = _USUAL_WEIGHTS[0]
    transitions: float = _USUAL_WEIGHTS[1]
    near: float = 0.0
    popularity: float = 0.0
    profiles: tuple[float, ...] = ()
    lifts: float = 0.0


@dataclass(frozen=True)
class UserPersonalizationModel:
    """The parts, and the answer for new users.

    Attributes:
        ease: Regression of each item on all others.
        transitions: What follows what, shape ``(n_items, n_items)``.
        near: What follows at once, same shape.
        popularity: Logarithms of shares, shape ``(n_items,)``.
        profiles: The items' metadata.
        lifts: How much likelier items are under what is known.
        beginnings: Log probabilities for a new user, shape ``(n_items,)``.
        mixture: How these are put together.
    """

    ease: Ease
    transitions: sparse.csr_array
    near: sparse.csr_array
    popularity: FloatArray
    profiles: ItemProfiles
    lifts: Lifts
    beginnings: FloatArray
    mixture: Mixture

    @property
    def n_items(self) -> int:
        """Size of the catalogue."""
        return len(self.beginnings)

    @property
    def circumstances(self) -> tuple[str, ...]:
        """What the model wants to know of users and moments; see ``Circumstantial``."""
        return tuple(self.lifts.codings) if self.mixture.lifts else ()

    def score(self, histories: Histories) -> FloatArray:
        """Log probability of each item to be the next; see ``Model``."""
        own = weighted_matrix(
            histories, self.n_items, _EASE_DECAY if self.mixture.recency else None
        )
        return mix_repeats(self.liking(histories), own, self.mixture.repeat_rate)

    def liking(self, histories: Histories) -> FloatArray:
        """The same without regard to what is known already; see ``Liking``."""
        scores, known = self._from_history(histories)
        scores[~known] = self.beginnings
        if self.circumstances and histories.about is not None:
            self.lifts.add(scores, histories.about, self.mixture.lifts)
        return scores

    def _from_history(self, histories: Histories) -> tuple[FloatArray, BoolArray]:
        """The weighted sum of the parts that look at histories; and whose histories say anything.

        A history says something if the regression or the transitions know where it leads.
        """
        mixture = self.mixture
        regression, scores = self._sequence_parts(histories)
        known = scale_rows(scores, mixture.transitions, self.n_items)
        known |= scale_rows(regression, mixture.regression, self.n_items)
        self.ease.add(scores, regression)
        if mixture.near:
            newest = self._recent(histories, _NEAR_DECAY, _NEAR_EVENTS)
            following = dense_product(newest, self.near)
            scale_rows(following, mixture.near, self.n_items)
            scores += following
        if mixture.popularity:
            scores += np.float32(mixture.popularity) * self.popularity
        if self.profiles.blocks:
            self.profiles.add(scores, *self._met(histories), mixture.profiles)
        return scores, known

    def _sequence_parts(self, histories: Histories) -> tuple[FloatArray, FloatArray]:
        """Regression for the items that take part in it, and transitions for all items."""
        if len(histories) == 1:
            return self._parts_of_one(histories.items)
        recent = self._recent(histories, _EASE_DECAY, _EASE_EVENTS)
        newest = self._recent(histories, _TRANSITION_DECAY, _TRANSITION_EVENTS)
        return self.ease.score_taking_part(recent), dense_product(newest, self.transitions)

    def _parts_of_one(self, items: IntArray) -> tuple[FloatArray, FloatArray]:
        """The same for one history, as answers in real time need it."""
        decay, limit = self._look_back(_EASE_DECAY, _EASE_EVENTS)
        regression = self.ease.score_one(*newest_items(items, decay=decay, limit=limit))
        decay, limit = self._look_back(_TRANSITION_DECAY, _TRANSITION_EVENTS)
        newest, weights = newest_items(items, decay=decay, limit=limit)
        following = sum_rows(self.transitions, newest, weights)
        return regression[None, :], following[None, :]

    def _met(self, histories: Histories) -> tuple[sparse.csr_array, sparse.csr_array]:
        """The items whose metadata count: for categories and texts, and for numbers."""
        return (
            self._recent(histories, _EASE_DECAY, _EASE_EVENTS),
            self._recent(histories, _NUMBER_DECAY, _EASE_EVENTS),
        )

    def _recent(self, histories: Histories, decay: float, limit: int) -> sparse.csr_array:
        fading, most = self._look_back(decay, limit)
        return recent_matrix(histories, self.n_items, decay=fading, limit=most)

    def _look_back(self, decay: float, limit: int) -> tuple[float | None, int]:
        return (decay, limit) if self.mixture.recency else (None, _FLAT_EVENTS)

    def parts(self, histories: Histories) -> list[FloatArray]:
        """Every part by itself, in the order in which ``Mixture`` has their weights."""
        profiles = self.profiles.parts(*self._met(histories))
        taking_part, following = self._sequence_parts(histories)
        regression = np.zeros_like(following)
        self.ease.add(regression, taking_part)
        near = dense_product(self._recent(histories, _NEAR_DECAY, _NEAR_EVENTS), self.near)
        sequence = [standardize(part) for part in (regression, following, near)]
        parts = [*sequence, np.tile(self.popularity, (len(histories), 1)), *profiles]
        if self.lifts.codings:
            parts.append(self.lifts.score(histories.about, len(histories)))
        return parts

    def save(self, folder: Path) -> None:
        """Write the model; see ``Model``."""
        arrays = {
            **self.ease.arrays(),
            "beginnings": self.beginnings,
            "popularity": self.popularity,
            **sparse_arrays("transitions", self.transitions),
            **sparse_arrays("near", self.near),
            "features": self.profiles.features.astype(np.float16),
            "lifts": self.lifts.lifts.astype(np.float16),
        }
        settings = {
            "mixture": asdict(self.mixture),
            "profiles": self.profiles.to_json(),
            "lifts": self.lifts.to_json(),
        }
        _FORMAT.write(folder, settings, arrays)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the model; see ``Model``."""
        settings, arrays = _FORMAT.read(folder)
        n_items = len(arrays["beginnings"])
        mixture: dict[str, object] = settings["mixture"]
        return cls(
            ease=Ease.from_arrays(arrays, n_items),
            transitions=sparse_from("transitions", arrays, n_items),
            near=sparse_from("near", arrays, n_items),
            popularity=arrays["popularity"],
            profiles=ItemProfiles.from_json(
                settings["profiles"], arrays["features"].astype(np.float32)
            ),
            lifts=Lifts.from_json(settings["lifts"], arrays["lifts"].astype(np.float32)),
            beginnings=arrays["beginnings"],
            mixture=Mixture(**{**mixture, "profiles": tuple(settings["mixture"]["profiles"])}),
        )


class UserPersonalization:
    """Fits the parts without some users, learns weights from these, and fits the parts again."""

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
        """Fit and weigh; see ``Learner``."""
        kept = histories.take(
            within_percentiles(
                histories.lengths,
                featurization.min_user_history_length_percentile,
                featurization.max_user_history_length_percentile,
            )
        )
        asked = _learning_users(kept, data.n_items, rng)
        metadata = Metadata(
            data.item_features,
            categorical=item_columns(data, "categorical"),
            textual=item_columns(data, "textual"),
            numeric=item_columns(data, "number"),
        )
        profiles = make_profiles(metadata, data.n_items, rng)
        model = _fit_parts(data, kept.take(~asked), config, profiles, progress)
        progress("weigh", 0.6)
        mixture = _learn_mixture(model, data, kept.take(asked))
        if len(kept.items) <= _REFIT_EVENTS:
            model = _fit_parts(data, kept, config, profiles, progress)
        rate = repeat_rate(histories, data.n_items)
        return _leave_out(replace(model, mixture=replace(mixture, repeat_rate=rate)))


def _fit_parts(
    data: TrainingData,
    histories: Histories,
    config: SequenceOptions,
    profiles: ItemProfiles,
    progress: Progress,
) -> UserPersonalizationModel:
    n_items = data.n_items
    progress("regression", 0.0)
    ease = fit_ease(seen_matrix(histories, n_items), _RIDGE / config.hidden_dimension)
    progress("transitions", 0.3)
    transitions = fit_transitions(histories, n_items, TransitionOptions(window=config.bptt))
    return UserPersonalizationModel(
        ease=ease,
        transitions=transitions,
        near=fit_transitions(histories, n_items, _NEAR),
        popularity=log_popularity(histories, n_items),
        profiles=profiles,
        lifts=fit_circumstances(data, histories),
        beginnings=log_beginnings(histories, n_items, recent=config.recency_mask),
        mixture=Mixture(recency=config.recency_mask),
    )


def _learning_users(histories: Histories, n_items: int, rng: np.random.Generator) -> BoolArray:
    """Draw the users that the weights are learned from; nobody where they would be too few."""
    candidates = np.flatnonzero(histories.lengths >= 2)
    count = min(int(len(candidates) * _LEARN_SHARE), _LEARN_CELLS // max(1, n_items))
    chosen = np.zeros(len(histories), dtype=np.bool_)
    chosen[rng.permutation(candidates)[: max(count, _LEAST_LEARN)]] = True
    # Half of the users, at least, must be left for the parts.
    return chosen if 2 * chosen.sum() <= len(candidates) else np.zeros_like(chosen)


def _learn_mixture(
    model: UserPersonalizationModel, data: TrainingData, users: Histories
) -> Mixture:
    """The weights under which the newest events of these users were likeliest."""
    n_blocks = len(model.profiles.blocks)
    others = n_blocks + bool(model.lifts.codings)
    weights = np.array([*_USUAL_WEIGHTS, 0.0, 0.0, *[0.0] * others])
    if len(users):
        held = mark_truth(users.indptr)
        truth = users.where(held)
        given = with_circumstances(data, users.where(~held), truth)
        weights = _best_weights(model.parts(given), weights, given, truth)
    weights = weights.tolist()
    log.info("weights of the parts: %s", [round(weight, 3) for weight in weights])
    return replace(
        model.mixture,
        regression=weights[0],
        transitions=weights[1],
        near=weights[2],
        popularity=weights[3],
        profiles=tuple(weights[4 : 4 + n_blocks]),
        lifts=weights[-1] if model.lifts.codings else 0.0,
    )


def _best_weights(
    parts: list[FloatArray], prior: Weights, given: Histories, truth: Histories
) -> Weights:
    """The weights of all parts, or without the optional ones where lists are no better by them."""

    def learn(parts: list[FloatArray], prior: Weights) -> Weights:
        known = Prior(prior, _DOUBT, certain=len(_USUAL_WEIGHTS))
        return sure_weights(parts, truth.rows, truth.items, (given.rows, given.items), known)

    few = [*parts[: _OPTIONAL.start], *parts[_OPTIONAL.stop :]]
    without = learn(few, np.delete(prior, _OPTIONAL))
    plain = np.insert(without, _OPTIONAL.start, [0.0, 0.0])
    weights = learn(parts, prior)
    return weights if ranks_better(parts, plain, weights, given, truth) else plain


def _leave_out(model: UserPersonalizationModel) -> UserPersonalizationModel:
    """The model without the parts that count nothing."""
    mixture = model.mixture
    counting = [weight > 0 for weight in mixture.profiles]
    empty = Lifts({}, np.zeros((0, model.n_items), dtype=np.float32))
    return replace(
        model,
        ease=model.ease if mixture.regression else Ease.none(model.n_items),
        near=model.near if mixture.near else no_rows(model.n_items, model.n_items),
        profiles=model.profiles.only(counting),
        lifts=model.lifts if mixture.lifts else empty,
        mixture=replace(mixture, profiles=tuple(filter(None, mixture.profiles))),
    )


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
    takes_exploration=True,
    takes_objective=True,
    updates=True,
    takes_context=True,
    promotes=True,
    learner=UserPersonalization(),
)
