"""Declared rules: defaults, refusals, digests."""

from typing import Any

import pytest
from pydantic import ValidationError

from personalize_assets.core.cleaning import CleaningRules


def test_cleaning_rules__defaults() -> None:
    rules = CleaningRules()
    assert [(rule.event_type, rule.above) for rule in rules.events] == [("watch", 3), ("click", 1)]
    assert rules.mode == "strongest"
    assert rules.fraction == 1


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"events": []}, "at least 1 item"),
        ({"mode": "any"}, "'strongest' or 'all'"),
        ({"fraction": 0}, "greater than 0"),
        ({"fraction": 1.1}, "less than or equal to 1"),
        ({"event": []}, "Extra inputs are not permitted"),
        ({"events": [{"event_type": "a,b", "above": 1}]}, "should match pattern"),
        (
            {"events": [{"event_type": "a", "above": float("nan")}]},
            "less than or equal to 1000000000",
        ),
        (
            {"events": [{"event_type": "a", "above": 1}, {"event_type": "b", "above": 3}]},
            "declare the strongest rule first, each with a lower bound than the one before; "
            "got above = 1.0, 3.0",
        ),
        (
            {"events": [{"event_type": "a", "above": 3}, {"event_type": "a", "above": 1}]},
            "each event_type once; got a, a",
        ),
    ],
)
def test_cleaning_rules__refused(value: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        CleaningRules.model_validate(value)
    assert message in str(caught.value)


def test_digest__same_for_equal_rules_and_other_for_others() -> None:
    spelled_out = {
        "events": [{"event_type": "watch", "above": 3}, {"event_type": "click", "above": 1.0}]
    }
    assert CleaningRules().digest() == CleaningRules.model_validate(spelled_out).digest()
    digests = {
        CleaningRules().digest(),
        CleaningRules(mode="all").digest(),
        CleaningRules(fraction=0.5).digest(),
    }
    assert len(digests) == 3
    assert all(len(digest) == 64 for digest in digests)
