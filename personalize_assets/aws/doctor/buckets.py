"""The bucket: there, ours, in our region, encrypted, closed to the public, open to Personalize."""

from collections.abc import Mapping
from typing import Any, Final

from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.doctor.answers import Answer, cannot_tell
from personalize_assets.aws.doctor.evaluation import Request, evaluate, without_conditions
from personalize_assets.aws.doctor.findings import Finding, failed, ok, unknown
from personalize_assets.aws.doctor.needs import PERSONALIZE
from personalize_assets.aws.doctor.roles import parse_document, trust_context
from personalize_assets.aws.settings import (
    BUCKET,
    BUCKET_OWNER,
    KMS_KEY_ARN,
    REGION,
    TRANSFER_ACCELERATION,
)

_BLOCKS: Final = (
    "BlockPublicAcls",
    "BlockPublicPolicy",
    "IgnorePublicAcls",
    "RestrictPublicBuckets",
)


def repair(deployment: Deployment, region: str) -> str:
    """The command that puts a bucket in order, as the bootstrap makes one.

    The bootstrap itself refuses a bucket that it did not make, and says how to give it away.
    """
    key = f" --kms-key-arn {deployment.kms_key_arn}" if deployment.kms_key_arn else ""
    return f"personalize-assets bootstrap --bucket {deployment.bucket} --region {region}{key}"


def judge_bucket(answer: Answer, deployment: Deployment, region: str) -> Finding:
    """Whether the bucket is there, of the right account, and where the work is done.

    Args:
        answer: Of ``s3:HeadBucket``, which said which account must own it.
        deployment: With bucket and owner.
        region: Where the work is done.
    """
    check, name = "bucket", deployment.bucket
    if answer.missing:
        return failed(check, f"{name} does not exist", repair(deployment, region))
    if answer.denied:
        return failed(
            check,
            f"{name} is not owned by {deployment.bucket_owner}, or s3:ListBucket is missing",
            f"choose another {BUCKET.name}, set {BUCKET_OWNER.name} to its owner, or attach the "
            "operator policy that `personalize-assets bootstrap` makes",
        )
    found = _region(answer)
    if found and found != region:
        return failed(
            check,
            f"{name} is in {found}; Amazon Personalize in {region} reads only there",
            f"set {REGION.name} to {found}, or choose a {BUCKET.name} in {region}",
        )
    if not answer.answered:
        return cannot_tell(check, answer)
    return ok(check, f"{name} in {found or region}, owned by {deployment.bucket_owner}")


def judge_encryption(answer: Answer, deployment: Deployment, region: str) -> Finding:
    """Whether objects are encrypted, and with a key that Amazon Personalize is told of.

    Args:
        answer: Of ``s3:GetBucketEncryption``.
        deployment: With the key, if there is one.
        region: Where the work is done.
    """
    check = "bucket encryption"
    if answer.missing:
        return failed(check, "objects are not encrypted by default", repair(deployment, region))
    if not answer.answered:
        return cannot_tell(check, answer)
    rules: Any = answer.reply["ServerSideEncryptionConfiguration"]["Rules"]
    default: Mapping[str, Any] = rules[0].get("ApplyServerSideEncryptionByDefault", {})
    algorithm, key = str(default.get("SSEAlgorithm", "")), default.get("KMSMasterKeyID")
    if not algorithm.startswith("aws:kms"):
        return ok(check, f"{algorithm}, keys of Amazon S3")
    if key is None or not _is_key(str(key), deployment.kms_key_arn):
        return failed(
            check,
            f"objects are encrypted with {key or 'the key aws/s3 of KMS'}, which the settings do "
            "not name: the role may not use it",
            f"set {KMS_KEY_ARN.name} to {key}"
            if key and str(key).startswith("arn:")
            else repair(deployment, region),
        )
    return ok(check, f"{algorithm} with {key}")


