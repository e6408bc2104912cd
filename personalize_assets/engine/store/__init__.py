"""The state of the engine: control plane in SQLite, datasets and models as files."""

from personalize_assets.engine.store.database import StoreError
from personalize_assets.engine.store.events import Event
from personalize_assets.engine.store.item_records import ItemRecord
from personalize_assets.engine.store.records import Job, Resource
from personalize_assets.engine.store.resources import DuplicateResource
from personalize_assets.engine.store.store import Store

__all__ = ["DuplicateResource", "Event", "ItemRecord", "Job", "Resource", "Store", "StoreError"]
