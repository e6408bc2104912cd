"""The work of a batch segment job: files of items or attributes in S3 to files of users.

Knows neither files nor how models score.
"""
# pyarrow has no types, and makes its compute functions at run time.
# pyright: standard, reportAttributeAccessIssue=false

import json
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from personalize_assets.core.filters import (
    BoolArray,
    BoundFilter,
    EntityTable,
    Facts,
    FilterError,
    check_attributes,
    normalize_event_type,
    parse_attributes,
)
from personalize_assets.core.names import (
    MAX_ATTRIBUTE_AFFINITY_QUERIES,
    MAX_ITEM_AFFINITY_QUERIES,
)
from personalize_assets.engine.data import GroupSources, LiveGroup
from personalize_assets.engine.jobs.batch_files import answer_files
from personalize_assets.engine.jobs.batch_inference import (
    FilterOfLines,
    describe_version,
    fields_of,
)
from personalize_assets.engine.jobs.batch_lines import (
    LineError,
    Query,
    format_answer,
    format_failure,
    parse_query,
)
from personalize_assets.engine.jobs.kinds import Json, Outcome, Report
from personalize_assets.engine.jobs.states import CREATE, Course
from personalize_assets.engine.serving.scores import top_of
from personalize_assets.engine.store import Resource, Store
from personalize_assets.recipes.artifact import load_version
from personalize_assets.recipes.base import SegmentModel
from personalize_assets.recipes.histories import FloatArray

_MEMBER: Final = "usersList"


@dataclass(frozen=True)
class BatchSegment:
    """Answers every line of every input file with users."""

    name: str = "batch-segment"
    course: Course = CREATE

    def exclusive(self, resource: Resource) -> str:
        """Batch jobs do not hinder each other."""
        return ""

    def prepare(self, store: Store, resource: Resource, now: datetime) -> Json:
        """Take the model, the places of the data and both addresses along."""
        return describe_version(store, resource)

    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        """Answer file after file; each output file is put in S3 when it is complete."""
        return answer_files(order, workspace, report, lambda: _Segments(order))

    def finish(
        self, store: Store, resource: Resource, result: Json, workspace: Path, version: str
    ) -> Outcome:
        """Nothing but counts: the output is in S3."""
        return Outcome(body={}, hidden=result)


class _Segments:
    """Answers lines, and counts them."""

    def __init__(self, order: Json) -> None:
        version = load_version(Path(order["model"]))
        assert isinstance(version.trained, SegmentModel), version.spec.name
        assert version.user_ids is not None
        self._model = version.trained
        self._fields = fields_of(version.spec)
        self._users: list[str] = version.user_ids.to_pylist()
        self._index = {item: at for at, item in enumerate(version.item_ids.to_pylist())}
        self._items = version.items and EntityTable.from_arrow(version.items, "ITEM_ID")
        self._live = LiveGroup(GroupSources.from_json(order["sources"]))
        self._schema = self._live.schemas.get("ITEMS")
        self._facts = _facts(self._live, version.user_ids)
        self._filter = FilterOfLines(order["filter"])
        self._n_results: int = order["n_results"]
        by_item = "itemId" in self._fields
        self.most_lines = MAX_ITEM_AFFINITY_QUERIES if by_item else MAX_ATTRIBUTE_AFFINITY_QUERIES
        self.answered = 0
        self.failed = 0

    def answer(self, lines: Sequence[str]) -> Generator[str]:
        """The answers to some lines, one by one: a segment may hold millions of users."""
        for line in lines:
            query = parse_query(line, self._fields)
            try:
                if query.error is None:
                    yield self._segment(query)
                    self.answered += 1
                    continue
            except (LineError, FilterError) as error:
                query = Query(query.echo, f"User error: {error}")
            self.failed += 1
            yield format_failure(query, _MEMBER)

    def _segment(self, query: Query) -> str:
        keep = self._filter.bind(query)
        scores = self._model.score_users(self._weights(query))[0]
        best = top_of(_only(scores, keep, self._facts), min(self._n_results, len(scores)))
        ids = [json.dumps(self._users[at]) for at in best.tolist()]
        return format_answer(query, ids, member=_MEMBER)

    def _weights(self, query: Query) -> sparse.csr_array:
        """Which items a query is about, shape ``(1, n_items)``."""
        if query.item:
            at = self._index.get(query.item)
            if at is None:
                raise LineError(
                    f"the item {query.item!r} was not in the data that the solution version was "
                    "trained on"
                )
            columns = np.array([at])
        else:
            columns = self._meant(query.attributes)
        ones = np.ones(len(columns), dtype=np.float32)
        rows = np.zeros(len(columns), dtype=np.int64)
        return sparse.csr_array((ones, (rows, columns)), shape=(1, len(self._index)))

    def _meant(self, attributes: str) -> np.ndarray:
        found = parse_attributes(attributes)
        if self._schema is not None:
            check_attributes(found, self._schema)
        if self._items is None:
            raise LineError("the solution version was trained without an Items dataset")
        columns = np.flatnonzero(found.mask(self._items))
        if not len(columns):
            raise LineError(f"no item has the attributes {found}")
        return columns


def _only(scores: FloatArray, keep: BoundFilter | None, facts: Facts) -> FloatArray:
    return scores if keep is None else np.where(keep.mask(facts), scores, -np.inf)


def _facts(live: LiveGroup, user_ids: pa.StringArray) -> Facts:
    """What a filter for users may ask, about the users of the model."""
    users = live.users
    if users is not None:
        at = pc.index_in(user_ids, value_set=users.ids).fill_null(-1)
        users = users.take(np.asarray(at, dtype=np.int64))

    def interacted(types: frozenset[str] | None) -> BoolArray:
        found = live.users_with(types, normalize=normalize_event_type)
        return np.asarray(pc.is_in(user_ids, value_set=pa.array(sorted(found), pa.string())))

    return Facts(
        n=len(user_ids), table=users, interacted=interacted, current_user=None, current_item=None
    )
