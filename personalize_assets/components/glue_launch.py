"""Cleaning by an AWS Glue job, started, watched and stopped by Dagster Pipes.

A run of the job outlives the run of Dagster that started it when that is killed; the next one finds
it by its order and waits for it, so that nothing is cleaned (and paid for) twice.
"""

import random
import string
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import dagster as dg
from botocore.exceptions import ClientError
from dagster_aws.pipes import (
    PipesGlueClient,
    PipesS3ContextInjector,
    PipesS3MessageReader,
)

from personalize_assets.aws.cleaners import Cleaning, Outcome
from personalize_assets.aws.clients import make_aws_client
from personalize_assets.aws.deployment import GLUE_JOB, Deployment
from personalize_assets.aws.glue import TEMPORARY_PREFIX
from personalize_assets.aws.glue_runs import GlueRun, find_run, read_run, stop_run
from personalize_assets.aws.objects import Bucket
from personalize_assets.aws.spark_runs import (
    CodePlaces,
    PrefixWorkplace,
    Workplace,
    run_digest,
    upload_code,
)
from personalize_assets.components.attributes import GlueSettings
from personalize_assets.components.spark_launch import clean_by, job_code, report_metadata

MESSAGES_EVERY_S = 5.0
"""So often is the bucket asked for messages of the job."""

LOOK_EVERY_S = 10.0
"""So often is Glue asked about a run that another run of Dagster started."""


@dataclass(frozen=True)
class GlueCleaner:
    """Cleans by the Glue job of the deployment; see ``cleaners.Cleaner``.

    Attributes:
        context: Of the asset.
        deployment: Must be aws and name a job.
        settings: What a run of the job may have.
        metadata: Filled with what the run cost and where to look at it.
    """

    context: dg.AssetExecutionContext
    deployment: Deployment
    settings: GlueSettings
    metadata: dict[str, Any] = field(default_factory=dict)
    engine: str = "glue"

    @contextmanager
    def clean(self, cleaning: Cleaning) -> Iterator[Outcome]:
        """Run the job, wait for a run of it, or take over what one has done."""
        if self.deployment.glue_job is None:
            raise dg.Failure(
                f"engine glue needs the name of a Glue job: set {GLUE_JOB.name}, or let "
                "`personalize-assets bootstrap --glue` make one and write it down; or declare "
                "`engine: arrow`"
            )
        code = job_code()
        launcher = GlueLauncher(
            self.context,
            make_aws_client(self.deployment, "glue"),
            cleaning.bucket,
            self.deployment.glue_job,
            self.settings,
            upload_code(cleaning.bucket, code),
            self.metadata,
        )
        place = PrefixWorkplace(cleaning, run_digest(cleaning, code), "s3")
        launcher.join_running(place)
        outcome, report = clean_by(launcher, cleaning, place, self.context.log)
        self.metadata.update({"engine": "glue", **report_metadata(report)})
        yield outcome


