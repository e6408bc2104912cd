"""Everything that requests are answered with, opened and closed together."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import Final

from personalize_assets.api.calls import Calls
from personalize_assets.api.catalogue import Catalogue
from personalize_assets.api.declared import DeclaredGroup
from personalize_assets.api.histories import MAX_ROWS, Histories, SentEvents
from personalize_assets.api.limits import MAX_BODY_BYTES, Rate
from personalize_assets.api.questions import Addresses
from personalize_assets.api.refreshing import Refreshed, Refresher
from personalize_assets.api.resources import Resources
from personalize_assets.aws.clients import Clients
from personalize_assets.aws.objects import Bucket

DEFAULT_RATE: Final = Rate(200, 400)


def utc_now() -> datetime:
    """The time, aware."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class ApiOptions:
    """How the service behaves, whatever it is asked.

    Attributes:
        rate: How often one address may ask.
        cors_origins: Origins whose pages may ask; none by default.
        hosts: Hosts that requests may name; ``*`` for any.
        refresh_s: Seconds between two looks at the cleaned files.
        max_history_rows: More interactions are not held in memory.
        max_body_bytes: Of a request.
        ui_url: Address of the Dagster UI, for people; None where it is not known.
    """

    rate: Rate = DEFAULT_RATE
    cors_origins: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "::1")
    refresh_s: float = 10
    max_history_rows: int = MAX_ROWS
    max_body_bytes: int = MAX_BODY_BYTES
    ui_url: str | None = None


@dataclass(frozen=True)
class Services:
    """What the routes work with.

    Attributes:
        group: What is declared.
        clients: Of the deployment, with timeouts for somebody who waits.
        options: How to behave.
        calls: Calls of the service out of the event loop.
        resources: What exists of what is declared.
        catalogue: The cleaned items.
        histories: The cleaned interactions.
        sent: Events that this process sent.
        refresher: Looks after catalogue and histories.
        now: Aware UTC time.
        started: When the process began, on a clock that never goes back.
    """

    group: DeclaredGroup
    clients: Clients
    options: ApiOptions
    calls: Calls
    resources: Resources
    catalogue: Refreshed[Catalogue]
    histories: Refreshed[Histories]
    refresher: Refresher
    sent: SentEvents = field(default_factory=SentEvents)
    now: Callable[[], datetime] = utc_now
    started: float = field(default_factory=monotonic)

    @staticmethod
    def make(
        group: DeclaredGroup,
        clients: Clients,
        options: ApiOptions | None = None,
        calls: Calls | None = None,
    ) -> "Services":
        """Make the services of a group in a deployment; nothing is asked or read yet.

        Args:
            group: What is declared.
            clients: Made with ``calls.CALL_LIMITS``, or a request may wait for long.
            options: How to behave.
            calls: Threads and deadline of the calls.
        """
        options, calls = options or ApiOptions(), calls or Calls()
        deployment, bucket = clients.deployment, Bucket.of(clients)
        addresses = Addresses.of(
            group,
            deployment.role_arn.split(":")[1],
            clients.personalize.meta.region_name,
            deployment.account_id,
        )
        catalogue = Refreshed(bucket, group.items_key, Catalogue.from_file, Catalogue.empty())
        histories = Refreshed(
            bucket,
            group.interactions_key,
            partial(Histories.from_file, max_rows=options.max_history_rows),
            Histories.empty(),
        )
        return Services(
            group=group,
            clients=clients,
            options=options,
            calls=calls,
            resources=Resources(group, addresses, clients.personalize, calls),
            catalogue=catalogue,
            histories=histories,
            refresher=Refresher([catalogue, histories], options.refresh_s),
        )

    @property
    def uptime_s(self) -> float:
        """Seconds since the services were made."""
        return monotonic() - self.started

    def start(self) -> None:
        """Begin to read the cleaned files."""
        self.refresher.start()

    def close(self) -> None:
        """Read and call no more."""
        self.refresher.stop()
        self.calls.close()
