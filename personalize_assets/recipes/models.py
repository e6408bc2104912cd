"""Which of the three kinds a model is of: what scores items, users or actions.

Also what a model of items may measure of itself. Knows models by their protocols only.
"""

from typing import Protocol, runtime_checkable

from personalize_assets.recipes.base import ActionModel, Liking, Model, SegmentModel
from personalize_assets.recipes.histories import FloatArray, Histories, IntArray

AnyModel = Model | SegmentModel | ActionModel


class WrongModel(ValueError):
    """A model is asked what models of its recipe do not answer."""


def item_model(model: AnyModel) -> Model:
    """The model as one that scores items.

    Raises:
        WrongModel: It scores something else.
    """
    if not isinstance(model, Model):
        raise WrongModel(f"{type(model).__name__} does not recommend items")
    return model


def ranking_scores(model: Model, histories: Histories) -> FloatArray:
    """The scores by which given items are ranked, shape ``(n, n_items)``: see ``Liking``."""
    return model.liking(histories) if isinstance(model, Liking) else model.score(histories)


def segment_model(model: AnyModel) -> SegmentModel:
    """The model as one that scores users.

    Raises:
        WrongModel: It scores something else.
    """
    if not isinstance(model, SegmentModel):
        raise WrongModel(f"{type(model).__name__} does not make user segments")
    return model


def action_model(model: AnyModel) -> ActionModel:
    """The model as one that scores actions.

    Raises:
        WrongModel: It scores something else.
    """
    if not isinstance(model, ActionModel):
        raise WrongModel(f"{type(model).__name__} does not recommend actions")
    return model


@runtime_checkable
class SelfMeasured(Protocol):
    """A model that adds metrics of its own to those of its recipe type."""

    def extra_metrics(
        self, ranked: IntArray, given: Histories, truth: Histories
    ) -> dict[str, float]:
        """Measure the answers to the tested users.

        Args:
            ranked: Item indices that were answered, best first, shape ``(n_users, 25)``; -1 pads.
            given: What the model was asked: the input of the tested users.
            truth: Held-out newest events of the same users.

        Returns:
            Finite values by the name that the service gives the metric; rounded by the caller.
        """
        ...
