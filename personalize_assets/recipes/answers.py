"""The lists that metrics look at: what a model answers, known items treated in one of three ways.

Knows models by their protocols only; nothing of splits, of metrics or of any recipe.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from personalize_assets.core.metrics import LONGEST_LIST
from personalize_assets.recipes.base import Model
from personalize_assets.recipes.histories import FloatArray, Histories, IntArray
from personalize_assets.recipes.models import ranking_scores
from personalize_assets.recipes.ranking import recommend

Seen = Literal["served", "excluded", "allowed"]
"""What becomes of items that a user met before: ``served`` as the recipe answers, which is what
``GetSolutionMetrics`` tells; ``excluded`` takes them out afterwards; ``allowed`` takes nothing out
and lets the model score them like all others (see ``Liking``)."""

_CHUNK_CELLS: Final = 4_000_000
"""Scores computed at a time where something is left out."""


def ranked_answers(
    model: Model,
    asked: Histories,
    given: Histories,
    *,
    excluded: Histories | None = None,
    seen: Seen = "served",
) -> IntArray:
    """The best items for each tested user.

    Args:
        model: What is measured.
        asked: What the model is asked, a row per tested user.
        given: All that the same users met.
        excluded: What a use case leaves out when it serves; None where it leaves nothing out.
        seen: What becomes of items that are met already.

    Returns:
        Item indices, best first, int32, shape ``(n, 25)``; -1 pads.
    """
    if seen == "allowed":
        return recommend(_Likes(model), asked, LONGEST_LIST)[0]
    left_out = given if seen == "excluded" else excluded
    if left_out is None:
        return recommend(model, asked, LONGEST_LIST)[0]
    rows = max(1, _CHUNK_CELLS // max(1, model.n_items))
    ranked = np.full((len(asked), LONGEST_LIST), -1, dtype=np.int32)
    for start in range(0, len(asked), rows):
        stop = min(start + rows, len(asked))
        without = _Without(model, left_out.slice(start, stop))
        ranked[start:stop] = recommend(without, asked.slice(start, stop), LONGEST_LIST, rows)[0]
    return ranked


@dataclass(frozen=True)
class _Likes:
    """A model that is asked how much users like items, whether or not it would serve these."""

    model: Model

    @property
    def n_items(self) -> int:
        """Size of the catalogue."""
        return self.model.n_items

    def score(self, histories: Histories) -> FloatArray:
        """Score; see ``Model``."""
        return ranking_scores(self.model, histories)


@dataclass(frozen=True)
class _Without:
    """A model that is asked once, about as many histories as there are rows to leave out."""

    model: Model
    left_out: Histories

    @property
    def n_items(self) -> int:
        """Size of the catalogue."""
        return self.model.n_items

    def score(self, histories: Histories) -> FloatArray:
        """Score; see ``Model``."""
        scores = self.model.score(histories)
        scores[self.left_out.rows, self.left_out.items] = -np.inf
        return scores
