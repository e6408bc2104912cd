"""Teardown: decided on small inventories, carried out against the real engine."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from personalize_assets.aws.clients import Clients
from personalize_assets.aws.economy import list_running
from personalize_assets.aws.ensure import (
    ensure_dataset,
    ensure_dataset_group,
    ensure_import,
    ensure_schema,
)
from personalize_assets.aws.inventory import Found, Inventory, take_inventory
from personalize_assets.aws.kinds import RECOMMENDER
from personalize_assets.aws.listing import Listed
from personalize_assets.aws.naming import PROJECT_TAG
from personalize_assets.aws.objects import Bucket
from personalize_assets.aws.prices import load_prices
from personalize_assets.aws.teardown import Plan, plan_teardown, proof_lines, take_down
from personalize_assets.aws.waiters import wait_until_active
from personalize_assets.testing.control import Control, FaultInjection
from personalize_assets_tests.aws.estates import (
    EVENTS_SCHEMA,
    PATIENCE,
    ROLE,
    Estate,
    clicks_csv,
)
from personalize_assets_tests.aws.test_inventory import client_of
from personalize_assets_tests.prove_operations import teardown_kills


def found(
    label: str, name: str, *, ours: bool = True, parent: str = "g", status: str = "ACTIVE"
) -> Found:
    return Found(Listed(label, name, name, status, None, {}), ours, parent)


def inventory(*members: Found, group: Found | None = None) -> Inventory:
    return Inventory("g", group or found("dataset group", "g", parent=""), members)


WHOLE = (
    found("solution", "s"),
    found("filter", "f"),
    found("event tracker", "t"),
    found("metric attribution", "m"),
    found("dataset", "d"),
    found("campaign", "c", parent="s"),
    found("recommender", "r"),
    found("solution version", "v", parent="s"),
    found("schema", "x"),
)


def texts(plan: Plan) -> list[list[str]]:
    return [[str(step) for step in stage] for stage in plan.stages]


def blocked(plan: Plan) -> dict[str, str]:
    return {one.found.arn: one.by.arn for one in plan.blocked}


def test_plan__order() -> None:
    assert texts(plan_teardown(inventory(*WHOLE))) == [
        ["delete campaign c", "delete recommender r"],
        ["delete solution s"],
        ["delete filter f", "delete event tracker t", "delete metric attribution m"],
        ["delete dataset d"],
        ["delete schema x"],
        ["delete dataset group g"],
    ]


def test_plan__stops_trainings_and_waits_for_jobs() -> None:
    members = (
        found("solution version", "pending", status="CREATE PENDING"),
        found("solution version", "stopping", status="CREATE STOPPING"),
        found("batch inference job", "b", status="CREATE IN_PROGRESS"),
        found("dataset import job", "i", status="ACTIVE"),
        found("data deletion job", "x", status="PENDING"),
    )

    assert texts(plan_teardown(inventory(*members)))[:2] == [
        ["stop solution version pending"],
        [
            "wait for solution version pending",
            "wait for solution version stopping",
            "wait for batch inference job b",
            "wait for data deletion job x",
        ],
    ]


def test_plan__a_campaign_of_others_on_our_solution() -> None:
    theirs = found("campaign", "theirs", ours=False, parent="s")
    plan = plan_teardown(inventory(*WHOLE, theirs))

    assert blocked(plan) == {"s": "theirs", "d": "theirs", "x": "theirs", "g": "theirs"}
    assert texts(plan) == [
        ["delete campaign c", "delete recommender r"],
        ["delete filter f", "delete event tracker t", "delete metric attribution m"],
    ]
    assert "solution s stays because of campaign theirs" in str(plan.blocked[0])


@pytest.mark.parametrize(
    "label", ["solution", "filter", "event tracker", "metric attribution", "recommender"]
)
def test_plan__what_others_have_in_our_group_keeps_its_data(label: str) -> None:
    plan = plan_teardown(inventory(*WHOLE, found(label, "theirs", ours=False)))

    assert blocked(plan) == {"d": "theirs", "x": "theirs", "g": "theirs"}
    assert not any(step.found.arn == "theirs" for step in plan.steps)


def test_plan__a_dataset_of_others_keeps_the_group_alone() -> None:
    plan = plan_teardown(inventory(*WHOLE, found("dataset", "theirs", ours=False)))

    assert blocked(plan) == {"g": "theirs"}


def test_plan__a_group_of_others_keeps_itself() -> None:
    theirs = found("dataset group", "g", ours=False, parent="")
    plan = plan_teardown(inventory(found("dataset", "d"), group=theirs))

    assert texts(plan) == [["delete dataset d"]]
    assert plan.blocked == ()


def test_plan__nothing_there() -> None:
    assert plan_teardown(Inventory("g", None, ())) == Plan((), ())


def names(client: Any, group: str) -> set[str]:
    return {str(one) for one in take_inventory(client, group).all()}


def test_take_down__leaves_nothing_of_ours_and_all_of_others(
    clients: Clients, bucket: Bucket
) -> None:
    client = client_of(clients)
    Estate(client, bucket, "others", {"owner": "somebody"}).everything()
    Estate.ours(client, bucket, "films").everything()
    before, told = names(client, "others"), list[str]()

    torn_down = take_down(client, "films", PATIENCE, told.append)

    assert torn_down.clean
    assert told[0] == "delete campaign films-popular"
    assert told[-1] == "delete dataset group films"
    assert "list_campaigns: 0 of ours, 1 of others" in proof_lines(torn_down)
    assert names(client, "films") == set()
    assert names(client, "others") == before
    again = take_down(client, "films", PATIENCE, told.append)
    assert again.clean
    assert again.plan.steps == ()


def test_take_down__says_what_blocks(clients: Clients, bucket: Bucket) -> None:
    estate = Estate.ours(client_of(clients), bucket, "films")
    estate.data()
    version = estate.version(estate.solution())
    estate.campaign(version, "ours")
    theirs = estate.somebody().campaign(version, "theirs")

    torn_down = take_down(estate.client, "films", PATIENCE, lambda _: None)

    assert not torn_down.clean
    assert {str(one.found) for one in torn_down.plan.blocked} == {
        "solution films-popular",
        "dataset films-Interactions",
        "schema films-interactions",
        "dataset group films",
    }
    assert all(one.by.arn == theirs for one in torn_down.plan.blocked)
    assert [c.arn for c in take_inventory(estate.client, "films").of("campaign")] == [theirs]


def test_take_down__a_training_in_work_is_stopped(clients: Clients, bucket: Bucket) -> None:
    estate = Estate.ours(client_of(clients), bucket, "films")
    estate.data()
    arn = estate.solution()
    estate.client.create_solution_version(solutionArn=arn, trainingMode="FULL", name="begun")

    assert take_down(estate.client, "films", PATIENCE, lambda _: None).clean


def test_take_down__finds_schemas_whose_datasets_have_gone(
    clients: Clients, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    estate = Estate.ours(client_of(clients), bucket, "films")
    estate.items()

    def die(**_: str) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DeleteSchema")

    with monkeypatch.context() as patched:
        patched.setattr(estate.client, "delete_schema", die)
        with pytest.raises(ClientError, match="AccessDenied"):
            take_down(estate.client, "films", PATIENCE, lambda _: None)
    assert names(estate.client, "films") == {"dataset group films", "schema films-items"}

    assert take_down(estate.client, "films", PATIENCE, lambda _: None).clean
    assert estate.client.list_schemas()["schemas"] == []


def test_take_down__a_schema_that_others_use_stays(clients: Clients, bucket: Bucket) -> None:
    client = client_of(clients)
    estate = Estate.ours(client, bucket, "films")
    estate.items()
    (schema,) = client.list_schemas()["schemas"]
    others = Estate(client, bucket, "others").group()
    client.create_dataset(
        name="theirs",
        schemaArn=schema["schemaArn"],
        datasetGroupArn=others,
        datasetType="Items",
    )

    torn_down = take_down(client, "films", PATIENCE, lambda _: None)

    assert not torn_down.clean
    assert _ours(torn_down.tallies) == ["films-items"]
    assert names(client, "films") == set()


def _ours(tallies: Iterable[Any]) -> list[str]:
    return [one.name for tally in tallies for one in tally.ours]


@pytest.mark.slow
def test_take_down__through_throttling(clients: Clients, bucket: Bucket) -> None:
    assert clients.endpoints is not None
    estate = Estate.ours(client_of(clients), bucket, "films")
    estate.items()
    estate.filter()
    faults = FaultInjection(Control(clients.endpoints.personalize))
    rules = [
        faults.add("throttling", operation, count=2)
        for operation in ("DeleteFilter", "DeleteDataset", "DeleteSchema", "TagResource")
    ]
    try:
        assert take_down(estate.client, "films", PATIENCE, lambda _: None).clean
        assert all(faults.happened(rule) for rule in rules)
    finally:
        for rule in rules:
            faults.remove(rule)


@pytest.mark.slow
def test_take_down__killed_at_some_requests() -> None:
    rows = teardown_kills.prove(every=30)

    assert [(row.lost, row.doubled) for row in rows] == [(0, 0), (0, 0)]


def test_take_down__recommenders_of_a_domain(clients: Clients, bucket: Bucket) -> None:
    client = client_of(clients)
    tags = {PROJECT_TAG: "vod"}
    domain, prefix = "VIDEO_ON_DEMAND", "estates/watched.csv"
    group = ensure_dataset_group(client, "vod", PATIENCE, domain=domain, tags=tags).arn
    schema = ensure_schema(client, "vod-interactions", EVENTS_SCHEMA, PATIENCE, domain=domain)
    dataset = ensure_dataset(
        client, group, "Interactions", "vod-interactions", schema.arn, PATIENCE, tags=tags
    )
    bucket.write_bytes(prefix, clicks_csv().replace(b"click", b"Watch"))
    ensure_import(client, dataset.arn, "vod-1", bucket.uri(prefix), ROLE, PATIENCE, tags=tags)
    recommender = client.create_recommender(
        name="vod-popular",
        datasetGroupArn=group,
        recipeArn="arn:aws:personalize:::recipe/aws-vod-most-popular",
        tags=[{"tagKey": key, "tagValue": value} for key, value in tags.items()],
    )["recommenderArn"]
    wait_until_active(client, RECOMMENDER, recommender, PATIENCE)
    inventory = take_inventory(client, "vod")

    (running,) = list_running(client, inventory, load_prices(), {}, datetime.now(UTC))
    assert (running.usd_per_day, running.found.recipe) == (9.0, "aws-vod-most-popular")
    torn_down = take_down(client, "vod", PATIENCE, lambda _: None)

    assert torn_down.clean
    assert str(torn_down.plan.steps[0]) == "delete recommender vod-popular"
    assert client.list_recommenders()["recommenders"] == []
