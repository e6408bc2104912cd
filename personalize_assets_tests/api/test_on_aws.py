"""The service in the aws deployment: moto plays S3, the engine plays Amazon Personalize."""

import os
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from personalize_assets.api.app import make_app
from personalize_assets.api.calls import CALL_LIMITS, Calls
from personalize_assets.api.limits import Rate
from personalize_assets.api.services import ApiOptions, Services
from personalize_assets.aws.clients import Clients
from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.objects import Bucket
from personalize_assets.local.clients import open_clients
from personalize_assets_tests.api.shop import SHOP, write_items
from personalize_assets_tests.aws_cloud import ACCOUNT, CREDENTIALS, REGION, serve_moto

BUCKET = "shop-on-aws"


@pytest.fixture
def on_aws(shop: None, clients: Clients, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    assert clients.endpoints is not None
    engine = clients.endpoints.personalize
    with serve_moto() as moto:
        environment = {
            **CREDENTIALS,
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_ENDPOINT_URL": moto,
            "AWS_ENDPOINT_URL_PERSONALIZE": engine,
            "AWS_ENDPOINT_URL_PERSONALIZE_RUNTIME": engine,
            "AWS_ENDPOINT_URL_PERSONALIZE_EVENTS": engine,
            "PERSONALIZE_ASSETS_DEPLOYMENT": "aws",
            "PERSONALIZE_ASSETS_SETTINGS": os.devnull,
            "PERSONALIZE_ASSETS_BUCKET": BUCKET,
            "PERSONALIZE_ASSETS_REGION": REGION,
            "PERSONALIZE_ASSETS_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/PersonalizeRole",
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        deployment = Deployment.from_environment(environment)
        of_aws = open_clients(deployment, limits=CALL_LIMITS)
        of_aws.s3.create_bucket(Bucket=BUCKET)
        write_items(Bucket.of(of_aws), {f"i{number}": f"Film i{number}" for number in range(80)})
        options = ApiOptions(rate=Rate(0, 0))
        services = Services.make(SHOP, of_aws, options, Calls(deadline_s=60))
        services.refresher.look()
        with TestClient(make_app(services), base_url="http://127.0.0.1") as client:
            yield client


def test_aws__answers_as_on_this_machine(on_aws: TestClient, api: TestClient) -> None:
    asked = "/recommendations?user_id=u1&num_results=5"
    there, here = on_aws.get(asked), api.get(asked)

    assert there.status_code == here.status_code == 200
    items = there.json()["items"]
    assert [item["item_id"] for item in items] == [i["item_id"] for i in here.json()["items"]]
    assert all(item["title"] == f"Film {item['item_id']}" for item in items)
    assert on_aws.get("/about").json()["deployment"] == "aws"
    assert on_aws.get("/ready").json()["ready"] is True


def test_aws__histories_that_are_not_there_are_said(on_aws: TestClient) -> None:
    refused = on_aws.get("/users/u1/history")

    assert refused.status_code == 503
    assert f"there is no s3://{BUCKET}/" in refused.json()["error"]["message"]
    event = {"user_id": "u1", "item_id": "i7", "event_type": "watch"}
    assert on_aws.post("/events", json=event).status_code == 202
