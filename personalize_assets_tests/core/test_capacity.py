"""Campaigns judged by numbers."""

import pytest

from personalize_assets.core.capacity import Traffic, judge_capacity


@pytest.mark.parametrize(
    ("provisioned", "age_days", "traffic", "verdict", "enough"),
    [
        (3, 90, None, "unknown", 3),
        (3, 90, Traffic(0, 0, 14), "idle", 1),
        (3, 2, Traffic(0, 0, 14), "too young to tell", 3),
        (3, 2, Traffic(50, 0.01, 14), "over-provisioned", 1),
        (1, 90, Traffic(50, 0.01, 14), "busy", 1),
        (10, 90, Traffic(10**6, 4.9, 14), "over-provisioned", 6),  # 4.9 * 1.2 = 5.88
        (6, 90, Traffic(10**6, 5.0, 14), "busy", 6),
        (2, 90, Traffic(10**6, 5.0, 14), "busy", 2),
    ],
)
def test_judge_capacity(
    provisioned: int, age_days: float, traffic: Traffic | None, verdict: str, enough: int
) -> None:
    judged = judge_capacity(provisioned, age_days, traffic)

    assert (judged.verdict, judged.enough) == (verdict, enough)


def test_judge_capacity__says_both_numbers() -> None:
    reason = judge_capacity(10, 90, Traffic(1_000_000, 4.9, 14)).reason

    assert reason == (
        "1,000,000 requests in 14 days, at most 4.90 a second: "
        "6 would be enough, 10 are provisioned"
    )
