"""The doctor of one machine: stack, ports, space."""

import os
import socket
from pathlib import Path

import pytest

from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.endpoints import Endpoints
from personalize_assets.local.checkup import (
    examine_machine,
    existing_folder,
    is_free,
    judge_ports,
    judge_space,
    judge_stack,
)
from personalize_assets.local.stack import StackStatus

FOLDER = Path("/srv/state")
ENDPOINTS = Endpoints("http://127.0.0.1:4001", "http://127.0.0.1:4002")


def status(state: str, *, running: bool = False, error: str = "") -> StackStatus:
    return StackStatus(running, state, ENDPOINTS if running else None, 2, 1.0, error, FOLDER)


@pytest.mark.parametrize(
    ("given", "judged", "words"),
    [
        (status("ready", running=True), "ok", "engine http://127.0.0.1:4001, S3 http://127.0.0.1"),
        (status("absent"), "ok", "it starts when it is needed"),
        (status("stopped"), "ok", "it starts when it is needed"),
        (status("starting"), "ok", "is starting"),
        (status("ready"), "failed", "personalize-local stop"),
        (status("crashed"), "failed", "personalize-local start"),
        (
            status("failed", error="port 4001 is taken"),
            "failed",
            "did not start: port 4001 is taken",
        ),
    ],
)
def test_judge_stack(given: StackStatus, judged: str, words: str) -> None:
    found = judge_stack(given)

    assert found.status == judged
    assert words in f"{found.fact} {found.fix}"
    assert bool(found.fix) == (judged == "failed")


def test_judge_ports() -> None:
    running, absent = status("ready", running=True), status("absent")

    assert judge_ports({"A": (0, True), "B": (0, True)}, absent).fact == "any that is free"
    assert judge_ports({"A": (4001, False), "B": (0, True)}, running).status == "ok"
    found = judge_ports({"A": (4001, False), "B": (4002, True)}, absent)
    assert (found.status, found.fact) == ("failed", "4001 (A) is taken by another program")
    assert found.fix == "unset A, or choose others"


def test_judge_space() -> None:
    assert judge_space(FOLDER, 5 * 1024**3, is_writable=True).fact == f"5.0 GiB free for {FOLDER}"
    full = judge_space(FOLDER, 1024**2, is_writable=True)
    assert (full.status, full.fact) == ("failed", f"only 0.0 GiB free for {FOLDER}")
    closed = judge_space(FOLDER, 5 * 1024**3, is_writable=False)
    assert (closed.status, closed.fact) == ("failed", f"{FOLDER} cannot be written")


def test_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert not is_free(server.getsockname()[1])
    assert is_free(0)


def test_existing_folder(tmp_path: Path) -> None:
    assert existing_folder(tmp_path / "a" / "b") == tmp_path
    assert existing_folder(tmp_path) == tmp_path


def test_examine_machine__starts_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state"
    deployment = Deployment.from_environment({"PERSONALIZE_ASSETS_STATE_DIR": str(state)})

    found = list(examine_machine(deployment, {}))

    assert [one.check for one in found] == ["stack", "ports", "disk", "api", "proxy"]
    assert {one.status for one in found} == {"ok"}
    assert not state.exists()


def test_examine_machine__of_a_running_stack(deployment: Deployment) -> None:
    (stack, *_) = examine_machine(deployment, os.environ)

    assert stack.status == "ok"
    assert stack.fact.startswith("engine http://127.0.0.1:")
