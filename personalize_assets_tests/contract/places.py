"""Where the workflow can run: clients, a bucket, and how to disturb what answers them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from personalize_assets.aws.clients import Clients
from personalize_assets.aws.objects import Bucket
from personalize_assets.aws.waiters import WaitPolicy
from personalize_assets.loopback import make_client
from personalize_assets.testing.control import Control, FaultInjection
from personalize_assets_tests.contract.observing import Observer
from personalize_assets_tests.contract.transcribed import TranscribedService

PATIENCE = WaitPolicy(timeout_s=120, min_delay_s=0.02, max_delay_s=0.2)
LIMIT = "More than 5 resources with PENDING or IN_PROGRESS status."
"""[error-messages.html]"""

RATE = "Rate exceeded"


class Disturbances(Protocol):
    """How a service is made to refuse and to fail."""

    @contextmanager
    def refusing(self, operation: str) -> Iterator[None]:
        """Let the next call of an operation meet the limit of running jobs."""
        ...

    @contextmanager
    def throttling(self, operation: str) -> Iterator[None]:
        """Throttle the next call of an operation."""
        ...

    @contextmanager
    def failing(self, operation: str, label: str) -> Iterator[None]:
        """Let what the next call of an operation begins, of this kind, end in CREATE FAILED."""
        ...


@dataclass(frozen=True)
class Place:
    """One account of one service.

    Attributes:
        name: Of the dataset group, and beginning of all other names.
        personalize: boto3 client.
        runtime: boto3 client of personalize-runtime.
        events: boto3 client of personalize-events.
        bucket: Whose objects the service reads and writes.
        role_arn: Role that it does so with.
        observer: Has seen all that the clients asked and were answered.
        policy: Patience of all waiting.
        folder: Of all objects, ending in a slash.
        disturbances: None where nothing may be disturbed.
    """

    name: str
    personalize: Any
    runtime: Any
    events: Any
    bucket: Bucket
    role_arn: str
    observer: Observer
    policy: WaitPolicy = PATIENCE
    folder: str = "contract/"
    disturbances: Disturbances | None = field(default=None, repr=False)

    def uri(self, path: str) -> str:
        """Address of an object of this place."""
        return self.bucket.uri(f"{self.folder}{path}")


class Undisturbed:
    """Where nothing may be disturbed: what is asked for goes its way."""

    @contextmanager
    def refusing(self, operation: str) -> Iterator[None]:
        yield

    throttling = refusing

    @contextmanager
    def failing(self, operation: str, label: str) -> Iterator[None]:
        raise NotImplementedError("nothing can be made to fail here")
        yield


@dataclass(frozen=True)
class EngineFaults:
    """Disturbs an engine through its control paths."""

    faults: FaultInjection

    @contextmanager
    def refusing(self, operation: str) -> Iterator[None]:
        with self._rule("limit", operation, LIMIT):
            yield

    @contextmanager
    def throttling(self, operation: str) -> Iterator[None]:
        with self._rule("throttling", operation, RATE):
            yield

    @contextmanager
    def failing(self, operation: str, label: str) -> Iterator[None]:
        with self._rule("fail-job", operation, f"the {label} failed on purpose"):
            yield

    @contextmanager
    def _rule(self, kind: Any, operation: str, message: str) -> Iterator[None]:
        rule = self.faults.add(kind, operation, count=1, message=message)
        try:
            yield
        finally:
            self.faults.remove(rule)


@dataclass(frozen=True)
class TranscribedFaults:
    """Disturbs the transcribed service."""

    service: TranscribedService

    @contextmanager
    def refusing(self, operation: str) -> Iterator[None]:
        self.service.refuse(operation, "LimitExceededException", LIMIT)
        yield

    @contextmanager
    def throttling(self, operation: str) -> Iterator[None]:
        self.service.refuse(operation, "ThrottlingException", RATE)
        yield

    @contextmanager
    def failing(self, operation: str, label: str) -> Iterator[None]:
        assert operation.startswith("Create")
        self.service.fail_next(label)
        yield


def engine_place(clients: Clients, account: str) -> Place:
    """An account of its own on the engine of a local stack."""
    assert clients.endpoints is not None
    address = clients.endpoints.personalize
    bucket = Bucket.of(clients)
    bucket.ensure(create=True)
    made = _place(
        *(
            make_client(service, address, account=account)
            for service in ("personalize", "personalize-runtime", "personalize-events")
        ),
        bucket=bucket,
        account=account,
        folder="contract/engine/",
    )
    return replace(made, disturbances=EngineFaults(FaultInjection(Control(address))))


def transcribed_place(clients: Clients, account: str) -> Place:
    """An account of the transcribed service, beside the same S3."""
    service = TranscribedService(account)
    bucket = Bucket.of(clients)
    bucket.ensure(create=True)
    made = _place(
        *(
            service.client(name)
            for name in ("personalize", "personalize-runtime", "personalize-events")
        ),
        bucket=bucket,
        account=account,
        folder="contract/transcribed/",
    )
    return replace(made, disturbances=TranscribedFaults(service))


def _place(
    personalize: Any, runtime: Any, events: Any, *, bucket: Bucket, account: str, folder: str
) -> Place:
    observer = Observer()
    for client in (personalize, runtime, events):
        observer.attach(client)
    return Place(
        "films",
        personalize,
        runtime,
        events,
        bucket,
        f"arn:aws:iam::{account}:role/PersonalizeRole",
        observer,
        folder=folder,
    )
