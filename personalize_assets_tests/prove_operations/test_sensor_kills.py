"""One point of the proof of sensors in the usual tests, and many in the slow ones."""

from pathlib import Path

import pytest

from personalize_assets_tests.prove_operations import sensor_kills
from personalize_assets_tests.prove_operations.daemons import Death
from personalize_assets_tests.prove_operations.sensor_kills import listed_scene


@pytest.mark.slow
def test_sensors__give_each_version_one_run_though_the_daemon_is_killed(tmp_path: Path) -> None:
    with listed_scene(tmp_path) as scene:
        row = scene.prove([Death("drops_batch_input", "RUN_CREATED")], "one point")

    assert (row.points, row.runs, row.lost, row.doubled) == (1, len(scene.expected), 0, 0)


@pytest.mark.slow
def test_prove__loses_and_doubles_nothing() -> None:
    rows = sensor_kills.prove(every=4, scale=0.2)

    assert [(row.lost, row.doubled) for row in rows] == [(0, 0)] * 7
    assert all(row.points for row in rows)
