"""Numbers against what they usually were, at their limits and beyond."""

import pytest

from personalize_assets.core.drift import Verdict, judge_change, judge_drop, judge_rise


@pytest.mark.parametrize(
    ("value", "passed"), [(0.0, True), (0.375, True), (0.376, False), (1.0, False)]
)
def test_judge_rise__holds_a_share_against_the_median(value: float, passed: bool) -> None:
    # The median of 0, 1 and 1/8 is 1/8, and 1/4 more is 3/8.
    verdict = judge_rise("rows", value, [0.0, 1.0, 0.125], 0.25)

    assert (verdict.passed, verdict.usual) == (passed, 0.125)


@pytest.mark.parametrize(
    ("value", "passed"), [(500, True), (1500, True), (499, False), (1501, False)]
)
def test_judge_change__looks_both_ways(value: int, passed: bool) -> None:
    verdict = judge_change("interactions", value, [900, 1100], 0.5)

    assert verdict.passed is passed
    assert verdict.sentence == (
        f"interactions: {value:,}, usually 1,000, at most 50 % more or less"
    )


@pytest.mark.parametrize(("value", "passed"), [(0.75, True), (2.0, True), (0.74, False)])
def test_judge_drop__allows_a_share(value: float, passed: bool) -> None:
    assert judge_drop("coverage", value, 1.0, 0.25).passed is passed


def test_judge__passes_what_has_nothing_before_it() -> None:
    assert judge_rise("rows", 1.0, [], 0.0).sentence == (
        "rows: 100.00 %, nothing earlier to compare with"
    )
    assert judge_change("rows", 7, [], 0.1).passed
    assert judge_drop("x", 0.0, None, 0.1) == Verdict(
        True, "x: 0.0000, nothing earlier to compare with"
    )
