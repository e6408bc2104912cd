"""The one factory of sensors that ask for one run for every object version under a prefix."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import dagster as dg
from botocore.exceptions import BotoCoreError, ClientError

from personalize_assets.aws.arrivals import Interest, Look, Watch, arrival_id
from personalize_assets.aws.objects import Bucket, ObjectInfo, ObjectNotFound
from personalize_assets.aws.queue import Mailbox, open_mailbox, watch_for
from personalize_assets.components.attributes import Sensors
from personalize_assets.components.graph import Graph
from personalize_assets.components.sensors.connections import bucket_of
from personalize_assets.components.sensors.inbox import Inbox
from personalize_assets.components.sensors.ledger import ARRIVAL_TAG, Memory
from personalize_assets.components.sensors.pace import Pace
from personalize_assets.components.sensors.verdicts import (
    Judge,
    Refusal,
    Route,
    Verdict,
    listed,
    shown,
)
from personalize_assets.resources import S3Resource

KEY_TAG = "personalize/key"
MAX_REQUESTS = 100
"""Runs that one tick asks for at the most; the other objects follow with the next."""

MAX_JUDGED = 500
"""Objects that one tick reads at the most."""

_LOOK_SHARE = 0.7  # of a tick's time
_FORBIDDEN = 403


@dataclass(frozen=True)
class Drop:
    """A prefix where objects land that want jobs.

    Attributes:
        name: Name of the sensor.
        prefix: Where objects arrive, ending in a slash.
        judge: Says which job an object is for.
        job_names: Jobs that the judge may name.
        what: An object in one word, for messages.
        suffix: Only keys that end so are looked at.
        also: Jobs whose runs count as well, though this declaration does not have them any more.
    """

    name: str
    prefix: str
    judge: Judge
    job_names: tuple[str, ...]
    what: str
    suffix: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What one tick came to.

    Attributes:
        requests: Runs that it asks for.
        reason: Why it asks for none, or for no more; for people.
        cursor: Where the next listing goes on.
        remarks: What people may wonder about, for the log.
    """

    requests: tuple[dg.RunRequest, ...]
    reason: str
    cursor: str
    remarks: tuple[str, ...] = ()


