"""What is held out of a training to measure it, for each recipe type.

A trial draws the split, holds what the learner may see and measures the model. Knows nothing of
learners, of files or of jobs.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from personalize_assets.core.metrics import (
    LONGEST_LIST,
    Truth,
    coverage,
    evaluate,
    evaluate_textbook,
)
from personalize_assets.core.splitting import choose_test_users, mark_truth
from personalize_assets.recipes.action_trial import ActionTrial
from personalize_assets.recipes.answers import Seen, ranked_answers
from personalize_assets.recipes.base import Model, TrainingData
from personalize_assets.recipes.circumstances import circumstances_of, with_circumstances
from personalize_assets.recipes.exclusions import excluded_items
from personalize_assets.recipes.histories import BoolArray, Histories, IntArray, LongArray
from personalize_assets.recipes.models import AnyModel, SelfMeasured, item_model
from personalize_assets.recipes.ranking import recommend
from personalize_assets.recipes.segment_trial import SegmentTrial
from personalize_assets.recipes.spec import RecipeSpec

Metrics = dict[str, float]

_SAMPLED_ITEMS = 500
"""Items asked about where nobody interacted yet."""

_COVERED_REQUESTS = 5_000
"""Distinct items whose lists count towards the coverage of related items."""


class Trial(Protocol):
    """One split: what is trained on, and how the model is measured on the rest."""

    @property
    def data(self) -> TrainingData:
        """What the learner sees."""
        ...

    @property
    def train(self) -> Histories:
        """What the learner trains on; see ``Learner.fit``."""
        ...

    @property
    def n_train_users(self) -> int:
        """Users with something to train on."""
        ...

    @property
    def n_test_users(self) -> int:
        """Users with something held out."""
        ...

    @property
    def n_events(self) -> int:
        """Events trained on, given and held out."""
        ...

    def measure(self, model: Any) -> tuple[Metrics, Metrics]:
        """Amazon's metrics rounded to 4 decimals, and textbook NDCG where items are ranked.

        Raises:
            WrongModel: The model is of another recipe type.
        """
        ...


class Adjustment(Protocol):
    """A change of a trained item model that needs no training of its own."""

    def apply(self, model: AnyModel, trial: Trial) -> AnyModel:
        """The changed model.

        Raises:
            UnfitData: The data do not have what the change needs.
        """
        ...

    def measure(self, model: AnyModel, trial: Trial) -> Metrics:
        """How well the changed model does what the change is for; rounded to 4 decimals."""
        ...


@dataclass(frozen=True)
class Split:
    """Users to train on, and what the tested users did before and after the cut.

    Attributes:
        train: Histories of the other users.
        given: Oldest 90 percent of each tested user's events.
        truth: Newest 10 percent of each tested user's events, same rows as ``given``.
        users: Row of each tested user in the histories that were split; shape ``(n_tested,)``.
    """

    train: Histories
    given: Histories
    truth: Histories
    users: LongArray = field(default_factory=lambda: np.zeros(0, np.int64))


def split_histories(histories: Histories, rng: np.random.Generator) -> Split:
    """Hold out a tenth of the users with at least two events.

    Args:
        histories: All users; those without events go nowhere, those with one event to training.
        rng: Draws the tested users.
    """
    return split_by(histories, choose_test_users(histories.lengths >= 2, rng))


def split_by(histories: Histories, tested: BoolArray) -> Split:
    """Hold out the newest tenth of the events of given users.

    Args:
        histories: All users.
        tested: Users to test, each with two events or more; shape ``(n_users,)``.
    """
    test = histories.take(tested)
    held = mark_truth(test.indptr)
    trained = ~tested & (histories.lengths > 0)
    return Split(
        histories.take(trained), test.where(~held), test.where(held), np.flatnonzero(tested)
    )


@dataclass(frozen=True)
class ItemTrial:
    """The trial of every recipe that recommends items.

    Attributes:
        spec: The recipe.
        data: All data; the learner reads events from ``train``.
        split: Who is tested, and on what.
    """

    spec: RecipeSpec
    data: TrainingData
    split: Split

    @classmethod
    def draw(cls, spec: RecipeSpec, data: TrainingData, rng: np.random.Generator) -> "ItemTrial":
        """Split the users."""
        split = split_histories(data.histories(rng), rng)
        return cls(spec, data, split)

    @property
    def train(self) -> Histories:
        """Histories of the training users."""
        return self.split.train

    @property
    def n_train_users(self) -> int:
        """Users that are not tested and did something."""
        return int((self.split.train.lengths > 0).sum())

    @property
    def n_test_users(self) -> int:
        """Tested users."""
        return len(self.split.given)

    @property
    def n_events(self) -> int:
        """Events after merging those with equal user, item and timestamp."""
        split = self.split
        return len(split.train.items) + len(split.given.items) + len(split.truth.items)

    def measure(self, model: Any, seen: Seen = "served") -> tuple[Metrics, Metrics]:
        """Ranking metrics of the answers to the tested users; see ``Trial``."""
        split = self.split
        excluded = excluded_items(self.spec, self.data, split.users, split.given)
        return measure(self.spec, item_model(model), self._told(model), excluded, seen)

    def answers(self, model: Model, k: int) -> IntArray:
        """What the model serves to the tested users, whatever a use case would leave out.

        Returns:
            Item indices, best first, shape ``(n_tested, k)``; -1 pads short lists.
        """
        return recommend(model, asked_of(self.spec, self._told(model)), k)[0]

    def _told(self, model: Any) -> Split:
        """The split, with what the model wants to know beside the histories."""
        split = self.split
        if not circumstances_of(model):
            return split
        return replace(split, given=with_circumstances(self.data, split.given, split.truth))


def asked_of(spec: RecipeSpec, split: Split) -> Histories:
    """What the model is asked about the tested users.

    A related-items recipe is asked about the last item of what is given, and about nothing else.
    """
    return split.given.last(1) if spec.recipe_type == "RELATED_ITEMS" else split.given


def requests_of(split: Split) -> Histories:
    """What a related-items recipe would be asked as the tested users go through their newest tenth.

    Returns:
        A row of one event for each distinct item that is the last of what is given or held out, at
        most 5,000 that are evenly spread over the catalogue.
    """
    items = np.unique(np.concatenate((split.given.last(1).items, split.truth.items)))
    chosen = np.linspace(0, len(items) - 1, min(len(items), _COVERED_REQUESTS)).astype(np.int64)
    return _one_each(items[chosen])


def measure(
    spec: RecipeSpec,
    model: Model,
    split: Split,
    excluded: Histories | None = None,
    seen: Seen = "served",
) -> tuple[Metrics, Metrics]:
    """Amazon's metrics and textbook NDCG of what the model answers to the tested users.

    ``GetSolutionMetrics`` and each fold of a comparison come from here.

    A recipe that needs no interactions is asked about some items where there is nobody to test;
    coverage and the model's own metrics are all that can be told of the answers.

    Args:
        spec: The recipe.
        model: What it learned.
        split: Who is tested, and on what.
        excluded: What a use case leaves out for each tested user; None where it leaves nothing out.
        seen: What becomes of items that the tested users met before.
    """
    asked, given, truth = asked_of(spec, split), split.given, split.truth
    alone = len(asked) == 0 and "Interactions" not in spec.required_datasets
    if alone:
        asked = given = _sample_items(model.n_items)
        truth, excluded = Histories.empty(len(asked)), None
    ranked = ranked_answers(model, asked, given, excluded=excluded, seen=seen)
    held = Truth(truth.indptr, truth.items)
    metrics = evaluate(ranked, held, model.n_items)
    if spec.recipe_type == "RELATED_ITEMS" and not alone:
        # One list for each tested user could not reach what the service itself reports.
        lists, _ = recommend(model, requests_of(split), LONGEST_LIST)
        metrics["coverage"] = round(coverage(lists, model.n_items), 4)
    extra = model.extra_metrics(ranked, asked, truth) if isinstance(model, SelfMeasured) else {}
    rounded = {name: round(float(value), 4) for name, value in extra.items()}
    if alone:
        return {"coverage": metrics["coverage"], **rounded}, {}
    return metrics | rounded, evaluate_textbook(ranked, held, model.n_items)


def _sample_items(n_items: int) -> Histories:
    """Evenly spread items of the catalogue, a history of one event each."""
    items = np.unique(np.linspace(0, n_items - 1, min(n_items, _SAMPLED_ITEMS)).astype(np.int32))
    return _one_each(items)


def _one_each(items: IntArray) -> Histories:
    """A history of one event for each item."""
    return Histories(np.arange(len(items) + 1), items, np.zeros(len(items), np.int64))


def make_trial(spec: RecipeSpec, data: TrainingData, rng: np.random.Generator) -> Trial:
    """Split the data as the service does for recipes of this type."""
    if spec.recipe_type == "USER_SEGMENTATION":
        return SegmentTrial.draw(spec, data, rng)
    if spec.recipe_type == "PERSONALIZED_ACTIONS":
        return ActionTrial.draw(data, rng)
    return ItemTrial.draw(spec, data, rng)
