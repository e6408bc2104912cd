"""The code location loads, by every way that Dagster has, and declares what it should."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from personalize_assets.definitions import defs

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return defs()


def test_definitions__load(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)


def test_workspace__names_the_same_module_and_location_as_dg() -> None:
    workspace = yaml.safe_load((ROOT / "workspace.yaml").read_text())["load_from"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["dg"]["project"]

    (module,) = [entry["python_module"] for entry in workspace]

    assert module["module_name"] == project["code_location_target_module"]
    assert module["location_name"] == project["code_location_name"]


def test_assets__match_the_snapshot(
    definitions: dg.Definitions, snapshot: Callable[[str, Any], None]
) -> None:
    specs = {
        spec.key.to_user_string(): {
            "deps": sorted(dep.asset_key.to_user_string() for dep in spec.deps),
            "group": spec.group_name,
            "kinds": sorted(spec.kinds),
            "owners": list(spec.owners),
        }
        for spec in definitions.resolve_all_asset_specs()
    }

    snapshot("movielens_assets", specs)


def test_checks__match_the_snapshot(
    definitions: dg.Definitions, snapshot: Callable[[str, Any], None]
) -> None:
    keys = definitions.resolve_asset_graph().asset_check_keys

    snapshot("movielens_checks", sorted(key.to_user_string() for key in keys))


def test_assets__are_all_described_and_owned(definitions: dg.Definitions) -> None:
    specs = list(definitions.resolve_all_asset_specs())

    assert specs
    assert [s.key for s in specs if not (s.description and s.owners and s.kinds)] == []


def test_main_job__materializes_all_but_what_people_ask_for(definitions: dg.Definitions) -> None:
    job = definitions.resolve_job_def("movielens_main")

    assert set(job.asset_layer.selected_asset_keys) == {
        spec.key for spec in definitions.resolve_all_asset_specs() if spec.group_name != "operated"
    }


def test_jobs__are_all_there(definitions: dg.Definitions) -> None:
    jobs = {job.name for job in definitions.resolve_all_job_defs()}

    assert {name for name in jobs if name.startswith("movielens_")} == {
        "movielens_batch",
        "movielens_delete_users",
        "movielens_export",
        "movielens_forecast",
        "movielens_ingestion",
        "movielens_inventory",
        "movielens_main",
        "movielens_retraining",
        "movielens_segments",
        "movielens_segments_transform",
        "movielens_teardown",
        "movielens_transform",
        "movielens_update",
    }


def test_notifications__run_by_themselves_on_aws_where_a_topic_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    topic = "arn:aws:sns:eu-west-1:111122223333:films"
    monkeypatch.setenv("PERSONALIZE_ASSETS_DEPLOYMENT", "aws")
    monkeypatch.setenv("PERSONALIZE_ASSETS_BUCKET", "some-bucket")
    monkeypatch.setenv("PERSONALIZE_ASSETS_ROLE_ARN", "arn:aws:iam::111122223333:role/R")
    monkeypatch.setenv("PERSONALIZE_ASSETS_TOPIC_ARN", topic)

    sensors = defs().get_repository_def().sensor_defs

    running = [one.name for one in sensors if one.default_status.value == "RUNNING"]
    assert running == ["movielens_notifications"]


@pytest.mark.parametrize(("deployment", "status"), [("local", "RUNNING"), ("aws", "STOPPED")])
def test_automation__runs_by_itself_only_where_it_costs_nothing(
    deployment: str, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERSONALIZE_ASSETS_DEPLOYMENT", deployment)
    monkeypatch.setenv("PERSONALIZE_ASSETS_BUCKET", "some-bucket")
    monkeypatch.setenv("PERSONALIZE_ASSETS_ROLE_ARN", "arn:aws:iam::111122223333:role/R")

    repository = defs().get_repository_def()

    automation = [*repository.sensor_defs, *repository.schedule_defs]
    assert {one.name for one in automation} == {
        "movielens_batch_input",
        "movielens_batch_results",
        "movielens_inventory",
        "movielens_notifications",
        "movielens_raw_data",
        "movielens_retraining",
        "movielens_segment_results",
        "movielens_update",
    }
    by_itself = [one for one in automation if one.name != "movielens_inventory"]
    assert {one.default_status.value for one in by_itself} == {status}
    assert {s.minimum_interval_seconds for s in repository.sensor_defs} == {10}
