"""Inventory and teardown as people run them: the asset, the job and what it refuses."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import dagster as dg
import pytest
from moto.server import ThreadedMotoServer

from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.inventory import take_inventory
from personalize_assets.aws.objects import Bucket
from personalize_assets.aws.waiters import WaitPolicy
from personalize_assets.components.assets.inventory import build_inventory_assets
from personalize_assets.components.attributes import (
    Costs,
    DatasetGroupAttributes,
    Prefixes,
    Solution,
    Source,
)
from personalize_assets.components.graph import Graph, newest_metadata
from personalize_assets.components.operations import build_operations, refuse_unconfirmed
from personalize_assets.local.clients import open_clients
from personalize_assets.resources import resources_of
from personalize_assets_tests.aws.estates import PATIENCE, Estate, aws_environment, new_account

IDLE_AFTER_S = 2
GRAPH = Graph(
    DatasetGroupAttributes(
        name="films",
        source=Source(prefix="films/raw/"),
        prefixes=Prefixes(
            transformed="films/transformed/",
            batch_input="films/batch/input/",
            batch_results="films/batch/results/",
        ),
        solutions=[Solution(name="popular", recipe="aws-popularity-count")],
        costs=Costs(busy_days=IDLE_AFTER_S / 86_400),
    )
)


@pytest.fixture
def account(deployment: Deployment) -> Deployment:
    """The session's stack with an account in which there is nothing."""
    return replace(deployment, account_id=new_account())


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def estate_in(deployment: Deployment) -> Estate:
    clients = open_clients(deployment)
    bucket = Bucket.of(clients)
    bucket.ensure(create=True)
    return Estate.ours(clients.personalize, bucket, "films")


def look(
    deployment: Deployment, instance: dg.DagsterInstance, config: Mapping[str, Any] | None = None
) -> Mapping[str, Any]:
    run_config = {"ops": {"films_inventory_of_account": {"config": config}}} if config else None
    result = dg.materialize(
        build_inventory_assets(GRAPH),
        instance=instance,
        resources=dict(resources_of(deployment)),
        run_config=run_config,
    )
    assert result.success
    return newest_metadata(instance, GRAPH.key("inventory"))


def take_down(
    deployment: Deployment, instance: dg.DagsterInstance, **config: Any
) -> dg.ExecuteInProcessResult:
    definitions = dg.Definitions.merge(
        dg.Definitions(
            assets=[*build_inventory_assets(GRAPH), dg.AssetSpec(GRAPH.key("cost_forecast"))],
            resources=resources_of(deployment),
        ),
        build_operations(GRAPH),
    )
    return definitions.resolve_job_def("films_teardown").execute_in_process(
        run_config={"ops": {"films_take_down": {"config": config}}},
        instance=instance,
        raise_on_error=False,
    )


def log_of(instance: dg.DagsterInstance, result: dg.ExecuteInProcessResult) -> str:
    return "\n".join(entry.user_message for entry in instance.all_logs(result.run_id))


def test_inventory__nothing_there(account: Deployment, instance: dg.DagsterInstance) -> None:
    found = look(account, instance)

    assert (found["ours"], found["usd_per_day"], found["idle"]) == (0, 0, 0)


def test_inventory_and_teardown(account: Deployment, instance: dg.DagsterInstance) -> None:
    estate = estate_in(account)
    estate.everything()
    prefixes = ("films/transformed/a.csv", "films/batch/results/b.out", "films/raw/c.csv")
    for key in (*prefixes, "films/batch/input/d.json"):
        estate.bucket.write_bytes(key, b"x")

    found = look(account, instance, {"idle_campaigns": "REMOVE"})
    assert found["ours"] == 12
    assert found["foreign_in_group"] == 0
    assert found["usd_per_day"] == pytest.approx(4.80, abs=0.01)
    assert "| campaign films-popular | 1 | 4.80 | unknown |" in found["capacity"]
    assert "| campaign | films-popular | ACTIVE | 0.0 | 4.80 |" in found["resources"]
    assert "| solution version | 1 | 0 | 0.0 |" in found["work"]
    assert "| solutions | dataset group | 1 | 10 |" in found["quotas"]

    dry = take_down(account, instance, dry_run=True)
    assert dry.success
    assert "delete campaign films-popular" in log_of(instance, dry)
    assert "leave 2 objects of 2 bytes in S3" in log_of(instance, dry)
    assert len(take_inventory(estate.client, "films").of("campaign")) == 1

    done = take_down(account, instance, data=True)
    assert done.success
    assert "list_campaigns: 0 of ours, 0 of others" in log_of(instance, done)
    assert take_inventory(estate.client, "films").all() == ()
    left = [entry.key for entry in estate.bucket.list("films/")]
    assert left == ["films/batch/input/d.json", "films/raw/c.csv"]


def test_teardown__fails_where_something_is_left(
    account: Deployment, instance: dg.DagsterInstance
) -> None:
    estate = estate_in(account)
    estate.items()
    estate.somebody().filter("theirs")

    result = take_down(account, instance)

    (event,) = result.get_step_failure_events()
    failure = event.step_failure_data.user_failure_data
    assert failure is not None
    assert failure.description is not None
    assert "still there: dataset films-Items, dataset group films" in failure.description
    assert "stays because of filter films-theirs" in failure.description


@pytest.mark.parametrize(
    ("deployment_name", "confirm", "refused"),
    [("aws", "", True), ("aws", "movies", True), ("aws", "films", False), ("local", "", False)],
)
def test_refuse_unconfirmed(deployment_name: str, confirm: str, refused: bool) -> None:
    reason = refuse_unconfirmed(GRAPH, deployment=deployment_name, confirm=confirm)

    assert (reason is not None) is refused
    assert reason is None or "`confirm: films`" in reason


@pytest.fixture
def on_aws(
    account: Deployment, monkeypatch: pytest.MonkeyPatch, clean_environment: None
) -> Iterator[Deployment]:
    """The aws deployment, whose Personalize is the engine and whose CloudWatch is moto's."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    cloudwatch = {"AWS_ENDPOINT_URL_CLOUDWATCH": f"http://{host}:{port}"}
    environment = {**aws_environment(account), **cloudwatch}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(WaitPolicy, "for_deployment", staticmethod(lambda *_: PATIENCE))
    try:
        yield Deployment.from_environment(environment)
    finally:
        server.stop()


@pytest.mark.slow
def test_inventory__removes_idle_campaigns_when_asked(
    account: Deployment, on_aws: Deployment, instance: dg.DagsterInstance
) -> None:
    estate = estate_in(account)
    estate.data()
    estate.campaign(estate.version(estate.solution()))
    time.sleep(IDLE_AFTER_S)  # else it is too young to tell

    found = look(on_aws, instance)
    assert found["idle"] == 1
    assert "| idle | no request in " in found["capacity"]
    assert len(estate.client.list_campaigns()["campaigns"]) == 1

    look(on_aws, instance, {"idle_campaigns": "REMOVE"})
    assert estate.client.list_campaigns()["campaigns"] == []


def test_teardown__on_aws_only_when_confirmed(
    account: Deployment, on_aws: Deployment, instance: dg.DagsterInstance
) -> None:
    estate = estate_in(account)
    estate.group()

    assert not take_down(on_aws, instance).success
    assert take_inventory(estate.client, "films").group is not None
    assert take_down(on_aws, instance, confirm="films").success
    assert take_inventory(estate.client, "films").group is None
