"""The state of an engine as one file: a gzipped tar of database, datasets, models and clock.

Objects in S3 are not part of it. An export shows one moment of a running engine: the database as
one snapshot, and links to the files as they were then, which never change. An import is taken
apart and checked aside; `exchange` then puts it in place.
"""

import json
import os
import shutil
import sqlite3
import tarfile
import zlib
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from personalize_assets.engine.clock import ClockError, EngineClock
from personalize_assets.engine.exchange import INCOMING
from personalize_assets.engine.store import Store, StoreError

FORMAT: Final = 1
_MANIFEST: Final = "manifest.json"
_DATABASE: Final = "control.sqlite3"
_LEFT_OUT: Final = frozenset({"tmp", "engine.lock", INCOMING, f"{INCOMING}.ready"})


class ArchiveError(ValueError):
    """A file is not the exported state of an engine, or not a usable one."""


def export_state(store: Store, workspace: Path, now: datetime) -> Path:
    """Write the present state into a file.

    Args:
        store: Of the engine, which goes on working.
        workspace: An empty folder on the disk of the state.
        now: Kept in the manifest.

    Returns:
        The file, in ``workspace``.
    """
    copy = workspace / "state"
    copy.mkdir()
    root = store.artifacts.root
    with closing(_read_only(root / _DATABASE)) as snapshot:
        with store.transaction():  # nothing changes between the links and the snapshot
            snapshot.execute("BEGIN")
            snapshot.execute("SELECT count(*) FROM resources").fetchone()
            _link_files(root, copy)
        _copy_database(snapshot, copy / _DATABASE)
    manifest = {"format": FORMAT, "exported_at": now.isoformat()}
    (copy / _MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    archive = workspace / "state.tar.gz"
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        for entry in sorted(copy.iterdir()):
            tar.add(entry, entry.name)
    return archive


def unpack_state(archive: Path, workspace: Path) -> Path:
    """Take an exported state apart and check that an engine can work with it.

    Args:
        archive: A file of `export_state`.
        workspace: An empty folder on the disk of the state.

    Returns:
        The folder with the files of the state, ready to be staged.

    Raises:
        ArchiveError: It is no such file, of a later format, or incomplete.
    """
    made = workspace / "engine"
    made.mkdir()
    try:
        with tarfile.open(archive, "r:gz") as tar:
            tar.extractall(made, filter="data")
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise ArchiveError(f"not an exported state (a .tar.gz of an engine): {error}") from None
    _check_manifest(made / _MANIFEST)
    if not (made / _DATABASE).is_file():
        raise ArchiveError(f"the archive lacks {_DATABASE}")
    for name in _LEFT_OUT:
        shutil.rmtree(made / name, ignore_errors=True)
    _check_database(workspace)
    try:
        EngineClock(made)
    except ClockError as error:
        raise ArchiveError(str(error)) from None
    return made


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None)


def _link_files(root: Path, copy: Path) -> None:
    for entry in root.iterdir():
        if entry.name in _LEFT_OUT or entry.name.startswith(_DATABASE):
            continue
        if entry.is_dir():
            shutil.copytree(entry, copy / entry.name, copy_function=_link)
        else:
            shutil.copy2(entry, copy / entry.name)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without links
        shutil.copy2(source, target)


def _copy_database(snapshot: sqlite3.Connection, target: Path) -> None:
    """Write what ``snapshot`` sees; jobs at work will begin anew where the state is imported."""
    with closing(sqlite3.connect(target, isolation_level=None)) as copy:
        snapshot.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
        copy.execute(
            "UPDATE jobs SET state = 'pending', attempt = attempt - 1, pid = NULL"
            " WHERE state = 'running'"
        )


def _check_manifest(path: Path) -> None:
    try:
        manifest: Any = json.loads(path.read_bytes())
        found = manifest["format"]
    except (OSError, ValueError, KeyError, TypeError):
        raise ArchiveError(f"the archive has no {_MANIFEST} with a format") from None
    if found != FORMAT:
        raise ArchiveError(f"the archive has format {found!r}; this release reads {FORMAT}")
    path.unlink()


def _check_database(state_dir: Path) -> None:
    """Open what lies in ``state_dir``, which also brings it up to date."""
    try:
        store = Store.open(state_dir)
    except StoreError as error:
        raise ArchiveError(f"the archive's database cannot be used: {error}") from None
    try:
        faults = [row[0] for row in store.database.query("PRAGMA quick_check(1)")]
        used = store.used_artifacts() if faults == ["ok"] else set[str]()
        missing = sorted(path for path in used if not store.artifacts.path(path).exists())
    except sqlite3.Error as error:
        faults, missing = [str(error)], []
    finally:
        store.close()
    if faults != ["ok"]:
        raise ArchiveError(f"the archive's database is spoilt: {faults[0]}")
    if missing:
        raise ArchiveError(f"the archive lacks {missing[0]}, which a resource needs")
