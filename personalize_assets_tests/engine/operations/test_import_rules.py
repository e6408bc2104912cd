import pyarrow.parquet as pq
import pytest

from personalize_assets.engine.jobs import import_data
from personalize_assets_tests.engine.operations.conftest import World, avro

FAILED = "Failed to create a data import job for "
ACTIONS = [
    {"name": "ACTION_ID", "type": "string"},
    {"name": "VALUE", "type": ["long", "null"]},
    {"name": "REPEAT_FREQUENCY", "type": ["long", "null"]},
]
TAKEN = [
    {"name": "USER_ID", "type": "string"},
    {"name": "ACTION_ID", "type": "string"},
    {"name": "EVENT_TYPE", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"},
]
ITEMS = "ITEM_ID,GENRES,YEAR\n1,A,1\n2,B,2\n"


def test_import__keeps_when_records_came(world: World) -> None:
    items = world.dataset(world.group(), "Items")
    start = world.engine.clock().timestamp() * 1_000
    world.import_text(items, ITEMS, "one")
    world.engine.clock.advance(60)
    world.import_text(items, "ITEM_ID,GENRES,YEAR\n2,C,3\n", "two", importMode="INCREMENTAL")
    resource = world.engine.store.resources.get(items)
    assert resource is not None
    rows = pq.read_table(world.engine.store.artifacts.path(resource.hidden["artifact"])).to_pylist()
    moments = {row["ITEM_ID"]: row["_IMPORTED_AT"] - start for row in rows}
    assert 0 <= moments["1"] < 10_000
    assert 60_000 <= moments["2"] < 70_000


def test_import__full_leaves_streamed_records(world: World) -> None:
    items = world.dataset(world.group(), "Items")
    world.engine.events.put_items(
        datasetArn=items, items=[{"itemId": "9", "properties": '{"year": 5}'}]
    )
    world.import_text(items, ITEMS, "one")
    world.import_text(items, ITEMS, "two")
    assert [row["ITEM_ID"] for row in world.rows(items)] == ["1", "2"]
    assert len(world.engine.store.database.query("SELECT * FROM records")) == 1


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("b,0,1", "VALUE of an action must be from 1 to 10. Record 2 has 0."),
        ("b,11,1", "VALUE of an action must be from 1 to 10. Record 2 has 11."),
        ("b,1,31", "REPEAT_FREQUENCY of an action must be from 0 to 30. Record 2 has 31."),
        ("b,1,-1", "REPEAT_FREQUENCY of an action must be from 0 to 30. Record 2 has -1."),
    ],
)
def test_import__value_of_an_action(world: World, row: str, reason: str) -> None:
    schema = world.schema(text=avro("Actions", ACTIONS))
    actions = world.dataset(world.group(), "Actions", schema)
    job = world.import_text(actions, f"ACTION_ID,VALUE,REPEAT_FREQUENCY\na,,30\n{row}\n")
    assert (job["status"], job["failureReason"]) == (
        "CREATE FAILED",
        f"{FAILED}ACTIONS dataset. {reason}",
    )
    assert world.import_text(actions, "ACTION_ID,VALUE,REPEAT_FREQUENCY\na,10,0\n", "two")[
        "status"
    ] == ("ACTIVE")


def test_import__event_types_of_actions(world: World) -> None:
    schema = world.schema(text=avro("ActionInteractions", TAKEN))
    dataset = world.dataset(world.group(), "Action_Interactions", schema)
    head = "USER_ID,ACTION_ID,EVENT_TYPE,TIMESTAMP\n"
    fits = "u,a,Taken,1\nu,a,NOT_TAKEN,2\nu,a,not taken,3\nu,a,viewed,4\n"
    assert world.import_text(dataset, head + fits, "one")["status"] == "ACTIVE"
    job = world.import_text(dataset, f"{head}{fits}u,a,clicked,5\n", "two")
    assert job["failureReason"] == (
        f"{FAILED}ACTION_INTERACTIONS dataset. EVENT_TYPE of an action interaction must be Taken, "
        "Not Taken or Viewed. Record 5 has 'clicked'."
    )


@pytest.mark.parametrize("mode", ["FULL", "INCREMENTAL"])
def test_import__too_many_bytes(world: World, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    items = world.dataset(world.group(), "Items")
    world.import_text(items, ITEMS, "one")
    monkeypatch.setattr(import_data, f"MAX_{mode}_IMPORT_BYTES", 31)
    job = world.import_text(items, ITEMS, "two", importMode=mode)
    assert job["failureReason"] == (
        f"{FAILED}ITEMS dataset. The most for one {mode} import is 31 bytes, the data has 32."
    )
