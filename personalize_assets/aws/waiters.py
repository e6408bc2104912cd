"""Waiting for Personalize: until a resource is active, and until a call is let through.

What counts as success and failure stands in the waiter model (``kinds.WAITER_MODEL``, botocore's
own format); the loop here adds what botocore's lacks: a timeout in seconds, growing delays with
jitter, a progress callback, and the failure reason in the error. Time, sleep and chance are
fields of the policy.
"""

import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError
from botocore.exceptions import ConnectionError as BotocoreConnectionError

from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.kinds import (
    FAILED_STATUSES,
    READY_STATUSES,
    WAITER_MODEL,
    Kind,
    describe,
    error_code,
    find,
)

if TYPE_CHECKING:
    from types_boto3_personalize import PersonalizeClient

log = logging.getLogger(__name__)

T = TypeVar("T")

THROTTLED = ("ThrottlingException", "Throttling", "TooManyRequestsException")


class ResourceFailed(RuntimeError):
    """A resource ended in a failed status.

    Attributes:
        arn: The resource.
        status: Its status, such as ``CREATE FAILED``.
        reason: The service's ``failureReason``, or a text that says there was none.
    """

    def __init__(self, arn: str, status: str, reason: str | None) -> None:
        self.arn = arn
        self.status = status
        self.reason = reason or "the service gave no reason"
        super().__init__(f"{arn} is {status}: {self.reason}")


class WaitTimeout(TimeoutError):
    """Something did not become ready in the time that was allowed."""


MAX_WAIT_S = 7 * 24 * 3600.0
"""Longest wait for one resource, in seconds: a training of some hundred million rows takes days."""


@dataclass(frozen=True)
class WaitState:
    """What a progress callback is told after each look at a resource.

    Attributes:
        arn: The resource.
        label: Its kind in words, such as ``solution version``.
        status: Status as the service says it.
        elapsed_s: Seconds since the waiting began.
        attempts: Looks so far, this one included.
    """

    arn: str
    label: str
    status: str
    elapsed_s: float
    attempts: int


def _ignore(_: WaitState) -> None:
    return None


@dataclass(frozen=True)
class WaitPolicy:
    """How long, how often and with what report to wait.

    Attributes:
        timeout_s: Seconds for one resource, the patience with limits included.
        min_delay_s: First pause.
        max_delay_s: Longest pause.
        growth: Factor from one pause to the next.
        jitter: Share of each pause that is random, so that many waiters do not ask at once.
        on_progress: Called after each look.
        clock: Monotonic seconds.
        sleep: Pauses for some seconds.
        rng: Source of the jitter.
    """

    timeout_s: float = MAX_WAIT_S
    min_delay_s: float = 10
    max_delay_s: float = 60
    growth: float = 1.5
    jitter: float = 0.2
    on_progress: Callable[[WaitState], None] = _ignore
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    rng: random.Random = field(default_factory=random.Random)

    @staticmethod
    def for_deployment(
        deployment: Deployment,
        on_progress: Callable[[WaitState], None] = _ignore,
        timeout_s: float = MAX_WAIT_S,
    ) -> "WaitPolicy":
        """The pace that suits ``deployment``: 0.1 s to 1 s on this machine, 10 s to 60 s on AWS."""
        if deployment.is_local:
            return WaitPolicy(
                timeout_s=timeout_s, min_delay_s=0.1, max_delay_s=1, on_progress=on_progress
            )
        return WaitPolicy(timeout_s=timeout_s, on_progress=on_progress)

    def delay_s(self, attempt: int) -> float:
        """Seconds to pause after the ``attempt``-th look (counted from 1)."""
        steps = min(attempt - 1, 64)
        full = min(self.max_delay_s, self.min_delay_s * self.growth**steps)
        return full * (1 - self.jitter * self.rng.random())


def wait_until_active(
    client: "PersonalizeClient", kind: Kind, arn: str, policy: WaitPolicy
) -> dict[str, Any]:
    """Wait until ``arn`` is ACTIVE and return its description.

    A connection that is refused or breaks is a reason to ask again, not to fail: the engine of the
    local stack may be replaced while a job of it goes on.

    Raises:
        ResourceFailed: It failed, was stopped, or is being deleted.
        WaitTimeout: It was not ready in time.
        ClientError: The service refused to describe it.
    """
    acceptors = WAITER_MODEL.get_waiter(kind.waiter_name).acceptors

    def look() -> tuple[dict[str, Any], str]:
        description = describe(client, kind, arn)
        answer = {kind.root: description}
        verdicts = [a.state for a in acceptors if a.matcher_func(answer)]
        return description, verdicts[0] if verdicts else "retry"

    started = policy.clock()
    attempt = 0
    while True:
        attempt += 1
        status = "no answer"
        try:
            description, verdict = look()
        except BotocoreConnectionError as error:
            log.warning("no answer while waiting for %s: %s", arn, error)
        else:
            status = str(description.get("status"))
            _report(policy, kind, arn, status, started, attempt)
            if verdict == "success":
                return description
            if verdict == "failure":
                raise ResourceFailed(arn, status, description.get("failureReason"))
        _pause(policy, started, attempt, f"{kind.label} {arn} is still {status}")


