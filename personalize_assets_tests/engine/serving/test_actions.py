from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa

from personalize_assets.core.filters import bind, parse_filter
from personalize_assets.engine.serving.actions import ActionAnswerer, ServedAction
from personalize_assets.recipes.actions import ActionHistories
from personalize_assets.recipes.artifact import SavedVersion
from personalize_assets.recipes.histories import FloatArray, Histories
from personalize_assets.recipes.registry import RECIPES
from personalize_assets_tests.engine.serving.fakes import FakeLive, entities

NOW = datetime(2024, 3, 1, tzinfo=UTC)
NOW_S = int(NOW.timestamp())
DAY = 86_400


@dataclass
class FakeActionModel:
    asked: list[Any] = field(default_factory=list[Any])
    told: list[Any] = field(default_factory=list[Any])
    circumstances: tuple[str, ...] = ()

    @property
    def n_actions(self) -> int:
        return 3

    def score_actions(self, histories: Histories, actions: ActionHistories) -> FloatArray:
        self.asked.append(
            (histories.items.tolist(), actions.actions.tolist(), actions.taken.tolist())
        )
        self.told.append(None if histories.about is None else histories.about.to_pylist())
        return np.array([[0.25, 0.5, 0.0]], dtype=np.float32)

    def save(self, folder: Path) -> None:
        raise NotImplementedError

    @classmethod
    def load(cls, folder: Path) -> Self:
        raise NotImplementedError


def answerer(model: FakeActionModel | None = None) -> ActionAnswerer:
    version = SavedVersion(
        RECIPES["aws-next-best-action"],
        pa.array(["i", "j"]),
        model or FakeActionModel(),
        {},
        action_ids=pa.array(["x", "y", "z"]),
    )
    return ActionAnswerer(version, None)


def actions(**columns: list[Any]) -> Any:
    return entities("ACTION_ID", ACTION_ID=["x", "y", "z", "new"], **columns)


def test_recommend__likeliest_first_and_new_ones_with_0() -> None:
    live = FakeLive(actions=actions())
    served = answerer().recommend(live.as_group(), "u", 3, None, NOW)
    assert served == [
        ServedAction("y", 0.5),
        ServedAction("x", 0.25),
        ServedAction("z", 0.0),
    ]


def test_recommend__equally_likely_ones_by_value() -> None:
    live = FakeLive(actions=actions(VALUE=[1, 2, None, 3]))
    served = answerer().recommend(live.as_group(), "u", 9, None, NOW)
    assert [item.action_id for item in served] == ["y", "x", "new", "z"]


def test_recommend__without_what_expired() -> None:
    live = FakeLive(actions=actions(EXPIRATION_TIMESTAMP=[NOW_S, NOW_S + 1, None, NOW_S - DAY]))
    served = answerer().recommend(live.as_group(), "u", 9, None, NOW)
    assert [item.action_id for item in served] == ["y", "z"]


def test_recommend__not_again_too_soon() -> None:
    live = FakeLive(
        actions=actions(REPEAT_FREQUENCY=[7, 7, 7, None]),
        action_events={
            "u": [
                ("x", NOW_S - 8 * DAY, "Taken"),
                ("y", NOW_S - 9 * DAY, "Viewed"),
                ("y", NOW_S - 6 * DAY, "Viewed"),
                ("new", NOW_S, "Taken"),
            ]
        },
    )
    served = answerer().recommend(live.as_group(), "u", 9, None, NOW)
    assert [item.action_id for item in served] == ["x", "z", "new"]
    served = answerer().recommend(live.as_group(), "other", 9, None, NOW)
    assert [item.action_id for item in served] == ["y", "x", "z", "new"]


def test_recommend__filters() -> None:
    live = FakeLive(
        actions=actions(PRICE=[1.0, 2.0, 3.0, None]),
        action_events={"u": [("x", 1, "NOT_TAKEN"), ("z", 2, "Viewed")]},
        users=entities("USER_ID", USER_ID=["u"], AGE=[20]),
    )

    def served(expression: str) -> list[str]:
        kept = bind(parse_filter(expression), {})
        found = answerer().recommend(live.as_group(), "u", 9, kept, NOW)
        return [item.action_id for item in found]

    assert served("INCLUDE ActionID WHERE Actions.PRICE >= 2") == ["y", "z"]
    turned_down = 'EXCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ("Not taken")'
    assert served(turned_down) == ["y", "z", "new"]
    assert served("EXCLUDE ActionID WHERE Actions.PRICE > 1 IF CurrentUser.AGE < 30") == [
        "x",
        "new",
    ]


def test_recommend__tells_what_is_known_of_the_user() -> None:
    users = entities("USER_ID", USER_ID=["u"], AGE=["young"])
    live = FakeLive(actions=actions(), users=users)
    model = FakeActionModel(circumstances=("Users.AGE", "Users.CITY"))
    for user in ("u", "stranger"):
        answerer(model).recommend(live.as_group(), user, 1, None, NOW)
    assert model.told == [[{"Users.AGE": "young", "Users.CITY": None}], None]


def test_recommend__asks_with_both_histories() -> None:
    model = FakeActionModel()
    live = FakeLive(
        {"u": [("j", 1), ("gone", 2), ("i", 3)]},
        actions=actions(),
        action_events={"u": [("y", 1, "Taken"), ("new", 2, "Taken"), ("x", 3, "not_taken")]},
    )
    answerer(model).recommend(live.as_group(), "u", 1, None, NOW)
    assert model.asked == [([1, 0], [1, 0], [True, False])]


def test_recommend__without_an_actions_dataset() -> None:
    assert answerer().recommend(FakeLive().as_group(), "u", 5, None, NOW) == []
