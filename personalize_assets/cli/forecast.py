"""`personalize-assets forecast`: what a run would cost on AWS; cleans data and creates nothing."""

from collections.abc import Mapping
from typing import Any

import click
import dagster as dg
from rich.markup import escape
from rich.table import Table

from personalize_assets.cli.groups import OpenGroup, open_group
from personalize_assets.cli.instance import open_instance
from personalize_assets.cli.progress import StepPrinter
from personalize_assets.cli.run import execute_job, seed_declared_groups
from personalize_assets.components.assets.forecast import forecast_key
from personalize_assets.components.graph import newest_metadata
from personalize_assets.components.operations import forecast_job_name
from personalize_assets.definitions import declared_groups
from personalize_assets.resources import resources_of


@click.command()
@click.option("--group", default="movielens", show_default=True, help="Dataset group to forecast.")
def forecast(group: str) -> None:
    """Show what a run of a dataset group would cost on AWS, before anything is created."""
    with open_group(group) as opened:
        succeeded = _forecast(opened)
    if not succeeded:
        raise SystemExit(1)


def _forecast(opened: OpenGroup) -> bool:
    console, graph = opened.console, opened.graph
    seed_declared_groups(console, opened.deployment, None)
    printer = StepPrinter(console)
    definitions = dg.Definitions.merge(
        declared_groups(), dg.Definitions(resources=resources_of(opened.deployment))
    )
    job = definitions.resolve_job_def(forecast_job_name(graph.id))
    with open_instance(opened.deployment.state_dir) as instance:
        result = execute_job(job, instance, printer)
        made = [event.asset_key for event in result.get_asset_materialization_events()]
        if forecast_key(graph) in made:
            _show(opened, newest_metadata(instance, forecast_key(graph)))
    for failure in printer.failures:
        console.print(f"[red]{escape(failure)}[/red]", highlight=False, soft_wrap=True)
    return result.success


def _show(opened: OpenGroup, metadata: Mapping[str, Any]) -> None:
    console = opened.console
    table = Table(
        "what", "quantity", "unit", "USD", "basis", title="Forecast", title_justify="left"
    )
    for line in metadata["lines"]:
        values = (line[name] for name in ("what", "quantity", "unit", "usd", "basis"))
        table.add_row(*map(escape, values))
    console.print(table)
    low, high = f"{metadata['lowest_usd']:,.2f}", f"{metadata['forecast_usd']:,.2f}"
    console.print(
        f"[bold]{high if low == high else f'{low} to {high}'} USD[/bold]: "
        f"up to {metadata['once_usd']:,.2f} for a run, {metadata['recurring_usd']:,.2f} for "
        f"{metadata['horizon_days']:g} days of what goes on",
        highlight=False,
    )
    if "budget_usd" in metadata:
        console.print(f"budget {metadata['budget_usd']:,.2f} USD", highlight=False)
    for note in metadata["notes"]:
        console.print(f"  {note}", style="italic", highlight=False, soft_wrap=True)
