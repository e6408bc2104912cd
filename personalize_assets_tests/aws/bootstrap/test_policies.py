"""Policies: exactly what each needs, of actions and resources that IAM knows."""

import importlib.resources
import json
import re
from functools import cache
from typing import Any

import pytest
from botocore.session import get_session

from personalize_assets.aws.bootstrap.actions import actions_of
from personalize_assets.aws.bootstrap.operator_policy import MAX_CHARACTERS, operator_policy
from personalize_assets.aws.bootstrap.options import Options
from personalize_assets.aws.bootstrap.policies import (
    bucket_policy,
    glue_policy,
    key_policy,
    missing_key_statements,
    queue_policy,
    service_policy,
    trust_policy,
)

ACCOUNT, REGION = "123456789012", "eu-west-1"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234"
BARE = Options(ACCOUNT, REGION, bucket_name="films")
FULL = Options(ACCOUNT, REGION, bucket_name="films", kms_key_arn=KEY, has_queue=True, has_glue=True)
DOCUMENTS = {
    "service": service_policy,
    "bucket": bucket_policy,
    "key": key_policy,
    "queue": queue_policy,
    "glue": glue_policy,
    "operator": operator_policy,
}


def rights(policy: dict[str, Any]) -> set[tuple[str, str]]:
    """Pairs of action and resource that a policy allows."""
    return {
        (action, resource)
        for statement in policy["Statement"]
        if statement["Effect"] == "Allow"
        for action in statement["Action"]
        for resource in statement["Resource"]
    }


@cache
def known_to_iam() -> Any:
    """Actions of IAM with the kinds of resources that each can be limited to."""
    data = importlib.resources.files("cfnlint.data.AdditionalSpecs") / "Policies.json"
    return json.loads(data.read_text(encoding="utf-8"))


def test_trust_policy__is_for_this_account_and_region_only() -> None:
    (statement,) = trust_policy(BARE)["Statement"]
    assert statement["Principal"] == {"Service": ["personalize.amazonaws.com"]}
    assert statement["Action"] == ["sts:AssumeRole"]
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": f"arn:aws:personalize:{REGION}:{ACCOUNT}:*"},
    }


def test_service_policy__is_what_the_pages_of_personalize_ask_for() -> None:
    needed = {
        ("s3:ListBucket", "arn:aws:s3:::films"),
        ("s3:GetObject", "arn:aws:s3:::films/*"),
        ("s3:PutObject", "arn:aws:s3:::films/*"),
        ("cloudwatch:PutMetricData", "*"),
    }
    of_key = ("Decrypt", "DescribeKey", "GenerateDataKey", "ListGrants")
    with_key = {(f"kms:{name}", KEY) for name in (*of_key, "GenerateDataKeyWithoutPlaintext")}
    assert rights(service_policy(BARE)) == needed
    assert rights(service_policy(FULL)) == needed | with_key


def test_bucket_policy__lets_personalize_in_and_nobody_without_tls() -> None:
    *allowed, denied = bucket_policy(BARE)["Statement"]
    assert rights(bucket_policy(BARE)) == {
        ("s3:ListBucket", "arn:aws:s3:::films"),
        ("s3:GetObject", "arn:aws:s3:::films/*"),
        ("s3:PutObject", "arn:aws:s3:::films/*"),
    }
    assert {str(one["Principal"]) for one in allowed} == {
        "{'Service': ['personalize.amazonaws.com']}"
    }
    assert (denied["Effect"], denied["Principal"]) == ("Deny", "*")
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_queue_policy__lets_this_bucket_of_this_account_send() -> None:
    (statement,) = queue_policy(BARE)["Statement"]
    assert rights(queue_policy(BARE)) == {("sqs:SendMessage", BARE.queue_arn)}
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnEquals": {"aws:SourceArn": "arn:aws:s3:::films"},
    }


