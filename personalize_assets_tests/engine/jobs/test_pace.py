import pytest

from personalize_assets.engine.jobs.pace import Pace, Remaining, Size, expected_costs
from personalize_assets.recipes.registry import find_recipe

COSTS = {"loading": 1.0, "split": 1.0, "train": 6.0, "evaluate": 2.0}


def shares_of(*reports: tuple[str, float], costs: dict[str, float] = COSTS) -> list[float]:
    told: list[float] = []
    pace = Pace(lambda stage, share: told.append(share), costs)
    for stage, share in reports:
        pace(stage, share)
    return told


def test_pace__stages_by_their_costs() -> None:
    told = shares_of(("loading", 0), ("split", 0), ("train", 0.1), ("evaluate", 0.8))
    assert told == pytest.approx([0, 1 / 10, 2 / 10, 8 / 10])


def test_pace__what_a_learner_says_is_of_its_stage() -> None:
    told = shares_of(("train", 0.1), ("regression", 0), ("transitions", 0.5), ("weigh", 1))
    assert told == pytest.approx([2 / 10, 2 / 10, (2 + 3) / 10, 8 / 10])


def test_pace__a_stage_that_goes_on() -> None:
    # It began at .2 of whatever it counts, so that .6 is half of the rest.
    assert shares_of(("train", 0.2), ("train", 0.6)) == pytest.approx([2 / 10, 5 / 10])


def test_pace__never_back() -> None:
    told = shares_of(("train", 0), ("weigh", 0.5), ("regression", 0), ("split", 0))
    assert told == pytest.approx([2 / 10, 5 / 10, 5 / 10, 5 / 10])


def test_pace__trainings_of_a_search_say_nothing_of_the_whole() -> None:
    told = shares_of(("tune", 0), ("weigh", 0.9), ("tune", 0.5), costs={"tune": 4.0, "train": 4.0})
    assert told == pytest.approx([0, 0, 1 / 4])


def test_expected_costs__of_a_recipe() -> None:
    spec = find_recipe("aws-user-personalization")
    costs = expected_costs(spec, Size(rows=2_000_000, users=10_000, items=50_000))
    assert list(costs) == ["loading", "split", "train", "evaluate", "saving"]
    # 1.2 and 0.4 by rows, 10 by rows, 20 * 1,000 users * 50,000 items / 1e9, 0.02 * 50.
    assert list(costs.values()) == pytest.approx([1.2, 0.4, 10, 1, 1])


def test_expected_costs__a_search_trains_often() -> None:
    spec = find_recipe("aws-user-personalization")
    costs = expected_costs(spec, Size(2_000_000, 10_000, 50_000, trainings=4))
    assert costs["tune"] == pytest.approx(4 * (10 + 1))


def test_expected_costs__nothing_to_train_on() -> None:
    assert all(expected_costs(find_recipe("aws-semantic-similarity"), Size(0, 0, 0)).values())


def test_remaining__goes_down_between_reports() -> None:
    now = 100.0
    remaining = Remaining(lambda: now)
    now = 110.0
    assert remaining.seconds is None
    remaining.told(0.25)
    assert remaining.seconds == pytest.approx(30)
    now = 120.0
    assert remaining.seconds == pytest.approx(20)
    now = 500.0
    assert remaining.seconds == 0


def test_remaining__too_early_to_know() -> None:
    remaining = Remaining(lambda: 5.0)
    remaining.told(0.001)
    assert remaining.seconds is None
