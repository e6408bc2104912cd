"""The sensor that tells people: finished batch jobs, failed runs, refused promotions, budget stops.

It goes through the runs that have ended since it last looked. What was sent is entered in the run
storage, one row a dataset group, right after each notice; killed between the two, it sends that
notice once more, with the same id. A run that Dagster will try again by itself has not failed yet,
and all its automatic attempts count as one.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import dagster as dg
from botocore.exceptions import BotoCoreError, ClientError

from personalize_assets.aws.notifications import Send
from personalize_assets.components.graph import Graph
from personalize_assets.components.happenings import happenings_of
from personalize_assets.core.messages import Happening, write_notice
from personalize_assets.resources import NotificationsResource

MAX_RUNS: Final = 50
"""Runs that one tick reads the events of; the others follow with the next."""

OVERLAP: Final = timedelta(minutes=5)
"""So far back each tick looks again: clocks differ between those who write runs."""

FIRST_LOOK: Final = timedelta(hours=1)
"""Runs that ended longer ago are history to a sensor that is new."""

_PAGE = 1_000
_KEPT_IDS = 2_000
_ENDED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE)


class NotSent(RuntimeError):
    """A notice did not leave; it is tried again with the next tick."""


@dataclass
class Ledger:
    """Ids of the notices of one dataset group that were sent: the newest 2,000, in run storage."""

    instance: dg.DagsterInstance
    group_id: str

    @property
    def _key(self) -> str:
        return f"personalize_assets/notices/{self.group_id}"

    def sent(self) -> list[str]:
        """Ids that were entered, oldest first."""
        found = self.instance.run_storage.get_cursor_values({self._key})
        return json.loads(found.get(self._key, "[]"))

    def enter(self, notice_id: str) -> None:
        """Remember that a notice was sent."""
        ids = [*self.sent(), notice_id][-_KEPT_IDS:]
        self.instance.run_storage.set_cursor_values({self._key: json.dumps(ids)})


@dataclass
class Look:
    """The runs that one tick is about.

    Attributes:
        records: Runs that ended and were not dealt with by this process, oldest change first.
        cursor: Where the next look begins, if all of these are dealt with.
    """

    records: Sequence[dg.RunRecord]
    cursor: datetime


@dataclass
class Watcher:
    """Finds runs that ended; what it keeps in memory only saves reading their events again."""

    done: dict[str, datetime] = field(default_factory=dict[str, datetime])

    def look(self, instance: dg.DagsterInstance, since: datetime) -> Look:
        """Runs that changed after ``since`` and have ended, no more than one tick can take."""
        page = instance.get_run_records(
            dg.RunsFilter(statuses=list(_ENDED), updated_after=since),
            limit=_PAGE,
            order_by="update_timestamp",
            ascending=True,
        )
        self.done = {r.dagster_run.run_id: at for r in page if (at := self._seen(r)) is not None}
        new = [record for record in page if self._seen(record) is None]
        records = new[:MAX_RUNS]
        if len(new) > MAX_RUNS:
            # Strictly later ones follow; siblings of the same moment must not be lost.
            return Look(records, records[-1].update_timestamp - timedelta(milliseconds=1))
        if len(page) == _PAGE:
            return Look(records, page[-1].update_timestamp - timedelta(milliseconds=1))
        return Look(records, max(since, page[-1].update_timestamp - OVERLAP) if page else since)

    def finish(self, record: dg.RunRecord) -> None:
        """Remember that a run, as it is now, is dealt with."""
        self.done[record.dagster_run.run_id] = record.update_timestamp

    def _seen(self, record: dg.RunRecord) -> datetime | None:
        known = self.done.get(record.dagster_run.run_id)
        return known if known == record.update_timestamp else None


def build_notifications_sensor(graph: Graph, *, told: bool) -> dg.SensorDefinition:
    """The sensor that tells people about one dataset group.

    Args:
        graph: Names things, and gives the interval.
        told: Whether it runs without being switched on.
    """
    watcher = Watcher()

    @dg.sensor(
        name=f"{graph.id}_notifications",
        minimum_interval_seconds=graph.attributes.sensors.interval_s,
        default_status=dg.DefaultSensorStatus.RUNNING if told else dg.DefaultSensorStatus.STOPPED,
        description="Tells of finished batch jobs, failed runs, refused promotions and runs that "
        "a budget stopped: by SNS in aws, in `notifications.jsonl` in local, and in the event log "
        "of the run.",
    )
    def notifications_sensor(
        context: dg.SensorEvaluationContext, notifications: NotificationsResource
    ) -> dg.SensorResult:
        send = notifications.send
        if send is None:
            return dg.SensorResult(skip_reason=_NO_TOPIC)
        since = _since(context.cursor)
        look = watcher.look(context.instance, since)
        sent, failed = 0, list[str]()
        for record in look.records:
            found = happenings_of(graph, context.instance, record, notifications.run_page)
            sent_here, failed_here = _tell(graph, context.instance, record, found, send)
            sent += sent_here
            failed += failed_here
            if not failed_here:
                watcher.finish(record)
        if failed:
            raise NotSent(f"{len(failed)} notices were not sent and are tried again: {failed[0]}")
        reason = f"{sent} notices sent of {len(look.records)} runs that ended; {_ago(look.cursor)}"
        return dg.SensorResult(skip_reason=reason, cursor=look.cursor.isoformat())

    return notifications_sensor


_NO_TOPIC = (
    "nobody is to be told: set PERSONALIZE_ASSETS_TOPIC_ARN to the SNS topic that should hear"
)


def _since(cursor: str | None) -> datetime:
    return datetime.fromisoformat(cursor) if cursor else datetime.now(UTC) - FIRST_LOOK


def _ago(moment: datetime) -> str:
    return f"the next look goes back to {moment:%Y-%m-%d %H:%M:%S} UTC"


def _tell(
    graph: Graph,
    instance: dg.DagsterInstance,
    record: dg.RunRecord,
    found: Iterable[Happening],
    send: Send,
) -> tuple[int, list[str]]:
    """Send what was not sent yet; return how many notices left, and why others did not."""
    ledger, sent, failed = Ledger(instance, graph.id), 0, list[str]()
    known = set(ledger.sent())
    for notice in map(write_notice, found):
        if notice.id in known:
            continue
        try:
            place = send(notice)
        except (ClientError, BotoCoreError, OSError) as error:
            failed.append(f"{notice.subject} ({notice.id}): {error}")
            continue
        instance.report_engine_event(
            f"Told people: {notice.subject} (to {place}, notice {notice.id})", record.dagster_run
        )
        ledger.enter(notice.id)
        sent += 1
    return sent, failed
