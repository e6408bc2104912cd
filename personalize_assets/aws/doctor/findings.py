"""What the doctor says: one finding a check, with the fact that it rests on and the way out."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

Status = Literal["ok", "failed", "unknown"]
"""``unknown`` is what we may not look at, or what cannot be told; the fix says what is missing."""


@dataclass(frozen=True)
class Finding:
    """The outcome of one check.

    Attributes:
        check: What was looked at, such as ``role trust``.
        status: ``ok``, ``failed`` or ``unknown``.
        fact: What was found.
        fix: What to do, a command where there is one; of ``ok`` an advice, mostly empty.
    """

    check: str
    status: Status
    fact: str
    fix: str = ""

    def as_json(self) -> dict[str, str]:
        """All members."""
        return asdict(self)


def ok(check: str, fact: str, advice: str = "") -> Finding:
    """A check that is well."""
    return Finding(check, "ok", fact, advice)


def failed(check: str, fact: str, fix: str) -> Finding:
    """A check that would let the work fail."""
    return Finding(check, "failed", fact, fix)


def unknown(check: str, fact: str, fix: str) -> Finding:
    """A check that could not be made."""
    return Finding(check, "unknown", fact, fix)


def has_failed(findings: Iterable[Finding]) -> bool:
    """Whether one of them would let the work fail."""
    return any(one.status == "failed" for one in findings)
