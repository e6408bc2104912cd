"""The state machine for a short time in each run, for long in the slow one, and what it found."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from personalize_assets.core.arns import Kind
from personalize_assets_tests.engine.life_cycles.figures import FIGURES
from personalize_assets_tests.engine.life_cycles.groups import INTERACTIONS, Form
from personalize_assets_tests.engine.life_cycles.machine import LifeCycles, run
from personalize_assets_tests.engine.life_cycles.tracking import METRICS
from personalize_assets_tests.engine.life_cycles.world import Work

PACKAGE = "personalize_assets_tests.engine.life_cycles"


def test_machine__a_few_lives() -> None:
    before = FIGURES.steps
    run(400, first_seed=1, steps_per_life=80)
    assert FIGURES.steps - before >= 400


@pytest.mark.slow
def test_machine__many_lives() -> None:
    done = subprocess.run(
        [sys.executable, "-m", PACKAGE, "--steps", "100000", "--seed", "500"],
        capture_output=True,
        text=True,
        timeout=3_000,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8_000:] + done.stderr[-2_000:]
    assert "of 79 operations" in done.stdout


@pytest.fixture
def machine() -> Iterator[LifeCycles]:
    """An engine with one ACTIVE dataset group, ``a``."""
    made = LifeCycles()
    made.new_group("a", None)
    made.run_jobs()
    yield made
    made.agree()
    made.teardown()


def _add_dataset(machine: LifeCycles, group: str, form: Form = INTERACTIONS) -> None:
    machine.new_dataset(group, machine.new_schema("a", form), form.dataset_type)
    machine.run_jobs()


def _group(machine: LifeCycles) -> str:
    return machine.world.find(Kind.DATASET_GROUP)[-1].arn


def _work(machine: LifeCycles, kind: str) -> Work:
    [found] = [work for work in machine.world.works if work.kind == kind]
    return found


def test_found__schema_of_an_event_dataset_in_another_group(machine: LifeCycles) -> None:
    machine.create_event_tracker(0, ())
    machine.run_jobs()
    [schema] = machine.world.find(Kind.SCHEMA)
    other = machine.new_group("b", None)
    machine.run_jobs()
    machine.new_dataset(other, schema.arn, "Interactions")
    machine.delete_event_tracker(0)
    machine.tick(6)
    machine.run_jobs()
    machine.delete_dataset_group(machine.place_of(machine.world.things[_group(machine)]))
    assert schema.arn in machine.world.things


def test_found__data_deletion_while_a_dataset_is_made_anew(machine: LifeCycles) -> None:
    _add_dataset(machine, _group(machine))
    machine.create_dataset_import_job(0, 0, None, publish=False, tags=())
    machine.run_jobs()
    machine.delete_dataset(0)
    machine.create_data_deletion_job(0, 0, "s3://bucket/users.csv", ())
    work = _work(machine, "delete-data")
    machine.begin(work)
    machine.tick(6)
    machine.run_jobs()
    machine.new_dataset(_group(machine), machine.world.find(Kind.SCHEMA)[0].arn, "Interactions")
    machine.run_jobs()
    machine.end(work, "done")
    # The new dataset has no data yet.
    machine.create_dataset_import_job(1, 0, "INCREMENTAL", publish=False, tags=())


@pytest.mark.parametrize("times", [1, 3])
def test_found__reports_go_on_after_a_failure(machine: LifeCycles, times: int) -> None:
    _add_dataset(machine, _group(machine))
    machine.create_metric_attribution("m", 0, METRICS[0], to_s3=True)
    machine.run_jobs()
    machine.tick(900)
    for _ in range(times):
        work = _work(machine, "report-events")
        machine.begin(work)
        machine.end(work, "failed" if times == 1 else "crashed")
    assert _work(machine, "report-events").due > machine.world.now
