"""The data of a group as requests need them: the history of one user, the rows of all entities.

Imported data are held in memory, streamed events are read from the database at each question, so
that an event counts as soon as it is acknowledged. Works in the engine and in workers alike. Knows
no recipe and no request.
"""
# pyarrow has no types.
# pyright: standard

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from personalize_assets.core.filters import EntityTable
from personalize_assets.core.schemas import DatasetType, Schema
from personalize_assets.engine.data.columns import ID_COLUMNS
from personalize_assets.engine.data.histories import BulkHistories, UserEvents, join_events
from personalize_assets.engine.data.reader import Reader
from personalize_assets.engine.data.records import (
    RecordType,
    load_records,
    merge_newest,
    newest_record,
)
from personalize_assets.engine.data.sources import DatasetSource, GroupSources, describe_group
from personalize_assets.engine.data.streams import events_of, users_with
from personalize_assets.engine.store import Store

__all__ = ["LiveData", "LiveGroup", "UserEvents"]

_GROUPS: Final = 16
"""How many groups are held at once; an account has five."""

_STATE: Final = """
    SELECT arn, sequence, json_extract(body, '$.schemaArn'), json_extract(hidden, '$.artifact'),
        json_extract(hidden, '$.erasures')
    FROM resources WHERE group_arn = ? AND kind = 'dataset'
"""


class LiveGroup:
    """The data of one group; for use by several threads at once.

    Args:
        sources: Where the data lie; a cut of the streams is kept to.
        reader: Reads the streams; by default one of its own.
        earlier: The group as it was: what did not change is taken over.
    """

    def __init__(
        self,
        sources: GroupSources,
        reader: Reader | None = None,
        earlier: "LiveGroup | None" = None,
    ) -> None:
        self.sources = sources
        self._reader = reader or Reader(sources.database)
        self._histories: dict[DatasetSource, _Interactions] = {}
        self._entities: dict[DatasetSource, _Entities] = {}
        for dataset_type, source in sources.datasets.items():
            if dataset_type in ID_COLUMNS:
                entities = earlier.entities_of(source) if earlier else None
                self._entities[source] = entities or _Entities(source, self._reader)
            else:
                histories = earlier.histories_of(source) if earlier else None
                self._histories[source] = histories or _Interactions(source, self._reader)

    def entities_of(self, source: DatasetSource) -> "_Entities | None":
        """What is held of a dataset of items, users or actions."""
        return self._entities.get(source)

    def histories_of(self, source: DatasetSource) -> "_Interactions | None":
        """What is held of a dataset of interactions."""
        return self._histories.get(source)

    @property
    def schemas(self) -> dict[DatasetType, Schema]:
        """The schemas of the group's datasets by type."""
        return {name: source.schema for name, source in self.sources.datasets.items()}

    @property
    def items(self) -> EntityTable | None:
        """Metadata of items, the newest; None if there is no Items dataset or it is empty."""
        return self._table("ITEMS")

    @property
    def users(self) -> EntityTable | None:
        """Metadata of users, the newest; None if there is no Users dataset or it is empty."""
        return self._table("USERS")

    @property
    def actions(self) -> EntityTable | None:
        """Metadata of actions, the newest; None if there is no Actions dataset or it is empty."""
        return self._table("ACTIONS")

    def events_of(
        self, user_id: str, limit: int | None = None, *, joined_upto: int | None = None
    ) -> UserEvents:
        """The item interactions of a user, imported and streamed, oldest first.

        Args:
            user_id: A user, or a session that was not joined to a user.
            limit: Only the newest ones, so many; None for all.
            joined_upto: Number of the newest event that a full training saw: sessions that named
                their user only later are still sessions. None joins them at once.
        """
        return self._events("INTERACTIONS", user_id, limit, joined_upto)

    def action_events_of(
        self, user_id: str, limit: int | None = None, *, joined_upto: int | None = None
    ) -> UserEvents:
        """The action interactions of a user, as `events_of` gives those with items."""
        return self._events("ACTION_INTERACTIONS", user_id, limit, joined_upto)

    def users_with(
        self,
        event_types: Collection[str] | None = None,
        *,
        normalize: Callable[[str], str] = str,
    ) -> frozenset[str]:
        """The users with item interactions of some types.

        Args:
            event_types: Which types, normalized; None for any.
            normalize: Brings the event types of the data to the form of ``event_types``.
        """
        source = self.sources.datasets.get("INTERACTIONS")
        if source is None:
            return frozenset()

        def counts(event_type: str | None) -> bool:
            if event_types is None:
                return True
            return event_type is not None and normalize(event_type) in event_types

        streamed = users_with(self._reader, source.arn, counts, self.sources.upto_events)
        return frozenset(streamed | self._histories[source].bulk().users_with(counts))

    def close(self) -> None:
        """Close the connections to the database."""
        self._reader.close()

    def _events(
        self, dataset_type: DatasetType, user_id: str, limit: int | None, joined_upto: int | None
    ) -> UserEvents:
        source = self.sources.datasets.get(dataset_type)
        if source is None:
            return UserEvents.none()
        streamed = events_of(
            self._reader,
            source.arn,
            user_id,
            limit=limit,
            joined_upto=joined_upto,
            upto=self.sources.upto_events,
        )
        return join_events(self._histories[source].bulk().of(user_id, limit), streamed, limit)

    def _table(self, dataset_type: RecordType) -> EntityTable | None:
        source = self.sources.datasets.get(dataset_type)
        return None if source is None else self._entities[source].table(self.sources.upto_records)


