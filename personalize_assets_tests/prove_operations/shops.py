"""A small shop whose whole pipeline runs in a few seconds, as often as a proof needs it.

Every copy has an account, a bucket and a Dagster home of its own on one shared stack, so that
nothing that another one left behind is in its way. Runs happen in forked children: what they
import is there already, and killing one is what a dying machine does to a run.
"""

import contextlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import botocore.httpsession
import dagster as dg
import numpy as np

from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.objects import Bucket
from personalize_assets.cli.instance import open_instance
from personalize_assets.components import PersonalizeDatasetGroup
from personalize_assets.local.clients import open_clients
from personalize_assets.resources import resources_of

USERS, ITEMS, EVENTS_EACH = 60, 60, 20

Moment = Literal["before", "after"]

_LISTED: Mapping[str, tuple[str, str]] = {
    "dataset group": ("list_dataset_groups", "datasetGroups"),
    "dataset": ("list_datasets", "datasets"),
    "schema": ("list_schemas", "schemas"),
    "import job": ("list_dataset_import_jobs", "datasetImportJobs"),
    "solution": ("list_solutions", "solutions"),
    "solution version": ("list_solution_versions", "solutionVersions"),
    "campaign": ("list_campaigns", "campaigns"),
    "filter": ("list_filters", "Filters"),
    "event tracker": ("list_event_trackers", "eventTrackers"),
    "batch inference job": ("list_batch_inference_jobs", "batchInferenceJobs"),
}

ATTRIBUTES: Mapping[str, Any] = {
    "name": "shop",
    "source": {
        "type": "table",
        "prefix": "shop/raw_data/",
        "tables": {
            "interactions": {
                "file": "orders.csv",
                "columns": {
                    "USER_ID": "customer",
                    "ITEM_ID": "sku",
                    "TIMESTAMP": "at",
                    "EVENT_TYPE": "what",
                },
            },
        },
    },
    "prefixes": {
        "transformed": "shop/transformed/",
        "batch_input": "shop/batch/input/",
        "batch_results": "shop/batch/results/",
    },
    "datasets": ["interactions"],
    "solutions": [
        {"name": "personal", "recipe": "aws-user-personalization"},
        {"name": "popular", "recipe": "aws-popularity-count"},
    ],
    "promotion": {"smoke_requests": 1},
    "comparison": None,
    "campaigns": [{"solution": "personal"}],
    "filters": [
        {
            "name": "unseen",
            "expression": 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("view")',
        }
    ],
    "event_tracker": True,
    "batch_inference": {"solution": "personal", "num_results": 5},
}


@dataclass(frozen=True)
class Kill:
    """Where a run dies: at its so-many-th request, counted from 1.

    Attributes:
        request: Number of the request.
        moment: ``before`` it is sent, or ``after`` the service has answered and before the run
            knows.
    """

    request: int
    moment: Moment


@dataclass(frozen=True)
class Ended:
    """How a run ended.

    Attributes:
        success: Whether it reached its end; False where it failed or was killed.
        killed: Whether it was killed.
        calls: Method and path, or operation, of every request that it sent.
        failures: What its failed steps said.
    """

    success: bool
    killed: bool
    calls: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()


