"""The state of one engine: control plane and artifacts in the folder ``engine`` of a state folder.

That only one process holds the folder is the caller's part; see `state_folder`.
"""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

from personalize_assets.engine.store.artifacts import Artifacts
from personalize_assets.engine.store.database import Database, StoreError
from personalize_assets.engine.store.events import EventTable
from personalize_assets.engine.store.item_records import RecordTable
from personalize_assets.engine.store.jobs import JobTable
from personalize_assets.engine.store.resources import ResourceTable
from personalize_assets.engine.store.tags import TagTable


class Store:
    """Tables and folders of one engine; made by `Store.open`.

    Attributes:
        database: The connection, for listeners of commits.
        resources: Everything with an ARN.
        tags: Tags of resources.
        jobs: The queue of asynchronous work.
        events: What PutEvents and PutActionInteractions brought.
        records: What PutItems, PutUsers and PutActions brought.
        artifacts: Datasets and models.
    """

    def __init__(self, database: Database, artifacts: Artifacts) -> None:
        self.database = database
        self.resources = ResourceTable(database)
        self.tags = TagTable(database)
        self.jobs = JobTable(database)
        self.events = EventTable(database)
        self.records = RecordTable(database)
        self.artifacts = artifacts

    @classmethod
    def open(cls, state_dir: Path) -> Self:
        """Open what is in the folder ``engine`` of ``state_dir``, making it when missing.

        Raises:
            StoreError: The folder cannot be written, or its database cannot be used; one line.
        """
        root = state_dir.absolute() / "engine"
        try:
            artifacts = Artifacts(root)
        except OSError as error:
            raise StoreError(
                f"cannot write to the state folder {root}: {error.strerror or error}"
            ) from error
        return cls(Database(root / "control.sqlite3"), artifacts)

    def transaction(self) -> AbstractContextManager[None]:
        """Make all writes within it happen together or not at all; may be nested."""
        return self.database.transaction()

    def sweep(self, *, temporary: bool) -> int:
        """Remove artifacts that no resource names; see `Artifacts.sweep`."""
        return self.artifacts.sweep(self.used_artifacts(), temporary=temporary)

    def used_artifacts(self) -> set[str]:
        """Relative paths of all artifacts that a resource names."""
        return {
            path
            for member in ("artifact", "refreshed")
            for path in self.resources.hidden_values(member)
        }

    def close(self) -> None:
        """Close the database."""
        self.database.close()
