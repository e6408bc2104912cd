"""Sensors: a file that lands in S3 starts the right job, once.

The ledger is Dagster's own run storage: every request carries the id of the object version as run
key and as tag, and an id that has a run is done. What a sensor keeps in memory only saves asking
again; killed at any point, it can at worst repeat a request, which the run key absorbs, and never
skip one. The cursor holds nothing but where the listing of a large prefix goes on.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
from botocore.exceptions import ClientError

from personalize_assets.aws.arrivals import Look, Watch, arrival_id, set_id
from personalize_assets.aws.objects import Bucket, ObjectInfo, ObjectNotFound
from personalize_assets.aws.raw_data import find_raw_files
from personalize_assets.components.assets.raw import raw_key
from personalize_assets.components.graph import Graph
from personalize_assets.components.jobs import batch_job_name, main_job_name, transform_job_name
from personalize_assets.core.batch_format import sniff_line
from personalize_assets.core.movielens import RawDataError
from personalize_assets.resources import S3Resource

ARRIVAL_TAG = "personalize/arrival"
MAX_REQUESTS = 100
"""Objects that one tick reads and asks runs for at the most; the others follow with the next."""

LEFT_TO_RUN = timedelta(minutes=15)
"""Age up to which a result of one's own job is left to the run that waits for it."""

_AT_WORK = (dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED)
_LEDGER_CHUNK = 500
_FORBIDDEN = 403


@dataclass(frozen=True)
class Refusal:
    """Why an object gets no run; one `for_now` is looked at again."""

    reason: str
    for_now: bool = False


Judge = Callable[[dg.DagsterInstance, Bucket, ObjectInfo], Refusal | None]
"""Says why an object is not for this job, or None if it is."""


@dataclass
class _Memory:
    """What this process knows already, by key: the version, and why it got no run if it did not."""

    known: dict[str, tuple[str, str | None]] = field(
        default_factory=dict[str, tuple[str, str | None]]
    )

    def knows(self, entry: ObjectInfo) -> bool:
        return self.known.get(entry.key, ("", None))[0] == arrival_id(entry)

    def remember(self, entry: ObjectInfo, refused: str | None = None) -> None:
        self.known[entry.key] = (arrival_id(entry), refused)

    def forget_deleted(self, look: Look, before: str) -> None:
        """Drop the keys that this look would have shown, were they still there."""
        there = {entry.key for entry in look.settled}
        self.known = {
            key: known
            for key, known in self.known.items()
            if key in there or key <= before or (look.after and key > look.after)
        }

    def refused(self) -> list[str]:
        return [f"{key}: {reason}" for key, (_, reason) in self.known.items() if reason]


def build_sensors(graph: Graph) -> list[dg.SensorDefinition]:
    """The sensors of one dataset group."""
    sensors = [_raw_data_sensor(graph)]
    if graph.attributes.batch_inference is not None:
        prefixes = graph.attributes.prefixes
        sensors += [
            build_arrival_sensor(
                graph,
                name=f"{graph.id}_batch_input",
                prefix=prefixes.batch_input,
                job_name=batch_job_name(graph.id),
                run_config=lambda key: op_config(graph, "batch_input", input_key=key),
                judge=refuse_input,
                what="file of users",
            ),
            build_arrival_sensor(
                graph,
                name=f"{graph.id}_batch_results",
                prefix=f"{prefixes.batch_results}inference/",
                job_name=transform_job_name(graph.id),
                run_config=lambda key: op_config(graph, "recommendations", output_key=key),
                judge=lambda instance, bucket, entry: refuse_output(instance, bucket, entry, graph),
                what="result",
                suffix=".out",
            ),
        ]
    return sensors


