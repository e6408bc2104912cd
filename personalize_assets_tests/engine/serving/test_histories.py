from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from personalize_assets.engine.data.live import UserEvents
from personalize_assets.engine.serving.histories import (
    Selection,
    history_of,
    question_about,
    selection_of,
)
from personalize_assets_tests.engine.serving.fakes import user_events

INDEX = {"a": 0, "b": 1, "c": 2}


@pytest.mark.parametrize(
    ("solution", "selection"),
    [
        ({}, Selection()),
        ({"eventType": "watch"}, Selection((("watch", None),))),
        (
            {"eventType": "rate", "solutionConfig": {"eventValueThreshold": "3.5"}},
            Selection((("rate", None),), min_value=3.5),
        ),
        (
            {
                "solutionConfig": {
                    "eventsConfig": {
                        "eventParametersList": [
                            {"eventType": "watch", "weight": 1.0},
                            {"eventType": "rate", "eventValueThreshold": 4.0, "weight": 0.5},
                        ]
                    }
                }
            },
            Selection((("watch", None), ("rate", 4.0)), (1.0, 0.5)),
        ),
    ],
)
def test_selection_of__solution(solution: dict[str, Any], selection: Selection) -> None:
    assert selection_of(solution) == selection


EVENTS = user_events(
    ("a", 1, "watch"),
    ("b", 2, "rate", 3.0),
    ("x", 3, "watch"),
    ("b", 4, "rate", 5.0),
    ("c", 5, None),
)


@pytest.mark.parametrize(
    ("selection", "items"),
    [
        (Selection(), [0, 1, 1, 2]),
        (Selection((("watch", None),)), [0]),
        (Selection((("rate", 4.0), ("watch", None))), [0, 1]),
        (Selection(min_value=3.0), [1, 1]),  # no value reaches no threshold
        (Selection((("rate", None),), min_value=4.0), [1]),
    ],
)
def test_history_of__selected_and_known_events(selection: Selection, items: list[int]) -> None:
    history = history_of(EVENTS, INDEX, selection)
    assert history.items.tolist() == items
    assert history.indptr.tolist() == [0, len(items)]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (EVENTS, [1.0, 0.5]),
        (user_events(("b", 4, "rate", 5.0), ("b", 4, "watch"), ("b", 4, "like")), [1.0]),
        (user_events(("c", 5, None)), []),
    ],
)
def test_history_of__what_events_are_worth(events: UserEvents, expected: list[float]) -> None:
    selection = Selection((("rate", 4.0), ("watch", None)), (0.5, 1.0))
    assert np.asarray(history_of(events, INDEX, selection).weights).tolist() == expected
    assert history_of(events, INDEX, replace(selection, weights=())).weights is None


def test_history_of__equal_events_are_one() -> None:
    events = user_events(("a", 1, "click"), ("a", 1, "watch"), ("a", 2, "watch"))
    assert history_of(events, INDEX, Selection()).timestamps.tolist() == [1, 2]


def test_question_about__item_or_nothing() -> None:
    assert question_about(3).items.tolist() == [3]
    assert len(question_about(None).items) == 0
    assert len(question_about(None)) == 1