def wait_until_updated(
    client: "PersonalizeClient",
    kind: Kind,
    arn: str,
    member: str,
    policy: WaitPolicy,
    since: datetime | None = None,
) -> dict[str, Any]:
    """Wait until ``arn`` is ACTIVE and no update of it is in work, and return its description.

    An update that failed has ended too: whoever asked for it reads its status and failure reason.

    Args:
        client: boto3 client of personalize.
        kind: Kind of the resource.
        arn: The resource.
        member: Holds the newest update, such as ``latestCampaignUpdate``; absent before the first.
        policy: Timeout, pace and progress.
        since: Moment of creation of an older update; as long as that one is seen, the new one is
            waited for.

    Raises:
        ResourceFailed: The resource itself failed, or is being deleted.
        WaitTimeout: It was not ready in time.
        ClientError: The service refused to describe it.
    """
    started = policy.clock()
    attempt = 0
    while True:
        attempt += 1
        description = wait_until_active(client, kind, arn, policy)
        update: Mapping[str, Any] = description.get(member) or {}
        status = str(update.get("status"))
        seen = since is None or update.get("creationDateTime") != since
        if seen and (not update or status in (*READY_STATUSES, *FAILED_STATUSES)):
            return description
        _report(policy, kind, arn, f"update {status}", started, attempt)
        _pause(policy, started, attempt, f"the update of {kind.label} {arn} is still {status}")


def wait_until_status(
    client: "PersonalizeClient", kind: Kind, arn: str, status: str, policy: WaitPolicy
) -> dict[str, Any]:
    """Wait until ``arn`` has a status that is neither ready nor failed, and describe it.

    Args:
        client: boto3 client of personalize.
        kind: Kind of the resource.
        arn: The resource.
        status: Such as ``INACTIVE`` of a recommender that was stopped.
        policy: Timeout, pace and progress.

    Raises:
        ResourceFailed: It failed instead.
        WaitTimeout: It had another status when the time was over.
        ClientError: The service refused to describe it.
    """
    started = policy.clock()
    attempt = 0
    while True:
        attempt += 1
        description = describe(client, kind, arn)
        found = str(description.get("status"))
        _report(policy, kind, arn, found, started, attempt)
        if found == status:
            return description
        if found in FAILED_STATUSES:
            raise ResourceFailed(arn, found, description.get("failureReason"))
        _pause(policy, started, attempt, f"{kind.label} {arn} is still {found}, not {status}")


def wait_until_gone(client: "PersonalizeClient", kind: Kind, arn: str, policy: WaitPolicy) -> None:
    """Wait until ``arn``, whose deletion has begun, is no longer there.

    Raises:
        WaitTimeout: It was still there when the time was over.
        ClientError: The service refused to describe it.
    """
    started = policy.clock()
    attempt = 0
    while (description := find(client, kind, arn)) is not None:
        attempt += 1
        status = str(description.get("status"))
        _report(policy, kind, arn, status, started, attempt)
        _pause(policy, started, attempt, f"{kind.label} {arn} is still {status}")


def call_patiently(call: Callable[[], T], policy: WaitPolicy, what: str) -> T:
    """Call until the service lets it through: throttled, at a limit of running jobs, or in use.

    Args:
        call: The request, safe to repeat.
        policy: Timeout and pace.
        what: For messages, such as ``create solution x``.

    Raises:
        WaitTimeout: The service still refused when the time was over; its last error is the cause.
        ClientError: Any refusal that waiting cannot cure.
    """
    started = policy.clock()
    attempt = 0
    while True:
        attempt += 1
        try:
            return call()
        except ClientError as error:
            if not _cured_by_waiting(error):
                raise
            log.info("%s has to wait: %s", what, error)
            try:
                _pause(policy, started, attempt, f"{what} was still refused: {error}")
            except WaitTimeout as timeout:
                raise timeout from error


def _cured_by_waiting(error: ClientError) -> bool:
    code = error_code(error)
    if code in THROTTLED or code == "ResourceInUseException":
        return True
    # A limit of jobs in work passes by itself; one of resources that stay does not.
    message = str(error).upper().replace("_", " ")
    return code == "LimitExceededException" and ("PENDING" in message or "IN PROGRESS" in message)


def _report(
    policy: WaitPolicy, kind: Kind, arn: str, status: str, started: float, attempt: int
) -> None:
    elapsed_s = policy.clock() - started
    policy.on_progress(WaitState(arn, kind.label, status, elapsed_s, attempt))


def _pause(policy: WaitPolicy, started: float, attempt: int, what: str) -> None:
    left_s = started + policy.timeout_s - policy.clock()
    if left_s <= 0:
        raise WaitTimeout(f"{what} after {policy.timeout_s:g} s and {attempt} looks")
    policy.sleep(min(left_s, policy.delay_s(attempt)))
