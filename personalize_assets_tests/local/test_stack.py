"""Starting, sharing and stopping the local stack, as its callers see it."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from personalize_assets.aws.endpoints import Endpoints
from personalize_assets.local import stack
from personalize_assets.local.stack import (
    StackError,
    StackOptions,
    ensure_stack,
    stack_status,
    stop_stack,
)
from personalize_assets_tests.local.conftest import pid_of, processes_of, record_of, wait_for

pytestmark = pytest.mark.slow

START = """
import sys
from pathlib import Path
from personalize_assets.local.stack import StackOptions, ensure_stack

print(ensure_stack(Path(sys.argv[1]), StackOptions(engine_command=tuple(sys.argv[2:]))))
"""


def call_engine(endpoints: Endpoints) -> dict[str, Any]:
    connection = http.client.HTTPConnection(urlsplit(endpoints.personalize).netloc, timeout=5)
    connection.request("POST", "/", body=b"{}")
    return json.loads(connection.getresponse().read())


def test_ensure_stack__starts_then_shares(state_dir: Path, options: StackOptions) -> None:
    first = ensure_stack(state_dir, options)

    assert ensure_stack(state_dir, options) == first
    assert first.personalize.startswith("http://127.0.0.1:")
    assert first.s3.startswith("http://127.0.0.1:")
    assert len(processes_of(state_dir)) == 3


def test_ensure_stack__is_quick_when_it_runs(state_dir: Path, options: StackOptions) -> None:
    ensure_stack(state_dir, options)
    began = time.monotonic()
    for _ in range(5):
        ensure_stack(state_dir, options)

    assert (time.monotonic() - began) / 5 < 0.5


def test_ensure_stack__many_processes_start_one(state_dir: Path, options: StackOptions) -> None:
    command = [sys.executable, "-c", START, str(state_dir), *options.engine_command]
    callers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(6)]

    answers = {caller.communicate(timeout=60)[0] for caller in callers}

    assert len(answers) == 1
    assert "Endpoints(" in answers.pop()
    assert (state_dir / "stack.log").read_text().count("ready: engine") == 1
    assert len(processes_of(state_dir)) == 3


def test_ensure_stack__many_threads_start_one(state_dir: Path, options: StackOptions) -> None:
    found: list[Endpoints] = []
    threads = [
        threading.Thread(target=lambda: found.append(ensure_stack(state_dir, options)))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 6
    assert len(set(found)) == 1


def test_ensure_stack__outlives_its_caller_and_leaves_no_zombie(
    state_dir: Path, options: StackOptions
) -> None:
    endpoints = ensure_stack(state_dir, options)

    with pytest.raises(ChildProcessError):
        os.waitpid(endpoints.pid, os.WNOHANG)
    assert os.getsid(endpoints.pid) != os.getsid(0)


def test_ensure_stack__hands_on_no_aws_setting_and_no_proxy(
    state_dir: Path, options: StackOptions
) -> None:
    environ = {
        **os.environ,
        "AWS_PROFILE": "trap",
        "AWS_ENDPOINT_URL": "http://192.0.2.1",
        "HTTPS_PROXY": "http://192.0.2.1",
        "http_proxy": "http://192.0.2.1",
        "KEPT": "yes",
    }
    seen = call_engine(ensure_stack(state_dir, options, environ=environ))["environ"]

    assert seen["KEPT"] == "yes"
    assert not [n for n in seen if n.startswith("AWS_") or n.lower().endswith("_proxy")]


def test_ensure_stack__takes_the_same_ports_again(state_dir: Path, options: StackOptions) -> None:
    first = ensure_stack(state_dir, options)
    stop_stack(state_dir)
    second = ensure_stack(state_dir, options)

    assert (second.personalize, second.s3) == (first.personalize, first.s3)
    assert second.pid != first.pid


def test_ensure_stack__keeps_the_stack_of_the_same_code(
    state_dir: Path, options: StackOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ensure_stack(state_dir, options)
    monkeypatch.setattr(stack, "code_fingerprint", lambda: "newer code")
    second = ensure_stack(state_dir, options)

    assert second.pid != first.pid
    assert second.personalize == first.personalize


def test_ensure_stack__waits_with_newer_code_for_the_jobs(
    state_dir: Path, options: StackOptions, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    jobs = tmp_path / "jobs"
    jobs.write_text("1")
    first = ensure_stack(state_dir, options, environ={**os.environ, "FAKE_ENGINE_JOBS": str(jobs)})
    monkeypatch.setattr(stack, "code_fingerprint", lambda: "newer code")

    assert ensure_stack(state_dir, options) == first


def test_stop_stack__ends_all_processes(state_dir: Path, options: StackOptions) -> None:
    ensure_stack(state_dir, options)

    assert stop_stack(state_dir) is True
    assert processes_of(state_dir) == []
    assert record_of(state_dir).state == "stopped"
    assert stop_stack(state_dir) is False


def test_stop_stack__never_started(tmp_path: Path) -> None:
    assert stop_stack(tmp_path / "nothing") is False
    assert not (tmp_path / "nothing").exists()


def test_stop_stack__frozen_supervisor(state_dir: Path, options: StackOptions) -> None:
    endpoints = ensure_stack(state_dir, options)
    os.kill(endpoints.pid, signal.SIGSTOP)

    assert stop_stack(state_dir, timeout_s=0.5) is True
    assert processes_of(state_dir) == []


def test_supervisor__stops_on_sigterm(state_dir: Path, options: StackOptions) -> None:
    endpoints = ensure_stack(state_dir, options)
    os.kill(endpoints.pid, signal.SIGTERM)

    wait_for(lambda: not processes_of(state_dir))
    assert record_of(state_dir).state == "stopped"


def test_supervisor__stops_when_idle(state_dir: Path, options: StackOptions) -> None:
    ensure_stack(state_dir, replace(options, idle_stop_s=0.4))

    wait_for(lambda: not processes_of(state_dir))
    assert record_of(state_dir).state == "stopped"
    assert "idle" in (state_dir / "stack.log").read_text()


def test_supervisor__runs_on_while_a_job_runs(
    state_dir: Path, options: StackOptions, tmp_path: Path
) -> None:
    jobs = tmp_path / "jobs"
    jobs.write_text("1")
    environ = {**os.environ, "FAKE_ENGINE_JOBS": str(jobs)}
    endpoints = ensure_stack(state_dir, replace(options, idle_stop_s=0.3), environ=environ)
    began = time.monotonic()
    while time.monotonic() - began < 1.2:
        assert stack_status(state_dir).running
        time.sleep(0.1)
    assert pid_of(state_dir, "supervisor") == endpoints.pid
    jobs.write_text("0")

    wait_for(lambda: not processes_of(state_dir))


@pytest.mark.parametrize("use", ["ensure_stack", "engine"])
def test_supervisor__runs_on_while_used(state_dir: Path, options: StackOptions, use: str) -> None:
    options = replace(options, idle_stop_s=0.8)
    endpoints = ensure_stack(state_dir, options)
    began = time.monotonic()
    while time.monotonic() - began < 1.8:
        if use == "engine":
            call_engine(endpoints)
        else:
            assert ensure_stack(state_dir, options) == endpoints
        time.sleep(0.1)


def test_supervisor__stops_when_the_folder_is_gone(state_dir: Path, options: StackOptions) -> None:
    ensure_stack(state_dir, options)
    state_dir.rename(state_dir.with_name("elsewhere"))

    wait_for(lambda: not processes_of(state_dir))


def test_stack_status__of_each_state(
    state_dir: Path, options: StackOptions, tmp_path: Path
) -> None:
    assert stack_status(state_dir).state == "absent"
    endpoints = ensure_stack(state_dir, options)
    running = stack_status(state_dir)
    stop_stack(state_dir)
    stopped = stack_status(state_dir)

    assert (running.running, running.state, running.endpoints) == (True, "ready", endpoints)
    assert running.uptime_s == 1.5
    assert (stopped.running, stopped.state, stopped.endpoints) == (False, "stopped", None)


def test_ensure_stack__fixed_ports(state_dir: Path, options: StackOptions) -> None:
    first = ensure_stack(state_dir, options)
    stop_stack(state_dir)
    ports = urlsplit(first.s3).port or 0, urlsplit(first.personalize).port or 0
    swapped = ensure_stack(state_dir, replace(options, engine_port=ports[0], s3_port=ports[1]))

    assert (swapped.personalize, swapped.s3) == (first.s3, first.personalize)


def test_ensure_stack__too_slow(state_dir: Path, options: StackOptions) -> None:
    slow = replace(options, engine_command=(sys.executable, "-c", "import time; time.sleep(60)"))

    with pytest.raises(StackError, match=r"was not ready in 1 s"):
        ensure_stack(state_dir, slow, timeout_s=1)
