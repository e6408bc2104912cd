"""The job as a program of its own, started as a cluster starts it."""

import json
import subprocess
from pathlib import Path

import pytest

from personalize_assets.core.cleaning import CleaningRules
from personalize_assets.spark.order import REFUSAL, REFUSED, REPORT
from personalize_assets.spark.ordering import make_order
from personalize_assets.spark.packing import job_script, job_zip
from personalize_assets_tests.spark.conftest import environment
from personalize_assets_tests.spark.traps import layout

pytestmark = pytest.mark.slow


def run(python: str, folder: Path, content: bytes) -> subprocess.CompletedProcess[str]:
    (folder / "job.zip").write_bytes(job_zip())
    (folder / "start.py").write_bytes(job_script())
    (folder / "raw.csv").write_bytes(content)
    order = make_order(
        "items",
        layout("csv"),
        CleaningRules(),
        raw=str(folder / "raw.csv"),
        items=None,
        output=str(folder / "out"),
    )
    (folder / "order.json").write_text(order.to_json())
    return subprocess.run(
        [python, str(folder / "start.py"), "--order", str(folder / "order.json"), "--other", "7"],
        env=environment(python, folder),
        capture_output=True,
        text=True,
    )


def test_main__done(spark_python: str, tmp_path: Path) -> None:
    done = run(spark_python, tmp_path, b"movieId,title,genres\n1,Heat (1995),Crime\nx,y,z\n")
    assert done.returncode == 0, done.stderr
    assert "2 lines read, 1 in quarantine" in done.stdout
    report = json.loads((tmp_path / "out" / REPORT).read_text())
    assert report["preview"] == [["1", "Crime", 1995, "Heat (1995)"]]
    (part,) = (tmp_path / "out" / "csv").glob("part-*.txt")
    assert part.read_text() == "1,Crime,1995,Heat (1995)\n"


def test_main__refused(spark_python: str, tmp_path: Path) -> None:
    done = run(spark_python, tmp_path, b"movieId\n1\n")
    assert done.returncode == REFUSED, done.stderr
    message = "raw/movies.txt has other columns: found 'movieId', wanted 'movieId,title,genres'"
    assert done.stderr.splitlines()[-1] == f"refused: {message}"
    assert json.loads((tmp_path / "out" / REFUSAL).read_text()) == {"message": message}
    assert not (tmp_path / "out" / REPORT).exists()
