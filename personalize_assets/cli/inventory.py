"""`personalize-assets inventory`: what exists for a dataset group, and what it costs a day."""

import click
from rich.markup import escape
from rich.table import Table

from personalize_assets.cli.groups import OpenGroup, open_group
from personalize_assets.components.inventory_report import InventoryReport

_TITLES = {
    "resources": "What the project made",
    "work": "What was done with it",
    "capacity": "What is paid for by the day",
    "quotas": "Quotas, with what others have",
    "others": "What others have in this account and region",
}


@click.command()
@click.option("--group", default="movielens", show_default=True, help="Dataset group to look at.")
def inventory(group: str) -> None:
    """Show what exists in the account for a dataset group, and what it costs a day."""
    with open_group(group) as opened:
        show_inventory(opened, InventoryReport.of(opened.graph, opened.personalize))


def show_inventory(opened: OpenGroup, report: InventoryReport) -> None:
    """Print the tables that hold something, and what a day costs."""
    console = opened.console
    if not report.found.ours():
        console.print(f"\nNothing of {report.found.group_name} exists.", highlight=False)
    for name, table in report.tables().items():
        if not table.rows:
            continue
        shown = Table(*table.heads, title=_TITLES[name], title_justify="left")
        for row in table.rows:
            shown.add_row(*map(escape, row))
        console.print(shown)
    foreign = [one for one in report.found.foreign() if one is not report.found.group]
    for one in foreign:
        console.print(f"not made by the project, and left alone: {one} ({one.arn})", soft_wrap=True)
    paid = "on AWS" if opened.deployment.is_local else "as it is provisioned"
    console.print(f"[bold]{report.usd_per_day:,.2f} USD a day[/bold] {paid}", highlight=False)
    for warning in report.prices.warnings(report.now.date()):
        console.print(f"  {warning}", style="italic", highlight=False, soft_wrap=True)