def test_operator_policy__passes_one_role_to_one_service() -> None:
    statements = [
        one for one in operator_policy(FULL)["Statement"] if "iam:PassRole" in one["Action"]
    ]
    (statement,) = statements
    assert statement["Resource"] == [FULL.service_role_arn]
    assert statement["Condition"] == {
        "StringEquals": {"iam:PassedToService": "personalize.amazonaws.com"}
    }


def test_operator_policy__of_what_is_not_there_is_empty() -> None:
    services = {action.partition(":")[0] for action, _ in rights(operator_policy(BARE))}
    assert services == {"personalize", "iam", "s3", "sns", "cloudwatch", "servicequotas"}


def test_operator_policy__has_room() -> None:
    long = Options(
        ACCOUNT,
        "ap-southeast-1",
        "aws-us-gov",
        name="a" * 30,
        bucket_name="b" * 63,
        creates_key=True,
        has_queue=True,
        has_glue=True,
    )
    assert len(re.sub(r"\s", "", json.dumps(operator_policy(long)))) < MAX_CHARACTERS


@pytest.mark.parametrize("name", DOCUMENTS)
def test_policies__hold_no_wildcard_but_the_owners_of_a_key(name: str) -> None:
    found = {action for action, _ in rights(DOCUMENTS[name](FULL)) if "*" in action}
    assert found == ({"kms:*"} if name == "key" else set())


@pytest.mark.parametrize("name", DOCUMENTS)
def test_policies__name_actions_that_iam_has(name: str) -> None:
    for action, _ in rights(DOCUMENTS[name](FULL)):
        service, _, operation = action.partition(":")
        assert operation == "*" or operation.lower() in known_to_iam()[service]["Actions"], action


@pytest.mark.parametrize("name", ["service", "glue", "operator"])
def test_policies__are_limited_wherever_iam_can_limit(name: str) -> None:
    for action, resource in rights(DOCUMENTS[name](FULL)):
        service, _, operation = action.partition(":")
        can_limit = known_to_iam()[service]["Actions"][operation.lower()].get("Resources")
        if service == "cloudwatch":  # what it can be limited to are no metrics of services
            can_limit = None
        assert (resource == "*") == (not can_limit), (action, resource)


def test_operator_policy__of_what_cannot_be_limited_is_for_the_region() -> None:
    everywhere = [one for one in operator_policy(FULL)["Statement"] if one["Resource"] == ["*"]]
    assert [one["Condition"] for one in everywhere] == [
        {"StringEquals": {"aws:RequestedRegion": REGION}}
    ]


def test_operator_policy__grants_operations_that_the_services_have() -> None:
    session = get_session()
    offered = {
        action
        for service in ("personalize", "personalize-runtime", "personalize-events")
        for operation in session.get_service_model(service).operation_names
        for action in actions_of(f"{service}:{operation}")
    }
    granted = {
        action for action, _ in rights(operator_policy(FULL)) if action.startswith("personalize:")
    }
    assert granted <= offered


@pytest.mark.parametrize(
    ("principal", "actions", "missing"),
    [
        ({"AWS": [FULL.service_role_arn]}, "kms:*", ["PersonalizeUsesKey"]),
        ({"Service": "personalize.amazonaws.com"}, "kms:*", ["ServiceRoleUsesKey"]),
        ("*", ["kms:*"], []),
        ("*", "kms:Decrypt", ["ServiceRoleUsesKey", "PersonalizeUsesKey"]),
        ({"AWS": "*"}, "kms:*", []),
    ],
)
def test_missing_key_statements(principal: Any, actions: Any, missing: list[str]) -> None:
    statement = {"Effect": "Allow", "Principal": principal, "Action": actions, "Resource": "*"}
    found = missing_key_statements({"Statement": [statement]}, FULL)
    assert [one["Sid"] for one in found] == missing


def test_missing_key_statements__of_a_key_that_is_made_here() -> None:
    assert missing_key_statements(key_policy(FULL), FULL) == []
