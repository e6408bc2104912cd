"""Training, evaluating and answering at MovieLens-25M size, beside the usual libraries.

    python -m personalize_assets_tests.benchmarks.bench_scale [--rows N] [--growth] [--json FILE]
        [--recipe NAME ...] [--no-peers] [--spark PYTHON] [--engine] [--folder FOLDER]

Makes a seeded set with planted structure, 25,000,095 rows of 162,541 users and 59,047 items, or
fewer rows of as many fewer users. Each measurement runs in a process of its own with one thread:
CPU seconds and the peak of its memory. Recipes are trained and evaluated by the engine's own
functions; the libraries learn from the same nine tenths of the users and are measured on the same
tenth, with what a user knows left out (no planted user meets an item twice). ``--growth`` repeats
the trainings with 1, 3 and 10 million rows and fits how cost grows; ``--engine`` brings the set
through a real engine, from import to campaign. Ends with status 1 where a
target is missed at full size: 15 CPU minutes and 8 GB to train, 3 more to evaluate, 800 users a
second, 1 GB of files, 5 seconds to load.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from personalize_assets_tests.benchmarks.scale_steps import MRR, NDCG

Found = dict[str, Any]

USERS, ITEMS, ROWS = 162_541, 59_047, 25_000_095
GROWTH = (1_000_000, 3_000_000, 10_000_000)
MAIN = "aws-user-personalization"
RECIPES = (
    MAIN,
    "aws-sims",
    "aws-similar-items",
    "aws-popularity-count",
    "aws-item-affinity",
)
SERVED = (MAIN,)
PEERS = (
    "implicit ALS 64",
    "implicit ALS 64, alpha 5, newer weigh more",
    "implicit BM25",
    "implicit BM25, newer weigh more",
)
MOST = {
    "train_cpu_s": 15 * 60,
    "evaluate_cpu_s": 3 * 60,
    "peak_gb": 8.0,
    "version_mb": 1_000,
    "load_s": 5.0,
}
LEAST = {"users_per_cpu_s": 800.0}

console = Console(width=160)


def run_step(
    step: str, folder: Path, name: str, python: str = sys.executable, script: str = "scale_steps"
) -> Found:
    """Run one measurement in a process of its own with one thread.

    Args:
        step: Of ``scale_steps``.
        folder: Of the set.
        name: Of what is measured.
        python: Interpreter.
        script: Module of the benchmarks.

    Raises:
        subprocess.CalledProcessError: It failed; its own message is on standard error.
    """
    console.print(f"[dim]{step} {name}[/dim]")
    module = f"personalize_assets_tests.benchmarks.{script}"
    one = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "ARROW")}
    done = subprocess.run(
        [python, "-m", module, step, str(folder), name],
        env={**os.environ, **one},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def plant(folder: Path, n_rows: int) -> Path:
    """The folder of a set of this size, made unless it is there."""
    target = folder / str(n_rows)
    if not (target / "users.parquet").exists():
        target.mkdir(parents=True, exist_ok=True)
        n_users = max(100, round(USERS * n_rows / ROWS))
        run_step("make", target, f"{n_users}x{ITEMS}x{n_rows}")
    return target


def measure_recipes(folder: Path, recipes: Sequence[str]) -> dict[str, Found]:
    """Train each recipe; those that are served are also asked for every user."""
    lines: dict[str, Found] = {}
    for recipe in recipes:
        lines[recipe] = run_step("train", folder, recipe)
        if recipe in SERVED:
            served = run_step("serve", folder, recipe)
            lines[recipe] |= {name: served[name] for name in ("load_s", "users_per_cpu_s")}
            lines[recipe]["serve_peak_gb"] = served["peak_gb"]
    return lines


def measure_peers(folder: Path, spark: str | None) -> dict[str, Found]:
    """Train and ask the libraries; what is missing is left out with a reason."""
    lines: dict[str, Found] = {}
    if find_spec("implicit") is None:
        console.print("implicit left out: it is not installed")
    else:
        lines |= {name: run_step("peer", folder, name) for name in PEERS}
    if spark is None:
        console.print("pyspark left out: give an interpreter that has it with --spark")
        return lines
    run_step("export", folder, "spark", script="scale_spark")
    run_step("spark", folder, "pyspark ALS 64", spark, "scale_spark")
    lines["pyspark ALS 64"] = run_step("measure", folder, "spark", script="scale_spark")
    return lines


def show(title: str, lines: dict[str, Found]) -> Table:
    """One line of figures for each thing that was measured."""
    table = Table(title=title)
    for heading in ("", "train CPU s", "evaluate CPU s", "peak GB", "files MB", "load s"):
        table.add_column(heading)
    for heading in ("users / CPU s", "MRR@25", "NDCG@25", "textbook NDCG@25", "coverage"):
        table.add_column(heading)
    for name, line in lines.items():
        quality = line.get("quality", {})
        table.add_row(
            name,
            _number(line.get("train_cpu_s"), 0),
            _number(line.get("evaluate_cpu_s"), 0),
            _number(line.get("peak_gb"), 1),
            _number(line.get("version_mb"), 0),
            _number(line.get("load_s"), 1),
            _number(line.get("users_per_cpu_s"), 0),
            _number(quality.get(MRR), 3),
            _number(quality.get(NDCG), 3),
            _number(line.get("textbook", {}).get("textbook_ndcg_at_25"), 3),
            _number(quality.get("coverage"), 3),
        )
    return table


def show_growth(sizes: dict[int, dict[str, Found]]) -> Table:
    """Cost by rows, and the exponent of a power that fits it best."""
    table = Table(title="Growth: CPU s / peak GB by rows; exponents of CPU / memory")
    for heading in ("", *(f"{n_rows:,}" for n_rows in sizes), "exponents"):
        table.add_column(heading)
    for recipe in next(iter(sizes.values())):
        lines = [found[recipe] for found in sizes.values()]
        cpu = [line["train_cpu_s"] + line["evaluate_cpu_s"] for line in lines]
        memory = [line["peak_gb"] for line in lines]
        cells = [f"{a:.0f} / {b:.1f}" for a, b in zip(cpu, memory, strict=True)]
        powers = f"{exponent(list(sizes), cpu):.2f} / {exponent(list(sizes), memory):.2f}"
        table.add_row(recipe, *cells, powers)
    return table


def exponent(rows: Sequence[int], cost: Sequence[float]) -> float:
    """Slope of a straight line through the logarithms, by least squares."""
    return float(np.polyfit(np.log(rows), np.log(cost), 1)[0])


def complaints(line: Found) -> list[str]:
    """Targets that the main recipe misses."""
    over = [f"{name} {line[name]:.1f} > {most}" for name, most in MOST.items() if line[name] > most]
    under = [
        f"{name} {line[name]:.0f} < {least:.0f}"
        for name, least in LEAST.items()
        if line[name] < least
    ]
    return over + under


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def run(arguments: argparse.Namespace, folder: Path) -> int:
    """Measure what the command line asks for; return the exit status."""
    target = plant(folder, arguments.rows)
    recipes = tuple(arguments.recipe or RECIPES)
    found: Found = {
        "rows": arguments.rows,
        "recipes": measure_recipes(target, recipes),
        "peers": {},
    }
    console.print(show(f"{arguments.rows:,} rows, {ITEMS:,} items", found["recipes"]))
    if arguments.growth:
        sizes = {
            n_rows: {name: run_step("train", plant(folder, n_rows), name) for name in recipes}
            for n_rows in GROWTH
            if n_rows < arguments.rows
        }
        found["growth"] = {**sizes, arguments.rows: found["recipes"]}
        if sizes:
            console.print(show_growth(found["growth"]))
    if arguments.engine:
        found["engine"] = run_step("run", target, MAIN, script="scale_engine")
        console.print_json(data=found["engine"])
    if not arguments.no_peers:
        found["peers"] = measure_peers(target, arguments.spark)
        console.print(show("The same users, the same split", found["peers"]))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(found, indent=2) + "\n")
    short = []
    if arguments.rows >= ROWS and MAIN in found["recipes"]:
        short = complaints(found["recipes"][MAIN])
    for complaint in short:
        console.print(f"missed: {complaint}")
    return 1 if short else 0


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=ROWS, help="rows of the set")
    parser.add_argument("--recipe", action="append", help="only this recipe; repeatable")
    parser.add_argument("--growth", action="store_true", help="also with 1, 3 and 10 million rows")
    parser.add_argument("--no-peers", action="store_true", help="only the project's recipes")
    parser.add_argument("--spark", help="an interpreter that has pyspark")
    parser.add_argument("--engine", action="store_true", help="also through a real engine")
    parser.add_argument("--folder", type=Path, help="keeps the sets and versions for another run")
    parser.add_argument("--json", type=Path, help="also write what was found to this file")
    arguments = parser.parse_args()
    if arguments.folder is not None:
        return run(arguments, arguments.folder)
    with tempfile.TemporaryDirectory() as folder:
        return run(arguments, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
