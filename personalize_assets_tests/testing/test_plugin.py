"""The pytest plugin in a small project of its own."""

import os
import shutil
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from personalize_assets.testing import plugin
from personalize_assets_tests.testing.test_local import EXAMPLES

DOCS = (EXAMPLES.parent / "testing.md").read_text(encoding="utf-8")
PLUGIN = "personalize_assets.testing.plugin"


@pytest.mark.slow
def test_example_project__passes_by_itself(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / "testing", tmp_path / "project")
    installed = any(entry.value == PLUGIN for entry in entry_points(group="pytest11"))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *(() if installed else ("-p", PLUGIN)),
            str(tmp_path / "project"),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(EXAMPLES.parents[1])},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stdout
    assert "5 passed" in done.stdout


def test_docs__name_every_fixture_and_fault() -> None:
    fixtures = [name for name in vars(plugin) if name.startswith("personalize_")]
    assert len(fixtures) >= 9
    assert [name for name in fixtures if f"`{name}`" not in DOCS] == []
    kinds = ("throttling", "limit", "internal", "unavailable", "slow", "lost-reply", "fail-job")
    assert [kind for kind in kinds if f"| `{kind}` |" not in DOCS] == []


def test_plugin__loads_nothing_heavy() -> None:
    """It is loaded in every project that has the package, whether it is used or not."""
    heavy = ("boto3", "numpy", "uvicorn", "pydantic")
    code = f"import sys, {PLUGIN}; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
