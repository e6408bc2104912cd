"""The context of a request and the Users dataset move what the engine answers."""

import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pv
import pytest

from personalize_assets_tests.engine.operations.conftest import World, avro
from personalize_assets_tests.engine.operations.serving import ask, campaign
from personalize_assets_tests.planted import Planted, planted

_ID = {"type": "string"}
_CATEGORY = {"type": ["null", "string"], "categorical": True}
SCHEMAS = {
    "Interactions": {
        "USER_ID": _ID,
        "ITEM_ID": _ID,
        "TIMESTAMP": {"type": "long"},
        "EVENT_TYPE": _ID,
        "DEVICE": _CATEGORY,
    },
    "Users": {"USER_ID": _ID, "AGE_GROUP": _CATEGORY},
}


@pytest.fixture(scope="module")
def made() -> Planted:
    return planted(200, 300, 8_000)


@pytest.fixture
def group(world: World, made: Planted) -> str:
    group = world.group()
    for kind, table in (("Interactions", made.interactions), ("Users", made.users)):
        fields = [{"name": name, **more} for name, more in SCHEMAS[kind].items()]
        dataset = world.dataset(group, kind, world.schema(text=avro(kind, fields)))
        job = world.import_text(dataset, as_csv(table), kind)
        assert job["status"] == "ACTIVE", job
    return group


def as_csv(table: pa.Table) -> bytes:
    plain = pa.table(
        {
            name: column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
            for name, column in zip(table.column_names, table.columns, strict=True)
        }
    )
    buffer = io.BytesIO()
    pv.write_csv(plain, buffer)
    return buffer.getvalue()


def share(items: list[dict[str, Any]], liked: np.ndarray) -> float:
    names = {f"i{item:03d}" for item in liked}
    return sum(item.get("score", 0.0) for item in items if item["itemId"] in names)


def of_device(made: Planted, device: str) -> np.ndarray:
    """Items of the genre that the device leads to most."""
    data = made.data()
    assert data.context is not None
    there = np.asarray(data.context["DEVICE"].cast(pa.string())) == device
    genres = made.genre[data.item]
    led = np.argmax(np.bincount(genres[there]) / np.bincount(genres))
    return np.flatnonzero(made.genre == led)


def test_context__moves_the_list_in_real_time_and_in_batch(
    world: World, group: str, made: Planted
) -> None:
    personal = campaign(world, group, "aws-user-personalization")
    liked = of_device(made, "tv")

    def asked(context: Mapping[str, str]) -> list[dict[str, Any]]:
        return ask(world, personal, userId="u010", numResults=300, context=context)

    on_tv, on_phone, plain = asked({"DEVICE": "tv"}), asked({"DEVICE": "phone"}), asked({})
    assert share(on_tv, liked) > 1.1 * share(plain, liked) > 1.1 * share(on_phone, liked)
    assert asked({"device": "tv"}) == on_tv
    assert asked({"DEVICE": "a watch", "MOOD": "good"}) == plain
    assert asked({"DEVICE": "tv"}) == on_tv

    version = world.api.describe_campaign(campaignArn=personal)["campaign"]["solutionVersionArn"]
    lines = [{"userId": "u010", "context": {"DEVICE": "tv"}}, {"userId": "u010"}]
    world.put("queries/users.json", "".join(json.dumps(line) + "\n" for line in lines))
    world.start_batch(
        version, batchInferenceJobConfig={"itemExplorationConfig": {"explorationWeight": "0"}}
    )
    world.run()
    written = world.get("batch/users.json.out").splitlines()
    answers = [json.loads(line)["output"] for line in written]
    for answer, expected in zip(answers, (on_tv, plain), strict=True):
        found = [item["itemId"] for item in expected[: len(answer["recommendedItems"])]]
        assert answer["recommendedItems"] == found


def test_context__moves_a_ranking(world: World, group: str, made: Planted) -> None:
    ranking = campaign(world, group, "aws-personalized-ranking")
    items = [f"i{item:03d}" for item in range(300)]
    liked = of_device(made, "tv")

    def ranked(context: Mapping[str, str]) -> list[dict[str, Any]]:
        return world.engine.runtime.get_personalized_ranking(
            campaignArn=ranking, userId="u010", inputList=items, context=context
        )["personalizedRanking"]

    assert share(ranked({"DEVICE": "tv"}), liked) > 1.1 * share(ranked({"DEVICE": "phone"}), liked)


def test_users__a_new_user_is_answered_by_age(world: World, group: str, made: Planted) -> None:
    personal = campaign(world, group, "aws-user-personalization")
    age = np.asarray(made.users["AGE_GROUP"].cast(pa.string()))
    young, old = (made.taste[age == name].mean(axis=0) for name in ("18-24", "55+"))
    liked = np.flatnonzero(made.genre == np.argmax(young - old))
    dataset = f"{group.replace('dataset-group', 'dataset')}/USERS"
    world.engine.events.put_users(
        datasetArn=dataset,
        users=[
            {"userId": "newyoung", "properties": json.dumps({"ageGroup": "18-24"})},
            {"userId": "newold", "properties": json.dumps({"ageGroup": "55+"})},
        ],
    )
    as_young, as_old = (
        ask(world, personal, userId=name, numResults=300) for name in ("newyoung", "newold")
    )
    assert share(as_young, liked) > 1.1 * share(as_old, liked)


def test_columns__that_are_excluded_move_nothing(world: World, group: str) -> None:
    version = world.version(
        world.solution(
            group,
            "aws-user-personalization",
            solutionConfig={
                "trainingDataConfig": {"excludedDatasetColumns": {"Interactions": ["DEVICE"]}}
            },
        )
    )
    arn = world.api.create_campaign(name="c", solutionVersionArn=version)["campaignArn"]
    world.run()
    on_tv = ask(world, arn, userId="u010", context={"DEVICE": "tv"})
    assert on_tv == ask(world, arn, userId="u010", context={"DEVICE": "phone"})
