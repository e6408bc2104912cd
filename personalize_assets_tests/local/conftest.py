"""A state folder with a stack around the stand-in engine, and proof that nothing of it is left."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from personalize_assets.local import stack
from personalize_assets.local.record import StackRecord, read_record
from personalize_assets.local.stack import StackOptions, stop_stack

FAKE_ENGINE = (sys.executable, "-m", "personalize_assets_tests.local.fake_engine")


@pytest.fixture(scope="session", autouse=True)
def find_fake_engine() -> Iterator[None]:
    """The stack's processes find the tests beside the package."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
        yield


@pytest.fixture(autouse=True)
def same_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """No edit made while the tests run makes a stack look old."""
    monkeypatch.setattr(stack, "code_fingerprint", lambda: "the code under test")


@pytest.fixture
def options() -> StackOptions:
    """A stack around the stand-in engine."""
    return StackOptions(engine_command=FAKE_ENGINE)


@pytest.fixture
def state_dir(tmp_path: Path) -> Iterator[Path]:
    """A state folder; afterwards its stack is stopped, and none of its processes may be left."""
    folder = tmp_path / "state"
    yield folder
    stop_stack(folder, timeout_s=5)
    left = processes_of(folder)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert not left


def processes_of(folder: Path) -> list[int]:
    """Ids of the processes whose command line names the folder, zombies apart."""
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if any(part.startswith(str(folder).encode()) for part in arguments):
            found.append(int(entry.name))
    return found


def wait_for(condition: Callable[[], object], timeout_s: float = 15) -> None:
    """Look until the condition holds."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.02)


def record_of(folder: Path) -> StackRecord:
    """The record, which must be there."""
    record = read_record(folder)
    assert record is not None
    return record


def pid_of(folder: Path, name: str) -> int:
    """Process id of the supervisor, the engine or S3."""
    record = record_of(folder)
    return {p.name: p.pid for p in (record.supervisor, *record.children)}[name]