@dataclass
class Shop:
    """One copy of the shop.

    Attributes:
        stack: Deployment whose stack is shared.
        number: Of the copy; its account and bucket are made of it.
        attributes: What its YAML file would declare.
    """

    stack: Deployment
    number: int
    attributes: Mapping[str, Any] = field(default_factory=lambda: ATTRIBUTES)

    @cached_property
    def deployment(self) -> Deployment:
        """The stack's deployment for this copy's account and bucket."""
        account = f"{self.number:012d}"
        return replace(
            self.stack,
            account_id=account,
            bucket=f"shop-{self.number}",
            role_arn=f"arn:aws:iam::{account}:role/PersonalizeRole",
        )

    @property
    def home(self) -> Path:
        """State folder whose Dagster home is this copy's own."""
        return self.stack.state_dir / "shops" / str(self.number)

    @cached_property
    def clients(self) -> Any:
        """Clients of this copy's account."""
        return open_clients(self.deployment)

    @property
    def bucket(self) -> Bucket:
        """Its bucket."""
        return Bucket.of(self.clients)

    def open(self) -> "Shop":
        """Make the bucket and put the raw data there."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.bucket.ensure(create=True)
        self.bucket.write_bytes("shop/raw_data/orders.csv", orders())
        return self

    def run(self, kill: Kill | None = None, job: str = "shop_main") -> Ended:
        """Run a job in a child process that is killed where ``kill`` says."""
        report = self.home / "report.json"
        report.unlink(missing_ok=True)
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            _be_a_run(self, kill, job, report)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            return Ended(success=False, killed=True)
        if not report.exists():
            return Ended(success=False, killed=False, failures=("the run left no report",))
        found = json.loads(report.read_text())
        return Ended(found["success"], False, tuple(found["calls"]), tuple(found["failures"]))

    def there(self) -> dict[str, list[str]]:
        """What is there, by list calls: the status of each resource of each kind."""
        client = self.clients.personalize
        return {
            kind: sorted(str(one.get("status", "there")) for one in _pages(client, *listed))
            for kind, listed in _LISTED.items()
        }

    def outputs(self) -> dict[str, str]:
        """Digest of every object under the result prefix that people read, by its file name."""
        prefix = f"{self.attributes['prefixes']['batch_results']}inference/"
        return {
            entry.key.rpartition("/")[2]: entry.etag
            for entry in self.bucket.list(prefix)
            if entry.key.endswith(".parquet")
        }


def orders() -> bytes:
    """The raw data: customers of two tastes, seeded."""
    rng = np.random.default_rng(7)
    lines = ["customer,sku,at,what"]
    for customer in range(USERS):
        chosen = rng.permutation(ITEMS // 2)[:EVENTS_EACH] + customer % 2 * ITEMS // 2
        for step, item in enumerate(chosen):
            lines.append(f"c{customer},i{item},{1_700_000_000 + step * 3600 + customer},view")
    return "\n".join(lines).encode() + b"\n"


def _be_a_run(shop: Shop, kill: Kill | None, job: str, report: Path) -> None:
    """Run the job in this process, write what came of it, and end the process."""
    code = 1
    try:
        with (shop.home / "run.log").open("w") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        found = _run_here(shop, kill, job)
        report.write_text(json.dumps(found))
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def _run_here(shop: Shop, kill: Kill | None, job: str) -> dict[str, Any]:
    os.environ.pop("DAGSTER_HOME", None)
    component = PersonalizeDatasetGroup.resolve_from_dict(dict(shop.attributes))
    definitions = dg.Definitions.merge(
        component.build_defs(dg.ComponentTree.for_test().load_context),
        dg.Definitions(resources=resources_of(shop.deployment)),
    )
    job_def = definitions.resolve_job_def(job)
    with open_instance(shop.home) as instance, counted(kill) as calls:
        result = job_def.execute_in_process(instance=instance, raise_on_error=False)
        failures = [
            str(event.step_failure_data.error)
            for event in result.get_step_failure_events()
            if event.step_failure_data.error is not None
        ]
    return {"success": result.success, "calls": list(calls), "failures": failures}


@contextlib.contextmanager
def counted(kill: Kill | None) -> Iterator[list[str]]:
    """Note every request that botocore sends, and kill this process at one of them."""
    calls: list[str] = []
    send = botocore.httpsession.URLLib3Session.send

    def sending(session: Any, request: Any) -> Any:
        target = request.headers.get("X-Amz-Target", b"")
        text = target.decode() if isinstance(target, bytes) else str(target)
        path = request.url.split("/", 3)[-1].split("?")[0]
        calls.append(text.rpartition(".")[2] or f"{request.method} /{path}")
        if kill == Kill(len(calls), "before"):
            os.kill(os.getpid(), signal.SIGKILL)
        answer = send(session, request)
        if kill == Kill(len(calls), "after"):
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    botocore.httpsession.URLLib3Session.send = sending
    try:
        yield calls
    finally:
        botocore.httpsession.URLLib3Session.send = send


def _pages(client: Any, operation: str, member: str) -> Iterator[dict[str, Any]]:
    token: dict[str, str] = {}
    while True:
        page = getattr(client, operation)(**token)
        yield from page[member]
        if not page.get("nextToken"):
            return
        token = {"nextToken": page["nextToken"]}
