"""Assets that speak to Amazon Personalize: tried again for what passes, and for nothing else.

Dagster's own ``retry_policy`` of an asset repeats whatever fails, a wrong configuration and a run
that a person has cancelled included. So an asset asks for its retry itself, and only after an error
that passes; the policy here says how often and how long after.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import dagster as dg
from botocore.exceptions import BotoCoreError, ClientError

from personalize_assets.aws.ensuring import ConfigurationDrift
from personalize_assets.aws.quotas import BATCH_POOL, IMPORT_POOL, TRAINING_POOL
from personalize_assets.aws.refusals import explain_refusal, passes
from personalize_assets.aws.waiters import WaitTimeout
from personalize_assets.components.graph import Graph

__all__ = ["BATCH_POOL", "IMPORT_POOL", "TRAINING_POOL", "retried", "service_asset"]

SPOKEN = (ClientError, BotoCoreError, ConfigurationDrift, WaitTimeout)
"""What the conversation with the service raises; the rest is a bug or a decision, and stays so."""

Decorator = Callable[[Callable[..., Any]], dg.AssetsDefinition]


def retry_policy(graph: Graph) -> dg.RetryPolicy:
    """How often and how long after an asset is tried again: 1 s growing locally, 30 s on AWS.

    These come on top of the retries of a single request, which boto3 makes within seconds.
    """
    return dg.RetryPolicy(
        max_retries=4,
        delay=1 if graph.running else 30,
        backoff=dg.Backoff.EXPONENTIAL,
        jitter=dg.Jitter.PLUS_MINUS,
    )


def service_asset(
    graph: Graph, *, name: str, specs: Sequence[dg.AssetSpec], pool: str | None = None
) -> Decorator:
    """Like `dg.multi_asset`, for a function that speaks to the service.

    Args:
        graph: Tells the pace of retries.
        name: Name of the operation.
        specs: What it materializes.
        pool: Pool whose slots limit how many are at work at once.
    """

    def decorate(function: Callable[..., Any]) -> dg.AssetsDefinition:
        patient = retried(function, retry_policy(graph))
        return dg.multi_asset(name=name, specs=list(specs), pool=pool)(patient)

    return decorate


def retried(function: Callable[..., Any], policy: dg.RetryPolicy) -> Callable[..., Any]:
    """Make ``function`` ask for a retry after errors that pass, and explain those that do not.

    Args:
        function: Takes the context of its asset first; gives its result, no generator.
        policy: How often and how long after.

    Raises:
        dagster.RetryRequested: The error passes by itself.
        dagster.Failure: A refusal that a person has to cure; no retry helps.
    """

    @wraps(function)
    def patient(context: dg.AssetExecutionContext, *args: Any, **kwargs: Any) -> Any:
        try:
            return function(context, *args, **kwargs)
        except SPOKEN as error:
            if passes(error):
                wait_s = policy.calculate_delay(context.retry_number + 1)
                raise dg.RetryRequested(policy.max_retries, wait_s) from error
            if reason := explain_refusal(error):
                raise dg.Failure(reason, allow_retries=False) from error
            raise

    return patient
