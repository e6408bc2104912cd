"""A real engine process: how it starts, refuses to start, answers and ends."""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import textwrap
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from personalize_assets.engine.fingerprint import code_fingerprint
from personalize_assets.engine.server import serve
from personalize_assets.engine.settings import EngineSettings
from personalize_assets.loopback import make_client

# What the command line does, without the command line; argv: state folder, port.
SERVE = """
    import sys
    from pathlib import Path
    from personalize_assets.engine.server import serve
    from personalize_assets.engine.settings import EngineSettings
    sys.exit(serve(EngineSettings(state_dir=Path(sys.argv[1]), port=int(sys.argv[2]), workers=1)))
"""
NO_DAGSTER = """
    import sys
    sys.modules["dagster"] = None
    sys.modules["dagster_aws"] = None
"""


@dataclass
class Running:
    """An engine that has told its address."""

    process: "subprocess.Popen[str]"
    address: str

    def health(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.address}/_personalize/health", timeout=10) as answer:
            return json.loads(answer.read())

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=30)


def _popen(state_dir: Path, port: int, before: str = "") -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent(before) + textwrap.dedent(SERVE),
            str(state_dir),
            str(port),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "HTTP_PROXY": "http://127.0.0.1:9"},
    )


@contextmanager
def _running(state_dir: Path, port: int = 0, before: str = "") -> Iterator[Running]:
    with _popen(state_dir, port, before) as process:
        try:
            assert process.stdout is not None
            yield Running(process, process.stdout.readline().strip())
        finally:
            process.kill()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with _running(tmp_path_factory.mktemp("engine"), before=NO_DAGSTER) as engine:
        yield engine


def test_serve__tells_its_address_first(running: Running) -> None:
    assert running.address.startswith("http://127.0.0.1:")
    health = running.health()
    assert health["status"] == "ok"
    assert health["pid"] == running.process.pid
    assert health["fingerprint"] == code_fingerprint()
    assert health["running_jobs"] == 0


def test_serve__answers_boto3(running: Running) -> None:
    client = make_client("personalize", running.address)
    before = running.health()["last_request_at"]
    with pytest.raises(client.exceptions.InvalidInputException, match="at 'maxResults' failed"):
        client.list_recipes(maxResults=500)
    assert running.health()["last_request_at"] != before


def test_serve__real_aws_keys_are_refused(running: Running) -> None:
    client = make_client("personalize", running.address, account="AKIAIOSFODNN7EXAMPLE")
    with pytest.raises(client.exceptions.ClientError, match="looks like a real AWS key") as caught:
        client.list_recipes()
    assert caught.value.response["Error"]["Code"] == "UnrecognizedClientException"


Refusal = Callable[..., str]


@pytest.fixture
def refusal(capsys: pytest.CaptureFixture[str]) -> Iterator[Refusal]:
    """Serve in this process, where that must fail, and give the line that says why."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def started(address: str) -> None:
        raise AssertionError(f"it serves at {address}")

    def serve_in_vain(state_dir: Path, port: int = 0) -> str:
        assert serve(EngineSettings(state_dir=state_dir, port=port), started) == 2
        out, err = capsys.readouterr()
        assert out == ""
        return err.removesuffix("\n")

    yield serve_in_vain
    for number, handler in before.items():
        signal.signal(number, handler)


def test_serve__a_taken_port(refusal: Refusal, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert refusal(tmp_path, port) == (
            f"personalize engine: cannot listen on 127.0.0.1 port {port}: Address already in use; "
            "--port 0 takes any free port"
        )


def test_serve__a_state_folder_in_use(refusal: Refusal, running: Running) -> None:
    state_dir = Path(running.health()["state_dir"])
    assert refusal(state_dir) == (
        f"personalize engine: the state folder {state_dir} is in use by another engine (process "
        f"{running.process.pid}): stop that one or choose another --state-dir"
    )


def test_serve__a_state_folder_that_is_a_file(refusal: Refusal, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert refusal(tmp_path / "file") == _cannot_write(tmp_path / "file", "Not a directory")


def test_serve__a_read_only_state_folder(refusal: Refusal, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("nothing is read-only for root")
    tmp_path.chmod(0o500)
    assert refusal(tmp_path / "state") == _cannot_write(tmp_path / "state", "Permission denied")


def test_serve__a_full_disk(
    refusal: Refusal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = SimpleNamespace(free=1_500_000)
    monkeypatch.setattr("personalize_assets.engine.state_folder.shutil.disk_usage", lambda _: usage)
    assert refusal(tmp_path) == _cannot_write(tmp_path, "only 1.4 MiB are free on its disk")


def test_serve__a_limit_on_file_sizes(refusal: Refusal, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        line = refusal(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert line == _cannot_write(tmp_path, "File too large")
    assert list((tmp_path / "engine").iterdir()) == []


def test_serve__a_spoilt_database(refusal: Refusal, tmp_path: Path) -> None:
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "control.sqlite3").write_text("no database at all" * 100)
    line = refusal(tmp_path)
    assert line.startswith("personalize engine: cannot use the database ")
    assert line.endswith("control.sqlite3: file is not a database")


def _cannot_write(state_dir: Path, reason: str) -> str:
    return (
        f"personalize engine: the state folder {state_dir} cannot be written: {reason}; "
        "choose another one with --state-dir"
    )


def test_serve__ends_cleanly_and_starts_again(running: Running) -> None:
    """Comes after all others that use ``running``, which it ends."""
    state_dir = Path(running.health()["state_dir"])
    port = int(running.address.rpartition(":")[2])
    # an idle connection must not hold up the end
    with socket.create_connection(("127.0.0.1", port)):
        assert running.end(signal.SIGTERM) == 0
    assert running.process.stderr is not None
    assert "Traceback" not in running.process.stderr.read()
    with _running(state_dir, port) as engine:
        assert engine.address == running.address
        assert engine.health()["status"] == "ok"
        assert engine.end(signal.SIGINT) == 0


@pytest.mark.slow
def test_serve__a_killed_engine_leaves_its_folder_free(tmp_path: Path) -> None:
    with _running(tmp_path) as engine:
        assert engine.end(signal.SIGKILL) == -signal.SIGKILL
    with _running(tmp_path) as engine:
        assert engine.health()["status"] == "ok"
