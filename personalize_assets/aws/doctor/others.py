"""Key, topic, queue and Glue job: what a deployment may name beside bucket and role."""

from collections.abc import Mapping
from typing import Any

from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.doctor.answers import Answer, cannot_tell
from personalize_assets.aws.doctor.buckets import repair
from personalize_assets.aws.doctor.evaluation import Request, Verdict, as_list, evaluate
from personalize_assets.aws.doctor.findings import Finding, failed, ok
from personalize_assets.aws.doctor.needs import PERSONALIZE, queue_arn
from personalize_assets.aws.doctor.roles import parse_document, trust_context
from personalize_assets.aws.settings import GLUE_JOB, KMS_KEY_ARN, QUEUE_URL, TOPIC_ARN

_KEY_ACTIONS = (
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:GenerateDataKey",
    "kms:ListGrants",
)


def judge_key(answer: Answer, deployment: Deployment) -> Finding:
    """Whether the key is there, enabled, and one that encrypts.

    Args:
        answer: Of ``kms:DescribeKey``.
        deployment: With the key's ARN.
    """
    check, arn = "key", deployment.kms_key_arn
    if answer.missing:
        fix = f"set {KMS_KEY_ARN.name} to a key that exists, or unset it for Amazon's own keys"
        return failed(check, f"{arn} does not exist", fix)
    if not answer.answered:
        return cannot_tell(check, answer)
    metadata: Mapping[str, Any] = answer.reply["KeyMetadata"]
    if metadata["KeyState"] == "PendingDeletion":
        fix = f"aws kms cancel-key-deletion --key-id {arn}; aws kms enable-key --key-id {arn}"
        return failed(check, f"{arn} is about to be deleted", fix)
    if metadata["KeyState"] != "Enabled":
        fix = f"aws kms enable-key --key-id {arn}"
        return failed(check, f"{arn} is {metadata['KeyState']}", fix)
    if metadata.get("KeySpec", "SYMMETRIC_DEFAULT") != "SYMMETRIC_DEFAULT":
        fix = f"set {KMS_KEY_ARN.name} to a symmetric key"
        return failed(check, f"{arn} is of the kind {metadata['KeySpec']}", fix)
    return ok(check, f"{arn} is enabled")


def judge_key_policy(answer: Answer, deployment: Deployment, region: str) -> Finding:
    """Whether the key's policy lets Amazon Personalize and the role use it.

    Args:
        answer: Of ``kms:GetKeyPolicy``.
        deployment: With key and role.
        region: Where the work is done.
    """
    check = "key policy"
    if not answer.answered:
        return cannot_tell(check, answer)
    policy = parse_document(answer.reply["Policy"])
    context = trust_context(deployment, region)
    lacking: list[str] = []
    for who, principal in (
        (PERSONALIZE, ("Service", PERSONALIZE)),
        ("the role", ("AWS", deployment.role_arn)),
    ):
        verdicts: dict[str, Verdict] = {
            action: evaluate([policy], Request(action, "*", principal, context))
            for action in _KEY_ACTIONS
        }
        missing = [one for one, found in verdicts.items() if found in ("denied", "not allowed")]
        if missing:
            lacking.append(f"{who} may not {', '.join(missing)}")
    if lacking:
        fix = f"{repair(deployment, region)}, which prints the statements the key has to hold"
        return failed(check, "; ".join(lacking), fix)
    return ok(check, f"{PERSONALIZE} and the role may use it")


