"""Key, topic, queue, events and Glue job: what each answer means."""

import json
from typing import Any

import pytest

from personalize_assets.aws.bootstrap import policies
from personalize_assets.aws.doctor import others
from personalize_assets.aws.doctor.answers import Answer
from personalize_assets.aws.doctor.needs import options_of
from personalize_assets_tests.aws.doctor.places import ACCOUNT, REGION, ROLE, TOPIC, deployment

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k"
QUEUE = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/films"
QUEUE_ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:films"


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (Answer("", {"KeyMetadata": {"KeyState": "Enabled"}}), "ok", "is enabled"),
        (Answer("", {"KeyMetadata": {"KeyState": "Disabled"}}), "failed", "aws kms enable-key"),
        (
            Answer("", {"KeyMetadata": {"KeyState": "PendingDeletion"}}),
            "failed",
            f"aws kms cancel-key-deletion --key-id {KEY}",
        ),
        (
            Answer("", {"KeyMetadata": {"KeyState": "Enabled", "KeySpec": "RSA_2048"}}),
            "failed",
            "to a symmetric key",
        ),
        (Answer("", code="NotFoundException"), "failed", "does not exist"),
        (Answer("kms:DescribeKey", code="AccessDeniedException"), "unknown", "kms:DescribeKey"),
    ],
)
def test_judge_key(answer: Answer, status: str, words: str) -> None:
    found = others.judge_key(answer, deployment(kms_key_arn=KEY))

    assert found.status == status
    assert words in f"{found.fact} {found.fix}"


def test_judge_key_policy() -> None:
    own = deployment(kms_key_arn=KEY)
    options = options_of(own, REGION)
    text = json.dumps(policies.key_policy(options)).replace(options.service_role_arn, ROLE)
    policy = json.loads(text)

    def judge(statements: list[Any]) -> Any:
        reply = {"Policy": json.dumps({"Statement": statements})}
        return others.judge_key_policy(Answer("kms:GetKeyPolicy", reply), own, REGION)

    assert judge(policy["Statement"]).status == "ok"
    # The account's own statement lets the role's policies decide.
    assert judge([policy["Statement"][0], policy["Statement"][2]]).status == "ok"
    found = judge(policy["Statement"][:2])
    assert found.fact.startswith("personalize.amazonaws.com may not kms:CreateGrant, kms:Decrypt")
    assert judge(policy["Statement"][2:]).fact.startswith("the role may not kms:CreateGrant")


@pytest.mark.parametrize(
    ("answer", "status", "fact", "fix"),
    [
        (
            Answer(
                "", {"Attributes": {"SubscriptionsConfirmed": "2", "SubscriptionsPending": "0"}}
            ),
            "ok",
            f"{TOPIC}; 2 subscribed",
            "",
        ),
        (Answer("", {"Attributes": {}}), "ok", "0 subscribed", "aws sns subscribe --topic-arn"),
        (
            Answer("", {"Attributes": {"SubscriptionsPending": "1"}}),
            "ok",
            "1 not yet confirmed",
            "confirm",
        ),
        (Answer("", code="NotFound"), "failed", "does not exist", "unset"),
        (
            Answer("sns:GetTopicAttributes", code="AuthorizationError"),
            "unknown",
            "we may not look",
            "sns:GetTopicAttributes",
        ),
    ],
)
def test_judge_topic(answer: Answer, status: str, fact: str, fix: str) -> None:
    found = others.judge_topic(answer, deployment(topic_arn=TOPIC))

    assert found.status == status
    assert fact in found.fact
    assert fix in found.fix


def test_judge_queue() -> None:
    own = deployment(queue_url=QUEUE)
    options = options_of(own, REGION)
    policy = json.dumps(policies.queue_policy(options)).replace(options.queue_arn, QUEUE_ARN)

    def judge(code: str = "", **attributes: str) -> Any:
        reply = {"Attributes": attributes}
        return others.judge_queue(Answer("sqs:GetQueueAttributes", reply, code), own, REGION)

    found = judge(QueueArn=QUEUE_ARN, Policy=policy, ApproximateNumberOfMessages="7")
    assert (found.status, found.fact) == ("ok", f"{QUEUE_ARN}; 7 messages wait")
    assert judge(QueueArn=QUEUE_ARN).status == "failed"
    other = policy.replace("arn:aws:s3:::films", "arn:aws:s3:::books")
    assert "does not let S3 send for films" in judge(QueueArn=QUEUE_ARN, Policy=other).fact
    assert judge("AWS.SimpleQueueService.NonExistentQueue").status == "failed"
    assert judge("AccessDenied").status == "unknown"


@pytest.mark.parametrize(
    ("configurations", "status"),
    [
        ([{"QueueArn": QUEUE_ARN, "Events": ["s3:ObjectCreated:*"]}], "ok"),
        ([{"QueueArn": QUEUE_ARN, "Events": ["s3:ObjectRemoved:*"]}], "failed"),
        ([{"QueueArn": f"{QUEUE_ARN}-other", "Events": ["s3:ObjectCreated:*"]}], "failed"),
        ([], "failed"),
    ],
)
def test_judge_notifications(configurations: list[Any], status: str) -> None:
    answer = Answer("s3:x", {"QueueConfigurations": configurations})
    found = others.judge_notifications(answer, deployment(queue_url=QUEUE), REGION)

    assert found.status == status
    assert found.fix.endswith(" --queue") == (status == "failed")


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (Answer("", {"Job": {"GlueVersion": "5.0"}}), "ok", "with Glue 5.0"),
        (Answer("", {"Job": {"GlueVersion": "4.0"}}), "failed", "Spark 3.5 needs 5.0"),
        (Answer("", {"Job": {}}), "failed", "GlueVersion unknown"),
        (Answer("", code="EntityNotFoundException"), "failed", "films does not exist"),
        (Answer("glue:GetJob", code="AccessDeniedException"), "unknown", "glue:GetJob"),
    ],
)
def test_judge_glue_job(answer: Answer, status: str, words: str) -> None:
    found = others.judge_glue_job(answer, deployment(glue_job="films"), REGION)

    assert found.status == status
    assert words in found.fact
