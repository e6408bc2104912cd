"""`recommend`, `similar` and `rank` as a person types them, after the main job on the sample."""

import dataclasses
import json
from pathlib import Path

import dagster as dg
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from personalize_assets.aws.ensure import WaitPolicy, ensure_solution, ensure_solution_version
from personalize_assets.aws.ensure_serving import CampaignConfiguration, ensure_campaign
from personalize_assets.cli import asking
from personalize_assets.cli.declared import find_group
from personalize_assets.cli.main import main
from personalize_assets.local.clients import open_clients
from personalize_assets_tests.end_to_end.conftest import Pipeline

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _has_run(first_run: dg.ExecuteInProcessResult) -> None:
    assert first_run.success


def ask(pipeline: Pipeline, *arguments: str) -> Result:
    environment = {"PERSONALIZE_ASSETS_STATE_DIR": str(pipeline.deployment.state_dir)}
    return CliRunner().invoke(main, list(arguments), env=environment)


def items(pipeline: Pipeline, *arguments: str) -> list[dict]:
    result = ask(pipeline, *arguments, "--format", "json")
    assert result.exit_code == 0, result.output
    return json.loads(result.output)["items"]


def test_recommend__prints_rank_title_genres_and_score(pipeline: Pipeline) -> None:
    result = ask(pipeline, "recommend", "--user-id", "1", "--num-results", "10")

    assert result.exit_code == 0, result.output
    assert result.output.startswith("deployment local")
    assert "For user 1, by movielens-user-personalization" in result.output
    rows = [line for line in result.output.splitlines() if line.startswith("│")]
    assert [row.split("│")[1].strip() for row in rows] == [str(n) for n in range(1, 11)]
    assert all("(" in row.split("│")[3] for row in rows)
    assert "Nobody knows" not in result.output


def test_recommend__filters_by_what_the_user_has_met(pipeline: Pipeline, tmp_path: Path) -> None:
    cleaned = pipeline.metadata("movielens", "cleaned_interactions")["parquet_key"]
    pipeline.bucket.get_file(cleaned, tmp_path / "i.parquet")
    met = {
        row["ITEM_ID"]
        for row in pq.read_table(tmp_path / "i.parquet").to_pylist()
        if row["USER_ID"] == "1"
    }
    asked = ("recommend", "--user-id", "1", "--num-results", "10", "--filter")

    unwatched = {one["item_id"] for one in items(pipeline, *asked, "unwatched")}
    watched = {one["item_id"] for one in items(pipeline, *asked, "watched")}

    assert len(unwatched) == 10
    assert unwatched.isdisjoint(met)
    assert watched <= met


def test_recommend__filters_by_genre_and_decade(pipeline: Pipeline) -> None:
    asked = ("recommend", "--user-id", "1", "--num-results", "5", "--filter")
    comedies = items(pipeline, *asked, "genre", "--filter-value", "GENRE=Comedy")
    nineties = items(
        pipeline, *asked, "decade", "--filter-value", "FROM=1990", "--filter-value", "TO=1999"
    )

    assert len(comedies) == len(nineties) == 5
    assert all("Comedy" in one["genres"].split("|") for one in comedies)
    assert all("(199" in one["title"] for one in nineties)


def test_recommend__a_new_user_gets_what_is_popular(pipeline: Pipeline) -> None:
    result = ask(pipeline, "recommend", "--user-id", "nobody", "--num-results", "3")

    assert result.exit_code == 0
    assert "Nobody knows user nobody: what is popular is shown." in result.output


def test_recommend__says_what_the_service_refused(pipeline: Pipeline) -> None:
    known = ask(pipeline, "recommend", "--user-id", "1", "--filter", "horror")
    assert "no filter 'horror' is declared; declared are unwatched, watched, genre, decade" in (
        known.output
    )
    assert known.exit_code == 1


def test_similar__prints_titles(pipeline: Pipeline) -> None:
    found = items(pipeline, "similar", "--item-id", "1", "--num-results", "5")

    assert len(found) == 5
    assert all(one["title"].endswith(")") for one in found)
    assert "1" not in {one["item_id"] for one in found}


@pytest.mark.slow
def test_rank__puts_a_list_in_a_users_order(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, policy = open_clients(pipeline.deployment).personalize, WaitPolicy(min_delay_s=0.1)
    solution = ensure_solution(
        client,
        "movielens-ranking",
        pipeline.metadata("movielens", "dataset_group")["arn"],
        "arn:aws:personalize:::recipe/aws-personalized-ranking",
        policy,
    )
    version = ensure_solution_version(client, solution.arn, "only", policy)
    wanted = CampaignConfiguration(version.arn)
    campaign = ensure_campaign(client, "movielens-ranked", wanted, policy)
    group = dataclasses.replace(
        find_group("movielens"),
        solutions={"ranked": "aws-personalized-ranking"},
        campaigns=("ranked",),
    )
    monkeypatch.setattr(asking, "find_group", lambda _: group)
    try:
        found = items(pipeline, "rank", "--user-id", "1", "--items", "1, 2,3")
    finally:
        client.delete_campaign(campaignArn=campaign.ensured.arn)

    assert {one["item_id"] for one in found} == {"1", "2", "3"}
    assert [one["rank"] for one in found] == [1, 2, 3]
    assert "Toy Story (1995)" in {one["title"] for one in found}
    scores = [one["score"] for one in found]
    assert scores == sorted(scores, reverse=True)


def test_rank__says_which_lines_are_missing(pipeline: Pipeline) -> None:
    result = ask(pipeline, "rank", "--user-id", "1", "--items", "1,2,3")

    assert result.exit_code == 1
    assert "- { name: personalized-ranking, recipe: aws-personalized-ranking }" in result.output


def test_recommend__before_the_first_run_says_what_to_run(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    not_yet = dataclasses.replace(find_group("movielens"), name="not-yet")
    monkeypatch.setattr(asking, "find_group", lambda _: not_yet)
    result = ask(pipeline, "recommend", "--user-id", "1")

    assert result.exit_code == 1
    assert "there is no campaign not-yet-user-personalization yet: run `make run`" in result.output


def test_campaign__previews_titles_and_says_how_to_ask(pipeline: Pipeline) -> None:
    campaign = pipeline.metadata("movielens", "user_personalization", "campaign")

    assert campaign["preview"].count("\n| ") >= 5
    assert "personalize-assets recommend --user-id " in campaign["try"]
    assert "get-recommendations --campaign-arn arn:aws:personalize" in campaign["try"]
    assert campaign["smoke_test"] == "6 requests, all answered with known items"
    assert 0 < campaign["median_ms"] <= campaign["slowest_ms"]


def test_event_tracker__takes_the_event_of_its_example(pipeline: Pipeline) -> None:
    tracker = pipeline.metadata("movielens", "event_tracker")
    code = tracker["example"].removeprefix("```python\n").removesuffix("```")
    credentials = (
        'boto3.client("personalize-events"',
        'boto3.client("personalize-events", region_name="us-east-1", '
        'aws_access_key_id="123456789012", aws_secret_access_key="x"',
    )

    exec(compile(code.replace(*credentials), "example", "exec"), {})


def test_filters__show_their_parameters(pipeline: Pipeline) -> None:
    decade = pipeline.metadata("movielens", "filters", "decade")

    assert decade["parameters"] == "FROM, TO"
    assert decade["arn"].endswith(":filter/movielens-decade")
