"""What several tests of the bootstrap need: accounts of moto, and what is called in them."""

import os
import random
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest import mock

import boto3
import botocore.session
from botocore.loaders import create_loader
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

from personalize_assets.aws.bootstrap.account import Account
from personalize_assets.aws.bootstrap.apply import apply_plan
from personalize_assets.aws.bootstrap.journal import Journal
from personalize_assets.aws.bootstrap.options import Options
from personalize_assets.aws.bootstrap.plan import Plan, make_plan
from personalize_assets_tests.aws_cloud import CREDENTIALS, serve_moto

REGION = "eu-west-1"
_LOADER = create_loader()  # of all sessions: it keeps the large models that it has read
_READS = ("Get", "List", "Head", "Describe")


class Killed(BaseException):
    """The process ends, whatever it was at."""


@contextmanager
def serve_accounts() -> Iterator[str]:
    """moto, which lets nobody into another account's buckets; gives its address."""
    variables = {**CREDENTIALS, "MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS": "false"}
    with (
        mock.patch.dict(os.environ, variables),
        serve_moto() as address,
        mock.patch.dict(os.environ, {"AWS_ENDPOINT_URL": address}),
        # moto knows no conditions in the policy of a bucket, and takes each for a refusal.
        mock.patch.object(FakeBucket, "get_permission", return_value=PermissionResult.NEUTRAL),
    ):
        yield address


def open_account(region: str, account_id: str = "") -> Account:
    """An account of moto, a new one unless it is named; nobody waits in it."""
    account_id = account_id or f"{random.randrange(10**11, 10**12)}"
    role = f"arn:aws:iam::{account_id}:role/administrator"
    sts = _sts(os.environ["AWS_ENDPOINT_URL"])
    keys = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    account = _account(region, keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    assert account.account_id == account_id
    return account


def open_first_account(region: str) -> Account:
    """The account that moto knows without any role."""
    return _account(region, "testing", "testing")


def _account(region: str, *keys: str) -> Account:
    inner = botocore.session.Session()
    inner.register_component("data_loader", _LOADER)
    account = Account.of(boto3.Session(*keys, region_name=region, botocore_session=inner))
    account.sleep = lambda _: None
    return account


@cache
def _sts(address: str) -> Any:
    return boto3.client("sts", region_name=REGION, endpoint_url=address)


def options_of(account: Account, **chosen: Any) -> Options:
    """Options for an account of moto."""
    return Options(account.account_id, account.region, **chosen)


def all_options_of(account: Account) -> Options:
    """Options with everything in them."""
    return options_of(
        account,
        creates_key=True,
        is_accelerated=True,
        email="films@example.org",
        has_queue=True,
        has_glue=True,
        tags={"team": "films"},
    )


def bring_about(account: Account, options: Options, journal: Journal, **how: Any) -> Plan:
    """Plan and apply; give the plan."""
    plan = make_plan(account, options, journal, **how)
    apply_plan(account, plan, journal, lambda _: None)
    return plan


def wrong(plan: Plan) -> dict[str, list[str]]:
    """Properties that a plan would set, by logical name; a missing resource has none of them."""
    return {
        step.resource.logical: sorted({".".join(one.path[:2]) for one in step.changes})
        for step in plan.steps
        if step.action != "unchanged"
    }


def forget_everything() -> None:
    """Empty all accounts of moto; only the first can still be used."""
    url = f"{os.environ['AWS_ENDPOINT_URL']}/moto-api/reset"
    with urllib.request.urlopen(urllib.request.Request(url, method="POST")) as answer:
        assert answer.status == 200


@contextmanager
def watched(account: Account, most: int | None = None) -> Iterator[list[str]]:
    """Collect the operations that write, and let the process be killed after ``most`` of them."""
    written: list[str] = []

    def note(model: Any, **_: Any) -> None:
        if model.name.startswith(_READS):
            return
        if most is not None and len(written) >= most:
            raise Killed
        written.append(model.name)

    name = "watched"
    session = account.session._session.get_component("event_emitter")
    for events in (session, *(client.meta.events for client in account._clients.values())):
        events.register("before-call", note, unique_id=name)
    try:
        yield written
    finally:
        for events in (session, *(client.meta.events for client in account._clients.values())):
            events.unregister("before-call", unique_id=name)
