"""The command `personalize-assets`: one subcommand a module, loaded when it is called.

Imports nothing heavy, so that `--help` answers at once.
"""

import importlib
import os
from collections.abc import Mapping
from typing import Final

import click

from personalize_assets.core.log_format import LogFormatError, start_json_logging

COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "run": ("personalize_assets.cli.run", "Run the main job and show what it found."),
    "dev": ("personalize_assets.cli.dev", "Open the Dagster UI."),
    "api": ("personalize_assets.cli.api", "Answer applications with recommendations."),
    "recommend": ("personalize_assets.cli.recommend", "Recommend items to a user, with titles."),
    "similar": ("personalize_assets.cli.similar", "Show items that are like an item."),
    "rank": ("personalize_assets.cli.rank", "Put a list of items in a user's order."),
    "download": ("personalize_assets.cli.download", "Download a MovieLens release."),
    "convert": ("personalize_assets.cli.convert", "Convert a file of AWS's MLOps solution."),
    "forecast": ("personalize_assets.cli.forecast", "Show what a run would cost on AWS."),
    "inventory": ("personalize_assets.cli.inventory", "Show what exists and what it costs a day."),
    "teardown": ("personalize_assets.cli.teardown", "Delete what the project made."),
    "bootstrap": ("personalize_assets.cli.bootstrap", "Make what AWS needs to have, or mend it."),
    "doctor": ("personalize_assets.cli.doctor", "Check everything before the first paid call."),
}
"""Name of each subcommand, the module that holds it, and its line in the help."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command ``cmd_name``."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name][0])
        return getattr(module, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup)
@click.version_option(package_name="personalize-assets")
def main() -> None:
    """Recommendations with Dagster and Amazon Personalize, or offline on an embedded engine."""
    try:
        start_json_logging(os.environ)
    except LogFormatError as error:
        raise click.ClickException(str(error)) from error
