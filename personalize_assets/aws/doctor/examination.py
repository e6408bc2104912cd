"""Looks at an account, one finding after the other: asks, and lets the judges say what it means."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.doctor import (
    buckets,
    identity,
    limits,
    others,
    roles,
)
from personalize_assets.aws.doctor.answers import Answer, Asker, cannot_tell
from personalize_assets.aws.doctor.findings import Finding, unknown
from personalize_assets.aws.doctor.needs import needs_of_operator, needs_of_role
from personalize_assets.aws.doctor.rights import decide
from personalize_assets.aws.listing import list_all
from personalize_assets.aws.quotas import Quota

_REST = (
    "region, service, role, rights, bucket, quotas and what else the settings name were not looked "
    "at, for AWS does not know who asks"
)


def examine_account(deployment: Deployment, asker: Asker) -> Iterator[Finding]:
    """Look at everything that the first paid call needs; read only.

    Args:
        deployment: An aws deployment.
        asker: Of the same.

    Yields:
        Findings in the order in which they should be mended.
    """
    answer = asker.ask("sts:GetCallerIdentity")
    yield identity.judge_identity(answer, deployment)
    yield identity.judge_clock(answer)
    if not answer.answered:
        yield unknown("the rest", _REST, "mend the identity, and ask the doctor again")
        return
    listed = asker.ask("personalize:ListDatasetGroups", maxResults=1)
    known = asker.listed_regions("personalize", deployment.role_arn.split(":")[1])
    yield identity.judge_region(listed, asker.region, known)
    yield identity.judge_service(listed, asker.region)
    yield from _role(deployment, asker)
    yield from _our_rights(deployment, asker, str(answer.reply["Arn"]))
    yield from _bucket(deployment, asker)
    yield from _others(deployment, asker)
    if listed.answered:
        yield _quotas(asker)


def _role(deployment: Deployment, asker: Asker) -> Iterator[Finding]:
    answer = asker.ask("iam:GetRole", RoleName=roles.role_name(deployment.role_arn))
    finding = roles.judge_role(answer, deployment)
    yield finding
    if answer.answered and finding.status == "ok":
        trust = roles.parse_document(answer.reply["Role"]["AssumeRolePolicyDocument"])
        yield roles.judge_trust(trust, deployment, asker.region)
    if not answer.missing:
        yield _role_rights(deployment, asker)


def _role_rights(deployment: Deployment, asker: Asker) -> Finding:
    needs = needs_of_role(deployment, asker.region)
    found = decide(asker, deployment.role_arn, needs)
    if isinstance(found, Answer):
        return cannot_tell("role rights", found)
    return roles.judge_role_rights(found.verdicts, deployment, asker.region, found.how)


def _our_rights(deployment: Deployment, asker: Asker, arn: str) -> Iterator[Finding]:
    identity_arn = roles.simulated_identity(arn, _role_behind(asker, arn))
    if identity_arn is None:
        fix = (
            "work as a user or role that has the operator policy of `personalize-assets bootstrap`"
        )
        yield unknown("our rights", f"IAM knows no policies of {arn}", fix)
        return
    found = decide(asker, identity_arn, needs_of_operator(deployment, asker.region))
    if isinstance(found, Answer):
        yield cannot_tell("our rights", found)
        return
    yield from roles.judge_operator_rights(found.verdicts, identity_arn, found.how)


def _role_behind(asker: Asker, arn: str) -> str | None:
    """ARN of the role, with its path, whose session ``arn`` is; None where that cannot be seen."""
    if ":assumed-role/" not in arn:
        return None
    answer = asker.ask("iam:GetRole", RoleName=arn.split("/")[1])
    return str(answer.reply["Role"]["Arn"]) if answer.answered else None


def _bucket(deployment: Deployment, asker: Asker) -> Iterator[Finding]:
    region = asker.region
    finding = buckets.judge_bucket(
        _of_bucket(asker, deployment, "s3:HeadBucket"), deployment, region
    )
    yield finding
    if finding.status == "failed":
        return
    checks: list[tuple[str, Callable[[Answer, Deployment, str], Finding]]] = [
        ("s3:GetBucketEncryption", buckets.judge_encryption),
        ("s3:GetPublicAccessBlock", buckets.judge_public_access),
        ("s3:GetBucketPolicy", buckets.judge_bucket_policy),
    ]
    if deployment.accelerated:
        checks.append(("s3:GetBucketAccelerateConfiguration", buckets.judge_acceleration))
    for operation, judge in checks:
        yield judge(_of_bucket(asker, deployment, operation), deployment, region)


def _of_bucket(asker: Asker, deployment: Deployment, operation: str) -> Answer:
    owner = {"ExpectedBucketOwner": deployment.bucket_owner} if deployment.bucket_owner else {}
    return asker.ask(operation, Bucket=deployment.bucket, **owner)


def _others(deployment: Deployment, asker: Asker) -> Iterator[Finding]:
    region = asker.region
    if key := deployment.kms_key_arn:
        answer = asker.ask("kms:DescribeKey", KeyId=key)
        yield others.judge_key(answer, deployment)
        if answer.answered:
            policy = asker.ask("kms:GetKeyPolicy", KeyId=key, PolicyName="default")
            yield others.judge_key_policy(policy, deployment, region)
    if topic := deployment.topic_arn:
        yield others.judge_topic(_of_topic(asker, topic), deployment)
    if queue := deployment.queue_url:
        parameters: Mapping[str, Any] = {"QueueUrl": queue, "AttributeNames": ["All"]}
        yield others.judge_queue(
            asker.ask("sqs:GetQueueAttributes", **parameters), deployment, region
        )
        told = _of_bucket(asker, deployment, "s3:GetBucketNotificationConfiguration")
        if not told.missing:  # of a bucket that is not there nothing more has to be said
            yield others.judge_notifications(told, deployment, region)
    if job := deployment.glue_job:
        yield others.judge_glue_job(asker.ask("glue:GetJob", JobName=job), deployment, region)


def _of_topic(asker: Asker, arn: str) -> Answer:
    """Of a topic, which is asked for in its own region."""
    return asker.ask("sns:GetTopicAttributes", region=arn.split(":")[3], TopicArn=arn)


def _quotas(asker: Asker) -> Finding:
    client = asker.client("personalize")
    counts: dict[Quota, int] = {}
    refused: list[Answer] = []
    for quota in limits.ACCOUNT_QUOTAS:
        collection = limits.COUNTED[quota.operation]
        answer = asker.attempt(
            limits.list_operation(quota),
            lambda one=collection: {"listed": list(list_all(client, one))},
        )
        if answer.answered:
            counts[quota] = limits.used(quota, answer.reply["listed"])
        else:
            refused.append(answer)
    granted: list[Any] = []
    if limits.is_reached(counts):
        answer = asker.ask("service-quotas:ListServiceQuotas", ServiceCode="personalize")
        granted = list(answer.reply["Quotas"]) if answer.answered else []
    return limits.judge_quotas(counts, refused, granted)
