"""What people do to a dataset group from time to time: look at what exists, and take it down."""

from collections.abc import Sequence

import dagster as dg

from personalize_assets.aws.inventory import take_inventory
from personalize_assets.aws.stored_data import measure_data, remove_data
from personalize_assets.aws.teardown import TornDown, plan_teardown, proof_lines, take_down
from personalize_assets.components.graph import Graph
from personalize_assets.components.service_assets import retried, retry_policy
from personalize_assets.resources import PersonalizeResource, S3Resource


def inventory_job_name(group_id: str) -> str:
    """Name of the job that looks at what exists."""
    return f"{group_id}_inventory"


def forecast_job_name(group_id: str) -> str:
    """Name of the job that cleans data and forecasts costs, and creates nothing."""
    return f"{group_id}_forecast"


def teardown_job_name(group_id: str) -> str:
    """Name of the job that deletes what the project made."""
    return f"{group_id}_teardown"


class TeardownConfig(dg.Config):
    """What to take down, and the word that it is meant."""

    confirm: str = ""
    """On AWS the name of the dataset group; nothing is deleted there without it."""

    dry_run: bool = False
    """Only say what would be deleted, in order."""

    data: bool = False
    """Also delete what the pipeline wrote to S3: cleaned files and results, never what people put
    there."""


def build_operations(graph: Graph) -> dg.Definitions:
    """The jobs of forecast, inventory and teardown, and a daily schedule of the inventory."""
    inventory = dg.define_asset_job(
        inventory_job_name(graph.id),
        selection=dg.AssetSelection.assets(graph.key("inventory")),
        description="What exists in the account, what it costs a day, what could be saved.",
        executor_def=dg.in_process_executor,
        tags={"personalize/dataset_group": graph.attributes.name},
    )
    forecast = dg.define_asset_job(
        forecast_job_name(graph.id),
        selection=dg.AssetSelection.key_prefixes([graph.id])
        & dg.AssetSelection.groups("raw", "prepared"),
        description="From raw files to a forecast of costs; nothing is created in the service.",
        executor_def=dg.in_process_executor,
        tags={"personalize/dataset_group": graph.attributes.name},
    )
    daily = dg.ScheduleDefinition(
        name=inventory_job_name(graph.id),
        job=inventory,
        cron_schedule="0 7 * * *",
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Looks every morning at what exists and what it costs.",
    )
    return dg.Definitions(jobs=[forecast, inventory, _teardown_job(graph)], schedules=[daily])


def written_prefixes(graph: Graph) -> Sequence[str]:
    """Prefixes of S3 that hold only what the pipeline wrote."""
    return (graph.attributes.prefixes.transformed, graph.attributes.prefixes.batch_results)


def kept_prefixes(graph: Graph) -> Sequence[str]:
    """Prefixes of S3 that hold what people put there."""
    return (graph.attributes.source.prefix, graph.attributes.prefixes.batch_input)


def refuse_unconfirmed(graph: Graph, *, deployment: str, confirm: str) -> str | None:
    """Why nothing may be deleted yet; None where it may."""
    if deployment == "local" or confirm == graph.attributes.name:
        return None
    return (
        f"this deletes the dataset group {graph.attributes.name} on AWS with all models and "
        f"campaigns: run it with the config `confirm: {graph.attributes.name}`, or `dry_run: true` "
        "to see what it would delete"
    )


def _teardown_job(graph: Graph) -> dg.JobDefinition:
    def run(
        context: dg.OpExecutionContext,
        config: TeardownConfig,
        personalize: PersonalizeResource,
        s3: S3Resource,
    ) -> None:
        name, client = graph.attributes.name, personalize.get_client()
        if config.dry_run:
            plan = plan_teardown(take_inventory(client, name))
            for line in (*plan.steps, *plan.blocked):
                context.log.info(str(line))
            there = measure_data(s3.store(), written_prefixes(graph), kept_prefixes(graph))
            fate = "delete" if config.data else "leave"
            context.log.info(f"{fate} {there.objects:,} objects of {there.size:,} bytes in S3")
            return
        refusal = refuse_unconfirmed(
            graph, deployment=personalize.deployment, confirm=config.confirm
        )
        if refusal is not None:
            raise dg.Failure(refusal, allow_retries=False)
        torn_down = take_down(client, name, personalize.wait(context.log.info), context.log.info)
        if config.data:
            removed = remove_data(s3.store(), written_prefixes(graph), kept_prefixes(graph))
            context.log.info(f"deleted {removed.objects:,} objects of {removed.size:,} bytes")
        _prove(context, torn_down)

    @dg.op(
        name=f"{graph.id}_take_down",
        description="Deletes in order, waits, and proves by lists that nothing of ours is left.",
    )
    def take_down_op(
        context: dg.OpExecutionContext,
        config: TeardownConfig,
        personalize: PersonalizeResource,
        s3: S3Resource,
    ) -> None:
        retried(run, retry_policy(graph))(context, config, personalize, s3)

    @dg.job(
        name=teardown_job_name(graph.id),
        description="Deletes everything that the project made for this dataset group in Amazon "
        "Personalize; what others made is not touched.",
        executor_def=dg.in_process_executor,
        tags={"personalize/dataset_group": graph.attributes.name},
    )
    def teardown() -> None:
        take_down_op()

    return teardown


def _prove(context: dg.OpExecutionContext, torn_down: TornDown) -> None:
    """Write what the lists show into the log; fail where something of ours is left.

    Raises:
        dagster.Failure: Something is left; the text says what and why.
    """
    for line in proof_lines(torn_down):
        context.log.info(line)
    if not torn_down.clean:
        raise dg.Failure(left_text(torn_down), allow_retries=False)


def left_text(torn_down: TornDown) -> str:
    """What is left of ours, and what keeps it there."""
    left = sorted({f"{one.label} {one.name}" for t in torn_down.tallies for one in t.left})
    blocked = [str(one) for one in torn_down.plan.blocked]
    return "; ".join([f"still there: {', '.join(left)}", *blocked])
