"""What exists and whose it is, against the real engine."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from personalize_assets.aws import listing
from personalize_assets.aws.clients import Clients
from personalize_assets.aws.inventory import (
    Inventory,
    Tally,
    tags_of,
    take_inventory,
    tally_account,
)
from personalize_assets.aws.listing import Listed, list_all
from personalize_assets.aws.naming import PROJECT_TAG
from personalize_assets.aws.objects import Bucket
from personalize_assets.loopback import make_client
from personalize_assets_tests.aws.estates import Estate, new_account


def client_of(clients: Clients) -> Any:
    """A client of an account in which there is nothing."""
    assert clients.endpoints is not None
    return make_client("personalize", clients.endpoints.personalize, account=new_account())


@pytest.fixture(scope="module")
def films(clients: Clients, bucket: Bucket) -> Estate:
    """One of everything that is ours, and a group of somebody else's beside it."""
    client = client_of(clients)
    Estate(client, bucket, "others", {"owner": "somebody"}).items()
    return Estate.ours(client, bucket, "films").everything()


@pytest.fixture(scope="module")
def inventory(films: Estate) -> Inventory:
    return take_inventory(films.client, "films")


def test_take_inventory__finds_one_of_everything(inventory: Inventory) -> None:
    assert Counter(found.label for found in inventory.ours()) == {
        "dataset group": 1,
        "schema": 3,  # interactions, items, and that of the tracker's events
        "dataset": 3,
        "dataset import job": 1,
        "solution": 1,
        "solution version": 1,
        "campaign": 1,
        "filter": 1,
        "event tracker": 1,
        "metric attribution": 1,
        "batch inference job": 1,
    }
    assert inventory.foreign() == ()


def test_take_inventory__knows_parents_and_recipes(inventory: Inventory) -> None:
    (campaign,), (solution,) = inventory.of("campaign"), inventory.of("solution")
    (version,), (batch,) = inventory.of("solution version"), inventory.of("batch inference job")

    assert campaign.parent_arn == version.parent_arn == solution.arn
    assert batch.parent_arn == version.arn
    assert campaign.recipe == solution.recipe == "aws-popularity-count"
    assert solution.parent_arn == inventory.group.arn if inventory.group else False


def test_take_inventory__tells_ours_from_others(clients: Clients, bucket: Bucket) -> None:
    estate = Estate.ours(client_of(clients), bucket, "shared")
    estate.items()
    estate.somebody().filter("theirs")
    estate.filter("ours")

    inventory = take_inventory(estate.client, "shared")

    assert {found.listed.name: found.ours for found in inventory.of("filter")} == {
        "shared-theirs": False,
        "shared-ours": True,
    }


def test_take_inventory__the_tag_of_another_group_is_not_ours(
    clients: Clients, bucket: Bucket
) -> None:
    client = client_of(clients)
    Estate(client, bucket, "one", {PROJECT_TAG: "two"}).items()

    assert take_inventory(client, "one").ours() == ()


def test_take_inventory__no_such_group(films: Estate) -> None:
    assert take_inventory(films.client, "nothing") == Inventory("nothing", None, ())


def test_tally_account__counts_others_without_naming_them(
    films: Estate, inventory: Inventory
) -> None:
    tallies = tally_account(films.client, "films", [found.arn for found in inventory.ours()])
    by_label = {tally.label: (len(tally.ours), tally.others) for tally in tallies}

    assert len(tallies) == len(listing.COLLECTIONS)
    assert by_label["dataset group"] == (1, 1)
    assert by_label["dataset"] == (3, 1)
    assert by_label["schema"] == (3, 1)
    assert by_label["campaign"] == (1, 0)
    assert all(tally.running == 0 for tally in tallies)


def test_list_all__every_page(films: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [one.arn for one in list_all(films.client, listing.SCHEMAS)]
    original = films.client.list_schemas
    monkeypatch.setattr(
        films.client, "list_schemas", lambda **given: original(**{**given, "maxResults": 1})
    )

    assert [one.arn for one in list_all(films.client, listing.SCHEMAS)] == whole
    assert len(whole) == 4


def test_tags_of__gone(films: Estate) -> None:
    gone = "arn:aws:personalize:us-east-1:" + films.group().split(":")[4] + ":filter/gone"

    assert tags_of(films.client, gone) == {}


def test_tally__of_finished_jobs_leaves_nothing_to_delete() -> None:
    done, busy = (
        Listed("batch inference job", f"arn:{status}", status, status, None, {})
        for status in ("ACTIVE", "CREATE IN_PROGRESS")
    )

    jobs = Tally("batch inference job", "list_batch_inference_jobs", (done, busy), 3, 1, True)
    campaigns = replace(jobs, label="campaign", is_job=False)

    assert jobs.left == (busy,)
    assert jobs.counted == "1 and 1 done"
    assert campaigns.left == (done, busy)
    assert campaigns.counted == "2"
