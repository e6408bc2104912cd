"""The evaluator of policies: what statements allow, forbid, and leave open."""

from typing import Any

import pytest

from personalize_assets.aws.doctor.evaluation import (
    Request,
    Verdict,
    evaluate,
    without_conditions,
)

SERVICE = ("Service", "personalize.amazonaws.com")
ROLE = ("AWS", "arn:aws:iam::111122223333:role/path/Reader")
ROOT = "arn:aws:iam::111122223333:root"


def policy(**statement: Any) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", **statement}]}


def read(**context: str) -> Request:
    return Request("s3:GetObject", "arn:aws:s3:::films/a/b.csv", SERVICE, context)


@pytest.mark.parametrize(
    ("statement", "verdict"),
    [
        ({"Principal": "*"}, "allowed"),
        ({"Principal": {"Service": ["x", "personalize.amazonaws.com"]}}, "allowed"),
        ({"Principal": {"Service": "s3.amazonaws.com"}}, "not allowed"),
        ({"Principal": {"AWS": "*"}}, "not allowed"),
        ({}, "not allowed"),
        ({"Principal": "*", "Action": ["S3:getobject"]}, "allowed"),
        ({"Principal": "*", "Action": "s3:Get*"}, "allowed"),
        ({"Principal": "*", "Action": "s3:GetObjec?"}, "allowed"),
        ({"Principal": "*", "Action": "s3:PutObject"}, "not allowed"),
        ({"Principal": "*", "NotAction": "s3:Get*"}, "not allowed"),
        ({"Principal": "*", "NotAction": "s3:Put*"}, "allowed"),
        ({"Principal": "*", "Resource": "arn:aws:s3:::films"}, "not allowed"),
        ({"Principal": "*", "Resource": ["arn:aws:s3:::films/*"]}, "allowed"),
        ({"Principal": "*", "Resource": "arn:aws:s3:::FILMS/*"}, "not allowed"),
        ({"Principal": "*", "NotResource": "arn:aws:s3:::films/*"}, "not allowed"),
        ({"NotPrincipal": {"Service": "personalize.amazonaws.com"}}, "not allowed"),
    ],
)
def test_evaluate__whom_what_and_where(statement: dict[str, Any], verdict: Verdict) -> None:
    assert evaluate([policy(**statement)], read()) == verdict


@pytest.mark.parametrize(
    ("condition", "context", "verdict"),
    [
        ({"StringEquals": {"aws:SourceAccount": "1"}}, {"aws:SourceAccount": "1"}, "allowed"),
        (
            {"StringEquals": {"AWS:sourceaccount": ["2", "1"]}},
            {"aws:SourceAccount": "1"},
            "allowed",
        ),
        ({"StringEquals": {"aws:SourceAccount": "2"}}, {"aws:SourceAccount": "1"}, "not allowed"),
        ({"StringEquals": {"aws:SourceAccount": "1"}}, {}, "not allowed"),
        ({"StringEqualsIfExists": {"aws:SourceAccount": "1"}}, {}, "allowed"),
        ({"StringEqualsIgnoreCase": {"k": "A"}}, {"k": "a"}, "allowed"),
        ({"StringLike": {"k": "fil*"}}, {"k": "films"}, "allowed"),
        ({"ArnLike": {"k": "arn:aws:x:*"}}, {"k": "arn:aws:x:y"}, "allowed"),
        ({"ArnEquals": {"k": "arn:aws:y:*"}}, {"k": "arn:aws:x:y"}, "not allowed"),
        ({"Bool": {"aws:SecureTransport": "True"}}, {"aws:SecureTransport": "true"}, "allowed"),
        ({"StringNotEquals": {"k": "a"}}, {"k": "a"}, "not allowed"),
        ({"StringNotEquals": {"k": ["a", "b"]}}, {"k": "c"}, "allowed"),
        ({"StringNotEquals": {"k": "a"}}, {}, "allowed"),
        ({"Null": {"k": "true"}}, {}, "allowed"),
        ({"Null": {"k": "false"}}, {}, "not allowed"),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, {}, "unclear"),
        ({"ForAnyValue:StringEquals": {"k": "a"}}, {"k": "a"}, "unclear"),
        ({"IpAddress": {"k": "1"}, "StringEquals": {"j": "a"}}, {"j": "b"}, "not allowed"),
    ],
)
def test_evaluate__conditions(condition: Any, context: dict[str, str], verdict: Verdict) -> None:
    document = policy(Principal="*", Condition=condition)

    assert evaluate([document], read(**context)) == verdict
    assert evaluate([without_conditions(document)], read(**context)) == "allowed"


def test_evaluate__a_denial_wins_and_keeps_its_conditions() -> None:
    allowed = policy(Principal="*")
    denied = policy(
        Effect="Deny", Principal="*", Condition={"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}
    )

    assert evaluate([allowed, denied], read()) == "denied"
    assert evaluate([allowed, without_conditions(denied)], read()) == "denied"
    assert evaluate([allowed, denied], read(**{"aws:SourceVpce": "vpce-1"})) == "allowed"
    unclear = policy(Effect="Deny", Principal="*", Condition={"IpAddress": {"k": "1"}})
    assert evaluate([allowed, unclear], read()) == "unclear"


@pytest.mark.parametrize("named", [ROOT, "111122223333", ROLE[1], "*", [ROLE[1], "x"]])
def test_evaluate__an_account_stands_for_its_roles(named: Any) -> None:
    document = policy(Principal={"AWS": named})

    assert evaluate([document], Request("kms:Decrypt", "k", ROLE)) == "allowed"
    other = ("AWS", "arn:aws:iam::999999999999:role/Reader")
    assert evaluate([document], Request("kms:Decrypt", "k", other)) == (
        "allowed" if named == "*" else "not allowed"
    )


def test_evaluate__a_policy_of_an_identity_names_nobody() -> None:
    single = {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}

    assert evaluate([single], Request("s3:GetObject", "arn:aws:s3:::a/b")) == "allowed"
    assert evaluate([], Request("s3:GetObject", "arn:aws:s3:::a/b")) == "not allowed"
    assert evaluate([{}], Request("s3:GetObject", "arn:aws:s3:::a/b")) == "not allowed"
