"""An engine on a state folder, with clients that send whatever they are told to send."""

import itertools
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from botocore import xform_name

from personalize_assets.core.arns import Kind, parse_arn
from personalize_assets.engine.jobs import InlineRunner
from personalize_assets.engine.running import make_app
from personalize_assets.engine.settings import EngineSettings
from personalize_assets.engine.store import Resource, Store
from personalize_assets_tests.engine.backend import Backend
from personalize_assets_tests.engine.conftest import FakeClock
from personalize_assets_tests.engine.examples import all_operations
from personalize_assets_tests.engine.requests.naming import member_of, noun

Request = dict[str, Any]
_later = itertools.count(1)


@cache
def service_of(operation: str) -> str:
    """The service that has an operation; their names are distinct."""
    [found] = [each for each in all_operations() if each.name == operation]
    return found.service_model.service_name


@dataclass
class Site:
    """An open engine.

    Attributes:
        backend: Hands requests to its app.
        store: Its store.
        jobs: Runs jobs when told.
        clock: Its clock.
        observer: Another connection to its database.
    """

    backend: Backend
    store: Store
    jobs: InlineRunner
    clock: FakeClock
    observer: sqlite3.Connection

    def call(
        self,
        operation: str,
        request: Mapping[str, Any],
        *,
        account: str = "123456789012",
        region: str = "us-east-1",
        validate: bool = False,
    ) -> dict[str, Any]:
        """Call an operation by its name in the model and give the answer without metadata.

        Args:
            operation: For example ``CreateSchema``.
            request: Its members.
            account: Of the caller.
            region: Of the caller.
            validate: Whether botocore looks at the request before it is sent.
        """
        client = self.backend.client(
            service_of(operation), access_key=account, region=region, validate=validate
        )
        answer = getattr(client, xform_name(operation))(**request)
        answer.pop("ResponseMetadata")
        return answer

    def describe(self, arn: str) -> dict[str, Any]:
        """What Describe shows of a resource."""
        kind = parse_arn(arn).kind
        [shown] = self.call(f"Describe{noun(kind)}", {member_of(kind): arn}).values()
        return shown

    def tags(self, arn: str) -> list[dict[str, str]]:
        """The tags of a resource, ordered by key."""
        return self.call("ListTagsForResource", {"resourceArn": arn})["tags"]

    def run(self) -> None:
        """Do all jobs that are due."""
        self.jobs.run_pending()

    def pass_time(self, **span: float) -> None:
        """Let time pass, ``seconds=10``, and do what is due then."""
        self.clock.advance(timedelta(**span).total_seconds())
        self.run()

    def resource(self, arn: str) -> Resource:
        """What the store keeps."""
        found = self.store.resources.get(arn)
        assert found is not None, arn
        return found

    def set_status(self, arn: str, status: str | None) -> None:
        """Give a resource a status without a job."""
        with self.store.transaction():
            self.store.resources.set_status(arn, str(status), self.clock())

    @contextmanager
    def in_status(self, arn: str, status: str) -> Iterator[None]:
        """A context in which a resource has another status."""
        before = self.resource(arn).status
        self.set_status(arn, status)
        try:
            yield
        finally:
            self.set_status(arn, before)

    def statuses(self, kind: Kind) -> list[str | None]:
        """Statuses of all resources of a kind."""
        return [each.status for each in self.store.resources.find(kind)]

    def count(self, name: str) -> int:
        """How many rows a table has."""
        return self.store.database.query(f"SELECT count(*) FROM {name}")[0][0]

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """A context in which nothing may be written."""
        before = self._version()
        yield
        assert self._version() == before, "something was written"

    def _version(self) -> int:
        """A number that changes with each transaction in which anything is changed."""
        return self.observer.execute("PRAGMA data_version").fetchone()[0]


@contextmanager
def open_site(backend: Backend, folder: Path, s3_endpoint: str) -> Iterator[Site]:
    """Open the engine of ``folder``, some time after it was last open."""
    clock = FakeClock()
    clock.advance(60 * next(_later))

    def new_id() -> str:
        return secrets.token_hex(4)

    settings = EngineSettings(state_dir=folder, s3_endpoint=s3_endpoint)
    store = Store.open(folder)
    jobs = InlineRunner(store, clock=clock, new_id=new_id, s3_endpoint=s3_endpoint)
    app = make_app(store, jobs, clock, new_id, settings, strict_output=True)
    observer = sqlite3.connect(folder / "engine" / "control.sqlite3")
    before, backend.app = backend.app, app
    try:
        yield Site(backend, store, jobs, clock, observer)
    finally:
        observer.close()
        backend.app = before
        app.close()
        store.close()
