"""``personalize-local`` with the real engine, and its small print without any."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from personalize_assets.cli.local import main
from personalize_assets.engine.settings import EngineSettings
from personalize_assets.local.health import ENGINE_HEALTH, read_health
from personalize_assets.local.stack import stop_stack


@pytest.fixture
def state_dir(tmp_path: Path) -> Iterator[Path]:
    """A state folder whose stack does not outlive the test."""
    yield tmp_path / "state"
    stop_stack(tmp_path / "state")


def run(*arguments: str | Path, **options: Any) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], **options)


def test_personalize_local__life_of_a_stack(state_dir: Path) -> None:
    started = run("start", "--state-dir", state_dir)
    status = run("status", "--state-dir", state_dir, "--json")
    logs = run("logs", "--state-dir", state_dir, "-n", "100")
    stopped = run("stop", "--state-dir", state_dir)
    after = run("status", "--state-dir", state_dir)

    assert re.match(
        r"deployment +local\naccount +123456789012\nregion +us-east-1\nstate dir +\S+\n"
        r"state +ready\nrunning +True\npersonalize +http://127\.0\.0\.1:\d+\ns3 +http://127",
        started.output,
    )
    found = json.loads(status.output)
    assert (found["running"], found["running_jobs"], found["error"]) == (True, 0, None)
    assert "ready: engine" in logs.output
    assert stopped.output == "stopped\n"
    assert after.exit_code == 3
    assert "stopped" in after.output


def test_personalize_local__nothing_there(state_dir: Path) -> None:
    assert run("stop", "--state-dir", state_dir).output == "nothing was running\n"
    assert run("status", "--state-dir", state_dir).exit_code == 3
    assert "the stack has never run" in run("logs", "--state-dir", state_dir).output
    assert "nothing to delete" in run("reset", "--state-dir", state_dir).output
    assert not state_dir.exists()


def test_reset__deletes_after_asking(state_dir: Path) -> None:
    for name in ("engine", "s3/films", "dagster"):
        (state_dir / name).mkdir(parents=True)
    asked = run("reset", "--state-dir", state_dir, input="n\n")
    assert asked.exit_code == 1
    assert (state_dir / "engine").exists()

    assert run("reset", "--state-dir", state_dir, "--yes").exit_code == 0
    assert sorted(path.name for path in state_dir.iterdir()) == ["dagster", "stack.lock"]
    assert run("reset", "--state-dir", state_dir, "--yes", "--all").exit_code == 0
    assert not (state_dir / "dagster").exists()


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"PERSONALIZE_ASSETS_S3_PORT": "x"}, "Error: PERSONALIZE_ASSETS_S3_PORT must be a port"),
        ({"PERSONALIZE_ASSETS_STATE_DIR": "/dev/null/x"}, "cannot be written: Not a directory"),
    ],
)
def test_start__bad_settings(environ: dict[str, str], message: str) -> None:
    result = run("start", env=environ)

    assert result.exit_code == 1
    assert message in result.output


def test_status__of_the_local_stack_in_an_aws_deployment(state_dir: Path) -> None:
    result = run("status", "--state-dir", state_dir, env={"PERSONALIZE_ASSETS_DEPLOYMENT": "aws"})

    assert "deployment   local" in result.output


@pytest.mark.parametrize("style", ["text", "markdown", "json"])
def test_coverage__names_each_operation(style: str) -> None:
    result = run("coverage", "--format", style)

    assert result.exit_code == 0
    assert "CreateDatasetGroup" in result.output
    assert "GetRecommendations" in result.output
    assert style != "json" or len(json.loads(result.output)) == 79


def test_serve__offers_each_setting_of_the_engine() -> None:
    text = run("serve", "--help").output

    for name in EngineSettings.model_fields:
        assert f"--{name.replace('_', '-')}" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--host", "0.0.0.0"], "host 0.0.0.0 is not loopback"),
        (["--port", "70000"], "port"),
        (["--port", "http"], "not a valid integer"),
        (["--log-level", "LOUD"], "'LOUD' is not one of"),
        (["--s3-endpoint", "http://192.0.2.1"], "is not on this machine"),
    ],
)
def test_serve__refuses(arguments: list[str], message: str) -> None:
    result = run("serve", *arguments)

    assert result.exit_code == 2
    assert message in result.output


def test_serve__first_line_is_the_address_and_it_ends_with_its_parent(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "personalize_assets.engine", "serve", "--exit-with-parent"]
    environ = {**os.environ, "PERSONALIZE_ENGINE_STATE_DIR": str(tmp_path)}
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environ,
        text=True,
    ) as engine:
        assert engine.stdout is not None
        assert engine.stdin is not None
        address = engine.stdout.readline().strip()
        health = read_health(address, ENGINE_HEALTH)
        engine.stdin.close()
        code = engine.wait(20)

    assert health is not None
    assert health["state_dir"] == str(tmp_path)
    assert code in (0, -signal.SIGTERM)
