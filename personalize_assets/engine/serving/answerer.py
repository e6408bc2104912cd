"""Answers for items from a trained version and the live data of its group, without the store.

Used by the engine in real time and by batch jobs. The scores of the last users are kept, and used
as long as the user's events are the same. Knows neither requests nor resources.
"""
# pyarrow has no types.
# pyright: standard

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, Self

import numpy as np

from personalize_assets.core.filters import BoundFilter, Facts, normalize_event_type
from personalize_assets.engine.data.live import LiveGroup, UserEvents
from personalize_assets.engine.serving.asking import Query, Served
from personalize_assets.engine.serving.catalogue import Catalogue
from personalize_assets.engine.serving.circumstances import Known, as_table, known_of
from personalize_assets.engine.serving.exploration import Exploration, Explorer, NewItems
from personalize_assets.engine.serving.histories import (
    Selection,
    history_of,
    question_about,
    selection_of,
)
from personalize_assets.engine.serving.listing import Listing
from personalize_assets.engine.serving.load_once import LoadOnce
from personalize_assets.engine.serving.past import KeptScores, Past
from personalize_assets.engine.serving.scores import KEPT_PLACES, Scores
from personalize_assets.recipes.artifact import SavedVersion
from personalize_assets.recipes.base import Influenced
from personalize_assets.recipes.circumstances import circumstances_of
from personalize_assets.recipes.histories import BoolArray, FloatArray, Histories, concatenate
from personalize_assets.recipes.models import ranking_scores
from personalize_assets.recipes.spec import RecipeSpec

_KEPT_BYTES: Final = 64 * 2**20
"""For the scores of the last users; some 1,400 users of a catalogue of 10,000 items."""
_CELLS_AT_A_TIME: Final = 4_000_000
"""Scores computed together in a batch job, 4 bytes each; models need a few arrays of this size."""
_KEPT_PER_RESULT: Final = 4
"""Places of a batch job's line that are sorted; what filters leave of them is mostly enough."""
_PERSONAL: Final = frozenset({"USER_PERSONALIZATION", "PERSONALIZED_RANKING"})


@dataclass(frozen=True)
class Manner:
    """How a version is to answer, beside what its recipe says.

    Attributes:
        selection: Which events of a user are a history.
        exploration: None explores nothing.
        popularity: Of ``rankingInfluence``.
        freshness: Of ``rankingInfluence``.
        joined_upto: Number of the newest event that the training saw; None joins sessions to their
            users at once.
    """

    selection: Selection
    exploration: Exploration | None = None
    popularity: float = 0.0
    freshness: float = 0.0
    joined_upto: int | None = None

    @classmethod
    def of(
        cls,
        spec: RecipeSpec,
        solution: Mapping[str, Any],
        config: Mapping[str, Any],
        joined_upto: int | None,
    ) -> Self:
        """Read how a campaign, recommender or batch job is to answer.

        Args:
            spec: Its recipe.
            solution: ``eventType`` and ``solutionConfig`` of the solution version, where given.
            config: ``campaignConfig``, ``recommenderConfig`` or ``batchInferenceJobConfig``.
            joined_upto: As the attribute.
        """
        influence: Mapping[str, float] = config.get("rankingInfluence", {})
        return cls(
            selection=selection_of(solution),
            exploration=Exploration.of_config(config) if spec.explores else None,
            popularity=float(influence.get("POPULARITY", 0)),
            freshness=float(influence.get("FRESHNESS", 0)),
            joined_upto=joined_upto,
        )


