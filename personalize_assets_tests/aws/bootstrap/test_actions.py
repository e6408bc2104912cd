"""Which IAM action each operation needs."""

import pytest

from personalize_assets.aws.bootstrap.actions import actions_of, actions_of_all

CASES = {
    "personalize:CreateSolution": ("personalize:CreateSolution",),
    "personalize-runtime:GetRecommendations": ("personalize:GetRecommendations",),
    "personalize-events:PutEvents": ("personalize:PutEvents",),
    "s3:HeadBucket": ("s3:ListBucket",),
    "s3:HeadObject": ("s3:GetObject",),
    "s3:ListObjectsV2": ("s3:ListBucket",),
    "s3:CreateMultipartUpload": ("s3:PutObject",),
    "s3:UploadPartCopy": ("s3:GetObject", "s3:PutObject"),
    "s3:GetPublicAccessBlock": ("s3:GetBucketPublicAccessBlock",),
    "s3:PutObject": ("s3:PutObject",),
    "sqs:DeleteMessageBatch": ("sqs:DeleteMessage",),
    "service-quotas:ListServiceQuotas": ("servicequotas:ListServiceQuotas",),
    "sts:GetCallerIdentity": (),
    "glue:StartJobRun": ("glue:StartJobRun",),
}


@pytest.mark.parametrize(("operation", "actions"), CASES.items())
def test_actions_of(operation: str, actions: tuple[str, ...]) -> None:
    assert actions_of(operation) == actions


@pytest.mark.parametrize("text", ["HeadObject", "s3:", ":HeadObject", ""])
def test_actions_of__what_is_no_operation(text: str) -> None:
    with pytest.raises(ValueError, match="expected service:Operation"):
        actions_of(text)


def test_actions_of_all__names_each_once_in_order() -> None:
    operations = ["s3:PutObject", "s3:UploadPart", "s3:GetObject", "sts:GetCallerIdentity"]
    assert actions_of_all(operations) == ["s3:GetObject", "s3:PutObject"]
