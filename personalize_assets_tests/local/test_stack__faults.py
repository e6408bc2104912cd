"""What the stack survives: kills, broken files, taken ports, folders that cannot be used."""

import json
import os
import resource
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from personalize_assets.aws.endpoints import Endpoints
from personalize_assets.local import stack
from personalize_assets.local.ports import listen
from personalize_assets.local.processes import describe_process, is_alive
from personalize_assets.local.stack import (
    StackError,
    StackOptions,
    ensure_stack,
    stack_status,
    stop_stack,
)
from personalize_assets_tests.local.conftest import pid_of, processes_of, record_of, wait_for

pytestmark = pytest.mark.slow


def addresses(endpoints: Endpoints) -> tuple[str, str]:
    return endpoints.personalize, endpoints.s3


def kill_supervisor(state_dir: Path) -> None:
    supervisor = record_of(state_dir).supervisor
    os.kill(supervisor.pid, signal.SIGKILL)
    wait_for(lambda: not is_alive(supervisor))  # on a busy machine a kill takes its time


@pytest.mark.parametrize("name", ["engine", "s3"])
def test_ensure_stack__after_kill_of_a_child(
    state_dir: Path, options: StackOptions, name: str
) -> None:
    first = ensure_stack(state_dir, options)
    killed = pid_of(state_dir, name)
    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: pid_of(state_dir, name) != killed)

    assert ensure_stack(state_dir, options) == first
    assert len(processes_of(state_dir)) == 3


def test_ensure_stack__right_after_kill_of_the_engine(
    state_dir: Path, options: StackOptions
) -> None:
    first = ensure_stack(state_dir, options)
    os.kill(pid_of(state_dir, "engine"), signal.SIGKILL)

    assert ensure_stack(state_dir, options) == first


def test_supervisor__kills_what_a_dead_engine_left(
    state_dir: Path, options: StackOptions, tmp_path: Path
) -> None:
    child_file = tmp_path / "child"
    environ = {**os.environ, "FAKE_ENGINE_CHILD": str(child_file)}
    ensure_stack(state_dir, options, environ=environ)
    orphan = describe_process("orphan", int(child_file.read_text()))
    os.kill(pid_of(state_dir, "engine"), signal.SIGKILL)

    wait_for(lambda: describe_process("orphan", orphan.pid) != orphan)


def test_ensure_stack__after_kill_of_the_supervisor(state_dir: Path, options: StackOptions) -> None:
    first = ensure_stack(state_dir, options)
    kill_supervisor(state_dir)
    second = ensure_stack(state_dir, options)

    assert second.pid != first.pid
    assert addresses(second) == addresses(first)
    assert len(processes_of(state_dir)) == 3


def test_supervisor__takes_its_children_along_when_killed(
    state_dir: Path, options: StackOptions
) -> None:
    os.kill(ensure_stack(state_dir, options).pid, signal.SIGKILL)

    wait_for(lambda: not processes_of(state_dir))
    assert stack_status(state_dir).state == "crashed"


def test_ensure_stack__kills_a_child_that_outlived_the_supervisor(
    state_dir: Path, options: StackOptions
) -> None:
    environ = {**os.environ, "FAKE_ENGINE_STUBBORN": "1"}
    first = ensure_stack(state_dir, options, environ=environ)
    stubborn = pid_of(state_dir, "engine")
    kill_supervisor(state_dir)
    second = ensure_stack(state_dir, options)

    assert addresses(second) == addresses(first)
    assert stubborn not in processes_of(state_dir)


def test_ensure_stack__replaces_a_frozen_engine(
    state_dir: Path, options: StackOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ensure_stack(state_dir, options)
    os.kill(pid_of(state_dir, "engine"), signal.SIGSTOP)
    monkeypatch.setattr(stack, "_SILENCE_S", 0.2)
    second = ensure_stack(state_dir, options)

    assert second.pid != first.pid
    assert addresses(second) == addresses(first)
    assert len(processes_of(state_dir)) == 3


def test_ensure_stack__after_kill_of_everything(state_dir: Path, options: StackOptions) -> None:
    first = ensure_stack(state_dir, options)
    for pid in processes_of(state_dir):
        os.kill(pid, signal.SIGKILL)

    assert addresses(ensure_stack(state_dir, options)) == addresses(first)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version": 99}', b"\0" * 300])
def test_ensure_stack__broken_record_of_the_past(
    state_dir: Path, options: StackOptions, content: bytes
) -> None:
    state_dir.mkdir()
    (state_dir / "stack.json").write_bytes(content)

    ensure_stack(state_dir, options)
    assert record_of(state_dir).state == "ready"


def test_supervisor__writes_a_spoiled_record_again(state_dir: Path, options: StackOptions) -> None:
    first = ensure_stack(state_dir, options)
    for spoil in (lambda path: path.write_text("{"), lambda path: path.unlink()):
        spoil(state_dir / "stack.json")

        assert ensure_stack(state_dir, options) == first


def test_ensure_stack__record_names_a_stranger(state_dir: Path, options: StackOptions) -> None:
    """A process that got the id of a dead supervisor is left alone."""
    ensure_stack(state_dir, options)
    stop_stack(state_dir)
    stale = record_of(state_dir)
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        stale = replace(
            stale, state="ready", supervisor=replace(stale.supervisor, pid=stranger.pid)
        )
        (state_dir / "stack.json").write_text(json.dumps(asdict(stale)))
        endpoints = ensure_stack(state_dir, options)

        assert endpoints.pid != stranger.pid
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_ensure_stack__ports_of_the_record_belong_to_another_stack(
    state_dir: Path, options: StackOptions, tmp_path: Path
) -> None:
    other = ensure_stack(state_dir, options)
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "stack.json").write_bytes((state_dir / "stack.json").read_bytes())
    try:
        endpoints = ensure_stack(mine, options)

        assert endpoints.pid != other.pid
        assert endpoints.personalize != other.personalize
        assert endpoints.s3 != other.s3
    finally:
        stop_stack(mine)
    assert ensure_stack(state_dir, options) == other


