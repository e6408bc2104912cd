"""Which of the three kinds a model is of: what scores items, users or actions.

Knows the kinds by their protocols only.
"""

from personalize_assets.recipes.base import (
    ActionModel,
    FloatArray,
    Histories,
    Liking,
    Model,
    SegmentModel,
)

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
