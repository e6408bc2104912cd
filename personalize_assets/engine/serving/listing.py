"""One list of items in the making: promoted, explored and regular ones brought to their places.

Knows indices of a catalogue and their scores. Knows neither models nor events.
"""

import random
from functools import cached_property
from itertools import islice

import numpy as np

from personalize_assets.engine.serving.asking import (
    EXPLORED,
    POPULAR,
    PROMOTED,
    Promotion,
    Served,
)
from personalize_assets.engine.serving.catalogue import Catalogue
from personalize_assets.engine.serving.scores import Scores, top_of
from personalize_assets.recipes.histories import BoolArray, FloatArray, LongArray
from personalize_assets.recipes.spec import RecipeSpec


class Listing:
    """A list in the making; the steps are called in the order in which they stand here.

    Args:
        spec: Says whether answers carry scores and reasons.
        catalogue: What indices mean.
        scores: Of the catalogue for the question.
        n_results: Length of the list, at most.
        seed: For equal ones chance repeats.
    """

    def __init__(
        self,
        spec: RecipeSpec,
        catalogue: Catalogue,
        scores: Scores,
        n_results: int,
        seed: str,
    ) -> None:
        self._spec = spec
        self._catalogue = catalogue
        self._scores = scores
        self._n_results = n_results
        self._seed = seed
        self._name: str | None = None
        self._promoted: list[int] = []
        self._explored: list[int] = []
        self._regular: list[int] = []
        self._fillers: list[int] = []

    def promote(self, promotion: Promotion, allowed: BoolArray | None) -> None:
        """Take the best promoted items.

        Then come those that would not be recommended to the user, who knows them, and last new
        ones, which have no scores.

        Args:
            promotion: How many, and its name.
            allowed: What is promoted; None for everything.
        """
        wanted = promotion.places(self._n_results)
        found = self._scores.best(wanted, allowed).tolist()
        personal = self._spec.recipe_type == "USER_PERSONALIZATION"
        first = 0 if personal else self._catalogue.n_trained
        more = (at for at in range(first, len(self._catalogue)) if self._is_unserved(at, allowed))
        found += islice(more, wanted - len(found))
        self._name, self._promoted = promotion.name, found

    def explore(
        self, pool: LongArray, values: FloatArray, places: int, allowed: BoolArray | None
    ) -> None:
        """Take the most promising new items.

        Args:
            pool: What may be explored, shape ``(n,)``.
            values: What to expect of each, shape ``(n,)``.
            places: How many, at most.
            allowed: What may be served; None for everything.
        """
        count = min(places, self._n_results - len(self._promoted))
        known = pool < self._catalogue.n_trained
        left = np.where(known, self._scores.values[np.where(known, pool, 0)] > -np.inf, True)
        if allowed is not None:
            left &= allowed[pool]
        if self._promoted:
            left &= ~np.isin(pool, self._promoted)
        pool, values = pool[left], values[left]
        self._explored = pool[top_of(values, min(count, len(pool)))].tolist()

    def _is_unserved(self, at: int, allowed: BoolArray | None) -> bool:
        """Whether an item that is allowed has no score to be served by."""
        if allowed is not None and not allowed[at]:
            return False
        return at >= self._catalogue.n_trained or self._scores.values[at] == -np.inf

    def fill(self, allowed: BoolArray | None) -> None:
        """Take the best of the rest.

        Args:
            allowed: What may be served; None for everything.
        """
        taken = {*self._promoted, *self._explored}
        self._regular = self._scores.best(self._n_results - len(taken), allowed, taken).tolist()

    def fill_up(self, popular: Scores, allowed: BoolArray | None) -> None:
        """Take popular items where the list is still too short.

        Args:
            popular: The scores that say so.
            allowed: What may be served; None for everything.
        """
        taken = {*self._promoted, *self._explored, *self._regular}
        if len(taken) < self._n_results:
            self._fillers = popular.best(self._n_results - len(taken), allowed, taken).tolist()

    def finish(self) -> list[Served]:
        """Bring all to their places.

        Regular items stand in the order of their scores. An explored item takes a place by chance,
        but not the first, and the score of the regular item behind it. Then promoted items take
        places by chance, in the order of their scores.
        """
        regular = self._serve(self._regular, self._shares(self._regular))
        places = self._with_explored(regular) if self._explored else regular
        if self._fillers:
            places += self._serve(self._fillers, [None] * len(self._fillers), POPULAR)
        if not self._promoted:
            return places
        shares = self._shares(self._promoted)
        promoted = self._serve(self._promoted, shares, PROMOTED, self._name)
        return self._mixed(places, promoted, 0)

    def _with_explored(self, regular: list[Served]) -> list[Served]:
        """Regular and explored items; these with the scores of the regular ones behind them."""
        explored = self._serve(self._explored, [None] * len(self._explored), EXPLORED)
        explored = [item._replace(explored=True) for item in explored]
        mixed = self._mixed(regular, explored, 1 if regular else 0)
        behind = regular[-1].score if regular else None
        special = {item.item_id for item in explored}
        for place in range(len(mixed) - 1, -1, -1):
            if mixed[place].item_id in special:
                mixed[place] = mixed[place]._replace(score=behind)
            else:
                behind = mixed[place].score
        return mixed

    def _mixed(self, regular: list[Served], special: list[Served], first: int) -> list[Served]:
        """Both lists in their order, the special ones at places by chance from ``first`` on."""
        total = len(regular) + len(special)
        chosen = set(self._chance.sample(range(first, total), len(special)))
        one, other = iter(regular), iter(special)
        return [next(other) if place in chosen else next(one) for place in range(total)]

    def _shares(self, indices: list[int]) -> list[float | None]:
        """Scores to show; None for items that the model does not know."""
        if not self._spec.serves_scores:
            return [None] * len(indices)
        n_trained = self._catalogue.n_trained
        known = [at for at in indices if at < n_trained]
        shares = self._scores.shares(np.array(known, dtype=np.int64))
        return [round(share, 7) for share in shares] + [None] * (len(indices) - len(known))

    def _serve(
        self,
        indices: list[int],
        shares: list[float | None],
        reason: str | None = None,
        promotion: str | None = None,
    ) -> list[Served]:
        ids = self._catalogue.ids
        said = reason if self._spec.gives_reasons else None
        return [
            Served(ids[at], share, promotion, said)
            for at, share in zip(indices, shares, strict=True)
        ]

    @cached_property
    def _chance(self) -> random.Random:
        return random.Random(self._seed)