@dataclass(frozen=True)
class GlueLauncher:
    """Runs the Glue job to its end.

    Attributes:
        context: Of the asset.
        glue: boto3 client.
        bucket: The pipeline's bucket.
        job: Name of the job.
        settings: What a run may have.
        code: Where the job's code lies.
        metadata: Filled with what the run cost and where to look at it.
    """

    context: dg.AssetExecutionContext
    glue: Any
    bucket: Bucket
    job: str
    settings: GlueSettings
    code: CodePlaces
    metadata: dict[str, Any]

    def join_running(self, place: PrefixWorkplace) -> None:
        """Wait for a run that an earlier run of Dagster started for this place, if there is one."""
        try:
            self._join_running(place)
        except ClientError as error:
            raise self._refused(error) from error

    def _join_running(self, place: PrefixWorkplace) -> None:
        orders = {place.order(attempt) for attempt in place.attempts()}
        run = find_run(self.glue, self.job, orders) if orders else None
        if run is None or run.is_over:
            return
        self.context.log.info(
            "waiting for run %s of Glue job %s, which an earlier run started: %s",
            run.id,
            self.job,
            self._link(run),
        )
        try:
            while not run.is_over:
                time.sleep(LOOK_EVERY_S)
                run = read_run(self.glue, self.job, run.id)
        except dg.DagsterExecutionInterruptedError:
            self._stop(run)
            raise
        self._describe(run)

    def launch(self, place: Workplace, attempt: str, order: str) -> None:
        """Start a run and wait for its end; see ``spark_launch.Launcher``."""
        client = PipesGlueClient(
            context_injector=PipesS3ContextInjector(
                bucket=self.bucket.name, client=self.bucket.s3, key_prefix=TEMPORARY_PREFIX
            ),
            message_reader=_Messages(
                bucket=self.bucket.name,
                client=self.bucket.s3,
                include_stdio_in_messages=True,
                interval=MESSAGES_EVERY_S,
            ),
            client=self.glue,
        )
        parameters: Any = job_run_parameters(self.job, self.settings, self.code, order)
        try:
            client.run(context=self.context, start_job_run_params=parameters)
        except RuntimeError as error:
            raise self._failure(find_run(self.glue, self.job, {order}), str(error)) from error
        except ClientError as error:
            raise self._refused(error) from error
        run = find_run(self.glue, self.job, {order})
        if run is not None:
            self._describe(run)

    def _describe(self, run: GlueRun) -> None:
        self.metadata.update(run_metadata(run, self._link(run), self._logs(run)))

    def _failure(self, run: GlueRun | None, error: str) -> dg.Failure:
        if run is None:
            return dg.Failure(error)
        reason = run.error or f"no reason given, state {run.state}"
        return dg.Failure(
            f"run {run.id} of Glue job {self.job} ended as {run.state}: {reason}. Its log: "
            f"{self._logs(run)}",
            metadata=run_metadata(run, self._link(run), self._logs(run)),
        )

    def _refused(self, error: ClientError) -> Exception:
        advice = _ADVICE.get(error.response.get("Error", {}).get("Code", ""))
        return error if advice is None else dg.Failure(f"Glue job {self.job}: {error}. {advice}")

    def _stop(self, run: GlueRun) -> None:
        self.context.log.warning("interrupted: stopping run %s of Glue job %s", run.id, self.job)
        stop_run(self.glue, self.job, run.id)

    def _link(self, run: GlueRun) -> str:
        return f"{self._console('gluestudio')}#/job/{quote(self.job)}/run/{run.id}"

    def _logs(self, run: GlueRun) -> str:
        # The console wants the name of the group quoted twice, with $ for %.
        group = quote(quote(f"{run.log_group}/error", safe=""), safe="").replace("%", "$")
        page = f"#logsV2:log-groups/log-group/{group}/log-events/{run.id}"
        return f"{self._console('cloudwatch')}{page}"

    def _console(self, service: str) -> str:
        region = self.glue.meta.region_name
        domain = {"cn": "amazonaws.cn", "us-gov": "amazonaws-us-gov.com"}.get(
            region.rpartition("-")[0].rpartition("-")[0], "aws.amazon.com"
        )
        return f"https://{region}.console.{domain}/{service}/home?region={region}"


_ADVICE: Mapping[str, str] = {
    "EntityNotFoundException": f"There is no such job: `personalize-assets bootstrap --glue` makes "
    f"it; {GLUE_JOB.name} names it.",
    "AccessDeniedException": "The policy for whoever runs Dagster, which `personalize-assets "
    "bootstrap --glue` makes, allows it.",
    "ConcurrentRunsExceededException": "Too many runs of the job at the same time: wait for them, "
    "or raise MaxConcurrentRuns of the job.",
}


class _Messages(PipesS3MessageReader):
    """Reads messages below the prefix whose objects a lifecycle rule deletes."""

    @contextmanager
    def get_params(self) -> Iterator[dict[str, Any]]:
        """Where the job is to write."""
        with super().get_params() as params:
            name = "".join(random.choices(string.ascii_letters, k=30))
            yield {**params, "key_prefix": f"{TEMPORARY_PREFIX}messages/{name}"}


def job_run_parameters(
    job: str, settings: GlueSettings, code: CodePlaces, order: str
) -> dict[str, Any]:
    """What StartJobRun takes.

    Args:
        job: Name of the job.
        settings: What the run may have; what is left out is as the job has it.
        code: Where the job's code lies.
        order: Where the job finds its order.
    """
    given = {
        "WorkerType": settings.worker_type,
        "NumberOfWorkers": settings.workers,
        "Timeout": settings.timeout_minutes,
    }
    return {
        "JobName": job,
        "Arguments": {
            "--scriptLocation": code.script,
            "--extra-py-files": ",".join(code.zips),
            "--order": order,
        },
        **{name: value for name, value in given.items() if value is not None},
    }


def run_metadata(run: GlueRun, link: str, logs: str) -> dict[str, Any]:
    """What a run cost and where to look at it, for Dagster."""
    measured = {"glue_seconds": run.seconds, "glue_dpu_seconds": run.dpu_seconds}
    return {
        "glue_run": dg.MetadataValue.url(link),
        "glue_log": dg.MetadataValue.url(logs),
        **{name: value for name, value in measured.items() if value is not None},
    }
