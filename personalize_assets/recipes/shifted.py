"""A trained item model, shifted after the training to what a solution wants beside relevance.

The shift is added to the log probabilities of items. Where histories say what their events are
worth, the inner model is also asked about the weighty events alone, so that users get more of what
they do weighty things with. Knows neither why a shift is what it is nor any one recipe.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from personalize_assets.recipes.base import Model
from personalize_assets.recipes.circumstances import circumstances_of
from personalize_assets.recipes.histories import FloatArray, Histories
from personalize_assets.recipes.models import AnyModel, item_model, ranking_scores

_SHIFT: Final = "shift.npz"
_FROM_LAYERS: Final = 0.5
"""Share of an answer that comes from the layers of weighty events, the rest from all events."""


@dataclass(frozen=True)
class ShiftedModel:
    """A model whose log probabilities are shifted by item.

    Attributes:
        inner: The trained model.
        shift: Added to every row of scores; float32, shape ``(n_items,)``.
    """

    inner: Model
    shift: FloatArray

    @property
    def n_items(self) -> int:
        """Size of the catalogue."""
        return self.inner.n_items

    @property
    def circumstances(self) -> tuple[str, ...]:
        """Those of the inner model; see ``Circumstantial``."""
        return circumstances_of(self.inner)

    def score(self, histories: Histories) -> FloatArray:
        """The inner model's scores and the shift; see ``Model``."""
        return in_layers(self.inner.score, histories) + self.shift

    def liking(self, histories: Histories) -> FloatArray:
        """The same of the scores for rankings; see ``Liking``."""
        return in_layers(lambda asked: ranking_scores(self.inner, asked), histories) + self.shift

    def save(self, folder: Path) -> None:
        """Write the inner model and, beside it, the shift."""
        self.inner.save(folder)
        np.savez(folder / _SHIFT, allow_pickle=False, shift=self.shift)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Not possible without knowing the inner model's class: see ``load_shift``."""
        raise NotImplementedError("load the inner model, then call load_shift")


def load_shift(folder: Path, model: AnyModel) -> AnyModel:
    """The model with the shift that was saved beside it; the model itself if there is none."""
    if not (folder / _SHIFT).is_file():
        return model
    with np.load(folder / _SHIFT, allow_pickle=False) as arrays:
        return ShiftedModel(item_model(model), arrays["shift"])


def shifted(model: AnyModel, shift: NDArray[np.floating]) -> ShiftedModel:
    """The model with a shift.

    Raises:
        WrongModel: The model does not score items.
    """
    return ShiftedModel(item_model(model), shift.astype(np.float32))


def in_layers(score: Callable[[Histories], FloatArray], histories: Histories) -> FloatArray:
    """Log probabilities that look at weighty events more than at others.

    With weights w_1 < ... < w_m in a history, the answer to its events of weight w_k or more
    counts (w_k - w_(k-1)) / w_m, with w_0 = 0: for a model that is linear in what a user did this
    is to weigh each event. The logarithms are averaged, half and half with the answer to all
    events, so that only the ratio of the weights matters, and equal ones change nothing.

    Args:
        score: As ``Model.score``.
        histories: Any users.

    Returns:
        Shape ``(n, n_items)``; what ``score`` gives where there are no weights.
    """
    whole = score(histories)
    weights = histories.weights
    if weights is None:
        return whole
    never, whole = np.isneginf(whole), _log_shares(whole)
    highest = np.zeros(len(histories), dtype=np.float32)
    np.maximum.at(highest, histories.rows, weights)
    result, lower = whole.copy(), np.float32(0)
    for level in np.unique(weights[weights > 0]):
        layer = histories.where(weights >= level)
        asked = (layer.lengths < histories.lengths) & (layer.lengths > 0)
        if asked.any():
            share = _FROM_LAYERS * (level - lower) / highest[asked, None]
            with np.errstate(invalid="ignore"):  # items that are never served: -inf minus -inf
                result[asked] += share * (_log_shares(score(layer.take(asked))) - whole[asked])
        lower = level
    result[never] = -np.inf
    return result


def _log_shares(scores: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore"):
        return log_softmax(scores, axis=1)
