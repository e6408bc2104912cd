"""The files of deploy/ agree with each other, with the settings, and with what Dagster takes."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._config import process_config  # Dagster makes it public nowhere.
from dagster._core.instance.config import dagster_instance_config_schema

from personalize_assets.aws.deployment import SETTINGS
from personalize_assets.cli.api import api as api_command
from personalize_assets.cli.launcher import WatchfulRunLauncher
from personalize_assets.core import names

DEPLOY = Path(__file__).parents[2] / "deploy"


@pytest.fixture(scope="module")
def compose() -> Any:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


@pytest.fixture(scope="module")
def settings() -> Any:
    return yaml.safe_load((DEPLOY / "dagster.yaml").read_text())


def test_dagster_yaml__is_what_dagster_takes(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in re.findall(r"env: (\w+)", (DEPLOY / "dagster.yaml").read_text()):
        monkeypatch.setenv(name, "5432")

    found = process_config(dg.Shape(dict(dagster_instance_config_schema())), settings)

    assert found.success, found.errors


def test_dagster_yaml__names_a_launcher_that_run_monitoring_can_ask(settings: Any) -> None:
    launcher = settings["run_launcher"]

    assert launcher["module"] == WatchfulRunLauncher.__module__
    assert launcher["class"] == WatchfulRunLauncher.__name__
    assert WatchfulRunLauncher().supports_check_run_worker_health
    assert settings["run_monitoring"]["enabled"]
    assert settings["run_retries"]["enabled"]


def test_dagster_yaml__waits_longer_than_a_training(settings: Any) -> None:
    assert settings["run_monitoring"]["max_runtime_seconds"] >= 60 * 3600


def test_compose__gives_what_the_files_ask_the_environment_for(compose: Any) -> None:
    asked = set(re.findall(r"env: (\w+)", (DEPLOY / "dagster.yaml").read_text()))

    for service in ("code", "webserver", "daemon"):
        assert asked <= set(compose["services"][service]["environment"])


def test_compose__knows_the_settings_of_the_aws_deployment(compose: Any) -> None:
    known = {setting.name for setting in SETTINGS}
    given = {n for n in compose["services"]["code"]["environment"] if n.startswith("PERSONALIZE")}

    assert given <= known
    # What only the local stack and its seeding ask for, and files that a container has not.
    assert {name.removeprefix("PERSONALIZE_ASSETS_") for name in known - given} == {
        "BUCKET_OWNER",
        "DATA",
        "ENGINE_PORT",
        "IDLE_STOP_S",
        "PROFILE",
        "S3_PORT",
        "SETTINGS",
    }


def test_compose__publishes_on_loopback_alone_and_keeps_the_database_inside(compose: Any) -> None:
    ports = {name: one.get("ports", []) for name, one in compose["services"].items()}

    assert ports == {
        "postgres": [],
        "code": ["127.0.0.1:3001:3001"],
        "api": [],
        "webserver": ["127.0.0.1:3000:3000"],
        "daemon": [],
    }
    assert compose["networks"]["inside"] == {"internal": True}
    assert compose["services"]["postgres"]["networks"] == ["inside"]
    assert compose["services"]["daemon"]["networks"] == ["inside"]


def test_compose__holds_no_password(compose: Any) -> None:
    assert compose["services"]["postgres"]["environment"]["POSTGRES_PASSWORD"].startswith("${")


def test_workspace__names_the_code_server_of_compose(compose: Any) -> None:
    (entry,) = yaml.safe_load((DEPLOY / "workspace.yaml").read_text())["load_from"]
    server = entry["grpc_server"]
    command = " ".join(compose["services"][server["host"]]["command"])

    assert f"--port {server['port']}" in command
    assert "-m personalize_assets.definitions" in command
    assert "python -m personalize_assets.cli.prepare" in command


def test_dockerfile__copies_what_is_there() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    kept = (DEPLOY / "Dockerfile.dockerignore").read_text()
    sources = [
        name for line in re.findall(r"^COPY (.*)$", text, re.M) for name in line.split()[:-1]
    ]

    assert sources
    for name in sources:
        assert (DEPLOY.parent / name).exists(), name
        assert f"!{name}\n" in kept
    assert "USER 10001" in text


def test_dockerfile__has_nothing_to_complain_of() -> None:
    hadolint = Path(sys.executable).parent / "hadolint"
    done = subprocess.run(
        [str(hadolint), str(DEPLOY / "Dockerfile")], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (0, "")


def test_compose__shares_the_engine_of_the_code_server_with_the_api(compose: Any) -> None:
    code, api = compose["services"]["code"], compose["services"]["api"]

    assert api["network_mode"] == api["pid"] == "service:code"
    assert "state:/opt/dagster/state" in api["volumes"]
    assert "state:/opt/dagster/state" in code["volumes"]
    assert api["environment"] == code["environment"]
    program, subcommand, *options = api["command"].split()
    assert (program, subcommand) == ("personalize-assets", "api")
    known = {option for parameter in api_command.params for option in parameter.opts}
    assert {option for option in options if option.startswith("--")} <= known


def test_pools__have_the_limits_of_the_quotas_that_the_page_names() -> None:
    text = (DEPLOY.parent / "docs" / "deploying.md").read_text()

    assert f"`personalize_import` | {names.MAX_ACTIVE_IMPORT_JOBS} " in text
    assert f"`personalize_training` | {names.MAX_ACTIVE_SOLUTION_VERSIONS} " in text
    assert f"`personalize_batch` | {names.MAX_ACTIVE_BATCH_INFERENCE_JOBS} " in text
