"""Reading the streams of events and records from the engine's database, beside its writer.

Connections are read-only and one a thread, so that reading neither waits for the engine's own
connection nor for other readers. Knows the tables' columns and nothing of schemas.
"""

import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any


class Reader:
    """Read-only connections to one database.

    Args:
        database: Path of the file.
    """

    def __init__(self, database: str) -> None:
        self._uri = f"{Path(database).absolute().as_uri()}?mode=ro"
        self._local = threading.local()
        self._lock = threading.Lock()
        self._connections: list[sqlite3.Connection] = []

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a SELECT, which sees everything that is committed."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._connect()
        return connection.execute(sql, values).fetchall()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._uri, uri=True, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA busy_timeout = 10000")
        self._local.connection = connection
        with self._lock:
            self._connections.append(connection)
        return connection

    def close(self) -> None:
        """Close the connections of all threads; none may be reading."""
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
        self._local = threading.local()
