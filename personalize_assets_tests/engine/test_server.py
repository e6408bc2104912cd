"""A real engine process: how it starts, refuses to start, answers and ends."""

import json
import os
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
from typing import Any

import pytest

from personalize_assets.engine.fingerprint import code_fingerprint
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
SMALL_FILES = """
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
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


def _refusal(state_dir: Path, port: int = 0, before: str = "") -> str:
    with _popen(state_dir, port, before) as process:
        out, err = process.communicate(timeout=30)
    assert process.returncode == 2, err
    assert out == ""
    assert "Traceback" not in err
    return err.splitlines()[-1]


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


def test_serve__a_taken_port(running: Running, tmp_path: Path) -> None:
    port = int(running.address.rpartition(":")[2])
    assert _refusal(tmp_path, port) == (
        f"personalize engine: cannot listen on 127.0.0.1 port {port}: Address already in use; "
        "--port 0 takes any free port"
    )


def test_serve__a_state_folder_in_use(running: Running) -> None:
    state_dir = Path(running.health()["state_dir"])
    assert _refusal(state_dir) == (
        f"personalize engine: the state folder {state_dir} is in use by another engine (process "
        f"{running.process.pid}): stop that one or choose another --state-dir"
    )


def _a_file(folder: Path) -> Path:
    (folder / "file").write_text("")
    return folder / "file"


def _read_only(folder: Path) -> Path:
    if os.geteuid() == 0:
        pytest.skip("nothing is read-only for root")
    folder.chmod(0o500)
    return folder / "state"


@pytest.mark.parametrize(
    ("make", "before", "reason"),
    [
        (_a_file, "", "Not a directory"),
        (_read_only, "", "Permission denied"),
        (lambda folder: folder, SMALL_FILES, "File too large"),
    ],
    ids=["a file", "read-only", "full"],
)
def test_serve__an_unusable_state_folder(
    make: Callable[[Path], Path], before: str, reason: str, tmp_path: Path
) -> None:
    state_dir = make(tmp_path)
    assert _refusal(state_dir, before=before) == (
        f"personalize engine: the state folder {state_dir} cannot be written: {reason}; "
        "choose another one with --state-dir"
    )


def test_serve__a_spoilt_database(tmp_path: Path) -> None:
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "control.sqlite3").write_text("no database at all" * 100)
    assert _refusal(tmp_path).endswith("control.sqlite3: file is not a database")


def test_serve__ends_cleanly_and_starts_again(tmp_path: Path) -> None:
    with _running(tmp_path) as engine:
        address = engine.address
        # an idle connection must not hold up the end
        with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))):
            assert engine.end(signal.SIGTERM) == 0
        assert engine.process.stderr is not None
        assert "Traceback" not in engine.process.stderr.read()
    with _running(tmp_path, int(address.rpartition(":")[2])) as engine:
        assert engine.address == address
        assert engine.health()["status"] == "ok"
        assert engine.end(signal.SIGINT) == 0


@pytest.mark.slow
def test_serve__a_killed_engine_leaves_its_folder_free(tmp_path: Path) -> None:
    with _running(tmp_path) as engine:
        assert engine.end(signal.SIGKILL) == -signal.SIGKILL
    with _running(tmp_path) as engine:
        assert engine.health()["status"] == "ok"
