"""The SQLite database of the control plane: opened, brought up to date, written in transactions.

One connection serves all threads of the engine behind one lock; statements take microseconds. WAL
lets other processes read meanwhile. Nothing here knows what the tables mean.
"""

import logging
import sqlite3
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from personalize_assets.engine.store.crash_points import reached
from personalize_assets.engine.store.migrations import MIGRATIONS

log = logging.getLogger(__name__)

Row = sqlite3.Row


class StoreError(Exception):
    """The state cannot be used; the message is one line that says which file and why."""


class Database:
    """A connection with re-entrant transactions.

    Args:
        path: The database file; made when missing.

    Raises:
        StoreError: The file cannot be written, is no database, or is of a newer version.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._listeners: list[Callable[[], None]] = []
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._connection.row_factory = sqlite3.Row
            for pragma in (
                "journal_mode = WAL",
                "synchronous = NORMAL",
                "foreign_keys = ON",
                "busy_timeout = 10000",
            ):
                self._connection.execute(f"PRAGMA {pragma}")
            self._migrate(path)
        except sqlite3.Error as error:
            raise StoreError(f"cannot use the database {path}: {error}") from error

    def _migrate(self, path: Path) -> None:
        version = int(self._connection.execute("PRAGMA user_version").fetchone()[0])
        if version > len(MIGRATIONS):
            raise StoreError(
                f"the database {path} has version {version}, made by a newer release; this one "
                f"knows versions up to {len(MIGRATIONS)}"
            )
        for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
            self._connection.executescript(
                f"BEGIN IMMEDIATE; {script}; PRAGMA user_version = {number}; COMMIT;"
            )
            log.info("database %s is at version %d", path, number)

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Make all writes within it happen together or not at all; may be nested.

        After the outermost one is committed, the listeners of `on_commit` are called.
        """
        with self._lock:
            if self._depth == 0:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._connection.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth > 0:
                return
            reached("database: before commit")
            self._connection.execute("COMMIT")
            reached("database: after commit")
        for listener in tuple(self._listeners):
            listener()

    def on_commit(self, listener: Callable[[], None]) -> None:
        """Have ``listener`` called after each committed transaction, on the thread that wrote."""
        self._listeners.append(listener)

    def query(self, sql: str, *values: Any) -> Sequence[Row]:
        """Read all rows of a SELECT."""
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def write(self, sql: str, *values: Any) -> int:
        """Run one INSERT, UPDATE or DELETE and tell how many rows it touched.

        Raises:
            RuntimeError: Not within a transaction.
        """
        with self._lock:
            if self._depth == 0:
                raise RuntimeError(f"a write outside of a transaction: {sql}")
            reached("database: before write")
            return self._connection.execute(sql, values).rowcount

    def close(self) -> None:
        """Close the connection, which also folds the write-ahead log into the file."""
        with self._lock:
            self._connection.close()
