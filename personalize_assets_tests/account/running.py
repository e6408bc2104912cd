"""The run itself: forecast, the steps of the workflow that an account affords, and the clean-up."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from personalize_assets.aws.clients import make_aws_client, make_clients
from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.objects import Bucket
from personalize_assets.aws.prices import load_prices
from personalize_assets.aws.teardown import proof_lines, take_down
from personalize_assets.aws.waiters import WaitPolicy, WaitState
from personalize_assets.core.costs import Forecast, as_rows
from personalize_assets_tests.account import records
from personalize_assets_tests.account.permission import (
    ACCOUNT,
    RECIPE,
    NotPermitted,
    Permission,
    check_account,
    check_budget,
    forecast_run,
    read_permission,
)
from personalize_assets_tests.contract.observing import Observer
from personalize_assets_tests.contract.places import Place
from personalize_assets_tests.contract.workflow import Walk

STEPS: Final = (
    "group",
    "group_again",
    "interactions",
    "interactions_again",
    "items",
    "more_items",
    "trained",
    "trained_twice",
    "metrics",
    "campaign",
    "filter",
    "changed_filter",
    "tracker",
    "event",
    "attribution",
    "changed_attribution",
    "batch",
    "export",
    "inventory",
)
"""Steps that cost little and end within hours: no recommender, no second training, no deletion of
users, which takes the service up to a day."""

NAME_PREFIX: Final = "pa-test-"

Say = Callable[[str], object]


@dataclass(frozen=True)
class AccountRun:
    """What a run did.

    Attributes:
        name: Of its dataset group, and beginning of all other names.
        steps: Steps that were done.
        record: Operations, shapes and states that were seen; see `records`.
        is_clean: Whether nothing of it is left.
    """

    name: str
    steps: tuple[str, ...]
    record: Mapping[str, Any]
    is_clean: bool


def run_in_account(
    environ: Mapping[str, str],
    say: Say,
    record: Path | None = None,
    *,
    policy: WaitPolicy | None = None,
) -> AccountRun:
    """Run the workflow in the account that was named, and delete what it made, also if it fails.

    Args:
        environ: With permission, settings of the aws deployment and credentials.
        say: Told what is going on.
        record: File for what was seen, written also where the run fails.
        policy: Patience; that of the aws deployment where None.

    Raises:
        NotPermitted: No account is named, it is another one, or the forecast is above the budget.
        DeploymentError: A setting of the aws deployment is missing.
        AssertionError: Something is left, or an answer is not valid by the model.
    """
    permission = read_permission(environ)
    if permission is None:
        raise NotPermitted(f"{ACCOUNT} names no account: nothing is done")
    deployment = _deployment(environ, permission)
    forecast = forecast_run(load_prices())
    _show(forecast, permission, say)
    check_budget(permission, forecast)
    name = f"{NAME_PREFIX}{datetime.now(UTC):%m%d%H%M}-{uuid.uuid4().hex[:6]}"
    place = _open(deployment, name, policy, say)
    say(f"everything bears the name {name}; were this process killed: --clean {name}")
    done: list[str] = []
    try:
        walk = Walk(place, RECIPE)
        for step in STEPS:
            say(f"{step} ...")
            getattr(walk, step)
            done.append(step)
    finally:
        try:
            is_clean = _clean(place, say)
        finally:
            seen = records.with_differences(place.observer.as_record())
            if record is not None:
                records.write(record, seen)
                say(f"{record} holds what was seen: {records.summary(seen)}")
    return AccountRun(name, tuple(done), seen, is_clean)


def clean_up(environ: Mapping[str, str], name: str, say: Say) -> bool:
    """Delete what a run of this name left behind; tell whether nothing is left.

    Raises:
        NotPermitted: No account is named, it is another one, or the name is not of a run.
    """
    permission = read_permission(environ)
    if permission is None or not name.startswith(NAME_PREFIX):
        raise NotPermitted(f"set {ACCOUNT}, and give a name that begins with {NAME_PREFIX}")
    return _clean(_open(_deployment(environ, permission), name, None, say), say)


def _deployment(environ: Mapping[str, str], permission: Permission) -> Deployment:
    deployment = Deployment.from_environment(environ)
    if deployment.is_local:
        raise NotPermitted("PERSONALIZE_ASSETS_DEPLOYMENT must be aws, got local")
    identity = make_aws_client(deployment, "sts").get_caller_identity()["Account"]
    check_account(permission, identity, deployment.account_id)
    return deployment


def _show(forecast: Forecast, permission: Permission, say: Say) -> None:
    say(f"account {permission.account}, budget ${permission.budget_usd:.2f}; the forecast:")
    for row in as_rows(forecast):
        say(f"  {row['what']}: {row['quantity']} {row['unit']}, ${row['usd']}")
    say(f"  in all ${forecast.low_usd:.2f} to ${forecast.high_usd:.2f}")


def _open(deployment: Deployment, name: str, policy: WaitPolicy | None, say: Say) -> Place:
    clients, observer = make_clients(deployment), Observer()
    for client in (clients.personalize, clients.personalize_runtime, clients.personalize_events):
        observer.attach(client)

    def tell(state: WaitState) -> None:
        say(f"  {state.label} is {state.status} after {state.elapsed_s:.0f} s")

    patience = policy or WaitPolicy.for_deployment(deployment)
    return Place(
        name,
        clients.personalize,
        clients.personalize_runtime,
        clients.personalize_events,
        Bucket.of(clients),
        deployment.role_arn,
        observer,
        replace(patience, on_progress=tell),
        f"{name}/",
    )


def _clean(place: Place, say: Say) -> bool:
    """Delete everything that bears the name; what is left is told."""
    say(f"deleting what bears the name {place.name} ...")
    torn_down = take_down(place.personalize, place.name, place.policy, say)
    for line in proof_lines(torn_down):
        say(f"  {line}")
    for entry in list(place.bucket.list(place.folder)):
        place.bucket.delete(entry.key)
    left = [entry.key for entry in place.bucket.list(place.folder)]
    say(f"  {len(left)} objects under {place.bucket.uri(place.folder)}")
    return torn_down.clean and not left
