"""What every launcher of the Spark job shares: its code, its order, and what its report becomes.

`spark_submit` starts the job on this machine or from it on a cluster, `glue_launch` on AWS Glue.
"""

import json
import zipfile
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

import dagster as dg
import pyarrow as pa

from personalize_assets.aws.cleaners import (
    Cleaning,
    Facts,
    interaction_counts,
    preview_texts,
)
from personalize_assets.aws.spark_outputs import PartFile, Parts, SparkOutcome
from personalize_assets.aws.spark_runs import (
    OUT,
    JobCode,
    Workplace,
    new_attempt,
)
from personalize_assets.core.cleaning import Accounts
from personalize_assets.core.movielens import RawDataError
from personalize_assets.spark.order import (
    CSV_FOLDER,
    PARQUET_FOLDER,
    QUARANTINE_FOLDER,
    QUARANTINE_HEADER,
    REFUSAL,
    REPORT,
)
from personalize_assets.spark.ordering import make_order
from personalize_assets.spark.packing import job_script, job_zip
from personalize_assets.spark.report import Report


@cache
def job_code() -> JobCode:
    """The job of this version of the package, with the version of Pipes that Dagster has here."""
    return JobCode(job_script(), {"job.zip": job_zip(), "pipes.zip": _pipes_zip()})


def _pipes_zip() -> bytes:
    found = find_spec("dagster_pipes")
    assert found is not None
    assert found.origin is not None
    buffer, folder = BytesIO(), Path(found.origin).parent
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.glob("*.py")):
            # ZipInfo has a fixed date: same code, same bytes.
            archive.writestr(zipfile.ZipInfo(f"dagster_pipes/{file.name}"), file.read_bytes())
    return buffer.getvalue()


class Launcher(Protocol):
    """Starts the job once and waits for its end."""

    def launch(self, place: Workplace, attempt: str, order: str) -> None:
        """Run the job to its end.

        Args:
            place: Where it works.
            attempt: Name of this try.
            order: Where the job finds its order.

        Raises:
            dagster.Failure: It failed; says why and where to look.
        """
        ...


def order_text(cleaning: Cleaning, place: Workplace, attempt: str) -> str:
    """The order for a cleaning, as JSON.

    Raises:
        RawDataError: Spark does not clean this.
    """
    return make_order(
        cleaning.dataset,
        cleaning.raw.source,
        cleaning.rules,
        raw=place.raw(attempt),
        items=place.items(attempt),
        output=place.output(attempt),
    ).to_json()


def finished_attempt(place: Workplace) -> str | None:
    """An attempt whose job has come to its end, although the run that started it has not."""
    return next((one for one in place.attempts() if place.read(one, REPORT) is not None), None)


def outcome_of(cleaning: Cleaning, place: Workplace, attempt: str) -> tuple[SparkOutcome, Report]:
    """What a finished attempt found and wrote.

    Raises:
        dagster.Failure: There is no report although the job said that it was well.
    """
    text = place.read(attempt, REPORT)
    if text is None:
        raise dg.Failure(
            f"the Spark job of {cleaning.dataset} ended well but left no report in "
            f"{place.output(attempt)}: nothing was taken over, run the asset again"
        )
    report = Report.from_json(text)
    parts = Parts(
        f"{report.header}\n".encode(),
        _parts(report, CSV_FOLDER),
        f"{QUARANTINE_HEADER}\n".encode(),
        _parts(report, QUARANTINE_FOLDER),
        _parts(report, PARQUET_FOLDER),
    )
    facts = _facts(report)
    store = place.store(attempt)
    return SparkOutcome(cleaning.bucket, cleaning.dataset, facts, parts, store), report


def refusal_of(place: Workplace, attempt: str) -> str | None:
    """Why the job refused the raw data; None where it did not."""
    text = place.read(attempt, REFUSAL)
    return None if text is None else str(json.loads(text)["message"])


def _parts(report: Report, folder: str) -> list[PartFile]:
    return [
        PartFile(f"{OUT}/{folder}/{part.name}", part.size) for part in report.parts.get(folder, ())
    ]


def _facts(report: Report) -> Facts:
    counts = {}
    if report.users is not None and report.items is not None:
        counts = interaction_counts(
            users=report.users,
            items=report.items,
            users_with_two_or_more=report.users_with_two_or_more or 0,
            event_counts=report.event_counts,
            oldest=report.min_timestamp,
            newest=report.max_timestamp,
        )
    schema = pa.schema(
        [pa.field(one.name, _TYPES[one.type], nullable=one.nullable) for one in report.schema]
    )
    return Facts(
        Accounts(**report.accounts), report.reasons, schema, preview_texts(report.preview), counts
    )


_TYPES: Mapping[str, pa.DataType] = {
    str(kind): kind for kind in (pa.string(), pa.int32(), pa.int64(), pa.float32(), pa.float64())
}


def clean_by(
    launcher: Launcher, cleaning: Cleaning, place: Workplace, log: Any
) -> tuple[SparkOutcome, Report]:
    """Have the job done, unless an earlier run had it done and died before it took it over.

    Raises:
        RawDataError: The job refused the raw data.
        dagster.Failure: The job failed.
    """
    attempt = finished_attempt(place)
    if attempt is not None:
        log.info("taking over what a run that was interrupted had done: %s", place.output(attempt))
        return outcome_of(cleaning, place, attempt)
    attempt = new_attempt()
    try:
        order = place.write_order(attempt, order_text(cleaning, place, attempt))
        launcher.launch(place, attempt, order)
    except BaseException as error:
        refused = refusal_of(place, attempt) if isinstance(error, dg.Failure) else None
        if place.read(attempt, REPORT) is None:
            place.store(attempt).discard()
        if refused is not None:
            raise RawDataError(refused) from None
        raise
    return outcome_of(cleaning, place, attempt)


def report_metadata(report: Report) -> dict[str, Any]:
    """What the job tells of itself, for the asset's metadata."""
    return {"spark_version": report.spark, "spark_seconds": round(report.seconds, 3)}


def most_telling_line(text: str) -> str | None:
    r"""The last line of a program's errors that names one; else its last line.

    Example:
        >>> most_telling_line("Traceback:\n  line 3\nValueError: no\n  at org.apache.spark\n")
        'ValueError: no'
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    naming = [line for line in lines if "Error" in line or "Exception" in line]
    named = [line for line in naming if not line.startswith(("at ", "Traceback", "..."))]
    return (named or lines or [None])[-1]
