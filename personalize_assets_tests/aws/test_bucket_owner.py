"""Every request of the aws deployment that names the bucket names its owner, whoever sends it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from personalize_assets.aws.bucket_owner import OWNER, SOURCE_OWNER, expect_owner
from personalize_assets.aws.checksums import PART_BYTES
from personalize_assets.aws.clients import make_aws_client, make_clients
from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.objects import Bucket
from personalize_assets_tests.aws_cloud import CREDENTIALS

ACCOUNT, OTHER = "123456789012", "444455556666"
ENVIRONMENT = {
    "PERSONALIZE_ASSETS_DEPLOYMENT": "aws",
    "PERSONALIZE_ASSETS_BUCKET": "films",
    "PERSONALIZE_ASSETS_REGION": "us-east-1",
    "PERSONALIZE_ASSETS_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/PersonalizeRole",
}
HEADERS = {
    OWNER: "x-amz-expected-bucket-owner",
    SOURCE_OWNER: "x-amz-source-expected-bucket-owner",
}


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="films")
        yield Deployment.from_environment(ENVIRONMENT)


class Seen:
    """What a client sends: operation, and the headers that name owners."""

    def __init__(self, client: Any) -> None:
        self.owners: list[tuple[str, str | None, str | None]] = []
        client.meta.events.register("before-call.s3", self)

    def __call__(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        headers = params["headers"]
        found = (headers.get(HEADERS[OWNER]), headers.get(HEADERS[SOURCE_OWNER]))
        self.owners.append((model.name, *found))

    @property
    def operations(self) -> set[str]:
        return {name for name, *_ in self.owners}


def test_bucket__every_request_names_the_owner(deployment: Deployment, tmp_path: Path) -> None:
    bucket = Bucket.of(make_clients(deployment))
    seen = Seen(bucket.s3)
    (tmp_path / "f").write_bytes(bytes(PART_BYTES + 1))

    bucket.ensure(create=False)
    bucket.put_file(tmp_path / "f", "f")
    bucket.get_file("f", tmp_path / "g")
    bucket.write_json("j", 1)
    bucket.read_json("j")
    bucket.copy("f", "large copy")
    bucket.copy("j", "copy")
    list(bucket.list())
    bucket.delete("j")
    bucket.s3.get_waiter("bucket_exists").wait(Bucket="films")

    assert seen.operations == {
        "CompleteMultipartUpload",
        "CopyObject",
        "CreateMultipartUpload",
        "DeleteObject",
        "GetObject",
        "HeadBucket",
        "HeadObject",
        "ListObjectsV2",
        "PutObject",
        "UploadPart",
        "UploadPartCopy",
    }
    copies = {"CopyObject", "UploadPartCopy"}
    assert [one for one in seen.owners if one[1] != ACCOUNT] == []
    assert {name for name, _, source in seen.owners if source == ACCOUNT} == copies


def test_expect_owner__an_aborted_upload_names_it_too(
    deployment: Deployment, tmp_path: Path
) -> None:
    bucket = Bucket.of(make_clients(deployment))
    (tmp_path / "f").write_bytes(bytes(PART_BYTES + 1))
    seen = Seen(bucket.s3)

    def refuse(**_: Any) -> None:
        raise OSError("connection lost")

    bucket.s3.meta.events.register("before-call.s3.UploadPart", refuse)
    with pytest.raises(OSError, match="connection lost"):
        bucket.put_file(tmp_path / "f", "f")

    assert ("AbortMultipartUpload", ACCOUNT, None) in seen.owners
    assert bucket.s3.list_multipart_uploads(Bucket="films").get("Uploads", []) == []


def test_expect_owner__another_account_is_refused(deployment: Deployment) -> None:
    """S3 answers 403; moto does not look, so the refusal is put where moto would send it."""

    def as_s3_does(params: dict[str, Any], **_: Any) -> Any:
        if params["headers"].get(HEADERS[OWNER]) == ACCOUNT:
            return None
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "403"}}, "HeadBucket")

    clients = make_clients(Deployment.from_environment(ENVIRONMENT))
    clients.s3.meta.events.register("before-call.s3", as_s3_does)
    assert Bucket.of(clients).ensure(create=False) is False

    theirs = Deployment.from_environment({**ENVIRONMENT, "PERSONALIZE_ASSETS_BUCKET_OWNER": OTHER})
    clients = make_clients(theirs)
    clients.s3.meta.events.register("before-call.s3", as_s3_does)
    with pytest.raises(ClientError, match="AccessDenied"):
        Bucket.of(clients).ensure(create=False)


def test_expect_owner__only_of_this_bucket(deployment: Deployment) -> None:
    s3 = make_aws_client(deployment, "s3")
    s3.create_bucket(Bucket="others")
    seen = Seen(s3)

    s3.put_object(Bucket="others", Key="a", Body=b"")
    s3.copy_object(Bucket="films", Key="a", CopySource="others/a")
    s3.copy_object(Bucket="others", Key="b", CopySource="/films/a")
    s3.copy_object(Bucket="others", Key="b", CopySource={"Bucket": "films", "Key": "a"})
    s3.list_buckets()

    assert seen.owners == [
        ("PutObject", None, None),
        ("CopyObject", ACCOUNT, None),
        ("CopyObject", None, ACCOUNT),
        ("CopyObject", None, ACCOUNT),
        ("ListBuckets", None, None),
    ]


def test_expect_owner__twice_and_given_by_hand(deployment: Deployment) -> None:
    s3 = make_aws_client(deployment, "s3")
    expect_owner(s3, "films", ACCOUNT)
    seen = Seen(s3)

    s3.head_bucket(Bucket="films")
    s3.head_bucket(Bucket="films", ExpectedBucketOwner=OTHER)

    assert [owner for _, owner, _ in seen.owners] == [ACCOUNT, OTHER]


def test_expect_owner__every_operation_that_knows_it(deployment: Deployment) -> None:
    s3 = make_aws_client(deployment, "s3")
    named: dict[str, int] = {OWNER: 0, SOURCE_OWNER: 0}
    for operation in s3.meta.service_model.operation_names:
        model = s3.meta.service_model.operation_model(operation)
        known = [] if model.input_shape is None else model.input_shape.members
        params = {"Bucket": "films", "CopySource": "films/a"}
        event = f"before-parameter-build.s3.{operation}"
        s3.meta.events.emit(event, params=params, model=model, context={})
        for name in named:
            assert (params.get(name) == ACCOUNT) == (name in known), operation
            named[name] += name in known

    assert named[OWNER] > 70
    assert named[SOURCE_OWNER] == 2
