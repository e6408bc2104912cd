"""`personalize-assets doctor` where it needs no AWS: settings that cannot work, and one machine."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from personalize_assets.cli.main import main


@pytest.fixture(autouse=True)
def _own_environment(
    clean_environment: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("PERSONALIZE_ASSETS_STATE_DIR", str(tmp_path / "state"))


def call(*arguments: str, **settings: str) -> Result:
    environment = {f"PERSONALIZE_ASSETS_{name}": value for name, value in settings.items()}
    return CliRunner().invoke(main, ["doctor", *arguments], env=environment)


def test_local() -> None:
    result = call()

    assert result.exit_code == 0, result.output
    first, *_, last = result.output.splitlines()
    assert first.startswith("deployment local · account 123456789012 · region us-east-1")
    assert last == "7 ok, 0 failed, 0 unknown"


def test_local__a_variable_that_is_no_setting() -> None:
    result = call(BUKET="films")

    assert result.exit_code == 1
    assert (
        "failed  settings          PERSONALIZE_ASSETS_BUKET is no setting; did you" in result.output
    )
    assert "        fix               unset PERSONALIZE_ASSETS_BUKET" in result.output


@pytest.mark.parametrize(
    ("settings", "fact"),
    [
        ({"DEPLOYMENT": "gcp"}, "must be local or aws, got 'gcp'"),
        ({"DEPLOYMENT": "aws"}, "needs PERSONALIZE_ASSETS_BUCKET and PERSONALIZE_ASSETS_ROLE_ARN"),
    ],
)
def test_settings_that_cannot_work(settings: dict[str, str], fact: str) -> None:
    result = call("--json", **settings)

    assert result.exit_code == 1
    answer = json.loads(result.output)
    assert (answer["failed"], answer["findings"][0]["check"]) == (1, "settings")
    assert fact in answer["findings"][0]["fact"]


def test_aws__no_region(tmp_path: Path) -> None:
    settings = tmp_path / "aws.yaml"
    settings.write_text("bucket: films\nrole_arn: arn:aws:iam::111122223333:role/Reader\n")

    result = call(DEPLOYMENT="aws", SETTINGS=str(settings))

    assert result.exit_code == 1
    assert f"ok      settings          of the environment and {settings}" in result.output
    assert "failed  identity          no region: set PERSONALIZE_ASSETS_REGION" in result.output
