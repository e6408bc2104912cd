"""The one object that a running engine answers runtime requests with: models and data in memory."""
# pyarrow has no types.
# pyright: standard

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from personalize_assets.core.filters import BoundFilter, Filter, bind, parse_filter
from personalize_assets.engine.context import MustWait
from personalize_assets.engine.data.live import LiveData, LiveGroup
from personalize_assets.engine.serving.actions import ActionAnswerer
from personalize_assets.engine.serving.answerer import Answerer
from personalize_assets.engine.serving.backing import Backing, Deployed, backing_of
from personalize_assets.engine.serving.exploration import NEW_ITEMS, NewItems
from personalize_assets.engine.serving.load_once import LoadOnce
from personalize_assets.engine.serving.shown import ShownItems
from personalize_assets.engine.store import Resource, Store
from personalize_assets.recipes.artifact import SavedVersion, load_version

_MODELS: Final = 8
"""How many models are held in memory; the one that was asked longest ago goes first."""
_QUICK_ROWS: Final = 100_000
"""Items, users and actions together, up to which an answer does not hold others up."""


class Serving:
    """Answers runtime requests.

    Args:
        store: Of the engine.
        clock: The present moment.
        new_id: Fresh identifiers of eight hexadecimal digits.
    """

    def __init__(
        self, store: Store, clock: Callable[[], datetime], new_id: Callable[[], str]
    ) -> None:
        self._store = store
        self._new_id = new_id
        self.clock = clock
        self.shown = ShownItems()
        self._live = LiveData(store)
        self._versions: LoadOnce[Path, SavedVersion] = LoadOnce(_MODELS)
        self._answerers: LoadOnce[Deployed, Answerer] = LoadOnce(_MODELS)
        self._action_answerers: LoadOnce[Deployed, ActionAnswerer] = LoadOnce(_MODELS)
        self._commits = 0
        self._resources: dict[str, tuple[int, Resource]] = {}
        self._backings: dict[str, tuple[int, Backing]] = {}
        self._quick: dict[str, tuple[Deployed, LiveGroup]] = {}
        store.database.on_commit(self._note_commit)

    def _note_commit(self) -> None:
        self._commits += 1

    @property
    def state(self) -> int:
        """Grows with everything that is written, before whoever wrote it goes on."""
        return self._commits

    def resource(self, arn: str) -> Resource | None:
        """A resource as it is now, read again only after something was written."""
        commits = self._commits  # before looking, so that what comes meanwhile is not missed
        held = self._resources.get(arn)
        if held is not None and held[0] == commits:
            return held[1]
        found = self._store.resources.get(arn)
        if found is None:
            self._resources.pop(arn, None)
            return None
        self._resources[arn] = (commits, found)
        return found

    def backing(self, resource: Resource) -> Backing:
        """What answers for a campaign or a recommender.

        Raises:
            NotDeployed: Nothing does.
        """
        commits = self._commits
        held = self._backings.get(resource.arn)
        if held is not None and held[0] == commits:
            return held[1]
        found = backing_of(self._store, resource)
        self._backings[resource.arn] = (commits, found)
        return found

    def live(self, backing: Backing, *, may_wait: bool) -> LiveGroup:
        """The data of the group that a campaign or recommender belongs to.

        Raises:
            MustWait: The caller may not wait, and model or data may have to be read from files, or
                are so large that an answer takes long.
        """
        live = self._live.group(backing.resource.group_arn or "")
        if not may_wait and self._quick.get(backing.resource.arn) != (backing.deployed, live):
            raise MustWait
        return live

    def note_answer(self, backing: Backing, live: LiveGroup) -> None:
        """Note that model and data are in memory, for those who may not wait."""
        arn = backing.resource.arn
        if self._quick.get(arn) == (backing.deployed, live):
            return
        tables = (live.items, live.users, live.actions)
        rows = sum(len(table) for table in tables if table is not None)
        rows += len(self._version(backing.deployed).item_ids)
        if rows <= _QUICK_ROWS:
            if backing.spec.recipe_type != "PERSONALIZED_ACTIONS":
                self.items(backing).warm_up(live)
            self._quick[arn] = (backing.deployed, live)

    def items(self, backing: Backing) -> Answerer:
        """What answers with items."""
        deployed = backing.deployed
        return self._answerers.get(
            deployed,
            lambda: Answerer(
                self._version(deployed),
                deployed.manner,
                NewItems.read(deployed.refreshed or deployed.artifact / NEW_ITEMS),
            ),
        )

    def actions(self, backing: Backing) -> ActionAnswerer:
        """What answers with actions."""
        deployed = backing.deployed
        return self._action_answerers.get(
            deployed, lambda: ActionAnswerer(self._version(deployed), deployed.manner.joined_upto)
        )

    def recommendation_id(self, backing: Backing) -> str:
        """A fresh id whose last six digits tell the campaign or recommender.

        Has the form and length of those of AWS: ``RID-40-42ab-acfe-99a87e8a5023-CID-55f538``.
        """
        digits = self._new_id() + self._new_id() + self._new_id()
        middle = "-".join((digits[:2], digits[2:6], digits[6:10], digits[10:22]))
        return f"RID-{middle}-CID-{backing.mark}"

    def close(self) -> None:
        """Let go of files and connections."""
        self._live.close()

    def _version(self, deployed: Deployed) -> SavedVersion:
        return self._versions.get(deployed.artifact, lambda: load_version(deployed.artifact))


@lru_cache(maxsize=256)
def parsed_filter(expression: str) -> Filter:
    """A filter of the store, parsed once."""
    return parse_filter(expression)


def bound_filter(expression: str, values: Mapping[str, str]) -> BoundFilter:
    """A filter with its values, made once for equal ones.

    Raises:
        FilterError: The values do not fit.
    """
    return _bound(expression, tuple(sorted(values.items())))


@lru_cache(maxsize=1_024)
def _bound(expression: str, values: tuple[tuple[str, str], ...]) -> BoundFilter:
    return bind(parsed_filter(expression), dict(values))
