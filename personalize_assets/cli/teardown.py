"""`personalize-assets teardown`: delete what the project made, and prove that it is gone."""

from functools import partial

import click
from rich.table import Table

from personalize_assets.aws.inventory import take_inventory
from personalize_assets.aws.stored_data import measure_data, remove_data
from personalize_assets.aws.teardown import Plan, TornDown, plan_teardown, take_down
from personalize_assets.cli.groups import OpenGroup, open_group
from personalize_assets.components.operations import kept_prefixes, left_text, written_prefixes


@click.command()
@click.option("--group", default="movielens", show_default=True, help="Dataset group to delete.")
@click.option("--dry-run", is_flag=True, help="Only list what would be deleted, in order.")
@click.option("--yes", is_flag=True, help="Do not ask, also on AWS.")
@click.option(
    "--data",
    is_flag=True,
    help="Also delete what the pipeline wrote to S3; what people put there stays.",
)
def teardown(group: str, *, dry_run: bool, yes: bool, data: bool) -> None:
    """Delete everything that the project made for a dataset group; nothing else is touched."""
    with open_group(group) as opened:
        client, name = opened.personalize.get_client(), opened.graph.attributes.name
        plan = plan_teardown(take_inventory(client, name))
        _show_plan(opened, plan, data=data)
        if dry_run:
            return
        if not (yes or opened.deployment.is_local):
            _ask(opened, plan)
        tell = partial(_tell, opened)
        torn_down = take_down(client, name, opened.personalize.wait(tell), tell)
        if data:
            graph = opened.graph
            removed = remove_data(opened.s3.store(), written_prefixes(graph), kept_prefixes(graph))
            opened.console.print(f"deleted {removed.objects:,} objects", highlight=False)
        _show_proof(opened, torn_down)
        if not torn_down.clean:
            raise click.ClickException(left_text(torn_down))


def _tell(opened: OpenGroup, text: str) -> None:
    opened.console.print(f"  {text}", highlight=False, soft_wrap=True)


def _show_plan(opened: OpenGroup, plan: Plan, *, data: bool) -> None:
    console = opened.console
    if not plan.steps:
        console.print("There is nothing to delete in Amazon Personalize.")
    for number, step in enumerate(plan.steps, start=1):
        console.print(f"{number:>3}  {step}", highlight=False, soft_wrap=True)
    for blocked in plan.blocked:
        console.print(f"  !  {blocked}", highlight=False, soft_wrap=True)
    graph = opened.graph
    there = measure_data(opened.s3.store(), written_prefixes(graph), kept_prefixes(graph))
    fate = "are deleted as well" if data else "stay; --data deletes them"
    console.print(
        f"{there.objects:,} objects ({there.size:,} bytes) that the pipeline wrote to S3 {fate}",
        highlight=False,
    )


def _ask(opened: OpenGroup, plan: Plan) -> None:
    """Have the name of the group typed.

    Raises:
        click.Abort: Something else was typed.
    """
    deployment, name = opened.deployment, opened.graph.attributes.name
    typed = click.prompt(
        f"{len(plan.steps)} steps in account {deployment.account_id}; type {name} to go on",
        default="",
        show_default=False,
    )
    if typed != name:
        raise click.Abort


def _show_proof(opened: OpenGroup, torn_down: TornDown) -> None:
    table = Table("list call", "ours", "others", title="What is left", title_justify="left")
    for tally in torn_down.tallies:
        table.add_row(tally.operation, tally.counted, str(tally.others))
    opened.console.print(table)
    if torn_down.clean:
        opened.console.print("[green]Nothing of ours is left[/green], nothing is billed.")
