"""UpdateSolution, and the trainings that a solution begins by itself as the clock goes on."""

from typing import Any

import pytest

from personalize_assets_tests.engine.operations.conftest import (
    RECIPE,
    World,
    interactions_csv,
    refused,
)

UPDATE = "latestSolutionUpdate"
DAILY = {"autoTrainingConfig": {"schedulingExpression": "rate(1 day)"}}


def describe(world: World, solution: str) -> dict[str, Any]:
    return world.api.describe_solution(solutionArn=solution)["solution"]


def kinds(world: World, solution: str) -> list[tuple[str, str, str]]:
    """Mode, type and status of the versions of a solution, the oldest first."""
    versions = world.api.list_solution_versions(solutionArn=solution)["solutionVersions"]
    return [
        (item["trainingMode"], item["trainingType"], item["status"]) for item in reversed(versions)
    ]


AUTOMATIC = ("AUTOTRAIN", "AUTOMATIC", "ACTIVE")
MANUAL = ("FULL", "MANUAL", "ACTIVE")


def bring_data(world: World, group: str, name: str) -> None:
    """Import as many interactions again: whatever is in them, they are new."""
    dataset = group.replace("dataset-group", "dataset") + "/INTERACTIONS"
    assert world.import_text(dataset, interactions_csv(), name)["status"] == "ACTIVE"


def test_auto_training__begins_within_the_hour_and_goes_on_every_week(world: World) -> None:
    group = world.filled_group()
    solution = world.solution(group)
    world.pass_time(minutes=58)
    assert kinds(world, solution) == []
    world.pass_time(minutes=2)
    assert kinds(world, solution) == [AUTOMATIC]
    bring_data(world, group, "more")
    world.pass_time(days=6, hours=23)
    assert kinds(world, solution) == [AUTOMATIC]
    world.pass_time(hours=1)
    assert kinds(world, solution) == [AUTOMATIC] * 2
    shown = describe(world, solution)["latestSolutionVersion"]
    assert (shown["trainingMode"], shown["trainingType"]) == ("AUTOTRAIN", "AUTOMATIC")


def test_auto_training__not_without_new_interactions(world: World) -> None:
    group = world.filled_group()
    solution = world.solution(group, solutionConfig=DAILY)
    world.pass_time(hours=1)
    world.pass_time(days=1)
    world.pass_time(days=1)
    assert kinds(world, solution) == [AUTOMATIC]
    world.import_text(world.dataset(group, "Items"), "ITEM_ID,GENRES,YEAR\ni1,A,1\n", "items")
    world.pass_time(days=1)
    assert kinds(world, solution) == [AUTOMATIC]
    bring_data(world, group, "more")
    world.pass_time(days=1)
    assert kinds(world, solution) == [AUTOMATIC] * 2


def test_auto_training__streamed_events_are_new_interactions(world: World) -> None:
    group = world.filled_group()
    solution = world.solution(group, solutionConfig=DAILY)
    world.pass_time(hours=1)
    tracking = world.api.create_event_tracker(name="t", datasetGroupArn=group)["trackingId"]
    world.run()
    world.engine.events.put_events(
        trackingId=tracking,
        userId="u1",
        sessionId="s",
        eventList=[{"eventType": "watch", "itemId": "i5", "sentAt": 1_700_000_000}],
    )
    world.pass_time(days=1)
    assert kinds(world, solution) == [AUTOMATIC] * 2


def test_auto_training__first_one_waits_for_data(world: World) -> None:
    group = world.group()
    solution = world.solution(group)
    world.pass_time(hours=1)
    assert kinds(world, solution) == []
    world.import_text(world.dataset(group), interactions_csv())
    world.pass_time(hours=1)
    assert kinds(world, solution) == [AUTOMATIC]


def test_auto_training__version_made_by_hand_takes_the_first_turn(world: World) -> None:
    group = world.filled_group()
    solution = world.solution(group, solutionConfig=DAILY)
    world.pass_time(minutes=30)
    world.version(solution)
    bring_data(world, group, "more")
    world.pass_time(hours=23)
    assert kinds(world, solution) == [MANUAL]
    world.pass_time(hours=1)
    assert kinds(world, solution) == [MANUAL, AUTOMATIC]


