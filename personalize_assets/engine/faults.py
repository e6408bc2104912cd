"""Faults on purpose: rules that make calls fail, answers slow or lost, and jobs fail.

A user of the engine tests with them what a program does when AWS throttles, breaks or is slow.
Rules live in memory alone: a restarted engine is a healthy one. Nothing here knows HTTP or jobs;
the wire and the scheduler ask before they act.
"""

import itertools
import random
import threading
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from personalize_assets.engine.errors import (
    InternalFailure,
    LimitExceeded,
    ServiceError,
    ServiceUnavailable,
    Throttling,
)

FaultKind = Literal[
    "throttling", "limit", "internal", "unavailable", "slow", "lost-reply", "fail-job"
]
ANY: Final = "*"
_ERRORS: Final[dict[str, tuple[type[ServiceError], str]]] = {
    "throttling": (Throttling, "Rate exceeded"),
    "limit": (LimitExceeded, "The limit on the number of requests or resources is exceeded."),
    "internal": (InternalFailure, "An internal error occurred, as asked for."),
    "unavailable": (ServiceUnavailable, "The service is unavailable, as asked for."),
}
_JOB_REASON: Final = "The job failed, as asked for."
_DEFAULT_DELAY_MS: Final = 1_000.0


class FaultRule(BaseModel):
    """One fault and when it happens. Without ``count`` and ``probability``: every time.

    The limits of both hold together: with a probability of 0.5 and a count of 3 about every other
    call meets the fault until it has happened three times.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    operation: str = Field(
        default=ANY,
        description="Name of an operation, of a service, of a kind of job (fail-job alone), or *.",
    )
    kind: FaultKind = Field(description="What happens.")
    count: int | None = Field(default=None, ge=1, description="It happens at most so often.")
    probability: float | None = Field(
        default=None, gt=0, le=1, description="Share of calls that it happens to."
    )
    seed: int = Field(default=0, description="Of the chance; same seed, same calls.")
    delay_ms: float | None = Field(
        default=None, ge=0, le=600_000, description="How long an answer is held (slow alone)."
    )
    message: str | None = Field(
        default=None, max_length=2_000, description="Text of the error or failure reason."
    )

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "FaultRule":
        if self.delay_ms is not None and self.kind != "slow":
            raise ValueError(f"delay_ms is for the kind slow, not for {self.kind}")
        if self.message is not None and self.kind in ("slow", "lost-reply"):
            raise ValueError(f"the kind {self.kind} has no message")
        return self


@dataclass(frozen=True, slots=True)
class CallFault:
    """What happens to one call.

    Attributes:
        error: Is answered in place of the result, and nothing is done; None for none.
        delay_s: How long the answer is held back.
        lost: Whether the call is done and the connection then closed without an answer.
    """

    error: ServiceError | None = None
    delay_s: float = 0.0
    lost: bool = False


class _Rule:
    """A rule at work: how often it has happened, and its chance."""

    def __init__(self, number: int, rule: FaultRule) -> None:
        self.number = number
        self.rule = rule
        self.happened = 0
        self._chance = random.Random(rule.seed)

    def happens(self) -> bool:
        rule = self.rule
        if rule.count is not None and self.happened >= rule.count:
            return False
        if rule.probability is not None and self._chance.random() >= rule.probability:
            return False
        self.happened += 1
        return True


class Faults:
    """The rules of one engine; safe for threads."""

    def __init__(self) -> None:
        self._rules: tuple[_Rule, ...] = ()
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def add(self, rule: FaultRule) -> int:
        """Have a fault happen from now on and give the number of the rule."""
        with self._lock:
            number = next(self._numbers)
            self._rules = (*self._rules, _Rule(number, rule))
            return number

    def remove(self, number: int) -> bool:
        """Take one rule away; False if there is none of that number."""
        with self._lock:
            kept = tuple(rule for rule in self._rules if rule.number != number)
            found = len(kept) < len(self._rules)
            self._rules = kept
            return found

    def clear(self) -> int:
        """Take all rules away and tell how many there were."""
        with self._lock:
            removed, self._rules = len(self._rules), ()
            return removed

    def rules(self) -> list[tuple[int, FaultRule, int]]:
        """Number, rule and how often it has happened, oldest first."""
        with self._lock:
            return [(rule.number, rule.rule, rule.happened) for rule in self._rules]

    def on_call(self, service: str, operation: str) -> CallFault | None:
        """Decide what happens to a call; None for nothing.

        Delays of several rules add up; of the other faults the first that happens counts.
        """
        if not self._rules:
            return None
        delay_ms, found = 0.0, CallFault()
        with self._lock:
            for each in self._rules:
                rule = each.rule
                decided = found.error is not None or found.lost
                if rule.kind == "fail-job" or rule.operation not in (ANY, service, operation):
                    continue
                if rule.kind == "slow":
                    if each.happens():
                        delay = rule.delay_ms
                        delay_ms += _DEFAULT_DELAY_MS if delay is None else delay
                elif not decided and each.happens():
                    found = _call_fault(rule)
        return CallFault(found.error, delay_ms / 1000, found.lost)

    def on_job(self, kind: str, operation: str) -> str | None:
        """Decide whether a job fails as it begins.

        Args:
            kind: Name of the kind of job, such as ``train``.
            operation: The operation that such jobs come from, such as ``CreateSolutionVersion``.

        Returns:
            Its failure reason, or None.
        """
        with self._lock:
            for each in self._rules:
                rule = each.rule
                if rule.kind != "fail-job" or rule.operation not in (ANY, kind, operation):
                    continue
                if each.happens():
                    return rule.message or _JOB_REASON
        return None


def _call_fault(rule: FaultRule) -> CallFault:
    if rule.kind == "lost-reply":
        return CallFault(lost=True)
    error, text = _ERRORS[rule.kind]
    return CallFault(error=error(rule.message or text))
