"""pytest fixtures around `local_personalize`; loaded by itself where this package is installed.

Nothing starts before a test asks for a fixture. Under pytest-xdist each worker has engines of its
own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from personalize_assets.testing.control import Clock, FaultInjection
    from personalize_assets.testing.local import LocalPersonalize

_FOREIGN = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL")


@pytest.fixture(scope="session")
def personalize_options() -> Mapping[str, Any]:
    """Arguments for `local_personalize`; override it in your conftest.py."""
    return {}


@pytest.fixture(scope="session")
def personalize_session(
    personalize_options: Mapping[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalPersonalize]:
    """An engine that keeps what tests make, for fixtures of a wider scope of your own."""
    yield from _run(tmp_path_factory.mktemp("personalize-session"), personalize_options)


@pytest.fixture(scope="session")
def _personalize_process(
    personalize_options: Mapping[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalPersonalize]:
    yield from _run(tmp_path_factory.mktemp("personalize"), personalize_options)


@pytest.fixture
def personalize_engine(_personalize_process: LocalPersonalize) -> LocalPersonalize:
    """An empty engine with an empty S3, a right clock and no faults, for each test."""
    _personalize_process.reset()
    return _personalize_process


@pytest.fixture
def personalize_client(personalize_engine: LocalPersonalize) -> Any:
    """boto3 client of personalize."""
    return personalize_engine.personalize


@pytest.fixture
def personalize_runtime_client(personalize_engine: LocalPersonalize) -> Any:
    """boto3 client of personalize-runtime."""
    return personalize_engine.personalize_runtime


@pytest.fixture
def personalize_events_client(personalize_engine: LocalPersonalize) -> Any:
    """boto3 client of personalize-events."""
    return personalize_engine.personalize_events


@pytest.fixture
def personalize_s3_client(personalize_engine: LocalPersonalize) -> Any:
    """boto3 client of the engine's S3."""
    return personalize_engine.s3


@pytest.fixture
def personalize_clock(personalize_engine: LocalPersonalize) -> Clock:
    """The engine's clock: ``personalize_clock.advance(days=7)``."""
    return personalize_engine.clock


@pytest.fixture
def personalize_faults(personalize_engine: LocalPersonalize) -> FaultInjection:
    """Faults on purpose: ``personalize_faults.add("throttling", "CreateSolution", count=2)``."""
    return personalize_engine.faults


@pytest.fixture
def personalize_environment(
    personalize_engine: LocalPersonalize, monkeypatch: pytest.MonkeyPatch
) -> LocalPersonalize:
    """Variables that lead boto3 clients of the code under test to the engine."""
    for name in _FOREIGN:
        monkeypatch.delenv(name, raising=False)
    for name, value in personalize_engine.environment.items():
        monkeypatch.setenv(name, value)
    # boto3's own session remembers the credentials of whoever used it first.
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)
    return personalize_engine


def _run(folder: Path, options: Mapping[str, Any]) -> Iterator[LocalPersonalize]:
    # Imported late: pytest loads this module in every project that has the package.
    from personalize_assets.testing.local import local_personalize

    with local_personalize(**{"state_dir": folder, **options}) as local:
        yield local
