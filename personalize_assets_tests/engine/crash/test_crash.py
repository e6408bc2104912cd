"""The engine is killed at every write of a life cycle; `make prove-engine` prints the counts."""

import os
import re
import subprocess
import sys

import pytest


def _enumerate(*only: str, timeout_s: float) -> int:
    """Enumerate in a process of its own, which may fork, and give the number of kills."""
    done = subprocess.run(
        [sys.executable, "-m", "personalize_assets_tests.engine.crash.enumerate", *only],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    found = re.search(r"killed at (\d+) moments of \d+ steps in \d+ s: 0 faults", done.stdout)
    assert found is not None, done.stdout
    return int(found[1])


@pytest.mark.slow
def test_kill_at_every_write__first_steps() -> None:
    assert _enumerate("--only", "create_dataset_group", timeout_s=180) >= 5


@pytest.mark.slow
def test_kill_at_every_write__whole_life_cycle() -> None:
    assert _enumerate(timeout_s=1800) >= 100
