import sqlite3
import threading
from pathlib import Path

import pytest

from personalize_assets.engine.store.database import Database, StoreError
from personalize_assets.engine.store.migrations import MIGRATIONS


@pytest.fixture
def database(tmp_path: Path) -> Database:
    opened = Database(tmp_path / "db.sqlite3")
    with opened.transaction():
        opened.write("CREATE TABLE numbers (n INTEGER PRIMARY KEY)")
    return opened


def numbers(database: Database) -> list[int]:
    return [row["n"] for row in database.query("SELECT n FROM numbers ORDER BY n")]


def insert(database: Database, number: int) -> None:
    database.write("INSERT INTO numbers VALUES (?)", number)


def insert_and_fail(database: Database, number: int) -> None:
    with database.transaction():
        insert(database, number)
        raise KeyError


def test_transaction__all_or_nothing(database: Database) -> None:
    with pytest.raises(KeyError):
        insert_and_fail(database, 1)
    assert numbers(database) == []
    with database.transaction():
        insert(database, 2)
    assert numbers(database) == [2]


def test_transaction__inner_failure_undoes_the_outer_one(database: Database) -> None:
    with pytest.raises(KeyError), database.transaction():
        insert_and_fail(database, 1)
    assert numbers(database) == []
    with database.transaction():
        insert(database, 3)
    assert numbers(database) == [3]


def test_write__needs_a_transaction(database: Database) -> None:
    with pytest.raises(RuntimeError, match="a write outside of a transaction: INSERT"):
        insert(database, 1)


def test_on_commit__once_after_the_outermost(database: Database) -> None:
    seen: list[list[int]] = []
    database.on_commit(lambda: seen.append(numbers(database)))
    with database.transaction():
        insert(database, 1)
        with database.transaction():
            insert(database, 2)
        assert seen == []
    assert seen == [[1, 2]]
    with pytest.raises(KeyError):
        insert_and_fail(database, 3)
    assert seen == [[1, 2]]


def test_transaction__threads_wait_for_each_other(database: Database) -> None:
    def add(start: int) -> None:
        for number in range(start, start + 50):
            with database.transaction():
                insert(database, number)
                assert database.query("SELECT n FROM numbers WHERE n = ?", number)

    threads = [threading.Thread(target=add, args=(100 * index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(numbers(database)) == 200


def test_open__is_in_wal_mode_and_keeps_its_version(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite3"
    Database(path).close()
    Database(path).close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)


def test_open__newer_version(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="has version 99, made by a newer release"):
        Database(path)


def test_open__no_database(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite3"
    path.write_text("this is a text, and longer than the header of a database would be\n" * 20)
    with pytest.raises(StoreError, match=r"cannot use the database .*: file is not a database"):
        Database(path)
