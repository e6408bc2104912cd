"""Whether a campaign is asked as much as is paid for: decided on numbers alone."""

import math
from dataclasses import dataclass
from typing import Literal

HEADROOM = 1.2
"""Provisioned capacity that is kept above the busiest five minutes, as a factor."""

Verdict = Literal["busy", "idle", "over-provisioned", "too young to tell", "unknown"]


@dataclass(frozen=True)
class Traffic:
    """What a campaign was asked.

    Attributes:
        requests: Within the days that were looked at.
        peak_per_s: Requests a second in the busiest five minutes.
        days: So many days were looked at.
    """

    requests: int
    peak_per_s: float
    days: float


@dataclass(frozen=True)
class Judgement:
    """What is thought of a campaign's capacity.

    Attributes:
        verdict: In a word.
        enough: Requests a second that would be enough; never below 1.
        reason: With both numbers.
    """

    verdict: Verdict
    enough: int
    reason: str


def judge_capacity(provisioned: int, age_days: float, traffic: Traffic | None) -> Judgement:
    """Compare what is provisioned with what was asked.

    Args:
        provisioned: `minProvisionedTPS`.
        age_days: Since the campaign was made.
        traffic: What it was asked; None where nothing tells.
    """
    if traffic is None:
        return Judgement("unknown", provisioned, "nothing counts its requests here")
    days = f"{traffic.days:g} days"
    if traffic.requests == 0 and age_days < traffic.days:
        reason = f"no request yet, made {age_days:.1f} days ago"
        return Judgement("too young to tell", provisioned, reason)
    if traffic.requests == 0:
        return Judgement("idle", 1, f"no request in {days}")
    enough = max(1, math.ceil(traffic.peak_per_s * HEADROOM))
    said = f"{traffic.requests:,} requests in {days}, at most {traffic.peak_per_s:.2f} a second"
    if enough < provisioned:
        reason = f"{said}: {enough} would be enough, {provisioned} are provisioned"
        return Judgement("over-provisioned", enough, reason)
    return Judgement("busy", provisioned, f"{said}, {provisioned} provisioned")
