"""Proofs of operations: kills and faults wherever a run can meet them, and one line at the end.

    python -m personalize_assets_tests.prove_operations [--every N] [--only NAME ...]

Kills of the run at every request of the pipeline, faults of the service, a training of sixty hours,
kills of the sensors' daemon, event notifications out of order, and kills of the teardown. Ends with
status 1 where anything was lost or doubled.
"""

import argparse
import logging
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from personalize_assets.aws.deployment import Deployment
from personalize_assets.local.stack import StackOptions, ensure_stack, stop_stack
from personalize_assets_tests.prove_operations import (
    disturbances,
    long_training,
    pipeline_kills,
    sensor_kills,
    teardown_kills,
)
from personalize_assets_tests.prove_operations.rows import Row


@contextmanager
def own_stack() -> Iterator[tuple[Deployment, str]]:
    """A stack that nobody else uses, with the address of its engine."""
    with tempfile.TemporaryDirectory(prefix="prove-") as folder:
        deployment = Deployment.from_environment({"PERSONALIZE_ASSETS_STATE_DIR": folder})
        endpoints = ensure_stack(Path(folder), StackOptions.for_deployment(deployment))
        try:
            yield deployment, endpoints.personalize
        finally:
            stop_stack(Path(folder))


def _kills(every: int) -> list[Row]:
    with own_stack() as (stack, _):
        return pipeline_kills.prove(stack, every=every)


def _faults() -> list[Row]:
    with own_stack() as (stack, endpoint):
        return disturbances.prove(stack, endpoint)


def _long() -> list[Row]:
    with own_stack() as (stack, _):
        return long_training.prove(stack)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the proofs, print the table and the line; 0 where all of them hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="kill at every so-many-th point")
    parser.add_argument("--only", action="append", help="name of a proof; may be repeated")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # moto tells of every request
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "DAGSTER_DISABLE_TELEMETRY": "yes"}
    proofs: dict[str, Callable[[], list[Row]]] = {
        "kills": lambda: _kills(options.every),
        "faults": _faults,
        "long": _long,
        "sensors": lambda: sensor_kills.prove(every=options.every),
        "teardown": lambda: teardown_kills.prove(every=options.every),
    }
    wanted = options.only or list(proofs)
    if unknown := [name for name in wanted if name not in proofs]:
        parser.error(f"unknown proofs {', '.join(unknown)}; there are {', '.join(proofs)}")
    rows: list[Row] = []
    for name in wanted:
        began = time.monotonic()
        print(f"== {name}", flush=True)
        rows += proofs[name]()
        print(f"   {time.monotonic() - began:.0f} s", flush=True)
    _print_table(rows)
    lost, doubled = (sum(row.lost for row in rows), sum(row.doubled for row in rows))
    points, runs = (sum(row.points for row in rows), sum(row.runs for row in rows))
    print(f"{points} points, {runs} runs, lost {lost}, doubled {doubled}", flush=True)
    return 1 if lost or doubled else 0


def _print_table(rows: Sequence[Row]) -> None:
    table = Table("what", "points", "runs", "lost", "doubled")
    for row in rows:
        table.add_row(row.what, *(str(n) for n in (row.points, row.runs, row.lost, row.doubled)))
    Console(width=None if sys.stdout.isatty() else 110).print(table)


if __name__ == "__main__":
    sys.exit(main())
