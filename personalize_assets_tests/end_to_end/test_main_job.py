"""From raw files to titled recommendations on the sample, through a real engine and a real S3."""

import json
from pathlib import Path

import dagster as dg
import pyarrow.parquet as pq
import pytest

from personalize_assets_tests.end_to_end.conftest import Pipeline

INFERENCE = "movie-lens/batch/results/inference/"
AMAZONS_METRICS = {
    "coverage",
    "mean_reciprocal_rank_at_25",
    "normalized_discounted_cumulative_gain_at_5",
    "normalized_discounted_cumulative_gain_at_10",
    "normalized_discounted_cumulative_gain_at_25",
    "precision_at_5",
    "precision_at_10",
    "precision_at_25",
}


@pytest.fixture(autouse=True)
def _has_run(first_run: dg.ExecuteInProcessResult) -> None:
    assert first_run.success


def test_first_run__materializes_every_asset(first_run: dg.ExecuteInProcessResult) -> None:
    made = {event.asset_key for event in first_run.get_asset_materialization_events()}

    assert made == set(first_run.job_def.asset_layer.selected_asset_keys)


def test_first_run__checks_pass(first_run: dg.ExecuteInProcessResult, pipeline: Pipeline) -> None:
    checks = first_run.get_asset_check_evaluations()

    declared = pipeline.definitions.resolve_asset_graph().asset_check_keys
    assert {check.asset_check_key for check in checks} == set(declared)
    assert [(c.check_name, c.description) for c in checks if not c.passed] == []


def test_cleaning__accounts_for_the_whole_sample(pipeline: Pipeline) -> None:
    counts = pipeline.metadata("movielens", "cleaned_interactions")

    # Counted with awk on data/ratings.csv: 100,004 lines, of which ratings of 1 and less are below.
    assert counts["rows_read"] == 100_004
    assert counts["quarantined"] == 0
    assert counts["dagster/row_count"] + counts["below_rule"] + counts["duplicates"] == 100_004


@pytest.mark.parametrize("solution", ["user_personalization", "popularity_count", "sims"])
def test_metrics__are_amazons_and_nothing_else(pipeline: Pipeline, solution: str) -> None:
    values = pipeline.metadata("movielens", solution, "metrics")
    numbers = {name: value for name, value in values.items() if isinstance(value, float)}

    assert set(numbers) == AMAZONS_METRICS
    assert all(0 < value <= 1 for value in numbers.values())


def test_metrics__user_personalization_in_its_band(pipeline: Pipeline) -> None:
    values = pipeline.metadata("movielens", "user_personalization", "metrics")

    # The mean over folds is about .25 on this data; one fold of 67 users has an error of .04.
    assert 0.15 < values["mean_reciprocal_rank_at_25"] < 0.40


def test_output__one_line_for_each_user_in_the_services_form(pipeline: Pipeline) -> None:
    job = pipeline.metadata("movielens", "batch_inference")
    lines = pipeline.bucket.read_bytes(job["output_key"]).splitlines()
    first = json.loads(lines[0])

    assert len(lines) == 671
    assert list(first) == ["input", "output", "error"]
    assert len(first["output"]["recommendedItems"]) == 25
    assert first["output"]["scores"] == sorted(first["output"]["scores"], reverse=True)
    assert pipeline.bucket.exists(job["output_key"].rpartition("/")[0] + "/_CHECK")


def test_output__holds_nothing_that_the_user_has_rated(pipeline: Pipeline, tmp_path: Path) -> None:
    cleaned = pipeline.metadata("movielens", "cleaned_interactions")["parquet_key"]
    pipeline.bucket.get_file(cleaned, tmp_path / "i.parquet")
    rated = pq.read_table(tmp_path / "i.parquet").to_pandas()
    seen = rated.groupby("USER_ID")["ITEM_ID"].agg(set).to_dict()
    job = pipeline.metadata("movielens", "batch_inference")
    for line in pipeline.bucket.read_bytes(job["output_key"]).splitlines():
        answer = json.loads(line)
        user = answer["input"]["userId"]
        assert seen[user].isdisjoint(answer["output"]["recommendedItems"]), user


