"""Identity, clock, region and service: what each answer means."""

from dataclasses import replace
from email.utils import formatdate

import pytest

from personalize_assets.aws.doctor.answers import Answer
from personalize_assets.aws.doctor.identity import (
    judge_clock,
    judge_identity,
    judge_region,
    judge_service,
)
from personalize_assets_tests.aws.doctor.places import ACCOUNT, deployment

WHO = "sts:GetCallerIdentity"
LIST = "personalize:ListDatasetGroups"
NOW = 1_790_000_000.0


def answered(account: str = ACCOUNT) -> Answer:
    return Answer(WHO, {"Arn": f"arn:aws:iam::{account}:user/ops", "Account": account})


def test_judge_identity__ok() -> None:
    found = judge_identity(answered(), deployment())

    assert (found.status, found.fix) == ("ok", "")
    assert found.fact == f"arn:aws:iam::{ACCOUNT}:user/ops in the account {ACCOUNT}"


def test_judge_identity__another_account() -> None:
    found = judge_identity(answered("999999999999"), deployment())

    assert found.status == "failed"
    assert "is of the account 999999999999, but PERSONALIZE_ASSETS_ROLE_ARN of" in found.fact
    assert f"credentials of {ACCOUNT}" in found.fix


@pytest.mark.parametrize(
    ("code", "status", "fact", "fix"),
    [
        ("NoCredentialsError", "failed", "finds no credentials", "aws configure sso --profile p"),
        ("ExpiredToken", "failed", "have expired", "aws sso login --profile p"),
        ("UnauthorizedSSOTokenError", "failed", "have expired", "aws sso login --profile p"),
        ("InvalidClientTokenId", "failed", "does not know these", "aws configure --profile p"),
        ("EndpointConnectionError", "failed", "STS is not reached", "network, proxy"),
        ("Throttling", "unknown", "ended with Throttling: said", "try again"),
    ],
)
def test_judge_identity__refusals(code: str, status: str, fact: str, fix: str) -> None:
    found = judge_identity(Answer(WHO, code=code, text="said"), deployment(profile="p"))

    assert found.status == status
    assert fact in found.fact
    assert fix in found.fix


def test_judge_identity__a_role_that_may_not_be_assumed() -> None:
    role = "arn:aws:iam::123456789012:role/Dagster"
    denied = Answer(WHO, code="AccessDenied", text="not authorized to perform sts:AssumeRole")

    found = judge_identity(denied, replace(deployment(), assume_role_arn=role))

    assert found.status == "failed"
    assert f"the role {role} may not be assumed" in found.fact
    assert "unset PERSONALIZE_ASSETS_ASSUME_ROLE_ARN" in found.fix


def dated(skew_s: float) -> Answer:
    headers = {"date": formatdate(NOW, usegmt=True)}
    return Answer(WHO, {"ResponseMetadata": {"HTTPHeaders": headers}}, asked_at=NOW + skew_s)


@pytest.mark.parametrize(
    ("skew_s", "status", "fact", "has_fix"),
    [
        (1.4, "ok", "agrees with that of AWS", False),
        (-40, "ok", "40 s behind that of AWS", False),
        (200, "ok", "200 s ahead of that of AWS", True),
        (301, "failed", "301 s ahead of that of AWS (", True),
        (-7200, "failed", "7,200 s behind that of AWS (", True),
    ],
)
def test_judge_clock(skew_s: float, status: str, fact: str, has_fix: bool) -> None:
    found = judge_clock(dated(skew_s))

    assert (found.status, bool(found.fix)) == (status, has_fix)
    assert found.fact.startswith(fact)


def test_judge_clock__of_a_refusal_too() -> None:
    assert judge_clock(replace(dated(900), code="SignatureDoesNotMatch")).status == "failed"
    assert judge_clock(Answer(WHO, code="EndpointConnectionError")).status == "unknown"


@pytest.mark.parametrize(
    ("code", "region", "status", "words"),
    [
        ("", "eu-west-1", "ok", "offers"),
        ("AccessDeniedException", "eu-west-1", "ok", "offers"),
        ("", "mars-1", "ok", "offers"),  # botocore's list may be out of date
        ("EndpointConnectionError", "mars-1", "failed", "does not offer"),
        ("EndpointConnectionError", "eu-west-1", "failed", "is not reached"),
        ("InternalFailure", "mars-1", "unknown", "does not list mars-1"),
    ],
)
def test_judge_region(code: str, region: str, status: str, words: str) -> None:
    found = judge_region(Answer(LIST, code=code), region, ["eu-west-1", "us-east-1"])

    assert found.status == status
    assert words in found.fact
    if region == "mars-1" and status != "ok":
        assert found.fix == "set PERSONALIZE_ASSETS_REGION to one that does: eu-west-1, us-east-1"


@pytest.mark.parametrize(
    ("code", "status", "fix"),
    [
        ("", "ok", ""),
        ("AccessDeniedException", "failed", "attach the operator policy"),
        ("UnrecognizedClientException", "failed", "enable-region --region-name me-south-1"),
        ("ConnectTimeoutError", "failed", "see the region's line"),
        ("ServiceUnavailable", "unknown", "try again"),
    ],
)
def test_judge_service(code: str, status: str, fix: str) -> None:
    found = judge_service(Answer(LIST, code=code, text="not authorized"), "me-south-1")

    assert found.status == status
    assert fix in found.fix