class Answerer:
    """Answers for one version; for use by several threads at once.

    Args:
        version: Of a recipe that recommends or ranks items.
        manner: How to answer.
        new: Items that the model does not know, or little of.
    """

    def __init__(self, version: SavedVersion, manner: Manner, new: NewItems) -> None:
        self.spec = version.spec
        self.catalogue = Catalogue(version.item_ids, new.ids)
        self._manner = manner
        self._new = new
        self._model = version.model
        self._ranks = self.spec.recipe_type == "PERSONALIZED_RANKING"
        if manner.popularity or manner.freshness:
            assert isinstance(self._model, Influenced), f"{self.spec.name} takes no influence"
            self._model = self._model.with_influence(manner.popularity, manner.freshness)
        self._wanted = circumstances_of(self._model)
        self._is_personal = self.spec.recipe_type in _PERSONAL and bool(self.spec.query_fields)
        per_user = 4 * self.catalogue.n_trained + 8 * KEPT_PLACES
        capacity = max(16, _KEPT_BYTES // per_user)
        self._kept = KeptScores(capacity)
        self._related: LoadOnce[int, Scores] = LoadOnce(capacity)
        self._explorers: LoadOnce[None, Explorer] = LoadOnce(1)

    def warm_up(self, live: LiveGroup) -> None:
        """Make what all answers share, so that none of them reads files."""
        self.catalogue.rows(live.items)
        exploration = self._manner.exploration
        if exploration is not None and exploration.weight:
            self._explorer(live, exploration)
        _ = self._cold

    def recommend(self, live: LiveGroup, query: Query) -> list[Served]:
        """Items for a user, for everyone, or related to an item; best first."""
        past = Past(live, query.user_id, self._manner.joined_upto)
        return self._list(live, query, past, self._scores(query, past))

    def recommend_many(self, live: LiveGroup, queries: Sequence[Query]) -> Generator[list[Served]]:
        """The answers to many questions, in their order; users are scored together."""
        width = max(1, _CELLS_AT_A_TIME // max(1, self.catalogue.n_trained))
        for start in range(0, len(queries), width):
            block = queries[start : start + width]
            pasts = [Past(live, each.user_id, self._manner.joined_upto) for each in block]
            scores = self._scores_of_users(block, pasts)
            for row, (query, past) in enumerate(zip(block, pasts, strict=True)):
                found = scores.get(row) or self._scores(query, past)
                yield self._list(live, query, past, found)

    def _list(self, live: LiveGroup, query: Query, past: Past, scores: Scores) -> list[Served]:
        allowed = self._allowed(live, query, query.keep, past)
        seed = f"{query.user_id}|{query.item_id}|{query.now:%Y-%m-%dT%H}"
        listing = Listing(self.spec, self.catalogue, scores, query.n_results, seed)
        if query.promotion is not None:
            wanted = self._allowed(live, query, query.promotion.keep, past)
            listing.promote(query.promotion, wanted)
        exploration = self._manner.exploration
        if exploration is not None and exploration.places(query.n_results):
            explorer = self._explorer(live, exploration)
            values = explorer.values(scores, query, past.events.item_ids)
            listing.explore(explorer.pool, values, exploration.places(query.n_results), allowed)
        listing.fill(allowed)
        if query.keep is not None and self.spec.gives_reasons:
            listing.fill_up(self._cold, allowed)
        return listing.finish()

    def rank(
        self,
        live: LiveGroup,
        user_id: str,
        item_ids: Sequence[str],
        keep: BoundFilter | None,
        state: int | None = None,
        context: Mapping[str, str] | None = None,
    ) -> list[Served]:
        """Given items in the order of a user's interest, each once.

        The scores are a softmax over the items of the answer that the model knows. Items that it
        does not know come last, without scores and in the order in which they were given.
        """
        query = Query(len(item_ids), user_id, keep=keep, state=state, context=context or {})
        past = Past(live, user_id, self._manner.joined_upto)
        allowed = self._allowed(live, query, keep, past)
        distinct = dict.fromkeys(item_ids)
        places = {item: self.catalogue.index.get(item, -1) for item in distinct}
        if allowed is not None:
            places = {item: at for item, at in places.items() if at < 0 or allowed[at]}
        n_trained = self.catalogue.n_trained
        known = {item: at for item, at in places.items() if 0 <= at < n_trained}
        values = self._scores(query, past).values[list(known.values())]
        among = Scores(values)
        order = among.best(len(values)).tolist()
        order += [at for at in range(len(values)) if values[at] == -np.inf]
        names = list(known)
        shares = among.shares(np.array(order, dtype=np.int64))
        ranked = [
            Served(names[at], round(share, 7)) for at, share in zip(order, shares, strict=True)
        ]
        return ranked + [Served(item, None) for item in places if item not in known]

    def _allowed(
        self, live: LiveGroup, query: Query, keep: BoundFilter | None, past: Past
    ) -> BoolArray | None:
        """Which items of the catalogue may be served; None for all."""
        mask: BoolArray | None = None
        if keep is not None:
            mask = keep.mask(self._facts(live, query, past))
        if self.spec.excludes is not None and query.user_id is not None:
            types = frozenset({normalize_event_type(self.spec.excludes)})
            left = ~self.catalogue.marked(past.items_with(types))
            mask = left if mask is None else mask & left
        return mask

    def _facts(self, live: LiveGroup, query: Query, past: Past) -> Facts:
        items, users = live.items, live.users
        return Facts(
            n=len(self.catalogue),
            table=self.catalogue.rows(items),
            interacted=lambda types: self.catalogue.marked(past.items_with(types)),
            current_user=users.row(query.user_id) if users and query.user_id else None,
            current_item=items.row(query.item_id) if items and query.item_id else None,
        )

    def _scores(self, query: Query, past: Past) -> Scores:
        if self.spec.recipe_type == "RELATED_ITEMS":
            at = self.catalogue.index.get(query.item_id or "")
            if at is None or at >= self.catalogue.n_trained:
                return self._cold
            return self._related.get(at, lambda: self._score(question_about(at)))
        if not self._is_personal or query.user_id is None:
            return self._cold
        known = self._known(past.live, query)
        who = f"{query.user_id}\n{known}" if known else query.user_id
        return self._kept.of(
            who, past, query.state, lambda events: self._score_events(events, known)
        )

    def _known(self, live: LiveGroup, query: Query) -> Known:
        users = live.users if self._wanted else None
        return known_of(self._wanted, users, query.user_id, query.context)

    def _score_events(self, events: UserEvents, known: Known) -> Scores:
        if not events and not known:
            return self._cold
        history = self._history(events)
        if known:
            history = replace(history, about=as_table(self._wanted, [known]))
        return self._score(history)

    def _scores_of_users(
        self, queries: Sequence[Query], pasts: Sequence[Past]
    ) -> dict[int, Scores]:
        """The scores of the questions, by their number, about users of whom something is known."""
        if not self._is_personal:
            return {}
        knowledge = [
            self._known(past.live, query) for query, past in zip(queries, pasts, strict=True)
        ]
        rows = [
            row
            for row, (query, past) in enumerate(zip(queries, pasts, strict=True))
            if query.user_id is not None and (past.events or knowledge[row])
        ]
        if not rows:
            return {}
        histories = concatenate([self._history(pasts[row].events) for row in rows])
        if any(knowledge):
            about = as_table(self._wanted, [knowledge[row] for row in rows])
            histories = replace(histories, about=about)
        matrix = self._score_all(histories)
        kept = _KEPT_PER_RESULT * max(query.n_results for query in queries)
        return {row: Scores(values, kept) for row, values in zip(rows, matrix, strict=True)}

    @cached_property
    def _cold(self) -> Scores:
        """What is answered where nothing is known."""
        return self._score(Histories.empty(1))

    def _score(self, histories: Histories) -> Scores:
        return Scores(self._score_all(histories)[0])

    def _score_all(self, histories: Histories) -> FloatArray:
        if self._ranks:
            return ranking_scores(self._model, histories)
        return self._model.score(histories)

    def _history(self, events: UserEvents) -> Histories:
        history = history_of(events, self.catalogue.index, self._manner.selection)
        return history.where(history.items < self.catalogue.n_trained)

    def _explorer(self, live: LiveGroup, exploration: Exploration) -> Explorer:
        """What chooses among new items, made once."""
        return self._explorers.get(None, lambda: self._make_explorer(live, exploration))

    def _make_explorer(self, live: LiveGroup, exploration: Exploration) -> Explorer:
        days = exploration.max_age_days
        return Explorer(self.catalogue, self._new, days, live.items, live.schemas)
