"""What `aws/` returns, whoever answers: the engine, or the Stubber with transcribed answers."""

import pytest

from personalize_assets.aws.ensuring import Ensured
from personalize_assets.aws.listing import COLLECTIONS
from personalize_assets_tests.contract import tables
from personalize_assets_tests.contract.conftest import ACCOUNT
from personalize_assets_tests.contract.workflow import DRAMAS, Walk

ROLE_IS_NO_ROLE = "roleArn does not match arn:([a-z\\d-]+):personalize"
"""botocore's own slip: the model gives the role of two descriptions the pattern of resources."""


def arn(kind: str, name: str) -> str:
    return f"arn:aws:personalize:us-east-1:{ACCOUNT}:{kind}/{name}"


def test_messages__are_valid_by_the_model(walk: Walk) -> None:
    unexpected = [one for one in walk.place.observer.invalid if ROLE_IS_NO_ROLE not in one]

    assert unexpected == []


def test_dataset_group__is_made_once_and_gets_tags_declared_later(walk: Walk) -> None:
    assert walk.group.arn == arn("dataset-group", "films")
    assert (walk.group.created, walk.group_again.created) == (True, False)
    assert walk.group_again.description["status"] == "ACTIVE"
    assert walk.inventory.group is not None
    assert walk.inventory.group.ours


def test_interactions__are_imported_in_full_once(walk: Walk) -> None:
    first, again = walk.interactions, walk.interactions_again

    assert first.dataset_arn == arn("dataset", "films/INTERACTIONS")
    assert first.schema_arn.startswith(arn("schema", "films-interactions-"))
    assert (first.choice.mode, first.choice.reason) == (
        "FULL",
        "nothing comparable was imported before",
    )
    assert first.job.description["importMode"] == "FULL"
    assert again.choice.reason == "unchanged since this import"
    assert (again.job.arn, again.job.created) == (first.job.arn, False)


def test_items__that_came_are_imported_alone(walk: Walk) -> None:
    more = walk.more_items

    assert (more.choice.mode, more.choice.records) == ("INCREMENTAL", 2)
    assert more.job.description["importMode"] == "INCREMENTAL"
    assert more.job.arn != walk.items.job.arn


def test_import__that_failed_says_why_and_is_followed_by_another(walk: Walk) -> None:
    failure, after = walk.failed_import, walk.import_after_failure

    assert failure.arn == arn("dataset-import-job", "films-failing")
    assert failure.status == "CREATE FAILED"
    assert failure.reason in str(failure)
    assert failure.reason != "the service gave no reason"
    assert (after.arn, after.created) == (f"{failure.arn}-2", True)


def test_training__is_done_once_for_the_same_data(walk: Walk) -> None:
    first, again = walk.trained, walk.trained_twice

    assert first.version.arn.startswith(f"{first.solution_arn}/")
    assert first.version.created
    assert first.version.description["trainingMode"] == "FULL"
    assert first.version.description["trainingHours"] >= 0
    assert (again.version.arn, again.version.created) == (first.version.arn, False)


def test_solution__trains_itself_where_that_is_declared_later(walk: Walk) -> None:
    solution = next(
        one for one in walk.inventory.of("solution") if one.arn == walk.trained.solution_arn
    )

    assert solution.ours
    assert solution.recipe == "aws-user-personalization"
    assert walk.trained_again.version.arn == walk.trained.version.arn


def test_metrics__have_the_services_names(walk: Walk) -> None:
    assert {
        "coverage",
        "mean_reciprocal_rank_at_25",
        "normalized_discounted_cumulative_gain_at_10",
        "precision_at_5",
    } <= set(walk.metrics)
    assert all(0 <= value <= 1 for value in walk.metrics.values())


def test_update__is_a_version_of_the_same_solution(walk: Walk) -> None:
    assert walk.updated is not None
    assert walk.updated.solution_arn == walk.trained.solution_arn
    assert walk.updated.version.description["trainingMode"] == "UPDATE"


def test_campaign__answers_and_moves_to_the_next_version(walk: Walk) -> None:
    assert walk.updated is not None
    first, moved = walk.campaign, walk.moved_campaign

    assert first.campaign.ensured.arn == arn("campaign", "films-main")
    assert (first.campaign.ensured.created, first.campaign.before) == (True, None)
    assert [answer.asked for answer in first.report.answers] == [
        "user u1",
        "user u2",
        "a user whom nobody knows",
    ]
    assert all(answer.items for answer in first.report.answers)
    assert (moved.campaign.updated, moved.campaign.before) == (True, walk.trained.version.arn)
    described = moved.campaign.ensured.description
    assert described["latestCampaignUpdate"]["status"] == "ACTIVE"
    assert described["solutionVersionArn"] == walk.updated.version.arn
    assert described["minProvisionedTPS"] == 2


