"""Shows a run of Dagster in the terminal while it goes: a line a step, with time and rows.

Listens to the events that Dagster stores anyway; knows no asset by name.
"""

import logging
import re
import time
from collections import defaultdict
from typing import Any

import dagster as dg
from rich.console import Console
from rich.markup import escape
from rich.status import Status

from personalize_assets.aws.call_log import is_call

_EXCEPTION_NAME = r"^[a-z_][\w.]*\.[A-Z]\w*: "


class StepPrinter:
    """Prints each step of one run as it ends, and what it says while it works.

    Attributes:
        seconds: Seconds of each finished step by the keys of the assets that it materialized.
        changed: Keys of assets that were made anew in this run.
        failures: Messages of failed steps and checks.
    """

    def __init__(self, console: Console) -> None:
        self.seconds: dict[dg.AssetKey, float] = {}
        self.changed: set[dg.AssetKey] = set()
        self.failures: list[str] = []
        self._console = console
        self._status: Status | None = None
        self._started: dict[str, float] = {}
        self._made: defaultdict[str, list[dg.AssetMaterialization]] = defaultdict(list)

    def __call__(self, entry: dg.EventLogEntry, _cursor: Any = None) -> None:
        """Take one entry of the event log."""
        event = entry.dagster_event
        if event is None:
            if entry.level == logging.INFO and not is_call(entry.user_message):
                self._say(entry.step_key or "", entry.user_message)
            return
        handler = {
            "STEP_START": self._on_start,
            "ASSET_MATERIALIZATION": self._on_materialization,
            "ASSET_CHECK_EVALUATION": self._on_check,
            "STEP_SUCCESS": self._on_success,
            "STEP_FAILURE": self._on_failure,
        }.get(event.event_type_value)
        if handler is not None:
            handler(event)

    def close(self) -> None:
        """Stop the moving line."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def _say(self, step: str, message: str) -> None:
        if not step:
            return
        if self._console.is_terminal and self._status is not None:
            self._status.update(f"{escape(step)}  [dim]{escape(message)}[/dim]")
        else:
            self._console.print(f"  [dim]· {escape(message)}[/dim]", highlight=False)

    def _on_start(self, event: dg.DagsterEvent) -> None:
        step = event.step_key or ""
        self._started[step] = time.monotonic()
        if self._console.is_terminal:
            self.close()
            self._status = self._console.status(escape(step))
            self._status.start()

    def _on_materialization(self, event: dg.DagsterEvent) -> None:
        self._made[event.step_key or ""].append(event.step_materialization_data.materialization)

    def _on_check(self, event: dg.DagsterEvent) -> None:
        check = event.asset_check_evaluation_data
        if not check.passed:
            text = f"{check.asset_key.to_user_string()} {check.check_name}: {check.description}"
            self.failures.append(text)
            self._console.print(
                f"  [yellow]![/yellow] {escape(text)}", highlight=False, soft_wrap=True
            )

    def _on_success(self, event: dg.DagsterEvent) -> None:
        step = event.step_key or ""
        self.close()
        made = self._made.pop(step, [])
        if not made:
            return
        took = time.monotonic() - self._started.pop(step, time.monotonic())
        for materialization in made:
            self.seconds[materialization.asset_key] = took / len(made)
            if _value(materialization, "unchanged") is False:
                self.changed.add(materialization.asset_key)
        names = ", ".join("/".join(m.asset_key.path[1:]) for m in made)
        notes = "  ".join(note for note in map(_note, made) if note)
        self._console.print(
            f"  [green]✓[/green] {took:6.2f} s  {names:<42} [dim]{notes}[/dim]", highlight=False
        )

    def _on_failure(self, event: dg.DagsterEvent) -> None:
        self.close()
        said = event.step_failure_data.user_failure_data
        message = (said and said.description) or _deepest(event.step_failure_data.error)
        if "DagsterAssetCheckFailedError" in message:  # the check has spoken for itself
            return
        text = f"{event.step_key}: {re.sub(_EXCEPTION_NAME, '', message)}"
        self.failures.append(text)
        self._console.print(f"  [red]✗[/red] {escape(text)}", highlight=False, soft_wrap=True)


def _deepest(error: Any) -> str:
    """The message of what caused an error in the end."""
    while error is not None and error.cause is not None:
        error = error.cause
    return str(error.message).strip() if error is not None else "failed"


def _value(materialization: dg.AssetMaterialization, name: str) -> Any:
    found = materialization.metadata.get(name)
    return None if found is None else found.value


def _note(materialization: dg.AssetMaterialization) -> str:
    rows = _value(materialization, "dagster/row_count")
    parts = [] if rows is None else [f"{rows:,} rows"]
    if _value(materialization, "unchanged"):
        parts.append("unchanged")
    return ", ".join(parts)
