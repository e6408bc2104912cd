"""Campaigns' configuration, filters and event trackers against the real engine."""

import dataclasses
from typing import Any

import pytest
from botocore.exceptions import ClientError

from personalize_assets.aws.clients import Clients
from personalize_assets.aws.ensure_serving import (
    CampaignConfiguration,
    ensure_campaign,
    ensure_event_tracker,
    ensure_filter,
)
from personalize_assets.aws.objects import Bucket
from personalize_assets.aws.waiters import ResourceFailed, WaitPolicy
from personalize_assets.testing.control import Control, FaultInjection
from personalize_assets_tests.aws.trained_group import TrainedGroup, make_group

WATCHED = 'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")'
UNWATCHED = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")'
EXPLORATION = {"explorationWeight": "0.3", "explorationItemAgeCutOff": "30"}


@pytest.fixture(scope="module")
def group(clients: Clients, bucket: Bucket, policy: WaitPolicy) -> TrainedGroup:
    return make_group(clients, bucket, policy, "410987654321")


@pytest.fixture(scope="module")
def exploring(group: TrainedGroup) -> str:
    return group.train("personal", "only", "aws-user-personalization")


def tags_of(group: TrainedGroup, arn: str) -> list[dict[str, str]]:
    return group.personalize.list_tags_for_resource(resourceArn=arn)["tags"]


def test_ensure_campaign__configuration_tags_and_what_is_not_ours(
    group: TrainedGroup, exploring: str, unique: str
) -> None:
    def ensure(**changes: Any) -> Any:
        wanted = CampaignConfiguration(exploring, exploration=EXPLORATION)
        return ensure_campaign(
            group.personalize,
            unique,
            dataclasses.replace(wanted, **changes),
            group.policy,
            tags={"team": "films"},
        )

    made = ensure()
    arn = made.ensured.arn
    assert made.ensured.description["campaignConfig"] == {"itemExplorationConfig": EXPLORATION}
    assert tags_of(group, arn) == [{"tagKey": "team", "tagValue": "films"}]
    group.personalize.update_campaign(
        campaignArn=arn,
        campaignConfig={
            "itemExplorationConfig": {**EXPLORATION, "explorationWeight": "0.30"},
            "enableMetadataWithRecommendations": True,
        },
    )
    same, more = ensure(), ensure(min_provisioned_tps=2)

    assert (same.updated, more.updated) == (False, True)
    assert more.ensured.description["minProvisionedTPS"] == 2
    assert more.ensured.description["campaignConfig"]["enableMetadataWithRecommendations"] is True
    bolder = ensure(exploration={**EXPLORATION, "explorationWeight": "0.6"}, min_provisioned_tps=2)
    found = bolder.ensured.description["campaignConfig"]
    assert found["itemExplorationConfig"]["explorationWeight"] == "0.6"
    assert found["enableMetadataWithRecommendations"] is True


def test_ensure_campaign__a_failed_update_says_why_and_is_tried_again(
    group: TrainedGroup, clients: Clients, exploring: str, unique: str
) -> None:
    assert clients.endpoints is not None
    wanted = CampaignConfiguration(exploring, exploration=EXPLORATION)
    ensure_campaign(group.personalize, unique, wanted, group.policy)
    more = dataclasses.replace(wanted, min_provisioned_tps=3)
    faults = FaultInjection(Control(clients.endpoints.personalize))
    rule = faults.add("fail-job", "UpdateCampaign", count=1, message="no capacity")
    try:
        with pytest.raises(ResourceFailed, match="no capacity"):
            ensure_campaign(group.personalize, unique, more, group.policy)
    finally:
        faults.remove(rule)

    again = ensure_campaign(group.personalize, unique, more, group.policy)

    assert again.ensured.description["minProvisionedTPS"] == 3


def test_ensure_filter__creates_once_with_tags(group: TrainedGroup, unique: str) -> None:
    first, again = (
        ensure_filter(
            group.personalize, unique, group.group_arn, WATCHED, group.policy, tags={"a": "b"}
        )
        for _ in range(2)
    )

    assert (first.created, again.created) == (True, False)
    assert first.arn == again.arn
    assert first.arn.endswith(f":filter/{unique}")
    assert tags_of(group, first.arn) == [{"tagKey": "a", "tagValue": "b"}]


def test_ensure_filter__a_changed_expression_replaces_it_under_its_name(
    group: TrainedGroup, unique: str
) -> None:
    old = ensure_filter(group.personalize, unique, group.group_arn, WATCHED, group.policy)
    new = ensure_filter(group.personalize, unique, group.group_arn, UNWATCHED, group.policy)

    assert new.arn == old.arn
    assert new.created
    assert new.description["filterExpression"] == UNWATCHED


def test_ensure_filter__a_refused_expression_brings_the_old_one_back(
    group: TrainedGroup, unique: str
) -> None:
    old = ensure_filter(group.personalize, unique, group.group_arn, WATCHED, group.policy)
    wrong = 'INCLUDE ItemID WHERE Items.GENRES IN ("Drama")'

    with pytest.raises(ClientError, match="Could not create filter"):
        ensure_filter(group.personalize, unique, group.group_arn, wrong, group.policy)

    found = group.personalize.describe_filter(filterArn=old.arn)["filter"]
    assert found["filterExpression"] == WATCHED


def test_ensure_filter__goes_on_where_only_the_deletion_had_been_done(
    group: TrainedGroup, unique: str
) -> None:
    old = ensure_filter(group.personalize, unique, group.group_arn, WATCHED, group.policy)
    group.personalize.delete_filter(filterArn=old.arn)

    new = ensure_filter(group.personalize, unique, group.group_arn, UNWATCHED, group.policy)

    assert new.description["filterExpression"] == UNWATCHED


def test_ensure_event_tracker__is_the_one_of_the_group(group: TrainedGroup, unique: str) -> None:
    first = ensure_event_tracker(
        group.personalize, unique, group.group_arn, group.policy, tags={"a": "b"}
    )
    other = ensure_event_tracker(group.personalize, "another-name", group.group_arn, group.policy)

    assert (first.created, other.created) == (True, False)
    assert other.arn == first.arn
    assert other.description["trackingId"] == first.description["trackingId"]
    assert tags_of(group, first.arn) == [{"tagKey": "a", "tagValue": "b"}]