@pytest.mark.parametrize("which", ["engine_port", "s3_port"])
def test_ensure_stack__fixed_port_taken(state_dir: Path, options: StackOptions, which: str) -> None:
    with listen(0, 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StackError, match=rf"port {port} on 127.0.0.1 is taken"):
            ensure_stack(state_dir, replace(options, **{which: port}))
    assert stack_status(state_dir).state == "failed"


def test_ensure_stack__last_ports_taken(state_dir: Path, options: StackOptions) -> None:
    first = ensure_stack(state_dir, options)
    stop_stack(state_dir)
    with (
        listen(urlsplit(first.personalize).port or 0, 0),
        listen(urlsplit(first.s3).port or 0, 0),
    ):
        second = ensure_stack(state_dir, options)

    assert not set(addresses(first)) & set(addresses(second))


def test_ensure_stack__engine_complains(state_dir: Path, options: StackOptions) -> None:
    environ = {**os.environ, "FAKE_ENGINE_FAIL": "the store is of a newer version"}
    with pytest.raises(StackError, match="the store is of a newer version"):
        ensure_stack(state_dir, options, environ=environ)

    status = stack_status(state_dir)
    assert status.state == "failed"
    assert "the store is of a newer version" in status.error
    assert ensure_stack(state_dir, options).pid  # what was wrong is right now


def test_ensure_stack__no_such_engine(state_dir: Path, options: StackOptions) -> None:
    with pytest.raises(StackError, match=r"the engine cannot be started: .*no-such-program"):
        ensure_stack(state_dir, replace(options, engine_command=("/no-such-program",)))


def test_supervisor__gives_up_on_an_engine_that_keeps_dying(
    state_dir: Path, options: StackOptions, tmp_path: Path
) -> None:
    flag = tmp_path / "flag"
    script = (
        "import os, sys, pathlib, runpy\n"
        f"flag = pathlib.Path({str(flag)!r})\n"
        "if flag.exists(): sys.exit('out of luck')\n"
        "flag.touch()\n"
        "runpy.run_module('personalize_assets_tests.local.fake_engine', run_name='__main__')\n"
    )
    ensure_stack(state_dir, replace(options, engine_command=(sys.executable, "-c", script)))
    os.kill(pid_of(state_dir, "engine"), signal.SIGKILL)
    wait_for(lambda: not processes_of(state_dir))

    assert "out of luck" in record_of(state_dir).error


def test_ensure_stack__folder_is_a_file(tmp_path: Path, options: StackOptions) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StackError, match=r"file/state cannot be written: Not a directory"):
        ensure_stack(tmp_path / "file" / "state", options)


def test_ensure_stack__folder_is_read_only(tmp_path: Path) -> None:
    folder = tmp_path / "readonly"
    folder.mkdir(mode=0o555)
    for parent in (tmp_path, *tmp_path.parents[:3]):
        if parent.name.startswith("pytest"):
            parent.chmod(0o755)
    script = (
        "import os, sys, pathlib\n"
        "from personalize_assets.local.stack import StackError, ensure_stack\n"
        "if os.geteuid() == 0: os.seteuid(65534)\n"
        "try:\n    ensure_stack(pathlib.Path(sys.argv[1]))\n"
        "except StackError as error:\n    print(error)\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=True
    ).stdout

    assert f"the state folder {folder} cannot be written: Permission denied" in shown


def test_ensure_stack__disk_is_full(state_dir: Path, options: StackOptions) -> None:
    """A limit on the size of files stands for the full disk: every write fails."""
    script = (
        "import sys, pathlib, resource\n"
        "from personalize_assets.local.stack import StackError, StackOptions, ensure_stack\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))\n"
        "try:\n    ensure_stack(pathlib.Path(sys.argv[1]))\n"
        "except StackError as error:\n    sys.stdout.write(str(error))\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script, str(state_dir)], capture_output=True, text=True, check=True
    ).stdout

    assert f"the state folder {state_dir.resolve()} cannot be written: File too large" in shown
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
    assert ensure_stack(state_dir, options).pid
