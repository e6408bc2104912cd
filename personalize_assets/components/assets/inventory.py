"""Stage operated: what exists, what it costs a day, and what of that can be saved when asked."""

from collections.abc import Sequence
from enum import Enum

import dagster as dg

from personalize_assets.aws.economy import Running, reduce_campaign, remove_campaign
from personalize_assets.components.graph import Graph
from personalize_assets.components.inventory_report import InventoryReport
from personalize_assets.components.service_assets import service_asset
from personalize_assets.resources import PersonalizeResource


class OnIdle(Enum):
    """What to do with campaigns that nobody asks."""

    REPORT = "REPORT"
    REMOVE = "REMOVE"


class OnOverProvisioned(Enum):
    """What to do with campaigns that are paid for more than they are asked."""

    REPORT = "REPORT"
    REDUCE = "REDUCE"


class InventoryConfig(dg.Config):
    """What to do about what the inventory finds; by default nothing."""

    idle_campaigns: OnIdle = OnIdle.REPORT
    """`REMOVE` deletes campaigns without a request; the next run of the main job makes them again
    unless defs.yaml no longer declares them."""

    over_provisioned_campaigns: OnOverProvisioned = OnOverProvisioned.REPORT
    """`REDUCE` lowers minProvisionedTPS to what was asked; declare it so in defs.yaml as well."""


def build_inventory_assets(graph: Graph) -> list[dg.AssetsDefinition]:
    """The inventory; no other asset needs it."""
    spec = graph.spec(
        "inventory",
        stage="operated",
        kinds={"personalize", "costs"},
        description="What exists in the account for this dataset group, with age and cost a day; "
        "idle and over-provisioned campaigns; how much of each quota is taken.",
    )

    # An operation may not have the name of a job.
    @service_asset(graph, name=f"{graph.id}_inventory_of_account", specs=[spec])
    def inventory(
        context: dg.AssetExecutionContext, config: InventoryConfig, personalize: PersonalizeResource
    ) -> dg.MaterializeResult:
        report = InventoryReport.of(graph, personalize)
        for change in save(report.running, config, personalize, context):
            context.log.info(change)
        return dg.MaterializeResult(spec.key, metadata=report.metadata())

    return [inventory]


def save(
    running: Sequence[Running],
    config: InventoryConfig,
    personalize: PersonalizeResource,
    context: dg.AssetExecutionContext,
) -> list[str]:
    """Do what was asked for about campaigns; what was done, in words."""
    client, policy, done = personalize.get_client(), personalize.wait(context.log.info), list[str]()
    for one in running:
        if one.found.label != "campaign":
            continue
        verdict = one.judgement.verdict
        if verdict == "idle" and config.idle_campaigns is OnIdle.REMOVE:
            remove_campaign(client, one, policy)
            done.append(f"removed {one.found}: {one.judgement.reason}")
        elif (
            verdict in ("idle", "over-provisioned")
            and one.judgement.enough < one.per_second
            and config.over_provisioned_campaigns is OnOverProvisioned.REDUCE
        ):
            reduce_campaign(client, one, policy)
            done.append(
                f"reduced {one.found} from {one.per_second} to {one.judgement.enough}: "
                f"{one.judgement.reason}"
            )
    return done
