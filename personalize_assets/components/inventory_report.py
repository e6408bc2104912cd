"""What exists in the account for one dataset group, as tables for the UI and the terminal."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import dagster as dg
from botocore.exceptions import ClientError

from personalize_assets.aws.clients import make_aws_client
from personalize_assets.aws.economy import Running, age_days, list_running
from personalize_assets.aws.inventory import Found, Inventory, Tally, take_inventory, tally_account
from personalize_assets.aws.kinds import error_code
from personalize_assets.aws.prices import load_prices
from personalize_assets.aws.quotas import QUOTAS
from personalize_assets.aws.traffic import count_requests
from personalize_assets.components.graph import Graph
from personalize_assets.components.previews import markdown_table
from personalize_assets.core.capacity import Traffic
from personalize_assets.core.prices import Prices
from personalize_assets.resources import PersonalizeResource

Rows = list[tuple[str, ...]]

_COUNTED: Final = {
    "schemas": "schema",
    "dataset groups": "dataset group",
    "dataset import jobs that are pending or in progress": "dataset import job",
    "solution versions that are pending or in progress": "solution version",
    "batch inference jobs that are pending or in progress": "batch inference job",
    "batch segment jobs that are pending or in progress": "batch segment job",
    "solutions": "solution",
    "campaigns": "campaign",
    "recommenders": "recommender",
    "filters": "filter",
}
"""Which kind a quota counts, by what the quota calls it."""


@dataclass(frozen=True)
class Table:
    """A table with its heads."""

    heads: Sequence[str]
    rows: Rows


def traffic_of(
    personalize: PersonalizeResource, found: Inventory, now: datetime, days: float
) -> Mapping[str, Traffic]:
    """What our campaigns were asked; empty where nothing counts, or CloudWatch may not be read."""
    arns = [campaign.arn for campaign in found.of("campaign") if campaign.ours]
    if personalize.deployment == "local" or not arns:
        return {}
    cloudwatch = make_aws_client(personalize.settings, "cloudwatch")
    try:
        return count_requests(cloudwatch, arns, now, days)
    except ClientError as error:
        if error_code(error) not in ("AccessDenied", "AccessDeniedException"):
            raise
        return {}  # the rest of the inventory is worth having without it


@dataclass(frozen=True)
class InventoryReport:
    """One look at the account.

    Attributes:
        found: The dataset group.
        running: What is paid for by the day.
        tallies: Every list of the account.
        prices: The price list.
        now: Moment of the look, aware.
    """

    found: Inventory
    running: Sequence[Running]
    tallies: Sequence[Tally]
    prices: Prices
    now: datetime

    @staticmethod
    def of(graph: Graph, personalize: PersonalizeResource) -> "InventoryReport":
        """Look at the account.

        Raises:
            ClientError: The service refused to list something.
            PricesError: The file of prices cannot be read.
        """
        costs, client, now = graph.attributes.costs, personalize.get_client(), datetime.now(UTC)
        prices = load_prices(costs.prices)
        found = take_inventory(client, graph.attributes.name)
        traffic = traffic_of(personalize, found, now, costs.busy_days)
        running = list_running(client, found, prices, traffic, now)
        known = {one.arn for one in found.ours()}
        tallies = tally_account(client, graph.attributes.name, known)
        return InventoryReport(found, running, tallies, prices, now)

    @property
    def usd_per_day(self) -> float:
        """What campaigns and recommenders cost a day."""
        return sum(one.usd_per_day for one in self.running)

    def tables(self) -> Mapping[str, Table]:
        """Everything that was found, by the name of the table."""
        return {
            "resources": Table(
                ("kind", "name", "status", "days old", "USD a day"), list(self._resources())
            ),
            "work": Table(("kind", "done", "at work", "days since the first"), list(self._work())),
            "capacity": Table(
                ("what", "requests/s", "USD a day", "verdict", "because"), list(self._capacities())
            ),
            "quotas": Table(("what", "for each", "taken", "quota"), list(self._quotas())),
            "others": Table(
                ("kind", "of others"),
                [(one.label, str(one.others)) for one in self.tallies if one.others],
            ),
        }

    def metadata(self) -> dict[str, Any]:
        """All of it as metadata of a materialization; numbers are plotted over time."""
        verdicts = [one.judgement.verdict for one in self.running]
        return {
            "usd_per_day": round(self.usd_per_day, 2),
            "ours": sum(not _is_work(one) for one in self.found.ours()),
            "foreign_in_group": sum(not _is_work(one) for one in self.found.foreign()),
            "idle": verdicts.count("idle"),
            "over_provisioned": verdicts.count("over-provisioned"),
            **{
                name: dg.MetadataValue.md(markdown_table(table.heads, table.rows))
                for name, table in self.tables().items()
            },
            "notes": dg.MetadataValue.json(self.prices.warnings(self.now.date())),
        }

    def _resources(self) -> Iterator[tuple[str, ...]]:
        """What is ours and stays until it is deleted."""
        costs = {one.found.arn: one.usd_per_day for one in self.running}
        for one in self.found.ours():
            if not _is_work(one):
                usd = f"{costs.get(one.arn, 0.0):.2f}"
                yield one.label, one.listed.name, one.listed.status or "-", self._age(one), usd

    def _work(self) -> Iterator[tuple[str, ...]]:
        """Trainings, imports and other jobs: how many, how many of them run, how old the first."""
        done = [one for one in self.found.ours() if _is_work(one)]
        for label in dict.fromkeys(one.label for one in done):
            of_kind = [one for one in done if one.label == label]
            oldest = max(of_kind, key=lambda one: age_days(one, self.now))
            at_work = sum(one.running for one in of_kind)
            yield label, str(len(of_kind)), str(at_work), self._age(oldest)

    def _capacities(self) -> Iterator[tuple[str, ...]]:
        for one in self.running:
            judged = one.judgement
            per_second, usd = str(one.per_second), f"{one.usd_per_day:.2f}"
            yield str(one.found), per_second, usd, judged.verdict, judged.reason

    def _quotas(self) -> Iterator[tuple[str, ...]]:
        """How much of each quota is taken; in those of the account what others have counts too."""
        tallies = {tally.label: tally for tally in self.tallies}
        for quota in QUOTAS:
            tally = tallies.get(_COUNTED.get(quota.what, ""))
            if tally is None:
                continue
            everything = len(tally.ours) + tally.others
            of_account = tally.running if quota.passes else everything
            of_group = len(self.found.of(tally.label))
            taken = of_group if quota.scope == "dataset group" else of_account
            yield quota.what, quota.scope, str(taken), f"{quota.value:,}"

    def _age(self, found: Found) -> str:
        return "-" if found.listed.created_at is None else f"{age_days(found, self.now):.1f}"


def _is_work(found: Found) -> bool:
    return found.label.endswith("job") or found.label == "solution version"
