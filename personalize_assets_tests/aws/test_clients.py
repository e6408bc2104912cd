"""Clients of the aws deployment come from boto3's own chain; the local ones need endpoints."""

from pathlib import Path

import pytest

from personalize_assets.aws.clients import make_clients
from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.endpoints import Endpoints

AWS = Deployment(
    "aws", None, "111122223333", "films", "arn:aws:iam::111122223333:role/R", Path("/state")
)
LOCAL = Deployment.from_environment({})
ENDPOINTS = Endpoints("http://127.0.0.1:1", "http://127.0.0.1:2")


def test_make_clients__aws_follows_the_users_configuration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    clients = make_clients(AWS)

    assert clients.endpoints is None
    assert clients.personalize.meta.endpoint_url == "https://personalize.eu-west-1.amazonaws.com"
    assert clients.s3.meta.region_name == "eu-west-1"


def test_make_clients__local_signs_with_the_account() -> None:
    clients = make_clients(LOCAL, ENDPOINTS)

    assert clients.personalize.meta.endpoint_url == ENDPOINTS.personalize
    assert clients.personalize_events.meta.endpoint_url == ENDPOINTS.personalize
    assert clients.personalize_runtime.meta.endpoint_url == ENDPOINTS.personalize
    assert clients.s3.meta.endpoint_url == ENDPOINTS.s3


def test_make_clients__endpoints_belong_to_local() -> None:
    with pytest.raises(ValueError, match="needs the endpoints of its stack"):
        make_clients(LOCAL)
    with pytest.raises(ValueError, match="endpoints are for the local deployment, not for aws"):
        make_clients(AWS, ENDPOINTS)
