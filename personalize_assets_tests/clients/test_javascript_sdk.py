"""One whole life cycle through AWS's JavaScript SDK under Node."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from personalize_assets_tests.clients.conftest import Place, genres_of

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parent / "javascript"
METRICS = {
    "coverage",
    "mean_reciprocal_rank_at_25",
    *(f"{name}_at_{k}" for name in ("precision",) for k in (5, 10, 25)),
    *(f"normalized_discounted_cumulative_gain_at_{k}" for k in (5, 10, 25)),
}


def _missing() -> str | None:
    if shutil.which("node") is None:
        return "Node.js is not installed"
    if not (FOLDER / "node_modules" / "@aws-sdk").is_dir():
        return f"the SDK is not installed: npm ci --prefix {FOLDER}"
    return None


@pytest.fixture(scope="module")
def seen(place: Place) -> dict[str, Any]:
    missing = _missing()
    if missing and not os.environ.get("CI"):
        pytest.skip(missing)
    assert missing is None, missing
    done = subprocess.run(
        ["node", FOLDER / "life_cycle.mjs"],
        env={"PATH": os.environ["PATH"], **place.environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_metrics__keys(seen: dict[str, Any]) -> None:
    assert set(seen["metrics"]) == METRICS


def test_get_recommendations__items_with_scores(seen: dict[str, Any]) -> None:
    scores = [item["score"] for item in seen["before"]]
    assert len(scores) == 10
    assert scores == sorted(scores, reverse=True)
    assert 0 < sum(scores) <= 1
    assert seen["recommendationId"].startswith("RID-")


def test_filter__keeps_what_it_includes(seen: dict[str, Any]) -> None:
    assert len(seen["filtered"]) == 10
    assert all("Crime" in genres_of(item).split("|") for item in seen["filtered"])


def test_put_events__changes_the_next_answer(seen: dict[str, Any]) -> None:
    assert seen["after"] != seen["before"]


def test_refusal__has_name_status_and_message(seen: dict[str, Any]) -> None:
    name, status, message = seen["refusal"]
    assert (name, status) == ("ResourceNotFoundException", 404)
    assert "campaign/js-campaign-not" in message


def test_deletion__leaves_nothing(seen: dict[str, Any]) -> None:
    assert {"INTERACTIONS", "ITEMS"} <= set(seen["datasets"])
    assert "js-group" not in seen["left"]