def test_auto_training__switched_off(world: World) -> None:
    solution = world.solution(world.filled_group(), performAutoTraining=False)
    world.pass_time(days=30)
    assert kinds(world, solution) == []


def test_auto_training__of_a_deleted_solution(world: World) -> None:
    solution = world.solution(world.filled_group())
    world.api.delete_solution(solutionArn=solution)
    world.pass_time(hours=1)
    assert world.api.list_solution_versions()["solutionVersions"] == []


def test_auto_training__waits_while_20_are_in_work(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = "personalize_assets.engine.jobs.auto_train.MAX_ACTIVE_SOLUTION_VERSIONS"
    solution = world.solution(world.filled_group())
    monkeypatch.setattr(limit, 0)
    world.pass_time(hours=1)
    assert kinds(world, solution) == []
    monkeypatch.setattr(limit, 20)
    world.pass_time(hours=1)
    assert kinds(world, solution) == [AUTOMATIC]


def test_update_solution__shows_its_update(world: World) -> None:
    solution = world.solution(world.group())
    assert UPDATE not in describe(world, solution)
    answer = world.api.update_solution(
        solutionArn=solution, performAutoTraining=False, solutionUpdateConfig=DAILY
    )
    assert answer["solutionArn"] == solution
    shown = describe(world, solution)
    assert (shown["status"], shown["performAutoTraining"]) == ("ACTIVE", True)
    assert "solutionConfig" not in shown
    assert shown[UPDATE]["status"] == "CREATE PENDING"
    world.run()
    shown = describe(world, solution)
    update = shown[UPDATE]
    assert update.pop("lastUpdatedDateTime") > update.pop("creationDateTime")
    assert update == {
        "performAutoTraining": False,
        "solutionUpdateConfig": DAILY,
        "status": "ACTIVE",
    }
    assert (shown["performAutoTraining"], shown["solutionConfig"]) == (False, DAILY)


def test_update_solution__replaces_events_config_and_keeps_the_rest(world: World) -> None:
    def weigh(*types: str) -> dict[str, Any]:
        return {
            "eventsConfig": {
                "eventParametersList": [{"eventType": kind, "weight": 0.5} for kind in types]
            }
        }

    options = {"algorithmHyperParameters": {"apply_recency_bias": "false"}}
    solution = world.solution(
        world.group(),
        "aws-user-personalization-v2",
        solutionConfig={**options, **weigh("watch", "click")},
    )
    world.api.update_solution(solutionArn=solution, solutionUpdateConfig=weigh("watch"))
    world.run()
    assert describe(world, solution)["solutionConfig"] == {**options, **weigh("watch")}


def test_update_solution__switches_training_on_and_restarts_the_schedule(world: World) -> None:
    group = world.filled_group()
    solution = world.solution(group, performAutoTraining=False)
    world.pass_time(days=1)
    world.api.update_solution(
        solutionArn=solution, performAutoTraining=True, solutionUpdateConfig=DAILY
    )
    world.run()
    world.pass_time(hours=1)
    assert kinds(world, solution) == [AUTOMATIC]
    bring_data(world, group, "more")
    # Thirty days would have been over by then; the new schedule alone counts.
    longer = {"autoTrainingConfig": {"schedulingExpression": "rate(30 days)"}}
    world.api.update_solution(solutionArn=solution, solutionUpdateConfig=longer)
    world.run()
    world.pass_time(hours=1)
    assert kinds(world, solution) == [AUTOMATIC] * 2
    bring_data(world, group, "yet-more")
    world.pass_time(days=29)
    assert kinds(world, solution) == [AUTOMATIC] * 2
    world.pass_time(days=1)
    assert kinds(world, solution) == [AUTOMATIC] * 3
    waiting = world.engine.store.jobs.of(solution, {"pending"})
    assert [job.kind for job in waiting] == ["auto-train"]


def test_update_solution__switches_training_off(world: World) -> None:
    solution = world.solution(world.filled_group())
    world.api.update_solution(solutionArn=solution, performAutoTraining=False)
    world.run()
    world.pass_time(days=30)
    assert kinds(world, solution) == []


def test_update_solution__while_it_is_updated(world: World) -> None:
    solution = world.solution(world.filled_group())
    world.api.update_solution(solutionArn=solution, performAutoTraining=False)
    with refused("ResourceInUse", f"An update of the solution is in progress: {solution}"):
        world.api.update_solution(solutionArn=solution, performAutoTraining=True)
    with refused("ResourceInUse", f"cannot be deleted while it is updated: {solution}"):
        world.api.delete_solution(solutionArn=solution)
    assert world.api.create_solution_version(solutionArn=solution)
    world.run()
    world.api.delete_solution(solutionArn=solution)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({}, "Give at least one of performAutoTraining, performIncrementalUpdate, solutionUpdateC"),
        (
            {
                "solutionUpdateConfig": {
                    "autoTrainingConfig": {"schedulingExpression": "rate(0 days)"}
                }
            },
            "solutionUpdateConfig.autoTrainingConfig.schedulingExpression must be from rate(1 day)",
        ),
        (
            {"solutionUpdateConfig": {"autoTrainingConfig": {"schedulingExpression": "weekly"}}},
            "must satisfy regular expression pattern",
        ),
        (
            {"solutionUpdateConfig": {"eventsConfig": {"eventParametersList": []}}},
            "aws-sims does not take eventsConfig",
        ),
        ({"performIncrementalUpdate": True}, "aws-sims has no incremental updates"),
    ],
)
def test_update_solution__refuses(world: World, request_: dict[str, Any], message: str) -> None:
    solution = world.solution(world.group(), "aws-sims")
    with refused("InvalidInput", message):
        world.api.update_solution(solutionArn=solution, **request_)


