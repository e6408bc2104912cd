"""Sensors: a file that lands in S3 starts the right job, once.

The ledger is Dagster's own run storage: every request carries the id of the object version as run
key and as tag, and an id that has a run is done. What a sensor keeps in memory only saves asking
again; killed at any point, it can at worst repeat a request, which the run key absorbs, and never
skip one. The cursor holds nothing but where the listing of a large prefix goes on.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from personalize_assets.aws.arrivals import Watch, arrival_id, set_id
from personalize_assets.aws.objects import Bucket, ObjectInfo
from personalize_assets.aws.raw_data import find_raw_files
from personalize_assets.components.assets.raw import raw_key
from personalize_assets.components.graph import Graph
from personalize_assets.components.jobs import batch_job_name, main_job_name, transform_job_name
from personalize_assets.core.batch_format import sniff_line
from personalize_assets.core.movielens import RawDataError
from personalize_assets.resources import S3Resource

ARRIVAL_TAG = "personalize/arrival"
MAX_REQUESTS = 100
"""Runs that one tick asks for at the most; the others follow with the next ticks."""

Judge = Callable[[Bucket, ObjectInfo], str | None]
"""Says why an object is not for this job, or None if it is."""


@dataclass
class _Memory:
    """What this process knows already: versions that have their run, and those that get none."""

    done: dict[str, str] = field(default_factory=dict[str, str])
    refused: dict[str, str] = field(default_factory=dict[str, str])


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
                judge=lambda bucket, entry: refuse_output(
                    bucket, entry, f"{prefixes.batch_results}inference/"
                ),
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
        look = watch.look(bucket, prefix, context.cursor or "", datetime.now(UTC), suffix)
        fresh = [o for o in look.settled if memory.done.get(o.key) != arrival_id(o)]
        fresh = [o for o in fresh if arrival_id(o) not in memory.refused]
        window = fresh[:MAX_REQUESTS]
        with_run = ids_with_run(context.instance, map(arrival_id, window))
        requests: list[dg.RunRequest] = []
        for entry in window:
            if arrival_id(entry) in with_run:
                memory.done[entry.key] = arrival_id(entry)
            elif (reason := judge(bucket, entry)) is not None:
                memory.refused[arrival_id(entry)] = f"{entry.key}: {reason}"
            else:
                requests.append(_request(entry, run_config(entry.key)))
        # A tick that is cut short by its limit looks at the same window again.
        cursor = look.after if len(fresh) <= MAX_REQUESTS else context.cursor or ""
        if requests:
            return dg.SensorResult(run_requests=requests, cursor=cursor)
        reason = _nothing_new(prefix, len(look.settled), look.unsettled, memory.refused.values())
        return dg.SensorResult(skip_reason=reason, cursor=cursor)

    return arrival_sensor


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
        return dg.RunRequest(run_key=identity, tags={ARRIVAL_TAG: identity})

    return raw_data_sensor


def _set_of(made: dg.AssetMaterialization) -> str | None:
    value = made.metadata.get("set")
    return None if value is None else str(value.value)


def ids_with_run(instance: dg.DagsterInstance, ids: Iterable[str]) -> set[str]:
    """Those of ``ids`` that a run carries, whatever became of it."""
    wanted = list(ids)
    if not wanted:
        return set()
    runs = instance.get_runs(dg.RunsFilter(tags={ARRIVAL_TAG: wanted}))
    return {run.tags[ARRIVAL_TAG] for run in runs}


def op_config(graph: Graph, asset: str, **config: str) -> Mapping[str, Any]:
    """Run configuration of one asset of ``graph``."""
    return {"ops": {f"{graph.id}_{asset}": {"config": config}}}


def refuse_input(bucket: Bucket, entry: ObjectInfo) -> str | None:
    """Why an object is no file of users; None if it is one."""
    asked_by = sniff_line(bucket.read_start(entry.key))
    if asked_by == "userId":
        return None
    if asked_by is None:
        return 'not lines of {"userId": "..."}'
    return f"asks by {asked_by}, not by userId"


def refuse_output(bucket: Bucket, entry: ObjectInfo, prefix: str) -> str | None:
    """Why an object is no result to transform; None if it is one."""
    folder = entry.key.rpartition("/")[0]
    if f"{folder}/" == prefix:
        return "a copy of the newest result"
    manifest = bucket.head(f"{folder}/manifest.json")
    if manifest is not None and manifest.last_modified >= entry.last_modified:
        return "transformed already"
    return None


def _request(entry: ObjectInfo, run_config: Mapping[str, Any]) -> dg.RunRequest:
    identity = arrival_id(entry)
    return dg.RunRequest(
        run_key=identity,
        run_config=run_config,
        tags={ARRIVAL_TAG: identity, "personalize/key": entry.key},
    )


def _nothing_new(
    prefix: str, settled: int, unsettled: Iterable[ObjectInfo], refused: Iterable[str]
) -> str:
    parts = [f"{settled:,} objects under {prefix}, none of them new"]
    if writing := _listed(entry.key for entry in unsettled):
        parts.append(f"still being written: {writing}")
    if others := _listed(refused):
        parts.append(f"not for this job: {others}")
    return "; ".join(parts)


def _listed(texts: Iterable[str], most: int = 3) -> str:
    found = list(texts)
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more
