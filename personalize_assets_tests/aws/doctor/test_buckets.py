"""The bucket: each way in which it can be wrong, and what to do about it."""

import json
from typing import Any

import pytest

from personalize_assets.aws.bootstrap import policies
from personalize_assets.aws.doctor import buckets
from personalize_assets.aws.doctor.answers import Answer
from personalize_assets.aws.doctor.findings import Finding
from personalize_assets.aws.doctor.needs import options_of
from personalize_assets_tests.aws.doctor.places import ACCOUNT, REGION, deployment

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k"
BOOTSTRAP = f"personalize-assets bootstrap --bucket films --region {REGION}"
ON = dict.fromkeys(
    ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
)


@pytest.mark.parametrize(
    ("code", "reply", "status", "fact", "fix"),
    [
        ("", {"BucketRegion": REGION}, "ok", f"films in {REGION}, owned by {ACCOUNT}", ""),
        ("", {}, "ok", f"films in {REGION}", ""),
        ("404", {}, "failed", "films does not exist", BOOTSTRAP),
        ("403", {}, "failed", f"is not owned by {ACCOUNT}, or s3:ListBucket is missing", "choose"),
        ("", {"BucketRegion": "us-east-1"}, "failed", "is in us-east-1", "_REGION to us-east-1"),
        (
            "301",
            {"ResponseMetadata": {"HTTPHeaders": {"x-amz-bucket-region": "us-east-1"}}},
            "failed",
            f"is in us-east-1; Amazon Personalize in {REGION} reads only there",
            "set PERSONALIZE_ASSETS_REGION to us-east-1",
        ),
        ("500", {}, "unknown", "s3:HeadBucket ended with 500", "try again"),
    ],
)
def test_judge_bucket(code: str, reply: Any, status: str, fact: str, fix: str) -> None:
    found = buckets.judge_bucket(Answer("s3:HeadBucket", reply, code), deployment(), REGION)

    assert found.status == status
    assert fact in found.fact
    assert fix in found.fix


def encryption(algorithm: str, key: str | None = None) -> dict[str, Any]:
    default = {"SSEAlgorithm": algorithm, **({"KMSMasterKeyID": key} if key else {})}
    rules = [{"ApplyServerSideEncryptionByDefault": default}]
    return {"ServerSideEncryptionConfiguration": {"Rules": rules}}


@pytest.mark.parametrize(
    ("reply", "settings", "status", "words"),
    [
        (encryption("AES256"), {}, "ok", "AES256"),
        (encryption("AES256"), {"kms_key_arn": KEY}, "ok", "AES256"),
        (encryption("aws:kms", KEY), {"kms_key_arn": KEY}, "ok", KEY),
        (encryption("aws:kms", "k"), {"kms_key_arn": KEY}, "ok", "with k"),
        (encryption("aws:kms", KEY), {}, "failed", f"set PERSONALIZE_ASSETS_KMS_KEY_ARN to {KEY}"),
        (encryption("aws:kms"), {}, "failed", "aws/s3 of KMS"),
    ],
)
def test_judge_encryption(
    reply: dict[str, Any], settings: dict[str, str], status: str, words: str
) -> None:
    answer = Answer("s3:GetBucketEncryption", reply)
    found = buckets.judge_encryption(answer, deployment(**settings), REGION)

    assert found.status == status
    assert words in found.fact + found.fix


def test_judge_encryption__none() -> None:
    code = "ServerSideEncryptionConfigurationNotFoundError"
    answer = Answer("s3:GetBucketEncryption", code=code)
    found = buckets.judge_encryption(answer, deployment(kms_key_arn=KEY), REGION)

    assert (found.status, found.fix) == ("failed", f"{BOOTSTRAP} --kms-key-arn {KEY}")


@pytest.mark.parametrize(
    ("answer", "status", "fact"),
    [
        (Answer("", {"PublicAccessBlockConfiguration": ON}), "ok", "blocked"),
        (
            Answer("", {"PublicAccessBlockConfiguration": {**ON, "BlockPublicPolicy": False}}),
            "failed",
            "not blocked: BlockPublicPolicy is off",
        ),
        (
            Answer("", code="NoSuchPublicAccessBlockConfiguration"),
            "failed",
            "RestrictPublicBuckets",
        ),
        (
            Answer("s3:GetPublicAccessBlock", code="AccessDenied"),
            "unknown",
            "we may not look: s3:GetPublicAccessBlock was refused",
        ),
    ],
)
def test_judge_public_access(answer: Answer, status: str, fact: str) -> None:
    found = buckets.judge_public_access(answer, deployment(), REGION)

    assert found.status == status
    assert fact in found.fact
    if status == "failed":
        assert found.fix.startswith("aws s3api put-public-access-block --bucket films ")
    if status == "unknown":
        assert "allow s3:GetBucketPublicAccessBlock to this identity" in found.fix


def judged(*statements: Any) -> Finding:
    answer = Answer("s3:GetBucketPolicy", {"Policy": json.dumps({"Statement": list(statements)})})
    return buckets.judge_bucket_policy(answer, deployment(), REGION)


def test_judge_bucket_policy() -> None:
    wanted = policies.bucket_policy(options_of(deployment(), REGION))["Statement"]

    assert judged(*wanted).status == "ok"
    found = judged(*wanted[:1], *wanted[2:])
    assert found.status == "failed"
    assert "may not s3:GetObject, s3:PutObject: no statement allows it" in found.fact
    assert found.fix == BOOTSTRAP
    others = [
        {**one, "Condition": {"StringEquals": {"aws:SourceAccount": "999999999999"}}}
        for one in wanted[:2]
    ]
    assert judged(*others).fact.endswith("its conditions leave this account out")
    vpc = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}},
    }
    assert judged(*wanted, vpc).fact.endswith("a statement forbids it")
    unclear = [{**one, "Condition": {"IpAddress": {"aws:SourceIp": "1"}}} for one in wanted[:2]]
    assert judged(*unclear).status == "unknown"


def test_judge_bucket_policy__none() -> None:
    answer = Answer("s3:GetBucketPolicy", code="NoSuchBucketPolicy")

    assert buckets.judge_bucket_policy(answer, deployment(), REGION).status == "failed"


def test_judge_acceleration() -> None:
    own, name = deployment(transfer_acceleration="true"), "s3:GetBucketAccelerateConfiguration"

    assert (
        buckets.judge_acceleration(Answer(name, {"Status": "Enabled"}), own, REGION).status == "ok"
    )
    found = buckets.judge_acceleration(Answer(name), own, REGION)
    assert found.status == "failed"
    assert found.fix.startswith("aws s3api put-bucket-accelerate-configuration --bucket films")
