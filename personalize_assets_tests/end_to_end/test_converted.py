"""A parameter file of AWS's MLOps solution, converted and run: imports, trains, serves, answers."""

import csv
import json
from pathlib import Path

import dagster as dg
import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml

from personalize_assets.cli.convert import refusal_of
from personalize_assets.components import PersonalizeDatasetGroup
from personalize_assets.core.conversion import convert
from personalize_assets.resources import resources_of
from personalize_assets_tests.core.conversion.files import EXAMPLE
from personalize_assets_tests.end_to_end.conftest import Pipeline

pytestmark = pytest.mark.slow

VIEWERS, FILMS = 90, 60


def write_films(folder: Path) -> None:
    """The files that the parameter file goes with: the fields of its schemas as header."""
    rng = np.random.default_rng(3)
    header = ["USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE", "EVENT_VALUE", "DEVICE"]
    events = [
        [f"v{viewer}", f"f{film}", 1_700_000_000 + 3600 * step, "watch", 1.5, "phone"]
        for viewer in range(VIEWERS)
        for step, film in enumerate(rng.permutation(FILMS // 2)[:14] + viewer % 2 * FILMS // 2)
    ]
    films = [
        [f"f{n}", "Drama|Crime" if n < FILMS // 2 else "Comedy", 1990 + n % 30, "A", 1_600_000_000]
        for n in range(FILMS)
    ]
    viewers = [[f"v{n}", "free" if n % 2 else "paid"] for n in range(VIEWERS)]
    for name, rows in (
        ("interactions", [header, *events]),
        ("items", [["ITEM_ID", "GENRES", "YEAR", "STUDIO", "CREATION_TIMESTAMP"], *films]),
        ("users", [["USER_ID", "PLAN"], *viewers]),
    ):
        with (folder / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows(rows)


@pytest.fixture(scope="module")
def films(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    folder = tmp_path_factory.mktemp("films")
    write_films(folder)
    conversion = convert(json.loads(EXAMPLE.read_text("utf-8")), refusal_of)
    attributes = yaml.safe_load((EXAMPLE.parent / "defs.yaml").read_text("utf-8"))["attributes"]
    assert attributes == conversion.attributes
    bucket = pipeline.bucket
    bucket.ensure(create=True)
    for name in ("interactions.csv", "items.csv", "users.csv"):
        bucket.put_file(folder / name, f"train/Films/{name}")
    component = PersonalizeDatasetGroup.resolve_from_dict(attributes)
    definitions = dg.Definitions.merge(
        component.build_defs(dg.ComponentTree.for_test().load_context),
        dg.Definitions(resources=resources_of(pipeline.deployment)),
    )
    films = Pipeline(pipeline.deployment, pipeline.instance, definitions)
    result = films.run("films_main")
    assert result.success
    return films


def test_converted__every_row_is_taken(films: Pipeline) -> None:
    for dataset, rows in (("interactions", VIEWERS * 14), ("items", FILMS), ("users", VIEWERS)):
        counts = films.metadata("films", f"cleaned_{dataset}")
        assert (counts["dagster/row_count"], counts["quarantined"]) == (rows, 0)


def test_converted__schemas_say_what_the_old_ones_said(films: Pipeline) -> None:
    fields = {
        one["name"]: one for one in films.metadata("films", "cleaned_items")["schema"]["fields"]
    }

    assert fields["GENRES"]["categorical"] is True
    assert fields["YEAR"]["type"] == ["int", "null"]
    assert fields["CREATION_TIMESTAMP"]["type"] == "long"


def test_converted__batch_results_follow_the_tastes(films: Pipeline, tmp_path: Path) -> None:
    job = films.metadata("films", "batch_inference")
    tidy = job["output_key"].rpartition("/")[0] + "/recommendations.parquet"
    films.bucket.get_file(tidy, tmp_path / "tidy.parquet")
    rows = pq.read_table(tmp_path / "tidy.parquet").to_pandas()

    assert job["output_key"].startswith("batch/Films/results/")
    taste = rows["user_id"].str.removeprefix("v").astype(int) % 2
    found = rows["item_id"].str.removeprefix("f").astype(int) >= FILMS // 2
    first = rows["rank"] <= 5
    assert (taste == found)[first].mean() > 0.9


def test_converted__campaigns_and_segments_are_there(films: Pipeline) -> None:
    for solution in ("for_you", "similar_films"):
        assert "campaign/Films-" in films.metadata("films", solution, "campaign")["arn"]
    assert films.metadata("films", "user_segments")
