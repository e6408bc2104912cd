"""What role and operator need, as requests that can be judged one by one.

Made of the very policies that the bootstrap writes, with the names that this deployment has, so
that doctor and bootstrap cannot disagree.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from personalize_assets.aws.bootstrap.operator_policy import operator_policy
from personalize_assets.aws.bootstrap.options import Options
from personalize_assets.aws.bootstrap.policies import PERSONALIZE, service_policy
from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.doctor.evaluation import as_list, statements_of

METRICS_ACTION: Final = "cloudwatch:PutMetricData"
"""Only metric attributions need it."""


@dataclass(frozen=True)
class Need:
    """Actions on one resource.

    Attributes:
        actions: Of IAM.
        resource: ARN, or ``*``.
        context: Condition keys with their values in such requests.
    """

    actions: tuple[str, ...]
    resource: str
    context: tuple[tuple[str, str], ...] = ()

    @property
    def on(self) -> str:
        """The resource in words."""
        return "everything" if self.resource == "*" else self.resource


def options_of(deployment: Deployment, region: str) -> Options:
    """The bootstrap's options that come closest to a deployment."""
    return Options(
        account_id=deployment.account_id,
        region=region,
        partition=deployment.role_arn.split(":")[1],
        bucket_name=deployment.bucket,
        kms_key_arn=deployment.kms_key_arn,
        is_accelerated=deployment.accelerated,
        has_queue=deployment.queue_url is not None,
        has_glue=deployment.glue_job is not None,
    )


def needs_of_role(deployment: Deployment, region: str) -> tuple[Need, ...]:
    """What Amazon Personalize must be able to do as the role of ``deployment``."""
    return tuple(_needs(service_policy(options_of(deployment, region)), {}))


def needs_of_operator(deployment: Deployment, region: str) -> tuple[Need, ...]:
    """What the identity that runs Dagster must be able to do, the doctor's own looking aside."""
    options = options_of(deployment, region)
    names = {options.service_role_arn: deployment.role_arn, options.topic_arn: deployment.topic_arn}
    if deployment.queue_url is not None:
        names[options.queue_arn] = queue_arn(deployment.queue_url, region, options.partition)
    if deployment.glue_job is not None:
        names[options.glue_job_arn] = options.glue_job_arn.replace(
            f"job/{options.name}", f"job/{deployment.glue_job}"
        )
    needed = (_working(one) for one in _needs(operator_policy(options), names))
    return tuple(one for one in needed if one.actions)


def queue_arn(queue_url: str, region: str, partition: str) -> str:
    """ARN of the queue that has this address.

    Example:
        >>> queue_arn("https://sqs.eu-west-1.amazonaws.com/111122223333/films", "eu-west-1", "aws")
        'arn:aws:sqs:eu-west-1:111122223333:films'
    """
    account, name = queue_url.rsplit("/", 2)[1:]
    return f"arn:{partition}:sqs:{region}:{account}:{name}"


def _needs(policy: Mapping[str, Any], names: Mapping[str, str | None]) -> Iterable[Need]:
    for statement in statements_of(policy):
        context = statement.get("Condition", {}).get("StringEquals", {})
        for resource in as_list(statement["Resource"]):
            here = names.get(resource, resource)
            if here is not None:
                yield Need(tuple(statement["Action"]), here, tuple(context.items()))


_LOOKING: Final = ("iam:Get", "iam:List", "iam:Simulate", "kms:GetKeyPolicy", "kms:DescribeKey")
_LOOKED_AT_BUCKET: Final = (
    "s3:GetAccelerateConfiguration",
    "s3:GetBucket",
    "s3:GetEncryptionConfiguration",
    "sns:GetTopicAttributes",
    "sqs:GetQueueAttributes",
)


def _working(need: Need) -> Need:
    """The same without what only the doctor asks for: whether it may, it sees by asking."""
    kept = tuple(one for one in need.actions if not one.startswith((*_LOOKING, *_LOOKED_AT_BUCKET)))
    return Need(kept, need.resource, need.context)


__all__ = [
    "METRICS_ACTION",
    "PERSONALIZE",
    "Need",
    "needs_of_operator",
    "needs_of_role",
    "options_of",
    "queue_arn",
]
