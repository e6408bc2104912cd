"""The long proofs of the engine, one after the other, and one line of figures at the end.

    python -m personalize_assets_tests.prove_engine [--steps 100000] [--fuzz 100] [--seconds 10]

Kills at every write, a state machine over the life cycles, spoiled requests, and load. Each runs in
a process of its own and prints what it does. Ends with status 1 where any of them failed.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = "personalize_assets_tests"


@dataclass(frozen=True)
class Proof:
    """One of the proofs.

    Attributes:
        name: For the terminal.
        arguments: Of the Python that runs it.
        figures: Finds in its output what is to stand in the last line.
        environment: Further variables.
    """

    name: str
    arguments: Sequence[str]
    figures: str
    environment: Mapping[str, str]


def proofs(options: argparse.Namespace) -> list[Proof]:
    """All proofs, the most telling first."""
    one_thread = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    return [
        Proof(
            "crashes",
            ["-m", f"{PACKAGE}.engine.crash.enumerate"],
            r"killed at .*",
            one_thread,
        ),
        Proof(
            "life cycles",
            ["-m", f"{PACKAGE}.engine.life_cycles", "--steps", str(options.steps)],
            r".*\bsteps\b.*",
            one_thread,
        ),
        Proof(
            "spoiled requests",
            ["-m", "pytest", "-q", f"{PACKAGE}/engine/test_fuzz.py"],
            r"\d+ (?:passed|failed).*",
            {**one_thread, "FUZZ_EXAMPLES": str(options.fuzz)},
        ),
        Proof(
            "load",
            ["-m", f"{PACKAGE}.benchmarks.bench_serving", "--seconds", str(options.seconds)],
            r"targets (?:reached|missed).*",
            {},
        ),
    ]


def run(proof: Proof) -> tuple[bool, str]:
    """Run one proof, echo its output, and give whether it held and its figures."""
    sys.stdout.write(f"== {proof.name}: python {' '.join(proof.arguments)}\n")
    sys.stdout.flush()
    began, figures = time.perf_counter(), "no figures"
    with subprocess.Popen(
        [sys.executable, *proof.arguments],
        cwd=ROOT,
        env={**os.environ, **proof.environment},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            if found := re.search(proof.figures, line):
                figures = found[0].strip()
    seconds = time.perf_counter() - began
    held = process.returncode == 0
    return held, f"{proof.name} {'' if held else 'FAILED '}({seconds:.0f} s): {figures}"


def main() -> int:
    """Run all proofs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=100_000, help="of the state machine")
    parser.add_argument("--fuzz", type=int, default=100, help="spoiled requests an operation")
    parser.add_argument("--seconds", type=float, default=10, help="of each load")
    results = [run(proof) for proof in proofs(parser.parse_args())]
    sys.stdout.write("PROVED " if all(held for held, _ in results) else "NOT PROVED ")
    sys.stdout.write(" | ".join(figures for _, figures in results) + "\n")
    return 0 if all(held for held, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main())
