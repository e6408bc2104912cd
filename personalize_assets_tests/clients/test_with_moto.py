"""A program that asks STS who it is and makes its role in IAM: moto answers beside the engine."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from personalize_assets_tests.clients.conftest import CREDENTIALS, Place

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "personalize.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


@pytest.fixture
def session(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[boto3.Session]:
    """What a notebook's first cell finds with these variables set."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    variables = {
        **CREDENTIALS,
        "AWS_ENDPOINT_URL": place.endpoint,
        "AWS_ENDPOINT_URL_S3": place.s3_endpoint,
        "AWS_ENDPOINT_URL_STS": f"http://{host}:{port}",
        "AWS_ENDPOINT_URL_IAM": f"http://{host}:{port}",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    yield boto3.Session()
    server.stop()


def test_arns_are_built_from_the_account_of_sts(session: boto3.Session) -> None:
    account = session.client("sts").get_caller_identity()["Account"]
    role = session.client("iam").create_role(
        RoleName="RoleOfANotebook", AssumeRolePolicyDocument=json.dumps(TRUST)
    )["Role"]["Arn"]
    personalize: Any = session.client("personalize")
    made = personalize.create_dataset_group(
        name="with-moto",
        roleArn=role,
        kmsKeyArn=f"arn:aws:kms:us-east-1:{account}:key/1",
    )
    assert made["datasetGroupArn"] == (
        f"arn:aws:personalize:us-east-1:{account}:dataset-group/with-moto"
    )
    shown = personalize.describe_dataset_group(datasetGroupArn=made["datasetGroupArn"])
    assert shown["datasetGroup"]["roleArn"] == role
