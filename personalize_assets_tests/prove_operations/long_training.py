"""A training of sixty hours, simulated, is waited for over restarts of run and engine.

The training itself is done in a second; what the service says of it is held at ``CREATE
IN_PROGRESS`` until a clock that only the waiting moves has reached sixty hours. The run is killed
three times and the stack once meanwhile.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import botocore.client

from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.waiters import MAX_WAIT_S, WaitPolicy
from personalize_assets.local.stack import stop_stack
from personalize_assets_tests.prove_operations.pipeline_kills import Verdict, summed, undisturbed
from personalize_assets_tests.prove_operations.rows import Row
from personalize_assets_tests.prove_operations.shops import Shop

HOURS = 60
KILLED_AT_H = (10, 25, 40)
STOPPED_AT_H = 30


def prove(stack: Deployment) -> list[Row]:
    """Wait for it, and compare what is there with an undisturbed shop."""
    reference = undisturbed(stack, 7000)
    shop = Shop(stack, 7001).open()
    hours = shop.home / "hours"
    hours.write_text("0")
    began = WaitPolicy.for_deployment
    runs = 0
    WaitPolicy.for_deployment = staticmethod(_slow_policy(hours, stack))
    try:
        with _held_back(hours):
            while runs <= len(KILLED_AT_H):
                runs += 1
                if shop.run().success:
                    break
    finally:
        WaitPolicy.for_deployment = staticmethod(began)
    there, passed = shop.there(), float(hours.read_text())
    lost = [f"{kind}: {there[kind]}" for kind in there if there[kind] != reference.there[kind]]
    if passed < HOURS:
        lost.append(f"the waiting ended after {passed:.1f} of {HOURS} hours")
    doubled = ["a second training"] if len(there["solution version"]) > 2 else []
    found = Verdict("sixty hours", runs, tuple(lost), tuple(doubled))
    restarts = len(KILLED_AT_H) + 1
    return [replace(summed(f"a training of {HOURS} hours", [found]), points=restarts)]


def _slow_policy(hours: Path, stack: Deployment) -> Any:
    """Make waiting move a clock of its own, held in a file, at the pace of AWS."""

    def passed_s() -> float:
        return float(hours.read_text()) * 3600

    def sleep(seconds: float) -> None:
        before = float(hours.read_text())
        now = before + seconds / 3600
        hours.write_text(str(now))
        if before < STOPPED_AT_H <= now:
            stop_stack(stack.state_dir)
        if any(before < mark <= now for mark in KILLED_AT_H):
            os.kill(os.getpid(), signal.SIGKILL)

    def policy(_: Deployment, on_progress: Any = None, timeout_s: float = MAX_WAIT_S) -> WaitPolicy:
        return WaitPolicy(timeout_s=timeout_s, on_progress=on_progress, clock=passed_s, sleep=sleep)

    return policy


@contextmanager
def _held_back(hours: Path) -> Iterator[None]:
    """Have every client hear that the training is in work until the time has come."""
    call = botocore.client.BaseClient._make_api_call

    def answer(client: Any, operation: str, parameters: Any) -> Any:
        found = call(client, operation, parameters)
        if operation == "DescribeSolutionVersion" and float(hours.read_text()) < HOURS:
            found["solutionVersion"]["status"] = "CREATE IN_PROGRESS"
        return found

    botocore.client.BaseClient._make_api_call = answer
    try:
        yield
    finally:
        botocore.client.BaseClient._make_api_call = call
