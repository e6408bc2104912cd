"""How `dev` begins and ends: signals, taken ports, runs in work, and what a kill left behind."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from personalize_assets.cli.instance import open_instance
from personalize_assets.local.stack import stop_stack
from personalize_assets_tests.end_to_end.running_dev import (
    COMMAND,
    RunningDev,
    children,
    clean_environ,
    is_ready,
    processes_of_session,
    start_dev,
    wait_for,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One state folder for all: a warm one starts sooner."""
    folder = tmp_path_factory.mktemp("dev")
    yield folder
    stop_stack(folder / "state")


def run_briefly(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the program where it should refuse at once."""
    return subprocess.run(
        [str(COMMAND), "dev", *arguments],
        env=clean_environ(PERSONALIZE_ASSETS_STATE_DIR=str(folder / "state")),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def service_group(dev: RunningDev) -> int:
    """The session of Dagster's services, which one child of the program leads."""
    found = [
        pid
        for pid in children(dev.process.pid)
        if "dagster" in Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    ]
    (group,) = {os.getsid(pid) for pid in found}
    return group


def statuses(dev: RunningDev) -> dict[str, dg.DagsterRunStatus]:
    with open_instance(dev.state_dir) as instance:
        return {run.run_id: run.status for run in instance.get_runs()}


def test_taken_port__is_refused_with_what_to_do(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run_briefly(folder, "--port", str(port))

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        f"Error: port {port} of 127.0.0.1 is taken: stop what listens there, or choose another "
        "with --port (0 for a free one)\n"
    )
    assert not (folder / "state").exists()


def test_address_of_no_machine__is_refused_with_its_reason(folder: Path) -> None:
    done = run_briefly(folder, "--host", "192.0.2.1", "--port", "3000")

    assert done.returncode == 1
    assert done.stderr.startswith("Error: cannot listen on port 3000 of 192.0.2.1: ")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "ignored"),
    [
        (signal.SIGINT, ()),
        (signal.SIGTERM, ()),
        (signal.SIGHUP, ()),
        (signal.SIGINT, (signal.SIGINT, signal.SIGQUIT)),
        (signal.SIGTERM, (signal.SIGINT, signal.SIGQUIT)),
    ],
    ids=["int", "term", "hup", "int_from_a_script", "term_from_a_script"],
)
def test_signal__stops_all_of_it_cleanly(
    folder: Path, number: int, ignored: tuple[int, ...]
) -> None:
    dev = start_dev(folder, "--no-seed", ignored=ignored)
    group = service_group(dev)
    assert len(processes_of_session(group)) >= 4

    assert dev.api_answers

    code = dev.stop(number)

    assert code == 0
    assert processes_of_session(group) == []
    assert not dev.api_answers
    assert "Stopping" in dev.printed
    assert "killed" not in dev.printed
    assert "Traceback" not in dev.printed, dev.printed


@pytest.mark.slow
def test_signal__while_it_starts_stops_it_too(folder: Path) -> None:
    dev = start_dev(folder, "--no-seed", ready=False)
    wait_for(lambda: "deployment local" in dev.printed, 60)

    assert dev.stop(signal.SIGTERM) == 0
    assert "Dagster UI" not in dev.printed
    assert "Traceback" not in dev.printed, dev.printed


@pytest.mark.slow
def test_run_in_work__is_canceled_by_the_end_and_by_the_start_after_a_kill(folder: Path) -> None:
    dev = start_dev(folder)
    run_id = wait_for(lambda: [r.id for r in dev.runs() if r.status == "STARTED"], 60)[0]
    assert dev.stop() == 0
    assert statuses(dev)[run_id] == dg.DagsterRunStatus.CANCELED

    killed = start_dev(folder)
    again = killed.launch("movielens_main")
    wait_for(lambda: killed.run(again).status == "STARTED", 60)
    os.killpg(service_group(killed), signal.SIGKILL)
    killed.process.kill()
    killed.process.wait()
    assert statuses(killed)[again] == dg.DagsterRunStatus.STARTED

    third = start_dev(folder)
    assert statuses(third)[again] == dg.DagsterRunStatus.CANCELED
    last = third.launch("movielens_main")
    assert third.wait_for_end(last) == "SUCCESS"
    assert third.stop() == 0


@pytest.mark.slow
def test_second_one_on_the_same_folder__is_refused(folder: Path) -> None:
    dev = start_dev(folder, "--no-seed")

    done = run_briefly(folder, "--port", "0")

    assert done.returncode == 1
    assert f"another `personalize-assets dev` (process {dev.process.pid}) works on" in done.stderr
    assert is_ready(dev)
    assert dev.stop() == 0


@pytest.mark.slow
def test_kill__leaves_no_service_behind(folder: Path) -> None:
    dev = start_dev(folder, "--no-seed")
    group = service_group(dev)

    assert dev.api_answers

    dev.process.kill()
    dev.process.wait()

    wait_for(lambda: not processes_of_session(group), 60)
    wait_for(lambda: not dev.api_answers, 60)
