"""A double of what AWS Glue does with a run: moto keeps the job, this runs the job's double.

moto never starts anything: a thread looks for runs that wait, and starts this module as a program
with the arguments of the run, as Glue starts a script.
"""

import subprocess
import sys
import tempfile
import threading
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock


@dataclass
class FakeGlue:
    """Runs of one job in moto.

    Attributes:
        job: Name of the job.
        works: Whether runs are carried out; else they stay as they are put.
        errors: Error message of failed runs by their id.
        stopped: Ids of runs that were stopped.
    """

    job: str
    works: bool = True
    errors: dict[str, str] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)

    @property
    def runs(self) -> list[Any]:
        from moto.glue.models import glue_backends

        from personalize_assets_tests.aws_cloud import ACCOUNT, REGION

        return glue_backends[ACCOUNT][REGION].jobs[self.job].job_runs

    def work(self, over: threading.Event) -> None:
        while not over.wait(0.05):
            for run in [run for run in self.runs if self.works and run.status == "STARTING"]:
                run.status = "RUNNING"
                self._carry_out(run)

    def _carry_out(self, run: Any) -> None:
        words = [word for pair in run.arguments.items() for word in pair]
        done = subprocess.run(
            [sys.executable, "-m", __name__, "--JOB_NAME", self.job, *words],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            self.errors[run.job_run_id] = (done.stderr.strip().splitlines() or ["no reason"])[-1]
        run.status = "FAILED" if done.returncode else "SUCCEEDED"


@contextmanager
def run_glue(job: str) -> Iterator[FakeGlue]:
    """Have runs of ``job`` carried out; moto must have the job."""
    from moto.core.responses import ActionResult
    from moto.glue.models import FakeJobRun
    from moto.glue.responses import GlueResponse
    from moto.moto_api import state_manager

    glue, over = FakeGlue(job), threading.Event()
    state_manager.set_transition("glue::job_run", {"progression": "manual", "times": 10**9})
    as_dict = FakeJobRun.as_dict

    def with_error(run: Any) -> dict[str, Any]:
        error = glue.errors.get(run.job_run_id)
        return {**as_dict(run), **({"ErrorMessage": error} if error else {}), "DPUSeconds": 246.0}

    def stop(response: Any) -> ActionResult:
        ids = response._get_param("JobRunIds")
        for run in [run for run in glue.runs if run.job_run_id in ids]:
            run.status = "STOPPED"
            glue.stopped.append(run.job_run_id)
        done = [{"JobName": job, "JobRunId": one} for one in ids]
        return ActionResult({"SuccessfulSubmissions": done, "Errors": []})

    worker = threading.Thread(target=glue.work, args=(over,))
    with (
        mock.patch.object(FakeJobRun, "as_dict", with_error),
        mock.patch.object(GlueResponse, "batch_stop_job_run", stop, create=True),
    ):
        worker.start()
        try:
            yield glue
        finally:
            over.set()
            worker.join()
            state_manager.unset_transition("glue::job_run")


def main(arguments: list[str]) -> None:
    """Do what Glue does with the job: messages through S3, files of S3."""
    import boto3

    from personalize_assets.spark.messages import open_messages
    from personalize_assets.spark.order import REFUSAL, Order
    from personalize_assets_tests.components.fake_job import Work

    parser = ArgumentParser()
    parser.add_argument("--order", required=True)
    known, _ = parser.parse_known_args(arguments)
    s3 = boto3.client("s3")

    def place(uri: str) -> dict[str, str]:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return {"Bucket": bucket, "Key": key}

    with open_messages(arguments) as messages, tempfile.TemporaryDirectory() as folder:
        order = Order.from_json(s3.get_object(**place(known.order))["Body"].read().decode())
        messages.tell(f"cleaning {order.dataset} from {order.raw}")
        here = {"raw": order.raw, **({} if order.items is None else {"items": order.items})}
        for name, uri in here.items():
            where = place(uri)
            s3.download_file(where["Bucket"], where["Key"], str(Path(folder) / name))
        items = None if order.items is None else Path(folder) / "items"
        files = Work(order, Path(folder) / "raw", items, Path(folder) / "work").carry_out()
        for name, content in files.items():
            s3.put_object(**place(f"{order.output}/{name}"), Body=content)
        if REFUSAL in files:
            raise ValueError("refused")


if __name__ == "__main__":
    main(sys.argv[1:])