def build_arrival_sensor(
    graph: Graph,
    *,
    name: str,
    prefix: str,
    job_name: str,
    run_config: Callable[[str], Mapping[str, Any]],
    judge: Judge,
    what: str,
    suffix: str = "",
) -> dg.SensorDefinition:
    """A sensor that asks for one run of a job for every object version under a prefix.

    Args:
        graph: Names things, and gives interval and settling time.
        name: Name of the sensor.
        prefix: Where objects arrive, ending in a slash.
        job_name: The job to run.
        run_config: Makes the run's configuration of a key.
        judge: Tells which objects are not for this job.
        what: An object in one word, for messages.
        suffix: Only keys that end so are looked at.
    """
    settings = graph.attributes.sensors
    watch, memory = Watch(settings.settle_s), _Memory()

    @dg.sensor(
        name=name,
        job_name=job_name,
        minimum_interval_seconds=settings.interval_s,
        default_status=graph.sensor_status,
        description=f"Runs `{job_name}` once for every {what} that lands under `{prefix}`.",
    )
    def arrival_sensor(context: dg.SensorEvaluationContext, s3: S3Resource) -> dg.SensorResult:
        bucket = s3.store()
        before = context.cursor or ""
        look = watch.look(bucket, prefix, before, datetime.now(UTC), suffix)
        memory.forget_deleted(look, before)
        new = _without_run(context.instance, job_name, look.settled, memory)
        requests: list[dg.RunRequest] = []
        waiting: list[str] = []
        for entry in new[:MAX_REQUESTS]:
            refusal = _judge(judge, context.instance, bucket, entry)
            if refusal is None:
                requests.append(_request(entry, run_config(entry.key)))
            elif refusal.for_now:
                waiting.append(f"{entry.key}: {refusal.reason}")
            else:
                memory.remember(entry, refusal.reason)
        # A tick that is cut short by its limit looks at the same window again.
        cursor = look.after if len(new) <= MAX_REQUESTS else before
        if requests:
            return dg.SensorResult(run_requests=requests, cursor=cursor)
        reason = _nothing_new(prefix, look, waiting, memory.refused())
        return dg.SensorResult(skip_reason=reason, cursor=cursor)

    return arrival_sensor


def _without_run(
    instance: dg.DagsterInstance, job_name: str, settled: Iterable[ObjectInfo], memory: _Memory
) -> list[ObjectInfo]:
    """The versions that the ledger does not hold and that were not refused."""
    fresh = [entry for entry in settled if not memory.knows(entry)]
    with_run = ids_with_run(instance, job_name, [arrival_id(entry) for entry in fresh])
    for entry in fresh:
        if arrival_id(entry) in with_run:
            memory.remember(entry)
    return [entry for entry in fresh if arrival_id(entry) not in with_run]


def _judge(
    judge: Judge, instance: dg.DagsterInstance, bucket: Bucket, entry: ObjectInfo
) -> Refusal | None:
    # One object that cannot be read must not keep all others from their runs.
    try:
        return judge(instance, bucket, entry)
    except ObjectNotFound:
        return Refusal("deleted meanwhile", for_now=True)
    except ClientError as error:
        answer = error.response
        if answer.get("ResponseMetadata", {}).get("HTTPStatusCode") != _FORBIDDEN:
            raise
        return Refusal(f"cannot be read ({answer.get('Error', {}).get('Code')})")


def _raw_data_sensor(graph: Graph) -> dg.SensorDefinition:
    settings, source = graph.attributes.sensors, graph.attributes.source
    watch, job_name = Watch(settings.settle_s), main_job_name(graph.id)

    @dg.sensor(
        name=f"{graph.id}_raw_data",
        job_name=job_name,
        minimum_interval_seconds=settings.interval_s,
        default_status=graph.sensor_status,
        description=f"Runs `{job_name}` once for every complete set of raw files under "
        f"`{source.prefix}`.",
    )
    def raw_data_sensor(
        context: dg.SensorEvaluationContext, s3: S3Resource
    ) -> dg.RunRequest | dg.SkipReason:
        try:
            found = find_raw_files(s3.store(), source.prefix, source.tables)
            files = {name: found.file(name) for name in graph.attributes.prepared}
        except RawDataError as error:
            return dg.SkipReason(str(error))
        _, unsettled = watch.divide(files.values(), datetime.now(UTC))
        if unsettled:
            return dg.SkipReason(f"still being written: {_listed(o.key for o in unsettled)}")
        identity = set_id(files)
        event = context.instance.get_latest_materialization_event(raw_key(graph, "interactions"))
        made = event.asset_materialization if event is not None else None
        if event is not None and made is not None and _set_of(made) == identity:
            return dg.SkipReason(f"this set of files was taken by run {event.run_id}")
        if identity in ids_with_run(context.instance, job_name, [identity]):
            return dg.SkipReason(
                f"this set of files had its run of {job_name}: run that again, or copy the files "
                f"anew"
            )
        return dg.RunRequest(run_key=identity, tags={ARRIVAL_TAG: identity})

    return raw_data_sensor


