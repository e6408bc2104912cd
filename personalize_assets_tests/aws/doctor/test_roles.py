"""The role: trust, rights by simulation and by reading, and our own rights."""

import json
import shlex
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pytest

from personalize_assets.aws.bootstrap import policies
from personalize_assets.aws.doctor import roles
from personalize_assets.aws.doctor.answers import Answer
from personalize_assets.aws.doctor.evaluation import Verdict
from personalize_assets.aws.doctor.findings import Finding
from personalize_assets.aws.doctor.needs import (
    Need,
    needs_of_operator,
    needs_of_role,
    options_of,
    queue_arn,
)
from personalize_assets_tests.aws.doctor.places import ACCOUNT, REGION, ROLE, TOPIC, deployment

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k"
OPTIONS = options_of(deployment(), REGION)


def trusting(service: str = "personalize.amazonaws.com", **condition: Any) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    if condition:
        statement["Condition"] = condition
    return {"Version": "2012-10-17", "Statement": [statement]}


def test_judge_role() -> None:
    def judge(answer: Answer) -> Finding:
        return roles.judge_role(answer, deployment())

    found = judge(Answer("iam:GetRole", {"Role": {"Arn": ROLE}}))
    assert (found.status, found.fact) == ("ok", f"{ROLE} exists")
    missing = judge(Answer("iam:GetRole", code="NoSuchEntity"))
    assert (missing.status, missing.fact) == ("failed", f"{ROLE} does not exist")
    denied = judge(Answer("iam:GetRole", code="AccessDenied"))
    assert denied.status == "unknown"
    assert "allow iam:GetRole to this identity" in denied.fix
    other = judge(Answer("iam:GetRole", {"Role": {"Arn": ROLE.replace("role/", "role/path/")}}))
    assert (other.status, other.fix.endswith(":role/path/PersonalizeRole")) == ("failed", True)


@pytest.mark.parametrize(
    ("policy", "status", "fact"),
    [
        (policies.trust_policy(OPTIONS), "ok", f"for {ACCOUNT} alone"),
        (trusting(), "ok", "for any account: a condition on the source is advised"),
        (trusting("lambda.amazonaws.com"), "failed", "may not assume it"),
        (
            trusting(StringEquals={"aws:SourceAccount": "999999999999"}),
            "failed",
            "may assume it, but not from here: aws:SourceAccount must be 999999999999",
        ),
        (
            trusting(ArnLike={"aws:SourceArn": f"arn:aws:personalize:us-east-1:{ACCOUNT}:*"}),
            "failed",
            f"aws:SourceArn must be arn:aws:personalize:us-east-1:{ACCOUNT}:*",
        ),
        (trusting(IpAddress={"aws:SourceIp": "10.0.0.0/8"}), "unknown", "hangs on a condition"),
        (
            {
                "Statement": [
                    *trusting()["Statement"],
                    {**trusting()["Statement"][0], "Effect": "Deny"},
                ]
            },
            "failed",
            "a statement keeps personalize.amazonaws.com from assuming it",
        ),
    ],
)
def test_judge_trust(policy: Mapping[str, Any], status: str, fact: str) -> None:
    found = roles.judge_trust(policy, deployment(), REGION)

    assert found.status == status
    assert fact in found.fact
    if status == "failed":
        command = shlex.split(found.fix)
        assert command[:5] == [
            *("aws", "iam", "update-assume-role-policy", "--role-name", "PersonalizeRole")
        ]
        assert json.loads(command[-1]) == policies.trust_policy(OPTIONS)


def role_finding(policy: Any, **changes: str) -> Finding:
    own = deployment(**changes)
    needs = needs_of_role(own, REGION)
    read = {need: roles.read_decisions([policy], need) for need in needs}
    return roles.judge_role_rights(read, own, REGION, "as its policies say")


def test_judge_role_rights__those_of_the_bootstrap_are_enough() -> None:
    own = deployment(kms_key_arn=KEY)
    policy = policies.service_policy(options_of(own, REGION))

    assert role_finding(policy, kms_key_arn=KEY).status == "ok"
    assert role_finding(policy).status == "ok"


def test_judge_role_rights__lacking() -> None:
    policy = policies.service_policy(OPTIONS)
    found = role_finding(policy, kms_key_arn=KEY)
    assert (found.status, "kms:Decrypt" in found.fact) == ("failed", True)
    assert found.fact.count(KEY) == 1

    reading = {
        **policy,
        "Statement": [one for one in policy["Statement"] if one["Sid"] == "ListBucket"],
    }
    found = role_finding(reading)
    assert "lacks s3:GetObject, s3:PutObject on arn:aws:s3:::films/*" in found.fact
    command = shlex.split(found.fix)
    assert command[:5] == ["aws", "iam", "put-role-policy", "--role-name", "PersonalizeRole"]
    assert json.loads(command[-1]) == policy


