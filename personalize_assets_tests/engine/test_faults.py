from typing import Any

import pytest
from pydantic import ValidationError

from personalize_assets.engine.faults import FaultRule, Faults


def make(*rules: dict[str, Any]) -> Faults:
    faults = Faults()
    for rule in rules:
        faults.add(FaultRule.model_validate(rule))
    return faults


def codes(faults: Faults, n: int, operation: str = "ListRecipes") -> list[str]:
    met = [faults.on_call("personalize", operation) for _ in range(n)]
    return [each.error.code if each and each.error else "" for each in met]


@pytest.mark.parametrize(
    ("kind", "code", "message"),
    [
        ("throttling", "ThrottlingException", "Rate exceeded"),
        ("limit", "LimitExceededException", "The limit on the number of"),
        ("internal", "InternalFailure", "An internal error occurred"),
        ("unavailable", "ServiceUnavailable", "The service is unavailable"),
    ],
)
def test_on_call__errors(kind: str, code: str, message: str) -> None:
    met = make({"kind": kind}).on_call("personalize", "ListRecipes")
    assert met is not None
    assert met.error is not None
    assert (met.error.code, met.lost, met.delay_s) == (code, False, 0)
    assert met.error.message.startswith(message)
    told = make({"kind": kind, "message": "mine"}).on_call("personalize", "ListRecipes")
    assert told is not None
    assert told.error is not None
    assert told.error.message == "mine"


def test_on_call__only_where_the_rule_says() -> None:
    faults = make({"kind": "internal", "operation": "CreateSolution"})
    assert codes(faults, 1, "CreateSolution") == ["InternalFailure"]
    assert codes(faults, 1, "CreateSolutionVersion") == [""]
    faults = make({"kind": "internal", "operation": "personalize-events"})
    assert faults.on_call("personalize-events", "PutEvents") is not None
    assert codes(faults, 1) == [""]


def test_on_call__a_count_is_used_up() -> None:
    faults = make({"kind": "throttling", "count": 2}, {"kind": "internal", "count": 1})
    assert codes(faults, 4) == ["ThrottlingException", "ThrottlingException", "InternalFailure", ""]
    assert [happened for _, _, happened in faults.rules()] == [2, 1]


def test_on_call__chance_is_seeded() -> None:
    def meets(seed: int) -> list[str]:
        return codes(make({"kind": "internal", "probability": 0.3, "seed": seed}), 1_000)

    assert meets(1) == meets(1)
    assert meets(1) != meets(2)
    assert 250 < len([code for code in meets(1) if code]) < 350


def test_on_call__delays_add_up_and_errors_do_not() -> None:
    faults = make(
        {"kind": "slow", "delay_ms": 250},
        {"kind": "lost-reply"},
        {"kind": "slow"},
        {"kind": "internal"},
    )
    met = faults.on_call("personalize", "ListRecipes")
    assert met is not None
    assert (met.error, met.delay_s, met.lost) == (None, 1.25, True)


def test_on_job__by_kind_of_job_and_by_operation() -> None:
    faults = make({"kind": "fail-job", "operation": "train", "message": "no luck"})
    assert faults.on_job("train", "CreateSolutionVersion") == "no luck"
    assert faults.on_job("import", "CreateDatasetImportJob") is None
    faults = make({"kind": "fail-job", "operation": "CreateSolutionVersion", "count": 1})
    assert faults.on_job("train", "CreateSolutionVersion") == "The job failed, as asked for."
    assert faults.on_job("train", "CreateSolutionVersion") is None


def test_faults__jobs_and_calls_do_not_meet_each_others() -> None:
    assert make({"kind": "internal"}).on_job("train", "CreateSolutionVersion") is None
    assert codes(make({"kind": "fail-job"}), 1) == [""]


def test_remove_and_clear() -> None:
    faults = make({"kind": "internal"}, {"kind": "limit"})
    assert faults.remove(1)
    assert not faults.remove(1)
    assert codes(faults, 1) == ["LimitExceededException"]
    assert faults.clear() == 1
    assert codes(faults, 1) == [""]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({}, "kind\n  Field required"),
        ({"kind": "fire"}, "Input should be 'throttling'"),
        ({"kind": "slow", "count": 0}, "greater than or equal to 1"),
        ({"kind": "slow", "probability": 0}, "greater than 0"),
        ({"kind": "slow", "probability": 1.1}, "less than or equal to 1"),
        ({"kind": "internal", "delay_ms": 5}, "delay_ms is for the kind slow, not for internal"),
        ({"kind": "slow", "message": "x"}, "the kind slow has no message"),
        ({"kind": "slow", "delay": 5}, "Extra inputs are not permitted"),
    ],
)
def test_fault_rule__refuses(rule: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        FaultRule.model_validate(rule)
    assert message in str(caught.value)
