"""`personalize-assets convert` with the real rules of a defs.yaml: what it writes loads."""

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from click.testing import CliRunner, Result

from personalize_assets.cli import convert as command
from personalize_assets.cli.convert import convert, refusal_of
from personalize_assets.components import PersonalizeDatasetGroup
from personalize_assets_tests.core.conversion.files import EXAMPLE, RECIPE, field, file, solution

WRITTEN = EXAMPLE.parent / "defs.yaml"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(convert, [str(one) for one in arguments])


def write(folder: Path, config: Any) -> Path:
    path = folder / "config.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The example, converted into a package with a component tree, and what was printed."""
    project = tmp_path_factory.mktemp("converted")
    output = project / "converted_project" / "defs" / "films" / "defs.yaml"
    result = run(EXAMPLE, "--output", output)
    assert result.exit_code == 0, result.output
    for folder in (output.parent.parent, output.parent.parent.parent):
        (folder / "__init__.py").touch()
    return output, result.output


@pytest.fixture(scope="module")
def tree(converted: tuple[Path, str]) -> Iterator[dg.ComponentTree]:
    project = converted[0].parents[3]
    sys.path.insert(0, str(project))
    try:
        module = importlib.import_module("converted_project.defs")
        yield dg.ComponentTree.from_module(defs_module=module, project_root=project)
    finally:
        sys.path.remove(str(project))


def test_convert__writes_what_the_example_shows(converted: tuple[Path, str]) -> None:
    text = converted[0].read_text(encoding="utf-8")

    assert text == WRITTEN.read_text(encoding="utf-8"), f"convert {EXAMPLE} anew"


def test_convert__loads_through_the_component_tree(tree: dg.ComponentTree) -> None:
    (group,) = tree.get_all_components(of_type=PersonalizeDatasetGroup)

    assert group.name == "Films"
    assert [one.recipe for one in group.solutions] == [
        "aws-user-personalization",
        "aws-similar-items",
        "aws-item-affinity",
        "aws-user-personalization",
    ]
    assert group.solution("for-you").hyperparameters == {"bptt": "20"}
    assert group.batch_segment is not None
    assert group.batch_segment.num_results == 1000


def test_convert__builds_the_graph(tree: dg.ComponentTree) -> None:
    # That its jobs run is tested in end_to_end/.
    definitions = tree.build_defs()
    assets = [one for one in definitions.assets or () if isinstance(one, dg.AssetsDefinition)]
    keys = {key.to_user_string() for one in assets for key in one.keys}
    schedules = {one.name: one.cron_schedule for one in definitions.schedules or ()}

    assert {"films/cleaned_users", "films/for_you/campaign", "films/user_segments"} <= keys
    assert schedules["films_retraining"] == "30 2 * * 0"
    assert schedules["films_update"] == "0 5 * * 1-6"
    sensors = {one.name: one for one in definitions.sensors or ()}
    assert sensors["films_raw_data"].job_name == "films_ingestion"


def test_convert__says_what_it_left_out_and_what_comes_next(converted: tuple[Path, str]) -> None:
    path, said = converted

    assert said.startswith("dataset group Films · 4 solutions · 2 campaigns · 2 filters")
    for title in ("Left out:", "Changed:", "Under another name:"):
        assert title in said
    assert 'schedules.full = "cron(0 3 15W * ? *)"' in said
    assert "nearest workday" in said
    assert f"Wrote {path}; it loads" in said
    assert "personalize-assets forecast --group Films" in said


def test_convert__reports_as_json(tmp_path: Path) -> None:
    output = tmp_path / "defs.yaml"

    result = run(write(tmp_path, file()), "--output", output, "--json-report", "--name", "two")

    report = json.loads(result.output)
    assert report["dataset_group"] == "two"
    assert report["output"] == str(output)
    assert report["notes"][0] == {
        "kind": "renamed",
        "path": "datasetGroup.serviceConfig.name",
        "value": "shop",
        "reason": "two",
        "instead": "",
    }
    assert yaml.safe_load(output.read_text())["attributes"]["name"] == "two"


def test_convert__writes_to_the_standard_output(tmp_path: Path) -> None:
    result = run(write(tmp_path, file()), "--output", "-", "--raw-prefix", "raw/shop/")

    attributes = yaml.safe_load(result.stdout)["attributes"]
    assert attributes["source"]["prefix"] == "raw/shop/"
    assert "Under another name" in result.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["config.json"]


