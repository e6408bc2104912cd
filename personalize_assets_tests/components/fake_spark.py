"""A double of spark-submit, which runs a double of the job; FAKE_SPARK says how it misbehaves.

Imports little before it knows what to do: it is started often.
"""

import json
import os
import signal
import stat
import sys
import time
from argparse import ArgumentParser
from pathlib import Path


def write_program(folder: Path) -> Path:
    """A file that can be run as spark-submit."""
    path = folder / "spark-submit"
    root = Path(__file__).parents[2]
    path.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(root)!r})\n"
        "from personalize_assets_tests.components.fake_spark import main\nmain()\n"
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def main() -> None:
    """Do what spark-submit does with the job."""
    behaviour = os.environ.get("FAKE_SPARK", "")
    parser = ArgumentParser()
    parser.add_argument("--order")
    known, others = parser.parse_known_args()
    if "FAKE_SPARK_CALLS" in os.environ:
        with Path(os.environ["FAKE_SPARK_CALLS"]).open("a", encoding="utf-8") as calls:
            calls.write(json.dumps(others) + "\n")
    if behaviour == "broken":
        sys.stderr.write("JAVA_HOME is not set\n")
        raise SystemExit(1)
    if behaviour == "hang":
        _hang()
    from dagster_pipes import open_dagster_pipes

    with open_dagster_pipes() as pipes:
        from personalize_assets.spark.order import REFUSAL, REFUSED, Order

        order = Order.from_json(Path(known.order).read_text(encoding="utf-8"))
        pipes.log.info(f"cleaning {order.dataset}")
        if behaviour == "fail":
            raise RuntimeError("a worker ran out of memory")
        from personalize_assets_tests.components.fake_job import Work

        out = Path(order.output)
        items = None if order.items is None else Path(order.items)
        files = Work(order, Path(order.raw), items, out.parent / "double").carry_out()
        for name, content in files.items():
            path = out / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    if behaviour == "late":
        raise SystemExit(9)
    if REFUSAL in files:
        raise SystemExit(REFUSED)


def _hang() -> None:
    """Tell that it runs, ignore being interrupted, and be there until killed, with a child."""
    child = os.fork()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if child:
        Path(os.environ["FAKE_SPARK_PIDS"]).write_text(f"{os.getpid()} {child}", encoding="utf-8")
    while True:
        time.sleep(60)
