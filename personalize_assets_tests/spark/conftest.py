"""A Spark session beside the tests, in a Python that has PySpark, with the job's zip alone.

``PERSONALIZE_ASSETS_TEST_SPARK`` names that Python; several, for several versions of Spark, have
``:`` between them. Without it, or without Java, the tests that need one are skipped.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final, cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from personalize_assets.core import preparing
from personalize_assets.core.cleaning import CleaningReport, EntitiesReport, OutputPaths
from personalize_assets.core.columns import Columns
from personalize_assets.core.movielens import Layout, RawDataError
from personalize_assets.spark.order import QUARANTINE_HEADER, REPORT, Dataset
from personalize_assets.spark.ordering import make_order
from personalize_assets.spark.packing import job_zip
from personalize_assets.spark.report import Report
from personalize_assets_tests.spark.traps import Case

VARIABLE: Final = "PERSONALIZE_ASSETS_TEST_SPARK"
PYTHONS: Final = [python for python in os.environ.get(VARIABLE, "").split(":") if python]
SETTINGS: Final = (
    "--master local[2] --driver-memory 2g --conf spark.ui.enabled=false "
    "--conf spark.ui.showConsoleProgress=false --conf spark.driver.bindAddress=127.0.0.1 "
    "--conf spark.driver.host=127.0.0.1 pyspark-shell"
)
DRIVER: Final = Path(__file__).parent / "driver.py"


def environment(python: str, folder: Path) -> dict[str, str]:
    """Variables for a process of ``python`` that has the zip in ``folder`` and nothing else."""
    return os.environ | {
        "PYTHONPATH": str(folder / "job.zip"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(folder / "local"),
        "PYSPARK_SUBMIT_ARGS": SETTINGS,
        "PYSPARK_PYTHON": python,
        # Compiling at length would not pay for a few thousand rows.
        "JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    }


class SparkSessionBeside:
    """Carries out orders in a process of another Python."""

    def __init__(self, python: str, folder: Path) -> None:
        (folder / "job.zip").write_bytes(job_zip())
        self._errors = (folder / "stderr").open("w+")
        self._process = subprocess.Popen(
            [python, str(DRIVER)],
            env=environment(python, folder),
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )

    def carry_out(self, order: Path) -> dict[str, Any]:
        """``kind`` (``done``, ``refused`` or ``failed``) and ``message``."""
        requests, answers = cast(IO[str], self._process.stdin), cast(IO[str], self._process.stdout)
        requests.write(f"{order}\n")
        requests.flush()
        for line in answers:
            if line.startswith("answer "):
                return json.loads(line.removeprefix("answer "))
        self._errors.seek(0)
        raise AssertionError(f"Spark has ended: {self._errors.read()[-3000:]}")

    def close(self) -> None:
        """End the session, which ends the process."""
        cast(IO[str], self._process.stdin).close()
        try:
            self._process.wait(timeout=60)
        finally:
            self._process.kill()
            self._errors.close()


@pytest.fixture(scope="session", params=PYTHONS or [None])
def spark_python(request: pytest.FixtureRequest) -> str:
    """Each Python that has PySpark."""
    if request.param is None:
        _leave_out(f"{VARIABLE} names no Python with pyspark")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        _leave_out("Spark needs Java, and there is none")
    return request.param


def _leave_out(reason: str) -> None:
    """Skip, but in CI, which has to have both."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def spark(
    spark_python: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SparkSessionBeside]:
    session = SparkSessionBeside(spark_python, tmp_path_factory.mktemp("spark"))
    yield session
    session.close()


def check_same(spark: SparkSessionBeside, case: Case, folder: Path) -> Report | str:
    """Clean with both engines and compare everything; the report, or why both refused."""
    raw = folder / "raw [1] {x}.csv"  # characters that are patterns to Hadoop
    if case.content is not None:
        raw.write_bytes(case.content)
    items = None
    if case.known is not None:
        items = folder / "items.parquet"
        pq.write_table(pa.table({Columns.ITEM_ID: pa.array(case.known, pa.string())}), items)
    order = make_order(
        case.dataset,
        case.source,
        case.rules,
        raw=str(raw),
        items=None if items is None else str(items),
        output=str(folder / "spark"),
    )
    (folder / "order.json").write_text(order.to_json())
    answer = spark.carry_out(folder / "order.json")
    cleaned = _clean_here(case, raw, folder)
    if isinstance(cleaned, str):
        assert answer == {"kind": "refused", "message": cleaned}
        assert not [path.name for path in (folder / "spark").glob("[a-z]*")]
        return cleaned
    assert answer["kind"] == "done", answer["message"]
    return compare(cleaned, folder / "spark")


def _clean_here(case: Case, raw: Path, folder: Path) -> CleaningReport | EntitiesReport | str:
    """The report of the embedded engine, or why it refused."""
    out = OutputPaths.in_folder(folder / "arrow", case.dataset)
    known = None if case.known is None else pa.chunked_array([pa.array(case.known, pa.string())])
    try:
        if case.dataset == "interactions":
            return preparing.prepare_interactions(raw, case.source, known, case.rules, out)
        prepare = preparing.prepare_items if case.dataset == "items" else preparing.prepare_users
        return prepare(raw, case.source, out)
    except RawDataError as error:
        return str(error)


def compare(cleaned: CleaningReport | EntitiesReport, folder: Path) -> Report:
    """Compare Spark's outputs in ``folder`` with those of the embedded engine."""
    report = Report.from_json((folder / REPORT).read_text(encoding="utf-8"))
    for kind, header in (("quarantine", QUARANTINE_HEADER), ("csv", report.header)):
        parts = [(folder / kind / part.name).read_bytes() for part in report.parts[kind]]
        assert [len(part) for part in parts] == [part.size for part in report.parts[kind]]
        _assert_same_lines(
            f"{header}\n".encode() + b"".join(parts), cleaned.files[kind].path.read_bytes()
        )
    expected = cleaned.as_dict()
    names = ["accounts", "reasons", "event_counts", "missing"]
    names += ["users", "items", "users_with_two_or_more", "min_timestamp", "max_timestamp", "ids"]
    for name in names:
        assert getattr(report, name) == expected.get(name, {} if name in names[:4] else None), name
    assert list(report.reasons) == list(cleaned.reasons)
    assert [(f.name, f.type, f.nullable) for f in report.schema] == [
        (field.name, str(field.type), field.nullable) for field in cleaned.schema
    ]
    assert report.preview == [list(row.values()) for row in cleaned.preview.to_pylist()]
    tables = [pq.read_table(folder / "parquet" / part.name) for part in report.parts["parquet"]]
    rows = pa.concat_tables(tables).cast(cleaned.schema)
    assert rows.equals(pq.read_table(cleaned.files["parquet"].path).cast(cleaned.schema))
    return report


def _assert_same_lines(found: bytes, wanted: bytes) -> None:
    if found == wanted:
        return
    pairs = zip(found.split(b"\n"), wanted.split(b"\n"), strict=False)
    for number, (left, right) in enumerate(pairs, start=1):
        assert left[:300] == right[:300], f"line {number}"
    assert len(found) == len(wanted)


def layout_files(source: Layout) -> dict[Dataset, str]:
    return {"items": source.movies, "interactions": source.ratings}
