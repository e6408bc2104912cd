"""The sensor of raw data: it takes complete sets of files, each set once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from personalize_assets.aws.arrivals import Interest, Watch, set_id
from personalize_assets.aws.objects import Bucket
from personalize_assets.aws.queue import Mailbox, open_mailbox, watch_for
from personalize_assets.aws.raw_data import find_raw_files
from personalize_assets.components.assets.raw import raw_key
from personalize_assets.components.graph import Graph
from personalize_assets.components.jobs import ingestion_job_name, main_job_name
from personalize_assets.components.sensors.connections import bucket_of
from personalize_assets.components.sensors.inbox import Inbox
from personalize_assets.components.sensors.ledger import ARRIVAL_TAG, ids_with_run
from personalize_assets.components.sensors.pace import Pace
from personalize_assets.components.sensors.verdicts import listed
from personalize_assets.core.movielens import RawDataError
from personalize_assets.resources import S3Resource


@dataclass
class RawSets:
    """Looks for a complete set of raw files, again and again.

    Attributes:
        graph: Says which files make a set.
        job_name: The job that a new set wants.
        interest: Where they land.
        watch: Tells complete files from those that may still be written.
        listed_at: When the prefix was last listed.
    """

    graph: Graph
    job_name: str
    interest: Interest
    watch: Watch
    listed_at: float | None = None

    def tick(
        self, instance: dg.DagsterInstance, bucket: Bucket, mailbox: Mailbox | None
    ) -> dg.RunRequest | dg.SkipReason:
        """Ask for a run if there is a set that no run has taken."""
        settings = self.graph.attributes.sensors
        pace, inbox = Pace(settings.tick_s), Inbox(mailbox, self.interest)
        inbox.receive(pace)
        letters = inbox.letters
        if mailbox is not None and not letters and not inbox.trouble and self.listed_at is not None:
            again = settings.listing_s - (pace.now - self.listed_at)
            if again > 0:
                return dg.SkipReason(
                    f"no new notice in the queue; {self.interest.prefix} is listed again in "
                    f"{again:.0f} s"
                )
        answer, is_decided = self._look(instance, bucket)
        # An undecided set is looked at again with the next tick, notice or not.
        self.listed_at = pace.now if is_decided else None
        if is_decided:
            inbox.settle(letters)
        return answer

    def _look(
        self, instance: dg.DagsterInstance, bucket: Bucket
    ) -> tuple[dg.RunRequest | dg.SkipReason, bool]:
        """The answer, and whether it stands until another file is written."""
        declared = self.graph.attributes
        try:
            found = find_raw_files(bucket, declared.source.prefix, declared.source.tables)
            files = {name: found.file(name) for name in declared.prepared}
        except RawDataError as error:
            return dg.SkipReason(str(error)), True
        _, unsettled = self.watch.divide(files.values(), datetime.now(UTC))
        if unsettled:
            writing = listed(entry.key for entry in unsettled)
            return dg.SkipReason(f"still being written: {writing}"), False
        identity = set_id(files)
        taken = self._taken(instance, identity)
        if taken is not None:
            return dg.SkipReason(taken), True
        return dg.RunRequest(run_key=identity, tags={ARRIVAL_TAG: identity}), False

    def _taken(self, instance: dg.DagsterInstance, identity: str) -> str | None:
        """Why a set needs no run; None where it does."""
        event = instance.get_latest_materialization_event(raw_key(self.graph, "interactions"))
        made = event.asset_materialization if event is not None else None
        if event is not None and made is not None and _set_of(made) == identity:
            return f"this set of files was taken by run {event.run_id}"
        jobs = {main_job_name(self.graph.id), ingestion_job_name(self.graph.id)}
        if identity not in ids_with_run(instance, jobs, [identity]):
            return None
        return (
            f"this set of files had its run of {self.job_name}: run that again, or copy the files "
            f"anew"
        )


def _set_of(made: dg.AssetMaterialization) -> str | None:
    value = made.metadata.get("set")
    return None if value is None else str(value.value)


def build_raw_data_sensor(graph: Graph, jobs: Mapping[str, Any]) -> dg.SensorDefinition:
    """The sensor that asks for one run for every complete set of raw files.

    It runs everything, or where training waits for something else, only the import.
    """
    settings, source = graph.attributes.sensors, graph.attributes.source
    retraining = graph.attributes.retraining
    waits = retraining is not None and retraining.waits
    job_name = ingestion_job_name(graph.id) if waits else main_job_name(graph.id)
    interest = Interest(f"{graph.id}_raw_data", source.prefix)
    sets = RawSets(graph, job_name, interest, Watch(settings.settle_s))
    watch_for(interest)

    @dg.sensor(
        name=interest.watcher,
        job=jobs[job_name],
        minimum_interval_seconds=settings.interval_s,
        default_status=graph.sensor_status,
        description=f"Runs `{job_name}` once for every complete set of raw files under "
        f"`{source.prefix}`.",
    )
    def raw_data_sensor(
        context: dg.SensorEvaluationContext, s3: S3Resource
    ) -> dg.RunRequest | dg.SkipReason:
        return sets.tick(context.instance, bucket_of(s3), open_mailbox(s3.settings))

    return raw_data_sensor