def test_convert__refused_attributes_give_the_reason_of_the_file(tmp_path: Path) -> None:
    config = {
        "solutionConfig": {
            "algorithmHyperParameters": {"bptt": "99", "magic": "1"},
            "hpoConfig": {"hpoResourceConfig": {"maxNumberOfTrainingJobs": "4"}},
        }
    }
    path = write(
        tmp_path,
        file(
            solutions=[solution(config=config), solution("odd", "aws-magic")],
            filters=[{"serviceConfig": {"name": "odd", "filterExpression": "EXCLUDE me"}}],
            recommenders=[
                {"serviceConfig": {"name": "r", "recipeArn": "recipe/aws-vod-top-picks"}}
            ],
        ),
    )

    result = run(path, "--output", tmp_path / "defs.yaml", "--json-report")

    reasons = {note["path"]: note["reason"] for note in json.loads(result.output)["notes"]}
    settings = "solutions[0].serviceConfig.solutionConfig"
    assert "'bptt' must be" in reasons[f"{settings}.algorithmHyperParameters.bptt"]
    assert "unknown hyperparameter" in reasons[f"{settings}.algorithmHyperParameters.magic"]
    searched = f"{settings}.hpoConfig.hpoResourceConfig.maxNumberOfTrainingJobs"
    assert "add `perform_hpo: true`" in reasons[searched]
    assert "unknown recipe 'aws-magic'" in reasons["solutions[1].serviceConfig"]
    assert "Invalid" in reasons["filters[0].serviceConfig"]
    assert "recommenders need `domain" in reasons["recommenders[0].serviceConfig"]


def test_convert__domain_groups_with_recommenders(tmp_path: Path) -> None:
    fields = [
        field("ITEM_ID"),
        field("PRICE", "float"),
        field("CATEGORY_L1", categorical=True),
        field("PRODUCT_DESCRIPTION", ["null", "string"], textual=True),
    ]
    events = [field("USER_ID"), field("ITEM_ID"), field("TIMESTAMP", "long"), field("EVENT_TYPE")]
    config = file(
        solutions=[],
        recommenders=[
            {
                "serviceConfig": {
                    "name": "Best_Sellers",
                    "recipeArn": f"{RECIPE}aws-ecomm-popular-items-by-purchases",
                }
            }
        ],
        datasets={
            name: {"schema": {"serviceConfig": {"name": name, "schema": {"fields": of}}}}
            for name, of in (("interactions", events), ("items", fields))
        },
    )
    config["datasetGroup"]["serviceConfig"]["domain"] = "ECOMMERCE"

    result = run(write(tmp_path, config), "--output", tmp_path / "defs.yaml")

    assert result.exit_code == 0, result.output
    attributes = yaml.safe_load((tmp_path / "defs.yaml").read_text())["attributes"]
    assert attributes["domain"] == "ECOMMERCE"
    assert attributes["recommenders"][0]["name"] == "best-sellers"
    assert refusal_of(attributes) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ("\udcff", "is not JSON"),
        ("[]", "must hold one JSON object"),
        ('{"datasetGroup": {"serviceConfig": {"name": "x"}}}', "no solution and no recommender"),
    ],
)
def test_convert__unreadable_files(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(text, encoding="utf-8", errors="surrogateescape")

    result = run(path, "--output", tmp_path / "defs.yaml")

    assert result.exit_code == 1
    assert message in result.output
    assert not (tmp_path / "defs.yaml").exists()


def test_convert__writes_over_nothing_without_being_told(tmp_path: Path) -> None:
    path, output = write(tmp_path, file()), tmp_path / "defs.yaml"
    output.write_text("mine")

    refused = run(path, "--output", output)
    assert refused.exit_code == 1
    assert "give --force" in refused.output
    assert output.read_text() == "mine"

    assert run(path, "--output", output, "--force").exit_code == 0
    assert output.read_text() != "mine"


def test_convert__goes_among_the_declared_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "DEFS", tmp_path / "defs")
    path = write(tmp_path, file())

    assert run(path, "--name", "My-Shop").exit_code == 0
    assert (tmp_path / "defs" / "my_shop" / "defs.yaml").is_file()

    same = run(path, "--name", "my-shop", "--output", tmp_path / "defs" / "other" / "defs.yaml")
    assert same.exit_code == 1
    assert "would have the same keys" in same.output


def test_refusal_of__names_the_place_of_a_wrong_value() -> None:
    attributes = yaml.safe_load(WRITTEN.read_text(encoding="utf-8"))["attributes"]
    campaigns = [{"solution": "for-you", "min_provisioned_tps": 0}]

    assert refusal_of(attributes) is None
    refusal = refusal_of({**attributes, "campaigns": campaigns})
    assert refusal == "campaigns.0.min_provisioned_tps: Input should be greater than or equal to 1"
