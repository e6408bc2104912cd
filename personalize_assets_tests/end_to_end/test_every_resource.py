"""A cinema: a domain group with users, recommenders, segments, rankings, exports and deletions.

Everything that a dataset group can have beside what the MovieLens group declares, through a real
engine and a real S3, in an account of its own.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pyarrow.parquet as pq
import pytest

from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.objects import Bucket
from personalize_assets.components import PersonalizeDatasetGroup
from personalize_assets.local.clients import open_clients
from personalize_assets.resources import resources_of
from personalize_assets_tests.end_to_end.conftest import Pipeline

pytestmark = pytest.mark.slow

USERS, FILMS, EVENTS_EACH = 60, 40, 20
GROUP = "cinema"
ATTRIBUTES: dict[str, Any] = {
    "name": GROUP,
    "owners": ["team:cinema"],
    "domain": "VIDEO_ON_DEMAND",
    "tags": {"cost-center": "42"},
    "source": {
        "type": "table",
        "prefix": "cinema/raw_data/",
        "tables": {
            "interactions": {
                "file": "visits.csv",
                "columns": {
                    "USER_ID": "visitor",
                    "ITEM_ID": "film",
                    "TIMESTAMP": "at",
                    "EVENT_TYPE": "what",
                },
            },
            "items": {
                "file": "films.csv",
                "columns": {
                    "ITEM_ID": "film",
                    "GENRES": "genres",
                    "CREATION_TIMESTAMP": "since",
                    "TITLE": "title",
                },
            },
            "users": {
                "file": "visitors.csv",
                "columns": {"USER_ID": "visitor", "AGE_GROUP": "age"},
            },
        },
    },
    "prefixes": {
        "transformed": "cinema/transformed/",
        "batch_input": "cinema/batch/input/",
        "batch_results": "cinema/batch/results/",
    },
    "datasets": ["interactions", "items", "users"],
    "solutions": [
        {"name": "affinity", "recipe": "aws-item-affinity"},
        {
            "name": "ranking",
            "recipe": "aws-personalized-ranking",
            "hyperparameters": {"bptt": 16},
            "excluded_columns": {"items": ["GENRES"]},
            "auto_training_days": 3,
        },
    ],
    "comparison": None,
    "recommenders": [
        {"name": "popular", "recipe": "aws-vod-most-popular"},
        {"name": "more-like", "recipe": "aws-vod-more-like-x"},
    ],
    "metric_attribution": {
        "metrics": [{"name": "watched", "event_type": "Watch", "expression": "SAMPLECOUNT()"}],
        "prefix": "cinema/attribution/",
    },
    "batch_segment": {"solution": "affinity", "num_results": 7, "num_items": 5},
    "batch_ranking": {"solution": "ranking", "num_items": 6},
}


def raw_files() -> Mapping[str, str]:
    """Visitors of two tastes, each for one half of the films."""
    rng = np.random.default_rng(5)
    visits = ["visitor,film,at,what"]
    for visitor in range(USERS):
        chosen = rng.permutation(FILMS // 2)[: EVENTS_EACH - 2] + visitor % 2 * FILMS // 2
        for step, film in enumerate(chosen):
            visits.append(f"v{visitor},f{film},{1_700_000_000 + step * 3600 + visitor},Watch")
        visits += [f"v{visitor},f{n},{1_690_000_000 + visitor},Click" for n in range(2)]
    films = ["film,title,genres,since"]
    films += [f"f{n},Film {n},{'Comedy' if n % 2 else 'Drama'},1600000000" for n in range(FILMS)]
    visitors = ["visitor,age", *(f"v{n},{'young' if n % 3 else 'old'}" for n in range(USERS))]
    files = {"visits.csv": visits, "films.csv": films, "visitors.csv": visitors}
    return {name: "\n".join(lines) + "\n" for name, lines in files.items()}


class Cinema(Pipeline):
    """The cinema on one account, with what its resources are."""

    def declare(self, **changes: Any) -> "Cinema":
        component = PersonalizeDatasetGroup.resolve_from_dict({**ATTRIBUTES, **changes})
        definitions = dg.Definitions.merge(
            component.build_defs(dg.ComponentTree.for_test().load_context),
            dg.Definitions(resources=resources_of(self.deployment)),
        )
        return replace(self, definitions=definitions)

    def start(self, job: str, config: Mapping[str, Any] | None = None) -> dg.ExecuteInProcessResult:
        return self.definitions.resolve_job_def(f"{GROUP}_{job}").execute_in_process(
            instance=self.instance, run_config=config, raise_on_error=False
        )

    def materialize(self, *path: str) -> Mapping[str, Any]:
        key = dg.AssetKey([GROUP, *path])
        job = self.definitions.resolve_job_def(f"{GROUP}_main")
        ran = job.execute_in_process(
            instance=self.instance, asset_selection=[key], raise_on_error=False
        )
        assert ran.success
        return self.metadata(GROUP, *path)

    @property
    def personalize(self) -> Any:
        return open_clients(self.deployment).personalize

    def table(self, key: str, folder: Path) -> list[dict[str, Any]]:
        self.bucket.get_file(key, folder / "table.parquet")
        return pq.read_table(folder / "table.parquet").to_pylist()

    def tags(self, arn: str) -> dict[str, str]:
        found = self.personalize.list_tags_for_resource(resourceArn=arn)["tags"]
        return {one["tagKey"]: one["tagValue"] for one in found}


@pytest.fixture(scope="module")
def cinema(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cinema]:
    account = "700700700700"
    own = replace(
        deployment,
        account_id=account,
        bucket="cinema",
        role_arn=f"arn:aws:iam::{account}:role/PersonalizeRole",
    )
    bucket = Bucket.of(open_clients(own))
    bucket.ensure(create=True)
    for name, text in raw_files().items():
        bucket.write_bytes(f"cinema/raw_data/{name}", text.encode())
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("dagster"))) as instance:
        cinema = Cinema(own, instance, dg.Definitions()).declare()
        ran = cinema.start("main")
        failed = [str(e.step_failure_data.error) for e in ran.get_step_failure_events()]
        assert ran.success, failed
        yield cinema


def test_group__is_of_its_domain_with_tags(cinema: Cinema) -> None:
    group = cinema.metadata(GROUP, "dataset_group")["arn"]

    described = cinema.personalize.describe_dataset_group(datasetGroupArn=group)["datasetGroup"]
    assert described["domain"] == "VIDEO_ON_DEMAND"
    assert cinema.tags(group) == {"cost-center": "42", "personalize-assets": GROUP}
    assert cinema.tags(cinema.metadata(GROUP, "popular", "recommender")["arn"])["cost-center"]


def test_tags__follow_what_is_declared_later(cinema: Cinema) -> None:
    retagged = cinema.declare(tags={"cost-center": "43", "stage": "test"})

    group = retagged.materialize("dataset_group")

    assert group["unchanged"] is True
    assert cinema.tags(group["arn"]) == {
        "cost-center": "43",
        "stage": "test",
        "personalize-assets": GROUP,
    }


def test_users__are_imported(cinema: Cinema) -> None:
    users = cinema.metadata(GROUP, "users_dataset")

    assert users["dagster/row_count"] == USERS
    dataset = cinema.personalize.describe_dataset(datasetArn=users["dataset_arn"])["dataset"]
    schema = cinema.personalize.describe_schema(schemaArn=dataset["schemaArn"])["schema"]
    assert schema["domain"] == "VIDEO_ON_DEMAND"
    assert "AGE_GROUP" in schema["schema"]


def test_solution__says_all_that_was_declared(cinema: Cinema) -> None:
    version = cinema.metadata(GROUP, "ranking", "solution_version")

    solution = cinema.personalize.describe_solution(solutionArn=version["solution_arn"])["solution"]
    config = solution["solutionConfig"]
    assert solution["performAutoTraining"] is True
    assert config["autoTrainingConfig"] == {"schedulingExpression": "rate(3 days)"}
    assert config["algorithmHyperParameters"] == {"bptt": "16"}
    assert config["trainingDataConfig"] == {"excludedDatasetColumns": {"ITEMS": ["GENRES"]}}
    other = cinema.metadata(GROUP, "affinity", "solution_version")["solution_arn"]
    assert (
        cinema.personalize.describe_solution(solutionArn=other)["solution"]["performAutoTraining"]
        is False
    )


def test_segments__name_users_of_the_items_taste(cinema: Cinema, tmp_path: Path) -> None:
    made = cinema.metadata(GROUP, "user_segments")
    key = made["segments"].removeprefix(cinema.bucket.uri())
    rows = cinema.table(key, tmp_path)

    assert (made["input_lines"], made["items"], made["failed_lines"]) == (5, 5, 0)
    assert len(rows) == 5 * 7 == made["dagster/row_count"]
    assert {row["title"] for row in rows} <= {f"Film {n}" for n in range(FILMS)}
    assert rows[0].keys() == {"item_id", "title", "rank", "user_id"}
    assert "Film" in made["preview"]
    classic = cinema.table("cinema/batch/results/segments/transformed.parquet", tmp_path)
    assert [*classic[0]] == ["itemId", "Users"]


def test_segments__of_a_dropped_file(cinema: Cinema, tmp_path: Path) -> None:
    asked = [{"itemId": f"f{FILMS - 1}"}, {"itemId": "f1"}, {"nobody": 1}]
    key = "cinema/batch/input/weekend.json"
    cinema.bucket.write_bytes(key, "\n".join(map(json.dumps, asked)).encode())
    config = {"ops": {"cinema_segment_input": {"config": {"input_key": key}}}}

    ran = cinema.start("segments", config)

    made = cinema.metadata(GROUP, "user_segments")
    assert ran.success
    assert (made["input_lines"], made["answered_lines"], made["failed_lines"]) == (3, 2, 1)
    (check,) = ran.get_asset_check_evaluations()
    assert check.passed
    assert check.description == "3 lines in, 2 answered, 1 lines failed, 0 that nobody asked for"
    rows = cinema.table(made["segments"].removeprefix(cinema.bucket.uri()), tmp_path)
    of_last = [row["user_id"] for row in rows if row["item_id"] == f"f{FILMS - 1}"]
    assert len(of_last) == 7
    assert sum(int(user.removeprefix("v")) % 2 for user in of_last) >= 6


def test_rankings__hold_the_list_in_the_users_order(cinema: Cinema, tmp_path: Path) -> None:
    made = cinema.metadata(GROUP, "rankings")
    rows = cinema.table(made["rankings"].removeprefix(cinema.bucket.uri()), tmp_path)

    assert made["users"] == USERS
    assert len(rows) == USERS * 6
    asked = cinema.bucket.read_bytes(cinema.metadata(GROUP, "ranking_input")["key"]).splitlines()
    listed = json.loads(asked[0])["itemList"]
    for user in ("v0", "v1"):
        mine = [row for row in rows if row["user_id"] == user]
        assert [row["rank"] for row in mine] == [1, 2, 3, 4, 5, 6]
        assert {row["item_id"] for row in mine} == set(listed)
        assert all(row["title"].startswith("Film ") for row in mine)


def test_transforms__take_results_that_another_program_asked_for(
    cinema: Cinema, tmp_path: Path
) -> None:
    answer = {"input": {"itemId": "f3"}, "output": {"usersList": ["v1"]}, "error": None}
    key = "cinema/batch/results/segments/elsewhere/some.json.out"
    cinema.bucket.write_bytes(key, json.dumps(answer).encode())
    config = {"ops": {"cinema_user_segments": {"config": {"output_key": key}}}}

    ran = cinema.start("segments_transform", config)

    assert ran.success
    rows = cinema.table("cinema/batch/results/segments/elsewhere/segments.parquet", tmp_path)
    assert rows == [{"item_id": "f3", "title": "Film 3", "rank": 1, "user_id": "v1"}]
    assert cinema.definitions.resolve_job_def("cinema_ranking_transform")


def test_recommender__answers_with_titles_and_metrics(cinema: Cinema) -> None:
    made = cinema.metadata(GROUP, "more_like", "recommender")

    assert made["status"] == "ACTIVE"
    assert "user v" in made["preview"]
    assert "Film" in made["preview"]
    assert 0 < made["mean_reciprocal_rank_at_25"] <= 1


def test_recommender__is_changed_stopped_and_started(cinema: Cinema) -> None:
    def declared(**more: Any) -> Cinema:
        popular, other = ATTRIBUTES["recommenders"]
        return cinema.declare(recommenders=[{**popular, **more}, other])

    wider = declared(min_requests_per_second=2).materialize("popular", "recommender")
    again = declared(min_requests_per_second=2).materialize("popular", "recommender")
    stopped = declared(running=False).materialize("popular", "recommender")
    still = declared(running=False).materialize("popular", "recommender")
    started = declared().materialize("popular", "recommender")

    assert (wider["unchanged"], again["unchanged"]) == (False, True)
    assert (stopped["status"], stopped["unchanged"]) == ("INACTIVE", False)
    assert (still["status"], still["unchanged"]) == ("INACTIVE", True)
    assert "preview" not in stopped
    assert (started["status"], started["unchanged"]) == ("ACTIVE", False)
    described = cinema.personalize.describe_recommender(recommenderArn=started["arn"])
    config = described["recommender"]["recommenderConfig"]
    assert config["minRecommendationRequestsPerSecond"] == 1


def test_metric_attribution__follows_what_is_declared(cinema: Cinema) -> None:
    arn = cinema.metadata(GROUP, "metric_attribution")["arn"]
    metrics = [
        {"name": "watched", "event_type": "Click", "expression": "SAMPLECOUNT()"},
        {"name": "clicked", "event_type": "Click", "expression": "SAMPLECOUNT()"},
    ]

    changed = cinema.declare(metric_attribution={"metrics": metrics}).materialize(
        "metric_attribution"
    )

    assert changed["arn"] == arn
    found = cinema.personalize.list_metric_attribution_metrics(metricAttributionArn=arn)["metrics"]
    assert {one["metricName"]: one["eventType"] for one in found} == {
        "watched": "Click",
        "clicked": "Click",
    }
    described = cinema.personalize.describe_metric_attribution(metricAttributionArn=arn)
    assert "s3DataDestination" not in described["metricAttribution"]["metricsOutputConfig"]


def test_auto_training__is_switched_off_without_a_new_solution(cinema: Cinema) -> None:
    before = cinema.metadata(GROUP, "ranking", "solution_version")
    affinity, ranking = ATTRIBUTES["solutions"]
    changed = cinema.declare(solutions=[affinity, {**ranking, "auto_training_days": None}])

    after = changed.materialize("ranking", "solution_version")

    assert after["arn"] == before["arn"]
    solution = cinema.personalize.describe_solution(solutionArn=after["solution_arn"])["solution"]
    assert solution["performAutoTraining"] is False


def test_users__are_exported_deleted_and_gone(cinema: Cinema) -> None:
    first = cinema.start("export")
    users = cinema.metadata(GROUP, "exported_users")
    config = {"user_ids": ["v1", "v2"], "input_key": "cinema/forget.csv"}
    cinema.bucket.write_bytes("cinema/forget.csv", b"USER_ID\nv2\nv3\n")
    op = {"ops": {"cinema_user_deletion": {"config": config}}}
    deleted = cinema.start("delete_users", op)
    second = cinema.start("export")

    assert first.success
    assert second.success
    assert users["dagster/row_count"] == USERS
    assert deleted.success
    (output,) = [
        event.event_specific_data.metadata
        for event in deleted.all_events
        if event.is_successful_output
    ]
    assert output["users"].value == 3
    assert output["numDeleted"].value == 3 + 3 * EVENTS_EACH
    left = cinema.metadata(GROUP, "exported_interactions")
    assert left["dagster/row_count"] == (USERS - 3) * EVENTS_EACH
    folder = left["s3_uri"].removeprefix(cinema.bucket.uri())
    found = [entry.key for entry in cinema.bucket.list(folder) if entry.key.endswith(".csv")]
    rows = [
        row
        for key in found
        for row in csv.DictReader(io.StringIO(cinema.bucket.read_bytes(key).decode()))
    ]
    assert {"v1", "v2", "v3"}.isdisjoint(row["USER_ID"] for row in rows)


def test_delete_users__without_a_list_says_what_to_give(cinema: Cinema) -> None:
    ran = cinema.start("delete_users")

    (failure,) = ran.get_step_failure_events()
    assert "give user_ids, or input_key" in str(failure.step_failure_data.error)
