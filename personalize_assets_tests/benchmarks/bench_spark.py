"""Spark's cleaning beside the embedded engine's and the usual Glue script's, on one file.

``python -m personalize_assets_tests.benchmarks.bench_spark --python PYTHON [--rows 2000000]`` makes
the seeded file of ``bench_cleaning``, dirty lines among it, and cleans it with each contender in
processes of its own: ``ours`` (the embedded engine), ``spark`` (the job on local[2] of the Spark
that PYTHON has) and ``usual`` (read as CSV with a schema, two filters, a union, written as CSV; no
rejects, no order, no check of items), which every Glue tutorial has. Fails if Spark's interactions
or quarantine differ from ours by a byte. Walls are noisy; CPU seconds and ratios are not.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from personalize_assets.core.cleaning import CleaningRules
from personalize_assets.core.movielens import Layout
from personalize_assets.spark.order import CSV_FOLDER, QUARANTINE_FOLDER, QUARANTINE_HEADER, REPORT
from personalize_assets.spark.ordering import make_order
from personalize_assets.spark.packing import job_zip
from personalize_assets.spark.report import Report
from personalize_assets_tests.benchmarks import bench_cleaning

LAYOUT: Final = Layout("csv", "ratings.csv", "movies.csv")
CORES: Final = 2
SETTINGS: Final = (
    f"--master local[{CORES}] --driver-memory 3g --conf spark.ui.enabled=false "
    "--conf spark.ui.showConsoleProgress=false --conf spark.driver.bindAddress=127.0.0.1 "
    "--conf spark.driver.host=127.0.0.1 pyspark-shell"
)

# Both run where PySpark is, and print the figures of Spark's own process, which ends only later.
_FIGURES: Final = """
def figures(spark, started):
    import json, os, time
    java = spark._jvm.java.lang.ProcessHandle.current().pid()
    ticks = open(f"/proc/{java}/stat").read().rpartition(")")[2].split()[11:13]
    status = dict(line.split(":", 1) for line in open(f"/proc/{java}/status"))
    print("figures " + json.dumps({
        "wall_s": time.perf_counter() - started,
        "cpu_s": sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK") + sum(os.times()[:2]),
        "peak_mb": int(status["VmHWM"].split()[0]) / 1e3,
    }))
"""
_JOB: Final = f"""
import sys, time
started = time.perf_counter()
from pathlib import Path
from personalize_assets.spark.clean import clean
from personalize_assets.spark.order import Order
from personalize_assets.spark.session import start_session
{_FIGURES}
spark = start_session()
clean(spark, Order.from_json((Path(sys.argv[1]) / "order.json").read_text()), print)
figures(spark, started)
"""
_USUAL: Final = f"""
import sys, time
started = time.perf_counter()
from pyspark.sql import SparkSession, functions as F
{_FIGURES}
spark = SparkSession.builder.getOrCreate()
schema = "userId int, movieId int, rating double, timestamp long"
ratings = spark.read.csv(f"{{sys.argv[1]}}/ratings.csv", header=True, schema=schema)
def events(above, name):
    return ratings.where(F.col("rating") > above).select(
        F.col("userId").alias("USER_ID"), F.col("movieId").alias("ITEM_ID"),
        F.col("timestamp").alias("TIMESTAMP"), F.lit(name).alias("EVENT_TYPE"),
    )
both = events(3, "watch").union(events(1, "click"))
both.write.mode("overwrite").csv(f"{{sys.argv[1]}}/usual", header=True)
figures(spark, started)
"""


def main() -> int:
    """Make the file, run all, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", required=True, help="a Python that has pyspark")
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--folder", type=Path, default=None, help="keep the files here")
    arguments = parser.parse_args()
    if arguments.folder:
        return compare(arguments.folder, arguments.rows, arguments.python)
    with tempfile.TemporaryDirectory() as folder:
        return compare(Path(folder), arguments.rows, arguments.python)


def compare(folder: Path, rows: int, python: str) -> int:
    """Run the contenders; 1 if the outputs differ."""
    folder.mkdir(parents=True, exist_ok=True)
    dirty = bench_cleaning.make_ratings(folder, rows)
    size_mb = (folder / "ratings.csv").stat().st_size / 1e6
    print(f"{rows:,} lines ({size_mb:,.0f} MB), {dirty:,} of them dirty")
    contenders: dict[str, Callable[[], dict[str, Any]]] = {
        "ours": lambda: _ours(folder),
        "spark": lambda: _spark(folder, python, _JOB),
        "usual": lambda: _spark(folder, python, _USUAL),
    }
    _write_order(folder)
    results = {name: run() for name, run in contenders.items()}
    print(f"{'':10}{'CPU s':>9}{'wall s':>9}{'peak MB':>9}{'CPU/ours':>10}")
    for name, result in results.items():
        ratio = result["cpu_s"] / results["ours"]["cpu_s"]
        print(
            f"{name:10}{result['cpu_s']:9.1f}{result['wall_s']:9.1f}{result['peak_mb']:9.0f}"
            f"{ratio:10.2f}"
        )
    same = [_same(folder, *output) for output in _outputs(folder)]
    return 0 if all(same) else 1


def _write_order(folder: Path) -> None:
    ids = np.load(folder / "items.npy").astype(str)
    pq.write_table(pa.table({"ITEM_ID": pa.array(ids)}), folder / "items.parquet")
    order = make_order(
        "interactions",
        LAYOUT,
        CleaningRules(),
        raw=str(folder.resolve() / "ratings.csv"),
        items=str(folder.resolve() / "items.parquet"),
        output=str(folder.resolve() / "spark"),
    )
    (folder / "order.json").write_text(order.to_json())
    (folder / "job.zip").write_bytes(job_zip())


def _ours(folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", bench_cleaning.__name__, "--folder", str(folder)]
    done = subprocess.run(
        [*command, "--contender", "ours"], check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout)


def _spark(folder: Path, python: str, program: str) -> dict[str, Any]:
    started = time.perf_counter()
    done = subprocess.run(
        [python, "-c", program, str(folder.resolve())],
        env=os.environ
        | {
            "PYTHONPATH": str(folder.resolve() / "job.zip"),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "PYSPARK_SUBMIT_ARGS": SETTINGS,
        },
        cwd=folder,  # so that the zip is what is imported
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    wall_s = time.perf_counter() - started
    line = next(line for line in done.stdout.splitlines() if line.startswith("figures "))
    return json.loads(line.removeprefix("figures ")) | {"wall_s": wall_s}


def _outputs(folder: Path) -> list[tuple[str, str, str]]:
    report = Report.from_json((folder / "spark" / REPORT).read_text(encoding="utf-8"))
    return [
        (CSV_FOLDER, report.header, "interactions.csv"),
        (QUARANTINE_FOLDER, QUARANTINE_HEADER, "interactions_quarantine.csv"),
    ]


def _same(folder: Path, kind: str, header: str, name: str) -> bool:
    digest = hashlib.sha256(f"{header}\n".encode())
    report = Report.from_json((folder / "spark" / REPORT).read_text(encoding="utf-8"))
    for part in report.parts[kind]:
        digest.update((folder / "spark" / kind / part.name).read_bytes())
    wanted = hashlib.sha256((folder / "ours" / name).read_bytes()).hexdigest()
    is_same = digest.hexdigest() == wanted
    parts = len(report.parts[kind])
    print(f"{kind}: {'the same bytes' if is_same else 'DIFFERENT'} ({parts} parts, {wanted[:12]})")
    return is_same


if __name__ == "__main__":
    sys.exit(main())