def test_judge_role_rights__metrics_are_for_attributions_alone() -> None:
    policy = policies.service_policy(OPTIONS)
    without = [one for one in policy["Statement"] if one["Sid"] != "AttributeMetrics"]

    found = role_finding({**policy, "Statement": without})

    assert (found.status, "cloudwatch:PutMetricData" in found.fact) == ("ok", True)


def test_judge_role_rights__unclear() -> None:
    policy = policies.service_policy(OPTIONS)
    conditional = [
        {**one, "Condition": {"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}}
        for one in policy["Statement"]
    ]

    assert role_finding({**policy, "Statement": conditional}).status == "unknown"


def test_decisions() -> None:
    results = [
        {"EvalActionName": "a:A", "EvalDecision": "allowed"},
        {"EvalActionName": "a:B", "EvalDecision": "implicitDeny"},
        {"EvalActionName": "a:C", "EvalDecision": "explicitDeny"},
    ]
    answer = Answer("iam:SimulatePrincipalPolicy", {"EvaluationResults": results})

    assert roles.decisions(answer) == {"a:A": "allowed", "a:B": "not allowed", "a:C": "denied"}


def operator_verdicts(*lacking: str) -> dict[Need, dict[str, Verdict]]:
    return {
        need: {a: "not allowed" if a in lacking else "allowed" for a in need.actions}
        for need in needs_of_operator(deployment(), REGION)
    }


def test_judge_operator_rights() -> None:
    passing, rest = roles.judge_operator_rights(
        operator_verdicts(), "arn:me", "as IAM simulates it"
    )
    assert (passing.status, rest.status) == ("ok", "ok")

    passing, rest = roles.judge_operator_rights(
        operator_verdicts("iam:PassRole"), "arn:me", "as IAM simulates it"
    )
    assert (passing.status, rest.status) == ("failed", "ok")
    assert passing.fact == f"iam:PassRole on {ROLE} is missing (as IAM simulates it)"

    lacking = ("personalize:CreateDataset", "s3:PutObject")
    passing, rest = roles.judge_operator_rights(
        operator_verdicts(*lacking), "arn:me", "as IAM simulates it"
    )
    assert (passing.status, rest.status) == ("ok", "failed")
    assert "s3:PutObject on arn:aws:s3:::films/*" in rest.fact
    assert rest.fix.endswith("makes to arn:me")


def test_needs_of_operator__have_the_names_of_the_deployment() -> None:
    own = deployment(
        topic_arn=TOPIC.replace("films", "news"),
        queue_url=f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/arrivals",
        glue_job="films-clean",
    )
    needs = needs_of_operator(own, REGION)
    resources = {need.resource for need in needs}
    actions = {action for need in needs for action in need.actions}

    assert {ROLE, TOPIC.replace("films", "news"), "arn:aws:s3:::films/*"} <= resources
    assert f"arn:aws:sqs:{REGION}:{ACCOUNT}:arrivals" in resources
    assert any(one.endswith("job/films-clean") for one in resources)
    assert not any(":personalize-assets" in one for one in resources)
    assert not any(action.startswith(("iam:Get", "iam:List", "iam:Simulate")) for action in actions)
    (passing,) = [need for need in needs if "iam:PassRole" in need.actions]
    assert passing.context == (("iam:PassedToService", "personalize.amazonaws.com"),)


def test_needs_of_operator__what_is_not_named_is_not_needed() -> None:
    needs = needs_of_operator(deployment(), REGION)

    assert not any(
        action.startswith(("sns:", "sqs:", "glue:", "kms:"))
        for need in needs
        for action in need.actions
    )


@pytest.mark.parametrize(
    ("arn", "role", "simulated"),
    [
        ("arn:aws:iam::1:user/path/ops", None, "arn:aws:iam::1:user/path/ops"),
        ("arn:aws:iam::1:root", None, None),
        ("arn:aws:sts::1:assumed-role/Ops/me", None, "arn:aws:iam::1:role/Ops"),
        (
            "arn:aws:sts::1:assumed-role/Ops/me",
            "arn:aws:iam::1:role/p/Ops",
            "arn:aws:iam::1:role/p/Ops",
        ),
        ("arn:aws:sts::1:federated-user/me", None, None),
    ],
)
def test_simulated_identity(arn: str, role: str | None, simulated: str | None) -> None:
    assert roles.simulated_identity(arn, role) == simulated


def test_parse_document() -> None:
    policy = trusting()

    for value in (policy, json.dumps(policy), quote(json.dumps(policy))):
        assert roles.parse_document(value) == policy


def test_queue_arn__of_other_partitions() -> None:
    url = "https://sqs.cn-north-1.amazonaws.com.cn/111122223333/films"

    assert queue_arn(url, "cn-north-1", "aws-cn") == "arn:aws-cn:sqs:cn-north-1:111122223333:films"
