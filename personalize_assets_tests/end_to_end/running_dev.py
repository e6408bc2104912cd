"""A running `personalize-assets dev`, spoken to as its UI does: through GraphQL."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from personalize_assets.aws.deployment import Deployment

COMMAND = Path(sys.executable).parent / "personalize-assets"
START_TIMEOUT_S = 180
RUN_TIMEOUT_S = 240
ENDED = ("SUCCESS", "FAILURE", "CANCELED")

T = TypeVar("T")

_LAUNCH = """
mutation ($params: ExecutionParams!) { launchRun(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
} }"""
_TERMINATE = """
mutation ($run: String!) { terminateRun(runId: $run, terminatePolicy: SAFE_TERMINATE) {
  __typename ... on TerminateRunFailure { message }
} }"""
_RUNS = """
{ runsOrError { ... on Runs { results { runId jobName status tags { key value } } } } }"""


@dataclass(frozen=True)
class Run:
    """One run as Dagster tells it."""

    id: str
    job: str
    status: str
    tags: Mapping[str, str]


@dataclass(frozen=True)
class RunningDev:
    """The process, its folder, and where its UI is."""

    process: "subprocess.Popen[bytes]"
    state_dir: Path
    log: Path

    @property
    def deployment(self) -> Deployment:
        return Deployment.from_environment({"PERSONALIZE_ASSETS_STATE_DIR": str(self.state_dir)})

    @property
    def bucket_folder(self) -> Path:
        return self.state_dir / "s3" / self.deployment.bucket

    @property
    def url(self) -> str:
        found = re.search(r"Dagster UI (http://\S+)", self.printed)
        assert found is not None, self.printed[-4000:]
        return found.group(1)

    @property
    def api_url(self) -> str:
        found = re.search(r"Recommendations (http://\S+)", self.printed)
        assert found is not None, self.printed[-4000:]
        return found.group(1)

    @property
    def api_answers(self) -> bool:
        """Whether the REST service beside it lives."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"{self.api_url}/health", timeout=10):
                return True
        except OSError:
            return False

    @property
    def printed(self) -> str:
        return self.log.read_text(errors="replace")

    def ask(self, query: str, **variables: Any) -> Any:
        """Send one GraphQL request and return its data."""
        request = urllib.request.Request(
            f"{self.url}/graphql",
            json.dumps({"query": query, "variables": variables}).encode(),
            {"content-type": "application/json"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as response:
            answer = json.load(response)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def launch(self, job: str, *assets: tuple[str, ...]) -> str:
        """Start a run as the button Materialize does, and return its id."""
        selector: dict[str, Any] = {
            "repositoryName": "__repository__",
            "repositoryLocationName": "personalize_assets",
            "jobName": job,
        }
        if assets:
            selector["assetSelection"] = [{"path": list(path)} for path in assets]
            selector["assetCheckSelection"] = []
        answer = self.ask(_LAUNCH, params={"selector": selector, "runConfigData": {}})["launchRun"]
        assert answer["__typename"] == "LaunchRunSuccess", answer
        return answer["run"]["runId"]

    def terminate(self, run_id: str) -> None:
        """End a run as the button Terminate does."""
        answer = self.ask(_TERMINATE, run=run_id)["terminateRun"]
        assert answer["__typename"] == "TerminateRunSuccess", answer

    def runs(self, job: str | None = None) -> list[Run]:
        """All runs, newest first."""
        found = self.ask(_RUNS)["runsOrError"]["results"]
        runs = [
            Run(
                run["runId"],
                run["jobName"],
                run["status"],
                {tag["key"]: tag["value"] for tag in run["tags"]},
            )
            for run in found
        ]
        return [run for run in runs if job in (None, run.job)]

    def run(self, run_id: str) -> Run:
        return next(run for run in self.runs() if run.id == run_id)

    def wait_for_end(self, run_id: str, timeout_s: float = RUN_TIMEOUT_S) -> str:
        """Wait until a run has ended, and return its status."""

        def ended() -> str | None:
            status = self.run(run_id).status
            return status if status in ENDED else None

        return wait_for(ended, timeout_s, lambda: f"{self.run(run_id)}\n{self.printed[-4000:]}")

    def stop(self, number: int = signal.SIGINT, timeout_s: float = 90) -> int:
        """Send a signal to the program alone, as a script would, and wait for its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(timeout_s)


def start_dev(
    folder: Path, *arguments: str, ignored: tuple[int, ...] = (), ready: bool = True
) -> RunningDev:
    """Start the program with a state folder of its own, in a clean environment.

    Args:
        folder: Empty; also its working folder.
        arguments: Added to `--port 0`.
        ignored: Signals that it inherits as ignored, as from a shell's `&`.
        ready: Whether to wait until it has printed the address of the UI.
    """
    log = folder / "dev.log"
    state_dir = folder / "state"

    def ignore_signals() -> None:
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)

    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(COMMAND), "dev", "--port", "0", "--api-port", "0", *arguments],
            cwd=folder,
            env=clean_environ(PERSONALIZE_ASSETS_STATE_DIR=str(state_dir)),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=ignore_signals,
        )
    dev = RunningDev(process, state_dir, log)
    if ready:
        wait_for(lambda: is_ready(dev), START_TIMEOUT_S, lambda: dev.printed[-4000:])
    return dev


def is_ready(dev: RunningDev) -> bool:
    assert dev.process.poll() is None, dev.printed[-4000:]
    return "Dagster UI http" in dev.printed and "Recommendations http" in dev.printed


def clean_environ(**more: str) -> dict[str, str]:
    """This environment without anything that a person or a runner of tests has set for us."""
    ours = ("AWS_", "DAGSTER_", "PERSONALIZE_", "PYTEST_")
    return {k: v for k, v in os.environ.items() if not k.startswith(ours)} | more


def wait_for(
    look: Callable[[], T | None], timeout_s: float, explain: Callable[[], str] = lambda: ""
) -> T:
    """Look until something true comes back."""
    deadline = time.monotonic() + timeout_s
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {timeout_s:g} s: {explain()}"
        time.sleep(0.1)
    return found


def processes_of_session(leader: int) -> list[int]:
    """Processes of a session, by what Linux tells; the leader is left out."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z" and int(fields[3]) == leader:
            found.append(int(stat.parent.name))
    return [pid for pid in found if pid != leader]


def children(pid: int) -> list[int]:
    """Child processes, by what Linux tells."""
    found: list[int] = []
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, listed.read_text().split())
        except OSError:
            continue
    return found
