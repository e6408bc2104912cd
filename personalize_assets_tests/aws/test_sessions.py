"""Sessions of the aws deployment: where region and credentials come from, and a role to assume."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from personalize_assets.aws.clients import make_aws_client, make_clients
from personalize_assets.aws.deployment import Deployment, DeploymentError
from personalize_assets.aws.sessions import make_session, session_of
from personalize_assets_tests.aws_cloud import serve_moto

AWS = Deployment(
    "aws", None, "111122223333", "films", "arn:aws:iam::111122223333:role/R", Path("/state")
)


@pytest.fixture(autouse=True)
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """AWS files of the test's own, with one profile; nothing of the person who runs the tests."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    config = tmp_path / "config"
    config.write_text(
        "[profile films]\nregion = eu-west-1\n"
        "aws_access_key_id = films\naws_secret_access_key = x\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return tmp_path


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with serve_moto() as address:
        yield address


def test_session_of__profile_and_its_region() -> None:
    session = session_of(replace(AWS, profile="films"))
    credentials: Any = session.get_credentials()

    assert (session.region_name, credentials.access_key) == ("eu-west-1", "films")
    assert session_of(replace(AWS, profile="films", region="us-east-1")).region_name == "us-east-1"


def test_session_of__unknown_profile() -> None:
    with pytest.raises(DeploymentError, match=r"PROFILE .*profile\).*'books'.*there are films"):
        session_of(replace(AWS, profile="books"))


def test_session_of__no_region() -> None:
    with pytest.raises(DeploymentError, match=r"no region: set PERSONALIZE_ASSETS_REGION \(in a"):
        session_of(AWS)
    with pytest.raises(DeploymentError, match="no region"):
        make_clients(AWS)
    with pytest.raises(DeploymentError, match="no region"):
        make_aws_client(AWS, "sns")


def test_session_of__local_has_none() -> None:
    with pytest.raises(ValueError, match="the local deployment has no session of AWS"):
        session_of(Deployment.from_environment({}))


def test_make_session__nothing_to_assume_a_role_with() -> None:
    with pytest.raises(DeploymentError, match=r"no credentials to assume the role of .*ROLE_ARN"):
        make_session(None, "eu-west-1", "arn:aws:iam::111122223333:role/Dagster")


def test_session_of__assumed_role(
    moto: str, configuration: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    iam: Any = boto3.client("iam", region_name="eu-west-1")
    role = iam.create_role(RoleName="Dagster", AssumeRolePolicyDocument=json.dumps({}))["Role"]
    deployment = replace(AWS, region="eu-west-1", assume_role_arn=role["Arn"])

    session = session_of(deployment)
    identity = make_aws_client(deployment, "sts").get_caller_identity()

    credentials: Any = session.get_credentials()
    assert credentials.method == "assume-role"
    assert credentials.access_key.startswith("ASIA")
    assert identity["Arn"].endswith(":assumed-role/Dagster/personalize-assets")
    assert {one.name for one in configuration.iterdir()} == {"config"}


def test_session_of__assumed_role_is_renewed(moto: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    role = "arn:aws:iam::123456789012:role/Renewed"
    session = session_of(replace(AWS, profile="films", assume_role_arn=role))
    credentials: Any = session.get_credentials()
    first = credentials.get_frozen_credentials().access_key
    assert credentials.get_frozen_credentials().access_key == first

    def later() -> datetime:
        return datetime.now(UTC) + timedelta(minutes=52)

    monkeypatch.setattr("botocore.credentials._local_now", later)
    monkeypatch.setattr(credentials, "_time_fetcher", later)

    assert credentials.get_frozen_credentials().access_key != first