def _set_of(made: dg.AssetMaterialization) -> str | None:
    value = made.metadata.get("set")
    return None if value is None else str(value.value)


def ids_with_run(instance: dg.DagsterInstance, job_name: str, ids: Sequence[str]) -> set[str]:
    """Those of ``ids`` that a run of the job carries, whatever became of it.

    A run that was made and never handed on does not count: to ask for it again starts that one.
    """
    found: set[str] = set()
    for first in range(0, len(ids), _LEDGER_CHUNK):
        chunk = list(ids[first : first + _LEDGER_CHUNK])
        runs = instance.get_runs(dg.RunsFilter(job_name=job_name, tags={ARRIVAL_TAG: chunk}))
        found.update(
            run.tags[ARRIVAL_TAG]
            for run in runs
            if run.status is not dg.DagsterRunStatus.NOT_STARTED
        )
    return found


def op_config(graph: Graph, asset: str, **config: str) -> Mapping[str, Any]:
    """Run configuration of one asset of ``graph``."""
    return {"ops": {f"{graph.id}_{asset}": {"config": config}}}


def refuse_input(
    _instance: dg.DagsterInstance, bucket: Bucket, entry: ObjectInfo
) -> Refusal | None:
    """Why an object is no file of users; None if it is one."""
    asked_by = sniff_line(bucket.read_start(entry.key))
    if asked_by == "userId":
        return None
    if asked_by is None:
        return Refusal('not lines of {"userId": "..."}')
    return Refusal(f"asks by {asked_by}, not by userId")


def refuse_output(
    instance: dg.DagsterInstance, bucket: Bucket, entry: ObjectInfo, graph: Graph
) -> Refusal | None:
    """Why an object is no result to transform; None if it is one."""
    prefix = f"{graph.attributes.prefixes.batch_results}inference/"
    folder = entry.key.rpartition("/")[0]
    if f"{folder}/" == prefix:
        return Refusal("a copy of the newest result")
    if _is_transformed(bucket, entry, f"{folder}/manifest.json"):
        return Refusal("transformed already")
    ours = folder.startswith(f"{prefix}{graph.attributes.name}-")
    if ours and entry.last_modified > datetime.now(UTC) - LEFT_TO_RUN:
        runs = instance.get_runs(dg.RunsFilter(statuses=list(_AT_WORK)))
        makers = [run for run in runs if run.job_name != transform_job_name(graph.id)]
        if makers:
            return Refusal(f"left to run {makers[0].run_id}, which is at work", for_now=True)
    return None


def _is_transformed(bucket: Bucket, entry: ObjectInfo, manifest_key: str) -> bool:
    manifest = bucket.head(manifest_key)
    if manifest is None or manifest.last_modified < entry.last_modified:
        return False
    # The folder may hold other results beside the one that was transformed.
    try:
        return bucket.read_json(manifest_key)["content"]["keys"]["output"] == entry.key
    except (ObjectNotFound, ValueError, LookupError, TypeError):
        return False


def _request(entry: ObjectInfo, run_config: Mapping[str, Any]) -> dg.RunRequest:
    identity = arrival_id(entry)
    return dg.RunRequest(
        run_key=identity,
        run_config=run_config,
        tags={ARRIVAL_TAG: identity, "personalize/key": entry.key},
    )


def _nothing_new(prefix: str, look: Look, waiting: Iterable[str], refused: Iterable[str]) -> str:
    parts = [f"{len(look.settled):,} objects under {prefix}, none of them new"]
    if writing := _listed(entry.key for entry in look.unsettled):
        parts.append(f"still being written: {writing}")
    if later := _listed(waiting):
        parts.append(f"looked at again: {later}")
    if others := _listed(refused):
        parts.append(f"not for this job: {others}")
    return "; ".join(parts)


def _listed(texts: Iterable[str], most: int = 3) -> str:
    found = list(texts)
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more
