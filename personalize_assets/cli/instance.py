"""Dagster's home of the local deployment: inside the state folder, without telemetry or pop-ups."""

import os
from pathlib import Path

import dagster as dg

_SETTINGS = """\
# Written when it was missing; yours to change.
telemetry:
  enabled: false
nux:
  enabled: false
# Consoles show what assets say; every event of a run stands in the UI.
python_logs:
  python_log_level: INFO
# A sensor that asks for many runs does not hold up the others.
sensors:
  use_threads: true
  num_workers: 2
"""


def prepare_home(state_dir: Path) -> Path:
    """Make Dagster's home under ``state_dir`` and return it; an existing one is left as it is.

    A `DAGSTER_HOME` that the user has set wins.
    """
    if configured := os.environ.get("DAGSTER_HOME"):
        return Path(configured)
    home = state_dir / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    settings = home / "dagster.yaml"
    if not settings.exists():
        settings.write_text(_SETTINGS)
    return home


def open_instance(state_dir: Path) -> dg.DagsterInstance:
    """Open Dagster's instance of this state folder; close it after use."""
    return dg.DagsterInstance.from_config(str(prepare_home(state_dir)))
