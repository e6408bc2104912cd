"""The small parts of the stack: record, lock, ports, processes, health, log."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from personalize_assets.local.health import is_local_host, is_local_origin, read_health
from personalize_assets.local.lock import LOCK_NAME, StackLock
from personalize_assets.local.log_file import LOG_NAME, last_lines, open_log, trim_log
from personalize_assets.local.ports import choose_port, listen
from personalize_assets.local.processes import clean_environment, describe_process, is_alive
from personalize_assets.local.record import (
    ProcessRecord,
    RecordFile,
    StackRecord,
    read_record,
    touch_record,
)
from personalize_assets.local.settings import StackError

RECORD = StackRecord("ready", ProcessRecord("supervisor", 12, "345"), personalize="http://x")


def test_record_file__round_trip(tmp_path: Path) -> None:
    record = replace(RECORD, children=(ProcessRecord("engine", 13, "678"),))
    RecordFile(tmp_path, record).write(record)

    assert read_record(tmp_path) == record
    assert [path.name for path in tmp_path.iterdir()] == ["stack.json"]


def test_record_file__stops_unless_touched(tmp_path: Path) -> None:
    file = RecordFile(tmp_path, RECORD)
    file.write(RECORD)

    assert file.stop_unless_touched() is True
    assert file.record.state == "stopping"


def test_record_file__touched_at_the_last_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = RecordFile(tmp_path, RECORD)
    file.write(RECORD)
    update = file.update

    def touch_and_update(**changes: str) -> None:
        touch_record(tmp_path)
        update(**changes)

    monkeypatch.setattr(file, "update", touch_and_update)
    assert file.stop_unless_touched() is False
    assert file.record.state == "ready"


def test_record_file__sees_that_it_was_spoiled(tmp_path: Path) -> None:
    file = RecordFile(tmp_path, RECORD)
    file.write(RECORD)
    touch_record(tmp_path)
    assert file.is_in_place

    (tmp_path / "stack.json").write_text("{}")
    assert not file.is_in_place


def test_stack_lock__held_until_the_last_heir_ends(tmp_path: Path) -> None:
    lock = StackLock.try_acquire(tmp_path)
    assert lock is not None
    heir = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(lock.fd,)
    )
    lock.close()

    assert StackLock.try_acquire(tmp_path) is None
    heir.communicate(b"\n")
    again = StackLock.try_acquire(tmp_path)
    assert again is not None
    again.close()


def test_stack_lock__file_removed_meanwhile(tmp_path: Path) -> None:
    with StackLock.try_acquire(tmp_path) or pytest.fail("the lock is free") as lock:
        (tmp_path / LOCK_NAME).unlink()
        assert not lock.is_in_place


def test_is_alive__needs_the_same_start() -> None:
    me = describe_process("me", os.getpid())

    assert is_alive(me)
    assert not is_alive(replace(me, start_token="0"))
    assert not is_alive(replace(me, start_token=""))


def test_is_alive__zombie_is_dead() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    record = describe_process("child", child.pid)
    assert is_alive(record)
    assert child.stdin is not None
    child.stdin.close()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

    assert not is_alive(record)
    child.wait()


def test_clean_environment__keeps_the_rest() -> None:
    found = clean_environment(
        {"AWS_PROFILE": "x", "aws_region": "y", "NO_PROXY": "z", "https_proxy": "q", "HOME": "/h"}
    )

    assert set(found) <= {"HOME", "PYTHONPATH"}
    assert found["HOME"] == "/h"


def test_listen__last_port_is_a_wish_only() -> None:
    with listen(0, 0) as taken:
        port = taken.getsockname()[1]
        with listen(0, port) as other:
            assert other.getsockname()[1] != port
        with pytest.raises(StackError, match=f"port {port} on 127.0.0.1 is taken"):
            choose_port(port, 0)
    assert choose_port(0, port) == port


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("", False),
    ],
)
def test_is_local_host__table(host: str, expected: bool) -> None:
    assert is_local_host(host) is expected


@pytest.mark.parametrize("origin", ["null", "http://[bad", "http://127.0.0.1.example", ""])
def test_is_local_origin__strangers(origin: str) -> None:
    assert not is_local_origin(origin)


@pytest.mark.parametrize(
    "address", ["", "nonsense", "http://192.0.2.1:80", "https://127.0.0.1:1", "http://127.0.0.1:1"]
)
def test_read_health__nobody_there(address: str) -> None:
    assert read_health(address, "/health", timeout_s=0.2) is None


def test_trim_log__moves_what_is_long(tmp_path: Path) -> None:
    fd = open_log(tmp_path)
    os.write(fd, b"first\nsecond\n")
    trim_log(fd, tmp_path, max_bytes=1000)
    assert last_lines(tmp_path, 1) == ["second"]

    trim_log(fd, tmp_path, max_bytes=5)
    os.write(fd, b"third\n")
    os.close(fd)
    assert (tmp_path / LOG_NAME).read_text() == "third\n"
    assert (tmp_path / f"{LOG_NAME}.1").read_text() == "first\nsecond\n"
    assert last_lines(tmp_path / "nowhere", 1) == []
