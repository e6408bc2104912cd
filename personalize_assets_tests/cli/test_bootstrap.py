"""The command `bootstrap` against moto, as a person meets it."""

import os
import random
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from click.testing import CliRunner, Result

from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.settings_file import read_settings_file
from personalize_assets.cli.bootstrap import bootstrap
from personalize_assets.cli.main import main
from personalize_assets_tests.aws.bootstrap.accounts import REGION, open_account, serve_accounts


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with serve_accounts() as address:
        yield address


@pytest.fixture
def account_id(
    moto: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clean_environment: None
) -> Iterator[str]:
    """A new account that boto3's own chain leads to, and an empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    account_id = f"{random.randrange(10**11, 10**12)}"
    keys = open_account(REGION, account_id).session.get_credentials()
    variables = {
        "AWS_ACCESS_KEY_ID": keys.access_key,
        "AWS_SECRET_ACCESS_KEY": keys.secret_key,
        "AWS_SESSION_TOKEN": keys.token,
        "AWS_DEFAULT_REGION": REGION,
    }
    with mock.patch.dict(os.environ, variables):
        yield account_id


def run(*arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(bootstrap, arguments, input=answer)


@pytest.mark.slow
def test_bootstrap__from_nothing_to_settings_and_back(account_id: str) -> None:
    dry = run("--dry-run", "--email", "somebody@example.org")
    assert dry.exit_code == 0, dry.output
    assert dry.output.splitlines()[0].startswith(
        f"account {account_id} · region {REGION} · as arn:"
    )
    assert "7 to create, 0 to change, 0 unchanged" in dry.output
    assert "somebody" not in dry.output
    assert not Path("deploy/aws.yaml").exists()

    done = run("--email", "somebody@example.org", answer="y\n")
    assert done.exit_code == 0, done.output
    assert "wrote deploy/aws.yaml" in done.output
    assert f"policy/personalize-assets-operator-{REGION}" in done.output
    assert "personalize-assets doctor" in done.output
    deployment = Deployment.from_environment({"PERSONALIZE_ASSETS_DEPLOYMENT": "aws"})
    assert deployment.bucket == f"personalize-assets-{account_id}-{REGION}"
    assert deployment.account_id == account_id

    again = run()
    assert again.exit_code == 0, again.output
    assert "Everything is as it should be." in again.output
    assert "wrote" not in again.output

    refused = run("--destroy", answer="yes\n")
    assert refused.exit_code == 1
    gone = run("--destroy", answer="personalize-assets\n")
    assert gone.exit_code == 0, gone.output
    assert "took bucket, role_arn, topic_arn out of deploy/aws.yaml" in gone.output
    assert set(read_settings_file(Path("deploy/aws.yaml")).values) == {"region"}
    assert "Nothing of personalize-assets is there." in run("--destroy").output


@pytest.mark.slow
def test_bootstrap__remembers_name_and_parts_by_the_settings(account_id: str) -> None:
    first = run("--name", "films", "--create-kms-key", "--queue", "--glue", "--yes")
    assert first.exit_code == 0, first.output

    again = run("--dry-run")

    assert again.exit_code == 0, again.output
    assert "0 to create, 0 to change, 13 unchanged" in again.output


@pytest.mark.slow
def test_bootstrap__shows_what_is_old_and_new(account_id: str) -> None:
    assert run("--yes").exit_code == 0
    s3 = open_account(REGION, account_id).client("s3")
    s3.delete_public_access_block(Bucket=f"personalize-assets-{account_id}-{REGION}")

    shown = run("--dry-run")

    assert "PublicAccessBlockConfiguration: (absent) -> {" in shown.output
    assert "0 to create, 1 to change, 5 unchanged" in shown.output


def test_bootstrap__refuses_settings_of_another_account(account_id: str) -> None:
    Path("deploy").mkdir()
    role = "arn:aws:iam::111122223333:role/personalize-assets-service-eu-west-1"
    Path("deploy/aws.yaml").write_text(f"role_arn: {role}\n", encoding="utf-8")

    refused = run("--yes")

    assert refused.exit_code == 1
    assert "deploy/aws.yaml, line 1 names a role of account 111122223333" in refused.output
    assert f"signed in to {account_id}" in refused.output


def test_bootstrap__refuses_a_bucket_that_was_not_made_here(account_id: str) -> None:
    s3 = open_account(REGION, account_id).client("s3")
    location = {"LocationConstraint": REGION}
    s3.create_bucket(Bucket=f"films-{account_id}", CreateBucketConfiguration=location)

    refused = run("--bucket", f"films-{account_id}", "--yes")

    assert refused.exit_code == 1
    assert "--adopt takes it over" in refused.output
    assert not Path("deploy/aws.yaml").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--delete-data",), "--delete-data goes with --destroy"),
        (("--create-kms-key", "--kms-key-arn", "x"), "exclude each other"),
        (("--name", "Films"), "--name must be 3 to 30 lower case letters"),
    ],
)
def test_bootstrap__refuses_options(
    account_id: str, arguments: tuple[str, ...], message: str
) -> None:
    refused = run(*arguments)
    assert refused.exit_code != 0
    assert message in refused.output


def test_bootstrap__is_a_command() -> None:
    shown = CliRunner().invoke(main, ["bootstrap", "--help"])
    assert shown.exit_code == 0
    assert "--dry-run" in shown.output
