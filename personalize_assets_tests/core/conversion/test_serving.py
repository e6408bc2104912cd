"""What becomes of what serves, of batch jobs, schedules and tags."""

from typing import Any

from personalize_assets.core.conversion import convert
from personalize_assets_tests.core.conversion.files import (
    accept,
    file,
    notes_at,
    refuse_where,
    solution,
)

# What serves


def test_campaigns__one_a_solution() -> None:
    campaigns = [
        {"serviceConfig": {"name": "first", "minProvisionedTPS": 3}},
        {"serviceConfig": {"name": "second"}},
    ]

    conversion = convert(file(solutions=[solution(campaigns=campaigns)]), accept)

    assert conversion.attributes["campaigns"] == [
        {"solution": "personal", "min_provisioned_tps": 3}
    ]
    place = "solutions[0].campaigns[1].serviceConfig"
    assert [note.value for note in notes_at(conversion, place)] == ["second"]


def test_campaigns__exploration_is_left_out_where_the_recipe_has_none() -> None:
    explored = {"itemExplorationConfig": {"explorationWeight": "0.4"}}
    campaign = {"serviceConfig": {"name": "c", "campaignConfig": explored}}

    taken = convert(file(solutions=[solution(campaigns=[campaign])]), accept)
    refused = convert(file(solutions=[solution(campaigns=[campaign])]), refuse_where("weight"))

    assert taken.attributes["campaigns"][0]["exploration"] == {"weight": 0.4}
    assert refused.attributes["campaigns"] == [{"solution": "personal", "min_provisioned_tps": 1}]
    assert [note.reason for note in refused.notes if note.kind == "left out"] == ["no weight"]


def test_recommenders_and_tracker() -> None:
    top = {"name": "Top", "recipeArn": "arn:aws:personalize:::recipe/aws-vod-top-picks"}
    config = file(
        solutions=[],
        recommenders=[
            {
                "serviceConfig": {
                    **top,
                    "recommenderConfig": {"minRecommendationRequestsPerSecond": 2},
                }
            }
        ],
        eventTracker={"serviceConfig": {"name": "t"}},
    )

    conversion = convert(config, accept)

    assert conversion.attributes["recommenders"] == [
        {"name": "top", "recipe": "aws-vod-top-picks", "min_requests_per_second": 2}
    ]
    assert conversion.attributes["event_tracker"] is True
    assert "solutions" not in conversion.attributes


def test_filters__that_are_refused_say_why() -> None:
    filters = [
        {"serviceConfig": {"name": "good", "filterExpression": "fine"}},
        {"serviceConfig": {"name": "bad", "filterExpression": "broken"}},
    ]

    conversion = convert(file(filters=filters), refuse_where("broken"))

    assert conversion.attributes["filters"] == [{"name": "good", "expression": "fine"}]
    (note,) = notes_at(conversion, "filters[1].serviceConfig")
    assert (note.value, note.reason) == ("broken", "no broken")


# Batch jobs


def batch(**config: Any) -> dict[str, Any]:
    return {"serviceConfig": config, "workflowConfig": {"schedule": "cron(0 3 * * ? *)"}}


def test_batch__the_first_of_each_kind() -> None:
    filters = [{"serviceConfig": {"name": "Not_Seen", "filterExpression": "x"}}]
    arn = "arn:aws:personalize:eu-west-1:111122223333:filter/Not_Seen"
    solutions = [
        solution("a", batchInferenceJobs=[batch(numResults=7, filterArn=arn)]),
        solution("b", batchInferenceJobs=[batch()], batchSegmentJobs=[batch(numResults=9)]),
    ]

    conversion = convert(file(filters=filters, solutions=solutions), refuse_where("batch_ranking"))

    assert conversion.attributes["batch_inference"] == {
        "solution": "a",
        "num_results": 7,
        "filter": "not-seen",
    }
    assert conversion.attributes["batch_segment"] == {"solution": "b", "num_results": 9}
    (note,) = notes_at(conversion, "solutions[1].batchInferenceJobs[0]")
    assert "the group has one batch_inference, which is of a" in note.reason


def test_batch__rankings_are_found_by_what_loads() -> None:
    solutions = [solution("rank", batchInferenceJobs=[batch(numResults=7)])]

    conversion = convert(file(solutions=solutions), refuse_where("batch_inference"))

    assert conversion.attributes["batch_ranking"] == {"solution": "rank"}


# Schedules and tags


def scheduled(name: str, **schedules: str) -> dict[str, Any]:
    return solution(name, workflowConfig={"schedules": schedules})


def test_schedules__those_of_most_solutions_count() -> None:
    solutions = [
        scheduled("a", full="cron(0 1 ? * MON *)"),
        scheduled("b", full="cron(0 2 ? * 2 *)"),
        scheduled("c", full="cron(0 2 ? * MON *)", update="cron(0 4 * * ? *)"),
        solution("d"),
        scheduled("e", full="delete"),
    ]

    conversion = convert(file(solutions=solutions), accept)

    assert conversion.attributes["retraining"] == {
        "full": "0 2 * * 1",
        "update": "0 4 * * *",
        "after_new_files": False,
        "timezone": "UTC",
    }
    changed = [note.path for note in conversion.notes if note.kind == "changed"]
    assert changed == [
        "solutions[0].workflowConfig.schedules.full",
        "solutions[3].serviceConfig.name",
        "solutions[4].serviceConfig.name",
    ]


def test_schedules__that_are_refused_or_cannot_be_said() -> None:
    solutions = [
        scheduled("a", full="cron(0 1 1W * ? *)", update="cron(0 4 * * ? *)"),
        scheduled("b", full="cron(0 2 31 2 ? *)"),
    ]

    conversion = convert(file(solutions=solutions), refuse_where("'full'"))

    assert conversion.attributes["retraining"] == {
        "update": "0 4 * * *",
        "after_new_files": False,
        "timezone": "UTC",
    }
    left_out = {note.path: note.reason for note in conversion.notes if note.kind == "left out"}
    assert "nearest workday" in left_out["solutions[0].workflowConfig.schedules.full"]
    assert left_out["solutions[1].workflowConfig.schedules.full"] == "no 'full'"


def test_tags__of_the_file_and_of_the_group() -> None:
    def tags(**given: str) -> list[dict[str, str]]:
        return [{"tagKey": key, "tagValue": value} for key, value in given.items()]

    config = file(
        tags=tags(team="films", stage="root"),
        solutions=[solution(config={"tags": tags(team="films", page="home")})],
    )
    config["datasetGroup"]["serviceConfig"]["tags"] = tags(stage="production")

    conversion = convert(config, accept)

    assert conversion.attributes["tags"] == {"team": "films", "stage": "production"}
    (note,) = notes_at(conversion, "solutions[0].serviceConfig.tags")
    assert note.value == {"page": "home"}


def test_deployment__settings_are_named() -> None:
    config = file()
    config["datasetGroup"]["serviceConfig"]["roleArn"] = "arn:aws:iam::111122223333:role/R"
    config["datasetGroup"]["workflowConfig"] = {"schedules": {"import": "cron(0 1 * * ? *)"}}

    conversion = convert(config, accept)

    (note,) = notes_at(conversion, "datasetGroup.serviceConfig.roleArn")
    assert note.instead == "set PERSONALIZE_ASSETS_ROLE_ARN"
    (note,) = notes_at(conversion, "datasetGroup.workflowConfig.schedules.import")
    assert note.kind == "changed"
