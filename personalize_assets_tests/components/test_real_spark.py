"""The declared group's prepared assets by a real Spark, beside arrow: the same files."""

import io
import os
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pyarrow.parquet as pq
import pytest

from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.raw_data import seed_raw_data
from personalize_assets_tests.components.spark_bench import Bench
from personalize_assets_tests.conftest import SAMPLE

PYTHONS = [one for one in os.environ.get("PERSONALIZE_ASSETS_TEST_SPARK", "").split(":") if one]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not PYTHONS, reason="PERSONALIZE_ASSETS_TEST_SPARK names no Python with PySpark"
    ),
]


@pytest.fixture(scope="module")
def bench(deployment: Deployment, instance: dg.DagsterInstance) -> Bench:
    """All of the sample, cleaned by arrow; in a folder whose name is no plain word."""
    bench = Bench(deployment, instance, "real spark/raw/")
    bench.bucket.ensure(create=True)
    seed_raw_data(bench.bucket, bench.raw, SAMPLE, replace=False)
    assert bench.run("real spark/arrow/").success
    return bench


@pytest.mark.parametrize("python", PYTHONS)
def test_spark__gives_what_arrow_gives(bench: Bench, python: str) -> None:
    program = str(Path(python).parent / "spark-submit")
    spark = {"program": program, "python": python, "master": "local[2]", "memory": "1g"}
    folder = f"real spark/{Path(python).parents[1].name}/"

    result = bench.run(folder, engine="spark", spark=spark)

    assert result.success
    metadata = bench.metadata()
    assert metadata["engine"] == "spark"
    assert metadata["spark_version"][0] in "34"
    for name in ("items", "interactions"):
        assert bench.read(folder, name) == bench.read("real spark/arrow/", name)
        tables = [
            pq.read_table(io.BytesIO(bench.bucket.read_bytes(f"{place}{name}/{name}.parquet")))
            for place in (folder, "real spark/arrow/")
        ]
        assert tables[0].equals(tables[1])
        assert tables[0].schema == tables[1].schema
    told = [entry.message for entry in bench.instance.all_logs(result.run_id)]
    assert any("cleaning interactions from" in message for message in told)


@pytest.mark.parametrize("python", PYTHONS[:1])
def test_spark__refuses_what_arrow_refuses(bench: Bench, python: str) -> None:
    other = replace(bench, raw="real spark/wrong/")
    for name in ("ratings.csv", "movies.csv"):
        other.bucket.write_bytes(f"{other.raw}{name}", b"nothing,of,the,kind\n1,2,3,4\n")
    program = str(Path(python).parent / "spark-submit")
    spark = {"program": program, "python": python, "master": "local[1]", "memory": "1g"}

    result = other.run("real spark/none/", engine="spark", spark=spark)

    assert not result.success
    told = "\n".join(
        str(event.step_failure_data.error) for event in result.get_step_failure_events()
    )
    assert "RawDataError: real spark/wrong/movies.csv has other columns" in told