def test_transformed__is_the_classic_file(pipeline: Pipeline, tmp_path: Path) -> None:
    pipeline.bucket.get_file(f"{INFERENCE}transformed.parquet", tmp_path / "t.parquet")
    file = pq.ParquetFile(tmp_path / "t.parquet")
    row = file.read().to_pylist()[0]

    assert [(f.name, str(f.type)) for f in file.schema_arrow] == [
        ("userId", "int64"),
        ("Recommendations", "string"),
    ]
    assert file.metadata.num_rows == 671
    assert file.metadata.row_group(0).column(0).compression == "SNAPPY"
    titles = row["Recommendations"].split(" | ")
    assert len(titles) == 25
    assert all(title.endswith(")") for title in titles[:5])


def test_results__lie_in_the_jobs_own_folder_and_under_the_classic_keys(
    pipeline: Pipeline,
) -> None:
    job = pipeline.metadata("movielens", "batch_inference")
    folder = job["output_key"].rpartition("/")[0]
    own = {entry.key.rpartition("/")[2] for entry in pipeline.bucket.list(f"{folder}/")}

    assert folder.startswith(INFERENCE)
    assert {
        "users.json.out",
        "transformed.parquet",
        "recommendations.parquet",
        "failed.jsonl",
    } <= own
    classic = pipeline.bucket.head(f"{INFERENCE}users.json.out")
    newest = pipeline.bucket.head(job["output_key"])
    assert classic is not None
    assert newest is not None
    assert classic.etag == newest.etag


def test_segments__users_of_the_best_known_movies(pipeline: Pipeline, tmp_path: Path) -> None:
    made = pipeline.metadata("movielens", "user_segments")
    pipeline.bucket.get_file(made["segments"].removeprefix(pipeline.bucket.uri()), tmp_path / "s")
    rows = pq.read_table(tmp_path / "s").to_pylist()

    assert (made["input_lines"], made["items"], made["failed_lines"]) == (25, 25, 0)
    assert len(rows) == 25 * 100
    assert rows[0]["title"] == "Forrest Gump (1994)"
    assert made["segments"].startswith("s3://")
    assert "Forrest Gump" in made["preview"]


@pytest.mark.slow
def test_second_run__creates_nothing(pipeline: Pipeline) -> None:
    client = pipeline.bucket.s3
    before = {(e.key, e.last_modified) for e in pipeline.bucket.list("movie-lens/")}
    arns = {
        name: pipeline.metadata("movielens", name, "solution_version")["arn"]
        for name in ("user_personalization", "popularity_count", "sims")
    }

    again = pipeline.run()

    assert again.success
    assert client is not None
    assert {(e.key, e.last_modified) for e in pipeline.bucket.list("movie-lens/")} == before
    for name, arn in arns.items():
        assert pipeline.metadata("movielens", name, "solution_version")["arn"] == arn
    for event in again.get_asset_materialization_events():
        unchanged = event.materialization.metadata.get("unchanged")
        assert unchanged is None or unchanged.value is True, event.asset_key


def test_transform__takes_a_result_that_another_program_asked_for(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    folder = f"{INFERENCE}made-elsewhere/"
    answer = {
        "input": {"userId": "a-7"},
        "output": {"recommendedItems": ["1", "31"], "scores": [0.2, 0.1]},
        "error": None,
    }
    pipeline.bucket.write_bytes(f"{folder}weekend.json.out", json.dumps(answer).encode())

    ran = pipeline.definitions.resolve_job_def("movielens_transform").execute_in_process(
        instance=pipeline.instance,
        run_config={
            "ops": {
                "movielens_recommendations": {"config": {"output_key": f"{folder}weekend.json.out"}}
            }
        },
    )

    assert ran.success
    pipeline.bucket.get_file(f"{folder}transformed.parquet", tmp_path / "t.parquet")
    (row,) = pq.read_table(tmp_path / "t.parquet").to_pylist()
    assert row == {
        "userId": "a-7",
        "Recommendations": "Toy Story (1995) (Adventure) | Dangerous Minds (1995) (Drama)",
    }
