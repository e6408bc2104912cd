"""The prepared world, made once for all test processes, and engines on copies of it."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from personalize_assets_tests.engine.backend import Backend
from personalize_assets_tests.engine.conftest import LocalS3
from personalize_assets_tests.engine.requests.opening import Site, open_site
from personalize_assets_tests.engine.requests.table import Table, make_table
from personalize_assets_tests.engine.requests.world import BUCKET, Builder, Known, objects


@dataclass(frozen=True)
class Prepared:
    """The prepared world on disk.

    Attributes:
        state: Its state folder; only copies are opened.
        known: What its names do not tell.
    """

    state: Path
    known: Known


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, backend: Backend, s3: LocalS3) -> Prepared:
    """The prepared world; of two test processes the first one makes it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "prepared-world"
    folder.mkdir(exist_ok=True)
    s3.client.create_bucket(Bucket=BUCKET)
    for key, text in objects().items():
        s3.client.put_object(Bucket=BUCKET, Key=key, Body=text.encode())
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "known.json").exists():
            with open_site(backend, folder / "state", s3.endpoint) as site:
                Builder(site).build().write(folder / "known.json")
    return Prepared(folder / "state", Known.read(folder / "known.json"))


@pytest.fixture(scope="session")
def known(prepared: Prepared) -> Known:
    """What the names of the prepared world do not tell."""
    return prepared.known


@pytest.fixture(scope="session")
def table(prepared: Prepared) -> Table:
    """Valid requests of all operations."""
    return make_table(prepared.known)


@pytest.fixture(scope="module")
def folder(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the prepared world, to be `restored` for each test."""
    folder = tmp_path_factory.mktemp("world") / "state"
    shutil.copytree(prepared.state, folder)
    return folder


@pytest.fixture
def site(prepared: Prepared, folder: Path, backend: Backend, s3: LocalS3) -> Iterator[Site]:
    """An engine on a copy of the prepared world."""
    restore(folder, prepared.state)
    with open_site(backend, folder, s3.endpoint) as opened:
        yield opened


@pytest.fixture(scope="module")
def standing(prepared: Prepared, folder: Path, backend: Backend, s3: LocalS3) -> Iterator[Site]:
    """One engine for all tests of a module, which leave it as it was."""
    restore(folder, prepared.state)
    with open_site(backend, folder, s3.endpoint) as opened:
        yield opened


def restore(folder: Path, original: Path) -> None:
    """Make a copy what it was: artifacts come and go, but only the database's files change."""
    wanted, found = _files(original), _files(folder)
    for each in found:
        if each not in wanted or each.name.startswith("control.sqlite3"):
            (folder / each).unlink()
    for each in wanted:
        if each not in found or each.name.startswith("control.sqlite3"):
            (folder / each).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(original / each, folder / each)


def _files(folder: Path) -> set[Path]:
    return {
        Path(parent, name).relative_to(folder)
        for parent, _, names in os.walk(folder)
        for name in names
    }