def judge_topic(answer: Answer, deployment: Deployment) -> Finding:
    """Whether the topic is there, and somebody hears it.

    Args:
        answer: Of ``sns:GetTopicAttributes``.
        deployment: With the topic's ARN.
    """
    check, arn = "topic", deployment.topic_arn
    if answer.missing:
        fix = f"personalize-assets bootstrap, or unset {TOPIC_ARN.name}"
        return failed(check, f"{arn} does not exist", fix)
    if not answer.answered:
        return cannot_tell(check, answer)
    attributes: Mapping[str, str] = answer.reply["Attributes"]
    heard = int(attributes.get("SubscriptionsConfirmed", 0))
    waiting = int(attributes.get("SubscriptionsPending", 0))
    subscribe = (
        f"aws sns subscribe --topic-arn {arn} --protocol email --notification-endpoint ADDRESS"
    )
    if waiting:
        advice = "open the message that AWS sent to the address, and confirm"
        return ok(check, f"{arn}; {heard} subscribed, {waiting} not yet confirmed", advice)
    return ok(check, f"{arn}; {heard} subscribed", "" if heard else subscribe)


def judge_queue(answer: Answer, deployment: Deployment, region: str) -> Finding:
    """Whether the queue is there and takes messages of the bucket.

    Args:
        answer: Of ``sqs:GetQueueAttributes``.
        deployment: With queue and bucket.
        region: Where the work is done.
    """
    check, url = "queue", str(deployment.queue_url)
    fix = f"{repair(deployment, region)} --queue"
    if answer.missing:
        return failed(check, f"{url} does not exist", f"{fix}, or unset {QUEUE_URL.name}")
    if not answer.answered:
        return cannot_tell(check, answer)
    attributes: Mapping[str, str] = answer.reply["Attributes"]
    partition = deployment.role_arn.split(":")[1]
    arn = attributes.get("QueueArn", queue_arn(url, region, partition))
    policy = parse_document(attributes.get("Policy") or "{}")
    context = {
        "aws:SourceArn": f"arn:{partition}:s3:::{deployment.bucket}",
        "aws:SourceAccount": str(deployment.bucket_owner),
        "aws:SecureTransport": "true",
    }
    request = Request("sqs:SendMessage", arn, ("Service", "s3.amazonaws.com"), context)
    if evaluate([policy], request) in ("denied", "not allowed"):
        return failed(check, f"its policy does not let S3 send for {deployment.bucket}", fix)
    waiting = attributes.get("ApproximateNumberOfMessages", "0")
    return ok(check, f"{arn}; {waiting} messages wait")


def judge_notifications(answer: Answer, deployment: Deployment, region: str) -> Finding:
    """Whether the bucket tells the queue of new objects.

    Args:
        answer: Of ``s3:GetBucketNotificationConfiguration``.
        deployment: With queue and bucket.
        region: Where the work is done.
    """
    check = "bucket events"
    if not answer.answered:
        return cannot_tell(check, answer)
    arn = queue_arn(str(deployment.queue_url), region, deployment.role_arn.split(":")[1])
    events = {
        event
        for one in answer.reply.get("QueueConfigurations", [])
        if one["QueueArn"] == arn
        for event in as_list(one["Events"])
    }
    if not any(str(event).startswith("s3:ObjectCreated:") for event in events):
        fix = f"{repair(deployment, region)} --queue"
        return failed(check, f"{deployment.bucket} does not tell {arn} of new objects", fix)
    return ok(check, f"new objects are told to {arn}")


def judge_glue_job(answer: Answer, deployment: Deployment, region: str) -> Finding:
    """Whether the Glue job is there and runs a Spark that knows what the job uses.

    Args:
        answer: Of ``glue:GetJob``.
        deployment: With the job's name.
        region: Where the work is done.
    """
    check, name = "glue job", deployment.glue_job
    fix = f"{repair(deployment, region)} --glue"
    if answer.missing:
        return failed(check, f"{name} does not exist", f"{fix}, or unset {GLUE_JOB.name}")
    if not answer.answered:
        return cannot_tell(check, answer)
    job: Mapping[str, Any] = answer.reply["Job"]
    version = str(job.get("GlueVersion", "unknown"))
    if version.partition(".")[0] not in ("5", "6"):
        return failed(check, f"{name} has GlueVersion {version}, but Spark 3.5 needs 5.0", fix)
    return ok(check, f"{name} with Glue {version}")