@dataclass
class Arrivals:
    """Looks at one prefix again and again.

    Attributes:
        graph_id: First part of the names of configured assets.
        drop: What is looked at.
        settings: Paces.
        new_pace: Makes the clockwork of a tick.
        watch: Tells complete objects from those that may still be written.
        memory: What is known already.
        listed_at: When the last listing was through; None while one goes on.
    """

    graph_id: str
    drop: Drop
    settings: Sensors
    watch: Watch
    new_pace: Callable[[float], Pace] = Pace
    memory: Memory = field(default_factory=Memory)
    listed_at: float | None = None

    @property
    def interest(self) -> Interest:
        """What is waited for."""
        return Interest(self.drop.name, self.drop.prefix, self.drop.suffix)

    def tick(
        self, instance: dg.DagsterInstance, bucket: Bucket, mailbox: Mailbox | None, before: str
    ) -> Outcome:
        """Find what is new, from the queue and by listing, and judge it.

        Args:
            instance: Holds the ledger.
            bucket: Where objects land.
            mailbox: Brings notices; None where there is no queue.
            before: The cursor.
        """
        pace = self.new_pace(self.settings.tick_s)
        inbox = Inbox(mailbox, self.interest)
        noticed = self._read(inbox, instance, bucket, pace)
        look = self._look(bucket, before, pace) if self._is_due(inbox, before, pace) else None
        found = {entry.key: entry for entry in look.settled} if look else {}
        fresh = self._without_run(instance, [*(found | noticed).values()])
        judged = self._judge(fresh, instance, bucket, pace)
        inbox.settle_those(self.memory.knows)
        requests = tuple(
            self._request(entry, verdict) for entry, verdict in judged if isinstance(verdict, Route)
        )
        left = len(fresh) - len(judged)
        # What was not judged lies in the window that was listed: look at that once more.
        cursor = before if look is None or left else look.after
        if look is not None:
            self.listed_at = None if left or look.after else pace.now
        remarks = [
            f"{shown(entry.key)}: {verdict.remark}"
            for entry, verdict in judged
            if isinstance(verdict, Route) and verdict.remark
        ]
        return Outcome(requests, self._reason(look, inbox, left, pace), cursor, tuple(remarks))

    def _read(
        self, inbox: Inbox, instance: dg.DagsterInstance, bucket: Bucket, pace: Pace
    ) -> dict[str, ObjectInfo]:
        """What the queue tells of, after messages whose runs are there were deleted."""
        inbox.receive(pace)
        self._without_run(instance, inbox.asked())
        inbox.settle_those(self.memory.knows)
        return inbox.find(bucket, pace)

    def _is_due(self, inbox: Inbox, before: str, pace: Pace) -> bool:
        if inbox.mailbox is None or inbox.trouble or before or self.listed_at is None:
            return True
        return pace.now - self.listed_at >= self.settings.listing_s

    def _look(self, bucket: Bucket, before: str, pace: Pace) -> Look:
        look = self.watch.look(
            bucket, self.interest, before, datetime.now(UTC), lambda: pace.is_late(_LOOK_SHARE)
        )
        self.memory.forget_deleted(look, before)
        return look

    def _without_run(
        self, instance: dg.DagsterInstance, entries: Sequence[ObjectInfo]
    ) -> list[ObjectInfo]:
        jobs = {*self.drop.job_names, *self.drop.also}
        fresh = self.memory.without_run(instance, jobs, entries)
        # Those that were put off come last, or enough of them would keep all others waiting.
        return sorted(fresh, key=lambda entry: entry.key in self.memory.waiting)

    def _judge(
        self, fresh: Sequence[ObjectInfo], instance: dg.DagsterInstance, bucket: Bucket, pace: Pace
    ) -> list[tuple[ObjectInfo, Verdict]]:
        judged: list[tuple[ObjectInfo, Verdict]] = []
        waiting: dict[str, str] = {}
        asked = 0
        for entry in fresh[:MAX_JUDGED]:
            if asked == MAX_REQUESTS or (judged and pace.is_late()):
                break
            verdict = judge_one(self.drop.judge, instance, bucket, entry)
            judged.append((entry, verdict))
            if isinstance(verdict, Route):
                asked += 1
            elif verdict.for_now:
                waiting[entry.key] = verdict.reason
            else:
                self.memory.remember(entry, verdict.reason)
        self.memory.waiting = waiting
        return judged

    def _request(self, entry: ObjectInfo, route: Route) -> dg.RunRequest:
        identity = arrival_id(entry)
        return dg.RunRequest(
            run_key=identity,
            job_name=route.job_name,
            run_config=route.run_config(self.graph_id, entry.key),
            tags={ARRIVAL_TAG: identity, KEY_TAG: entry.key},
        )

    def _reason(self, look: Look | None, inbox: Inbox, left: int, pace: Pace) -> str:
        prefix = self.drop.prefix
        if look is not None:
            parts = [f"{len(look.settled):,} objects under {prefix}, none of them new"]
        else:
            again = self.settings.listing_s - (pace.now - (self.listed_at or pace.now))
            parts = [f"no new notice in the queue; {prefix} is listed again in {again:.0f} s"]
        unsettled = look.unsettled if look else ()
        told = {
            "still being written": listed(entry.key for entry in unsettled),
            "looked at again": listed(f"{k}: {why}" for k, why in self.memory.waiting.items()),
            "not for this sensor": listed(self.memory.refused()),
            "left for the next look": f"{left:,} objects" if left else "",
            "but": inbox.trouble,
        }
        return "; ".join([*parts, *(f"{what}: {text}" for what, text in told.items() if text)])


def judge_one(
    judge: Judge, instance: dg.DagsterInstance, bucket: Bucket, entry: ObjectInfo
) -> Verdict:
    """Judge one object; one that cannot be read must not keep all others from their runs."""
    try:
        return judge(instance, bucket, entry)
    except ObjectNotFound:
        return Refusal("deleted meanwhile", for_now=True)
    except ClientError as error:
        answer = error.response
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
        code = answer.get("Error", {}).get("Code")
        return Refusal(f"cannot be read ({code})", for_now=status != _FORBIDDEN)
    except BotoCoreError as error:
        return Refusal(f"cannot be read ({error})", for_now=True)


def build_arrival_sensor(graph: Graph, drop: Drop, jobs: Mapping[str, Any]) -> dg.SensorDefinition:
    """A sensor that asks for one run for every object version under a prefix.

    Args:
        graph: Names things, and gives paces.
        drop: What is looked at, and who judges it.
        jobs: The group's jobs by name.
    """
    settings = graph.attributes.sensors
    arrivals = Arrivals(graph.id, drop, settings, Watch(settings.settle_s))
    watch_for(arrivals.interest)
    named = " or ".join(f"`{name}`" for name in drop.job_names)

    @dg.sensor(
        name=drop.name,
        jobs=[jobs[name] for name in drop.job_names],
        minimum_interval_seconds=settings.interval_s,
        default_status=graph.sensor_status,
        description=f"Runs {named} once for every {drop.what} that lands under `{drop.prefix}`.",
    )
    def arrival_sensor(context: dg.SensorEvaluationContext, s3: S3Resource) -> dg.SensorResult:
        mailbox = open_mailbox(s3.settings)
        outcome = arrivals.tick(context.instance, bucket_of(s3), mailbox, context.cursor or "")
        for remark in outcome.remarks:
            context.log.info(remark)
        if outcome.requests:
            return dg.SensorResult(run_requests=list(outcome.requests), cursor=outcome.cursor)
        return dg.SensorResult(skip_reason=outcome.reason, cursor=outcome.cursor)

    return arrival_sensor
