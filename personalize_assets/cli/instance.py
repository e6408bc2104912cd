"""Dagster's instance: its home in the local deployment, and the limits of its pools everywhere."""

import os
from pathlib import Path

import dagster as dg

from personalize_assets.aws.quotas import POOL_LIMITS

_SETTINGS = """\
# Written when it was missing; yours to change.
telemetry:
  enabled: false
nux:
  enabled: false
# Consoles show what assets say; every event of a run stands in the UI.
python_logs:
  python_log_level: INFO
  # Calls of services with their request ids, and how far large files are, stand among the events.
  managed_python_loggers: [personalize_assets.aws.call_log, personalize_assets.aws.transfers]
# A sensor that asks for many runs does not hold up the others.
sensors:
  use_threads: true
  num_workers: 2
# The daemon tells in the UI which results are older than they may be.
freshness:
  enabled: true
# Imports, trainings and batch jobs stand in pools, each limited by a quota of Amazon Personalize:
# see Deployment > Concurrency in the UI.
concurrency:
  pools:
    granularity: op
# A run whose process died goes on by itself where it was; one whose step failed is left to people,
# for its step has been tried again already.
run_retries:
  enabled: true
  max_retries: 3
  retry_on_asset_or_op_failure: false
run_monitoring:
  enabled: true
  start_timeout_seconds: 900
  free_slots_after_run_end_seconds: 60
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
    instance = dg.DagsterInstance.from_config(str(prepare_home(state_dir)))
    limit_pools(instance)
    return instance


def limit_pools(instance: dg.DagsterInstance) -> list[str]:
    """Give each pool without a limit that of its quota; return those that got one.

    Dagster's own settings file knows one limit for all pools. A limit that somebody has set stays.
    """
    storage = instance.event_log_storage
    if not storage.supports_global_concurrency_limits:
        return []
    limited = {pool.name for pool in storage.get_pool_limits() if not pool.from_default}
    missing = [pool for pool in POOL_LIMITS if pool not in limited]
    for pool in missing:
        storage.set_concurrency_slots(pool, POOL_LIMITS[pool])
    return missing