@dataclass(frozen=True, slots=True)
class _Held:
    """A group with what it was made from: the engine's commits and the state of its datasets."""

    commits: int
    state: list[tuple[Any, ...]]
    group: LiveGroup


class LiveData:
    """The live groups of an engine.

    Args:
        store: Of the engine.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._reader = Reader(str(store.artifacts.root / "control.sqlite3"))
        self._lock = threading.Lock()
        self._commits = 0
        self._groups: dict[str, _Held] = {}
        store.database.on_commit(self._note_commit)

    def _note_commit(self) -> None:
        self._commits += 1

    def group(self, group_arn: str) -> LiveGroup:
        """The data of a group as they are now; an unknown group has none."""
        commits = self._commits  # before looking, so that what comes meanwhile is not missed
        held = self._groups.get(group_arn)
        if held is not None and held.commits == commits:
            return held.group
        state = self._reader.rows(_STATE, (group_arn,))
        with self._lock:
            earlier = self._groups.pop(group_arn, None)
            if earlier is not None and earlier.state == state:
                group = earlier.group
            else:
                sources = describe_group(self._store, group_arn, live=True)
                group = LiveGroup(sources, self._reader, earlier.group if earlier else None)
            self._groups[group_arn] = _Held(commits, state, group)
            while len(self._groups) > _GROUPS:
                del self._groups[next(iter(self._groups))]
        return group

    def close(self) -> None:
        """Close the connections to the database."""
        self._reader.close()


class _Interactions:
    """The imported interactions of one dataset, read when first asked for."""

    def __init__(self, source: DatasetSource, reader: Reader) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._bulk: BulkHistories | None = None

    def bulk(self) -> BulkHistories:
        if self._bulk is None:
            with self._lock:
                if self._bulk is None:
                    self._bulk = BulkHistories.read(self._source)
        return self._bulk


class _Entities:
    """The merged rows of one dataset, made again when records came."""

    def __init__(self, source: DatasetSource, reader: Reader) -> None:
        self._source = source
        self._reader = reader
        self._lock = threading.Lock()
        self._bulk: pa.Table | None = None
        self._loaded = False
        self._made: tuple[int, EntityTable | None] | None = None

    def table(self, upto: int | None) -> EntityTable | None:
        newest = newest_record(self._reader, self._source.arn, upto)
        made = self._made
        if made is not None and made[0] >= newest:
            return made[1]
        with self._lock:
            made = self._made
            if made is None or made[0] < newest:
                made = self._made = (newest, self._make(newest))
        return made[1]

    def _make(self, upto: int) -> EntityTable | None:
        if not self._loaded:
            self._bulk = load_records(self._source)
            self._loaded = True
        merged = merge_newest(self._reader, self._source, self._bulk, upto)
        if not merged.num_rows:
            return None
        return EntityTable.from_arrow(merged, ID_COLUMNS[self._source.dataset_type])
