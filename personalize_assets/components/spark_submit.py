"""Cleaning by Spark on this machine's `spark-submit`, started and watched by Dagster Pipes.

Driver and workers are here (`local[*]`) or the workers on a cluster; the driver always ends with
the run that started it.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.errors import DagsterPipesExecutionError  # noqa: PLC2701 (public nowhere)

from personalize_assets.aws.cleaners import Cleaning, Outcome
from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.spark_runs import (
    OUT,
    CodePlaces,
    FolderWorkplace,
    PrefixWorkplace,
    Workplace,
    run_digest,
    write_code,
)
from personalize_assets.components.attributes import SparkSettings
from personalize_assets.components.spark_launch import (
    clean_by,
    job_code,
    most_telling_line,
    report_metadata,
)
from personalize_assets.local import attended

_FOLDER = "spark"
_TAIL = "errors.txt"
_ENDED = "the Spark application was ended: cancelled, or its process was killed"


@dataclass(frozen=True)
class SubmitCleaner:
    """Cleans by ``spark-submit``; see ``cleaners.Cleaner``.

    Attributes:
        context: Of the asset.
        deployment: Where the pipeline runs.
        settings: How the program is run.
        metadata: Filled with what the job tells of itself.
    """

    context: dg.AssetExecutionContext
    deployment: Deployment
    settings: SparkSettings
    metadata: dict[str, Any] = field(default_factory=dict)
    engine: str = "spark"

    @contextmanager
    def clean(self, cleaning: Cleaning) -> Iterator[Outcome]:
        """Run the job, or take over what one has done."""
        check_reach(self.deployment, self.settings)
        code = job_code()
        folder = self.deployment.state_dir / _FOLDER
        name = run_digest(cleaning, code)
        bucket_folder = self.deployment.bucket_folder if self.deployment.is_local else None
        here = FolderWorkplace(cleaning, folder / name, bucket_folder)
        here.clear_dead()
        on_cluster = not (self.deployment.is_local or self.settings.is_here)
        place = PrefixWorkplace(cleaning, name, "s3a") if on_cluster else here
        launcher = SubmitLauncher(self.context, self.settings, write_code(folder, code), here)
        outcome, report = clean_by(launcher, cleaning, place, self.context.log)
        self.metadata.update({"engine": "spark", **report_metadata(report)})
        yield outcome


@dataclass(frozen=True)
class SubmitLauncher:
    """Runs ``spark-submit`` to its end.

    Attributes:
        context: Of the asset.
        settings: How the program is run.
        code: Where the job's code lies.
        here: Folder for what Spark writes beside the outputs.
    """

    context: dg.AssetExecutionContext
    settings: SparkSettings
    code: CodePlaces
    here: FolderWorkplace

    def launch(self, place: Workplace, attempt: str, order: str) -> None:
        """Run the program to its end; see ``Launcher``."""
        program = find_program(self.settings.program)
        scratch = self.here.scratch(attempt)
        tail = scratch / _TAIL
        application = f"personalize-assets {self.here.cleaning.dataset}"
        command = submit_command(self.settings, program, self.code, order, scratch, application)
        client = dg.PipesSubprocessClient(
            env=submit_environment(self.settings, program), termination_timeout_seconds=30
        )
        self.context.log.info("running %s", " ".join(command))
        supervised = [sys.executable, attended.__file__, str(tail), *command]
        try:
            client.run(context=self.context, command=supervised)
        except DagsterPipesExecutionError as error:
            raise _failure(place, attempt, tail, str(error)) from error
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _failure(place: Workplace, attempt: str, tail: Path, error: str) -> dg.Failure:
    text = tail.read_text(encoding="utf-8", errors="replace") if tail.is_file() else ""
    ended = f"code {attended.ENDED}" in error
    reason = _ENDED if ended else most_telling_line(text) or error
    return dg.Failure(
        f"spark-submit failed: {reason}. All that it printed is under `stderr` of this step.",
        metadata={
            "last_lines": dg.MetadataValue.md(f"```\n{text[-6_000:]}\n```"),
            "order": str(place.output(attempt).removesuffix(OUT)),
        },
    )


def check_reach(deployment: Deployment, settings: SparkSettings) -> None:
    """Look whether Spark's master is where this deployment may reach.

    Raises:
        dagster.Failure: The deployment is local and the master on another machine.
    """
    near = ("spark://127.0.0.1:", "spark://localhost:", "spark://[::1]:", "local-cluster[")
    if deployment.is_local and not (settings.is_here or settings.master.startswith(near)):
        raise dg.Failure(
            f"preparation.spark.master is {settings.master}, but in the local deployment nothing "
            "may leave this machine: use `local[*]` here, or PERSONALIZE_ASSETS_DEPLOYMENT=aws"
        )


def find_program(program: str) -> str:
    """Find ``spark-submit``: a path, beside this Python, or on the PATH.

    Raises:
        dagster.Failure: It is nowhere.
    """
    beside = Path(sys.executable).parent / program
    if "/" not in program and beside.is_file():
        return str(beside)
    found = shutil.which(program)
    if found is None:
        raise dg.Failure(
            f"there is no program {program}: install PySpark beside Dagster with `pip install "
            "personalize-assets[spark]` (it needs Java 17), name another one in "
            "preparation.spark.program, or declare `engine: arrow`"
        )
    return found


def submit_environment(settings: SparkSettings, program: str) -> dict[str, str]:
    """Variables for ``spark-submit``: the Python to use, and to stay on this machine."""
    beside = sys.executable if Path(program).parent == Path(sys.executable).parent else None
    python = settings.python or beside or os.environ.get("PYSPARK_PYTHON")
    chosen = {} if python is None else {"PYSPARK_PYTHON": python, "PYSPARK_DRIVER_PYTHON": python}
    return {**chosen, **({"SPARK_LOCAL_IP": "127.0.0.1"} if settings.is_here else {})}


def submit_command(
    settings: SparkSettings,
    program: str,
    code: CodePlaces,
    order: str,
    scratch: Path,
    name: str,
) -> list[str]:
    """The command that runs the job.

    Args:
        settings: Declared ones.
        program: Path of ``spark-submit``.
        code: Where the job's code lies.
        order: Where the job finds its order.
        scratch: Folder for what Spark writes while it works.
        name: Of the application, for Spark's own pages.
    """
    properties = {"spark.local.dir": str(scratch)}
    if settings.is_here:
        properties |= {
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.ui.enabled": "false",
        }
    properties |= {
        key: value.lower() if value in ("True", "False") else value
        for key, value in settings.conf.items()
    }
    return [
        program,
        *("--master", settings.master, "--deploy-mode", "client", "--name", name),
        *("--driver-memory", settings.memory),
        *(word for key, value in properties.items() for word in ("--conf", f"{key}={value}")),
        *("--py-files", ",".join(code.zips), code.script, "--order", order),
    ]
