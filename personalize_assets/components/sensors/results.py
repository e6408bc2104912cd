"""Which results of batch jobs are to be transformed: those that no run of ours is at work on."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from personalize_assets.aws.objects import Bucket, ObjectInfo, ObjectNotFound
from personalize_assets.components.graph import Graph
from personalize_assets.components.sensors.verdicts import Judge, Refusal, Route, Verdict

LEFT_TO_RUN = timedelta(minutes=15)
"""Age up to which a result of one's own job is left to the run that waits for it."""

_AT_WORK = (dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED)


def judge_result(graph: Graph, prefix: str, route: Route) -> Judge:
    """Make the judge of results under ``prefix``, all of which are for one job."""

    def judge(instance: dg.DagsterInstance, bucket: Bucket, entry: ObjectInfo) -> Verdict:
        folder = entry.key.rpartition("/")[0]
        if f"{folder}/" == prefix:
            return Refusal("a copy of the newest result")
        if _is_transformed(bucket, entry, f"{folder}/manifest.json"):
            return Refusal("transformed already")
        ours = folder.startswith(f"{prefix}{graph.attributes.name}-")
        if ours and entry.last_modified > datetime.now(UTC) - LEFT_TO_RUN:
            runs = instance.get_runs(dg.RunsFilter(statuses=list(_AT_WORK)))
            makers = [run for run in runs if run.job_name != route.job_name]
            if makers:
                return Refusal(f"left to run {makers[0].run_id}, which is at work", for_now=True)
        return route

    return judge


def _is_transformed(bucket: Bucket, entry: ObjectInfo, manifest_key: str) -> bool:
    manifest = bucket.head(manifest_key)
    if manifest is None or manifest.last_modified < entry.last_modified:
        return False
    # The folder may hold other results beside the one that was transformed.
    try:
        return bucket.read_json(manifest_key)["content"]["keys"]["output"] == entry.key
    except (ObjectNotFound, ValueError, LookupError, TypeError):
        return False
