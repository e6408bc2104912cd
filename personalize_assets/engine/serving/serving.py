"""The one object that a running engine answers runtime requests with: models and data in memory."""

from collections.abc import Callable
from datetime import datetime

from personalize_assets.engine.store import Store


class Serving:
    """Answers runtime requests.

    Args:
        store: Of the engine.
        clock: The present moment.
        new_id: Fresh identifiers.
    """

    def __init__(
        self, store: Store, clock: Callable[[], datetime], new_id: Callable[[], str]
    ) -> None:
        self._store = store
        self._clock = clock
        self._new_id = new_id

    def close(self) -> None:
        """Let go of files and connections."""