def judge_public_access(answer: Answer, deployment: Deployment, region: str) -> Finding:
    """Whether all four blocks of public access are on.

    Args:
        answer: Of ``s3:GetPublicAccessBlock``.
        deployment: With the bucket.
        region: Where the work is done.
    """
    check = "public access"
    if not answer.answered and not answer.missing:
        return cannot_tell(check, answer)
    settings: Mapping[str, Any] = answer.reply.get("PublicAccessBlockConfiguration", {})
    off = [name for name in _BLOCKS if not settings.get(name)]
    if not off:
        return ok(check, "blocked")
    fix = (
        f"aws s3api put-public-access-block --bucket {deployment.bucket} "
        f"--public-access-block-configuration {','.join(f'{name}=true' for name in _BLOCKS)}"
    )
    return failed(check, f"not blocked: {', '.join(off)} is off", fix)


def judge_bucket_policy(answer: Answer, deployment: Deployment, region: str) -> Finding:
    """Whether the bucket policy lets Amazon Personalize list, read and write.

    Args:
        answer: Of ``s3:GetBucketPolicy``.
        deployment: With the bucket.
        region: Where the work is done.
    """
    check, fix = "bucket policy", repair(deployment, region)
    if answer.missing:
        return failed(check, f"there is none, so that {PERSONALIZE} is not let in", fix)
    if not answer.answered:
        return cannot_tell(check, answer)
    policy = parse_document(answer.reply["Policy"])
    bucket_arn = f"arn:{deployment.role_arn.split(':')[1]}:s3:::{deployment.bucket}"
    needs = {
        "s3:ListBucket": bucket_arn,
        "s3:GetObject": f"{bucket_arn}/any/key",
        "s3:PutObject": f"{bucket_arn}/any/key",
    }
    context, principal = trust_context(deployment, region), ("Service", PERSONALIZE)
    requests = [Request(action, on, principal, context) for action, on in needs.items()]
    verdicts = {one.action: evaluate([policy], one) for one in requests}
    lacking = [action for action, found in verdicts.items() if found not in ("allowed", "unclear")]
    if lacking:
        freed = without_conditions(policy)
        denied = [one.action for one in requests if evaluate([policy], one) == "denied"]
        conditional = [one.action for one in requests if evaluate([freed], one) == "allowed"]
        reason = (
            "a statement forbids it"
            if denied
            else "its conditions leave this account out"
            if set(lacking) <= set(conditional)
            else "no statement allows it"
        )
        return failed(check, f"{PERSONALIZE} may not {', '.join(lacking)}: {reason}", fix)
    if "unclear" in verdicts.values():
        fact = f"whether {PERSONALIZE} is let in hangs on conditions not known here"
        return unknown(check, fact, fix)
    return ok(check, f"{PERSONALIZE} may list, read and write")


def judge_acceleration(answer: Answer, deployment: Deployment, region: str) -> Finding:
    """Whether the bucket has the acceleration that the settings ask for.

    Args:
        answer: Of ``s3:GetBucketAccelerateConfiguration``.
        deployment: Asks for acceleration.
        region: Where the work is done.
    """
    check = "acceleration"
    if not answer.answered:
        return cannot_tell(check, answer)
    if answer.reply.get("Status") == "Enabled":
        return ok(check, "the bucket has it")
    return failed(
        check,
        f"{TRANSFER_ACCELERATION.name} is true, but the bucket has it not",
        f"aws s3api put-bucket-accelerate-configuration --bucket {deployment.bucket} "
        "--accelerate-configuration Status=Enabled",
    )


def _is_key(named: str, arn: str | None) -> bool:
    """Whether a bucket names a key, by its ARN or its id."""
    return arn is not None and named in (arn, arn.rpartition("/")[2])


def _region(answer: Answer) -> str:
    """Region of a bucket, also of one that redirects us there."""
    found = answer.reply.get("BucketRegion") or answer.headers.get("x-amz-bucket-region", "")
    return str(found)