def test_campaign__goes_back_where_answers_are_bad(walk: Walk) -> None:
    assert walk.updated is not None
    assert walk.rolled_back.rolled_back_to == walk.updated.version.arn
    assert walk.rolled_back.version_arn == walk.trained.version.arn
    assert "which answers as it should" in walk.rolled_back.after


def test_ranking__holds_what_was_given(walk: Walk) -> None:
    assert walk.ranking.passed
    assert all(set(one.items) == set(tables.ITEMS[:5]) for one in walk.ranking.answers)


def test_filter__waits_for_room_and_changes_under_its_name(walk: Walk) -> None:
    assert walk.filter.created
    assert walk.changed_filter.arn == walk.filter.arn == arn("filter", "films-genre")
    assert walk.changed_filter.description["filterExpression"] == DRAMAS


def test_event_tracker__takes_events(walk: Walk) -> None:
    assert walk.tracker.description["status"] == "ACTIVE"
    assert len(walk.tracker.description["trackingId"]) == 36
    assert "Error" not in walk.event
    datasets = [one.arn for one in walk.inventory.of("dataset") if one.ours]
    assert arn("dataset", "films/EVENT_INTERACTIONS") in datasets


def test_attribution__follows_what_is_declared(walk: Walk) -> None:
    first, changed = walk.attribution, walk.changed_attribution

    assert (first.created, changed.created) == (True, False)
    assert changed.arn == first.arn == arn("metric-attribution", "films-attribution")


@pytest.mark.parametrize(("step", "kind"), [("batch", "inference"), ("segments", "segment")])
def test_batch__writes_under_its_own_name(walk: Walk, step: str, kind: str) -> None:
    job = getattr(walk, step)

    name = job.ensured.arn.rpartition("/")[2]
    assert job.ensured.arn == arn(f"batch-{kind}-job", name)
    assert job.ensured.description["numResults"] == 5
    file = {"batch": "users", "segments": "segments"}[step]
    assert job.output_key == f"{walk.place.folder}results/{name}/{file}.json.out"


def test_export__and_deletion_are_done(walk: Walk) -> None:
    assert walk.export.job.description["ingestionMode"] == "ALL"
    assert walk.export.folder.startswith(f"{walk.place.folder}exports/")
    assert walk.deletion.job.description["status"] == "COMPLETED"
    assert (walk.deletion.users, walk.deletion.records) == (1, 21)


def test_recommender__is_widened_stopped_and_started(walk: Walk) -> None:
    steps = [
        walk.recommender,
        walk.wider_recommender,
        walk.stopped_recommender,
        walk.started_recommender,
    ]

    assert {one.ensured.arn for one in steps} == {arn("recommender", "films-popular")}
    assert [one.ensured.created for one in steps] == [True, False, False, False]
    assert [one.changed for one in steps] == [False, True, True, True]
    statuses = [one.ensured.description["status"] for one in steps]
    assert statuses == ["ACTIVE", "ACTIVE", "INACTIVE", "ACTIVE"]
    assert "mean_reciprocal_rank_at_25" in steps[0].ensured.description["modelMetrics"]


def test_inventory__knows_all_of_it_as_ours(walk: Walk) -> None:
    labels = {one.label for one in walk.inventory.members}

    expected = {kind.label for kind in COLLECTIONS} - {"dataset group", "recommender"}
    assert labels == expected
    assert walk.inventory.foreign() == ()


def test_campaign__is_reduced_before_it_goes(walk: Walk) -> None:
    assert walk.reduced_campaign["minProvisionedTPS"] == 1


def test_teardown__leaves_nothing(walk: Walk) -> None:
    for torn_down in (walk.domain_teardown, walk.teardown):
        assert torn_down.clean
        assert [one.name for tally in torn_down.tallies for one in tally.left] == []
        assert torn_down.plan.blocked == ()
    actions = [str(step) for step in walk.teardown.plan.steps]
    assert actions[-1] == "delete dataset group films"
    assert sum(action.startswith("delete schema films-") for action in actions) >= 2


def test_steps__give_what_is_ready(walk: Walk) -> None:
    ready = [walk.group, walk.filter, walk.tracker, walk.attribution, walk.export.job]

    assert all(isinstance(one, Ensured) for one in ready)
    assert {one.description["status"] for one in ready} == {"ACTIVE"}
