"""The promotion gate's decision, with numbers worked by hand."""

import math

import pytest

from personalize_assets.core.promotion import (
    Decision,
    Rule,
    Standing,
    applicable_rules,
    decide,
)

MRR, NDCG = "mean_reciprocal_rank_at_25", "normalized_discounted_cumulative_gain_at_25"
RULES = [Rule(MRR, 0.15), Rule(NDCG, 0.15)]
GOOD = {MRR: 0.20, NDCG: 0.30}


def judged(candidate: dict[str, float], **standing: dict[str, float]) -> Decision:
    return decide(candidate, Standing(**standing), RULES)


def test_decide__nothing_in_service_and_no_baseline_promotes() -> None:
    assert judged(GOOD).promote


@pytest.mark.parametrize(
    ("value", "promoted"),
    [(0.17, True), (0.1699, False), (0.20, True), (0.25, True), (0.0, False)],
)
def test_decide__may_drop_by_the_tolerated_share(value: float, promoted: bool) -> None:
    # 15 % below 0.20 is 0.17, which still holds.
    assert judged({**GOOD, MRR: value}, in_service=GOOD).promote is promoted


@pytest.mark.parametrize(("value", "promoted"), [(0.11, True), (0.10, False), (0.09, False)])
def test_decide__has_to_be_above_the_baseline(value: float, promoted: bool) -> None:
    decision = judged({**GOOD, MRR: value}, baseline={MRR: 0.10, NDCG: 0.1})

    assert decision.promote is promoted


def test_decide__only_the_baseline_counts_where_nothing_is_in_service() -> None:
    decision = judged({MRR: 0.05, NDCG: 0.30}, baseline={MRR: 0.04, NDCG: 0.1})

    assert decision.promote
    assert decision.numbers[0].floor is None


def test_decide__one_metric_that_does_not_hold_is_enough() -> None:
    decision = judged({MRR: 0.40, NDCG: 0.10}, in_service=GOOD)

    assert not decision.promote
    assert decision.reasons == (
        f"{NDCG} 0.1000 is below 0.2550, which is 0.3000 of the version in service less 15%",
    )


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_decide__what_is_not_a_number_refuses(value: float) -> None:
    decision = judged({**GOOD, MRR: value})

    assert decision.reasons == (f"{MRR} is missing or not a number",)


def test_decide__what_is_missing_refuses() -> None:
    assert judged({NDCG: 0.3}, in_service=GOOD).reasons == (f"{MRR} is missing or not a number",)


def test_decide__says_every_number_of_a_refusal() -> None:
    decision = decide(
        {MRR: 0.05, NDCG: 0.3},
        Standing(GOOD, {MRR: 0.06, NDCG: 0.1}, "popularity-count"),
        RULES,
    )

    assert decision.sentence() == (
        f"refused: {MRR} 0.0500 is below 0.1700, which is 0.2000 of the version in service less "
        f"15%; {MRR} 0.0500 is not above 0.0600 of popularity-count"
    )


def test_decide__says_every_number_of_a_promotion() -> None:
    decision = decide(GOOD, Standing(GOOD, {MRR: 0.1, NDCG: 0.1}), RULES)

    assert decision.sentence() == (
        f"holds: {MRR} 0.2000 (in service 0.2000, at least 0.1700, baseline 0.1000); "
        f"{NDCG} 0.3000 (in service 0.3000, at least 0.2550, baseline 0.1000)"
    )


def test_decide__what_only_the_other_side_lacks_is_noted() -> None:
    decision = judged(GOOD, in_service={MRR: 0.2})

    assert decision.promote
    assert decision.notes == (f"not compared with the version in service, which has no {NDCG}",)


def test_decide__keeps_the_notes_of_the_standing() -> None:
    decision = decide(GOOD, Standing(notes=("the old one is gone",)), RULES)

    assert decision.sentence().endswith("the old one is gone")


def test_decide__looks_at_something() -> None:
    assert not decide(GOOD, Standing(), []).promote


def test_applicable_rules__of_segments_are_their_own_metrics() -> None:
    metrics = {"coverage": 0.5, "hits_at_1_percent": 2.0, "recall_at_1_percent": 0.1}
    rules = [Rule(MRR, 0.15), Rule(NDCG, 0.1)]

    assert applicable_rules(rules, metrics, segments=True) == [
        Rule("hits_at_1_percent", 0.1),
        Rule("recall_at_1_percent", 0.1),
    ]
    assert applicable_rules(rules, metrics, segments=False) == rules
