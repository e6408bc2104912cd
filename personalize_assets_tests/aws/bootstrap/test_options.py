"""Options: the names that follow from them, and what is refused."""

from typing import Any

import pytest

from personalize_assets.aws.bootstrap.options import BootstrapError, Options

ACCOUNT = "123456789012"


def make(**chosen: Any) -> Options:
    return Options(ACCOUNT, "eu-west-1", **chosen)


def test_options__give_everything_a_name() -> None:
    options = make(name="films")
    assert options.bucket == "films-123456789012-eu-west-1"
    assert options.service_role_arn == f"arn:aws:iam::{ACCOUNT}:role/films-service-eu-west-1"
    assert options.topic_arn == f"arn:aws:sns:eu-west-1:{ACCOUNT}:films"
    assert options.all_tags == {"personalize-assets": "films"}


def test_options__of_the_longest_name_fit_into_iam_and_s3() -> None:
    options = Options(ACCOUNT, "ap-southeast-7", name="a" * 30)
    assert len(options.bucket) <= 63
    assert max(map(len, (options.service_role, options.glue_role, options.operator_policy))) <= 64


def test_key_arn__is_unknown_until_the_key_is_made() -> None:
    options = make(creates_key=True)
    assert "yet-to-be-made" in str(options.key_arn)
    known = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"
    assert options.with_key(known).key_arn == known
    assert make().key_arn is None


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"name": "Films"}, "--name must be 3 to 30 lower case letters.*got 'Films'"),
        ({"name": "films-"}, "not ending with a hyphen"),
        ({"bucket_name": "Films"}, "--bucket must be 3 to 63.*got 'Films'"),
        ({"bucket_name": "a.b.c", "is_accelerated": True}, "name has no dot, got 'a.b.c'"),
        ({"kms_key_arn": "alias/films"}, "--kms-key-arn must look like arn:aws:kms:"),
        (
            {"kms_key_arn": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1"},
            "a key of us-east-1, but everything else goes to eu-west-1",
        ),
        ({"email": "nobody"}, "--email must look like name@example.org"),
        ({"tags": {"personalize-assets": "x"}}, "are set by the bootstrap"),
        ({"tags": {"aws:x": "y"}}, "Amazon's own"),
    ],
)
def test_options__that_are_not_allowed(chosen: dict[str, Any], message: str) -> None:
    with pytest.raises(BootstrapError, match=message):
        make(**chosen)