def test_update_solution__events_config_beside_an_event_type(world: World) -> None:
    solution = world.solution(world.group(), "aws-user-personalization-v2", eventType="watch")
    config = {"eventsConfig": {"eventParametersList": [{"eventType": "watch", "weight": 1.0}]}}
    with refused("InvalidInput", "Give either eventsConfig or eventType, not both"):
        world.api.update_solution(solutionArn=solution, solutionUpdateConfig=config)


def test_update_solution__of_automl(world: World) -> None:
    solution = world.api.create_solution(
        name="s", datasetGroupArn=world.group(), performAutoML=True
    )["solutionArn"]
    world.run()
    with refused("InvalidInput", "takes neither eventsConfig nor performIncrementalUpdate"):
        world.api.update_solution(solutionArn=solution, performIncrementalUpdate=True)
    world.api.update_solution(solutionArn=solution, performAutoTraining=False)


def test_update_solution__not_active_deleted_foreign_or_of_another_kind(world: World) -> None:
    group = world.group()
    pending = world.api.create_solution(
        name="pending", datasetGroupArn=group, recipeArn=RECIPE + "aws-sims"
    )["solutionArn"]
    with refused("ResourceInUse", "must be ACTIVE, but its status is CREATE PENDING"):
        world.api.update_solution(solutionArn=pending, performAutoTraining=False)
    for arn in (pending + "x", pending.replace("123456789012", "999999999999")):
        with refused("ResourceNotFound", f"The given solution does not exist: {arn}"):
            world.api.update_solution(solutionArn=arn, performAutoTraining=False)
    with refused("InvalidInput", "is the ARN of a dataset group; that of a solution is needed"):
        world.api.update_solution(solutionArn=group, performAutoTraining=False)


def test_auto_training__v2_searches_every_90_days(world: World) -> None:
    group = world.filled_group()
    solution = world.solution(group, "aws-user-personalization-v2")
    world.pass_time(hours=1)
    bring_data(world, group, "more")
    world.pass_time(days=91)
    bring_data(world, group, "yet-more")
    world.pass_time(days=7)
    versions = world.api.list_solution_versions(solutionArn=solution)["solutionVersions"]
    shown = [
        world.api.describe_solution_version(solutionVersionArn=each["solutionVersionArn"])
        for each in reversed(versions)
    ]
    tuned = [each["solutionVersion"].get("tunedHPOParams") for each in shown]
    assert [found is not None for found in tuned] == [False, True, False]
    found = tuned[1]["algorithmHyperParameters"]
    assert set(found) == {"apply_recency_bias", "hidden_dimension", "bptt"}
    assert world.hidden(solution)["found"] == found
