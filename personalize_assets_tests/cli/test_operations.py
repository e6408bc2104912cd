"""`inventory` and `teardown` on a group of the tests' own, on a stack that plays AWS."""

from dataclasses import replace

import pytest
from click.testing import CliRunner, Result

from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.inventory import take_inventory
from personalize_assets.aws.objects import Bucket
from personalize_assets.aws.waiters import WaitPolicy
from personalize_assets.cli import groups
from personalize_assets.cli.main import main
from personalize_assets.components.attributes import (
    DatasetGroupAttributes,
    Prefixes,
    Solution,
    Source,
)
from personalize_assets.components.graph import Graph
from personalize_assets.local.clients import open_clients
from personalize_assets_tests.aws.estates import PATIENCE, Estate, aws_environment, new_account

pytestmark = pytest.mark.slow

GRAPH = Graph(
    DatasetGroupAttributes(
        name="films",
        source=Source(prefix="shelf/raw/"),
        prefixes=Prefixes(
            transformed="shelf/transformed/",
            batch_input="shelf/batch/input/",
            batch_results="shelf/batch/results/",
        ),
        solutions=[Solution(name="popular", recipe="aws-popularity-count")],
    )
)


@pytest.fixture(scope="module")
def account(deployment: Deployment) -> Deployment:
    return replace(deployment, account_id=new_account())


@pytest.fixture(scope="module")
def estate(account: Deployment) -> Estate:
    clients = open_clients(account)
    bucket = Bucket.of(clients)
    bucket.ensure(create=True)
    estate = Estate.ours(clients.personalize, bucket, "films")
    estate.items()
    estate.filter()
    bucket.write_bytes("shelf/transformed/a.csv", b"abc")
    return estate


@pytest.fixture(autouse=True)
def _on_aws(account: Deployment, monkeypatch: pytest.MonkeyPatch, clean_environment: None) -> None:
    for name, value in aws_environment(account).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(WaitPolicy, "for_deployment", staticmethod(lambda *_: PATIENCE))
    monkeypatch.setattr(groups, "find_graph", lambda _: GRAPH)


def call(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, arguments, input=typed)


def test_inventory(estate: Estate) -> None:
    result = call("inventory")

    assert result.exit_code == 0, result.output
    assert "films-comedies" in result.output
    assert "0.00 USD a day as it is provisioned" in result.output


def test_teardown__dry_run_deletes_nothing(estate: Estate) -> None:
    result = call("teardown", "--dry-run")

    assert result.exit_code == 0, result.output
    steps = [line.strip() for line in result.output.splitlines() if line.strip()[:1].isdigit()]
    assert steps == [
        "1  delete filter films-comedies",
        "2  delete dataset films-Items",
        "3  delete schema films-items",
        "4  delete dataset group films",
        "1 objects (3 bytes) that the pipeline wrote to S3 stay; --data deletes them",
    ]
    assert take_inventory(estate.client, "films").group is not None


def test_teardown__asks_before_aws(estate: Estate, account: Deployment) -> None:
    refused = call("teardown", typed="yes\n")

    assert refused.exit_code == 1
    assert f"4 steps in account {account.account_id}; type films to go on" in refused.output
    assert take_inventory(estate.client, "films").group is not None

    result = call("teardown", "--data", typed="films\n")

    assert result.exit_code == 0, result.output
    assert "deleted 1 objects" in result.output
    assert "│ list_filters              │ 0    │ 0      │" in result.output
    assert "Nothing of ours is left" in result.output
    assert take_inventory(estate.client, "films").group is None


def test_teardown__says_what_is_left(account: Deployment) -> None:
    clients = open_clients(account)
    estate = Estate.ours(clients.personalize, Bucket.of(clients), "films")
    estate.items()
    estate.somebody().filter("theirs")

    result = call("teardown", "--yes")

    assert result.exit_code == 1
    assert "still there: dataset films-Items" in result.output.replace("\n", " ")
    assert "because of filter films-theirs" in result.output.replace("\n", " ")
