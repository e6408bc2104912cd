from typing import Any

import pytest

from personalize_assets.engine.jobs.deploy import follow
from personalize_assets_tests.engine.operations.conftest import World, refused

ARN = "arn:aws:personalize:us-east-1:123456789012:"


@pytest.fixture
def group(world: World) -> str:
    return world.filled_group()


@pytest.fixture
def solution(world: World, group: str) -> str:
    return world.solution(group)


@pytest.fixture
def version(world: World, solution: str) -> str:
    return world.version(solution)


@pytest.fixture
def exploring(world: World, group: str) -> str:
    """A version of a recipe that explores."""
    return world.version(world.solution(group, "aws-user-personalization"))


def create(world: World, version: str, name: str = "c", **more: Any) -> str:
    arn = world.api.create_campaign(name=name, solutionVersionArn=version, **more)["campaignArn"]
    world.run()
    return arn


def shown(world: World, arn: str) -> dict[str, Any]:
    campaign = world.api.describe_campaign(campaignArn=arn)["campaign"]
    return {name: campaign[name] for name in campaign if "DateTime" not in name}


def update_of(world: World, arn: str) -> dict[str, Any]:
    update = world.api.describe_campaign(campaignArn=arn)["campaign"]["latestCampaignUpdate"]
    assert update.pop("creationDateTime") <= update.pop("lastUpdatedDateTime")
    return update


def deployed(world: World, arn: str) -> str:
    campaign = world.engine.store.resources.get(arn)
    assert campaign is not None
    return campaign.hidden["deployed"]


def test_create_campaign__plain(world: World, version: str) -> None:
    arn = world.api.create_campaign(name="c", solutionVersionArn=version)["campaignArn"]
    assert arn == ARN + "campaign/c"
    assert shown(world, arn)["status"] == "CREATE PENDING"
    world.run()
    assert shown(world, arn) == {
        "name": "c",
        "campaignArn": arn,
        "solutionVersionArn": version,
        "minProvisionedTPS": 1,
        "status": "ACTIVE",
    }
    assert deployed(world, arn) == version


def test_create_campaign__shows_what_was_given(world: World, exploring: str) -> None:
    solution = exploring.rpartition("/")[0]
    given = {
        "solutionVersionArn": f"{solution}/$LATEST",
        "minProvisionedTPS": 3,
        "campaignConfig": {
            "itemExplorationConfig": {
                "explorationWeight": "0.30",
                "explorationItemAgeCutOff": "7",
            },
            "enableMetadataWithRecommendations": True,
            "syncWithLatestSolutionVersion": True,
        },
    }
    arn = world.api.create_campaign(name="c", **given)["campaignArn"]
    world.run()
    campaign = shown(world, arn)
    assert {name: campaign[name] for name in given} == given
    assert deployed(world, arn) == exploring


def test_create_campaign__refuses_config(world: World, exploring: str) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        (
            {"itemExplorationConfig": {"explorationWeight": "1.01"}},
            "itemExplorationConfig.explorationWeight must be a number from 0.0 to 1.0 as a string",
        ),
        ({"itemExplorationConfig": {"explorationWeight": "nan"}}, "got 'nan'"),
        (
            {"itemExplorationConfig": {"explorationItemAgeCutOff": "0.5"}},
            "must be a number of at least 1.0 as a string, got '0.5'",
        ),
        ({"itemExplorationConfig": {"weight": "0.5"}}, "itemExplorationConfig has no 'weight'"),
        (
            {"rankingInfluence": {"POPULARITY": 0.5}},
            "aws-user-personalization does not take rankingInfluence; aws-semantic-similarity does",
        ),
        ({"rankingInfluence": {"FRESHNESS": 1.5}}, "less than or equal to 1"),
        (
            {"syncWithLatestSolutionVersion": True},
            "campaignConfig.syncWithLatestSolutionVersion needs a solutionVersionArn that ends in",
        ),
    ]
    for config, message in cases:
        with refused("InvalidInput", message):
            world.api.create_campaign(name="c", solutionVersionArn=exploring, campaignConfig=config)


def test_create_campaign__exploration_of_a_recipe_without(world: World, version: str) -> None:
    config = {"itemExplorationConfig": {"explorationWeight": "0.3"}}
    with refused("InvalidInput", "aws-popularity-count does not take itemExplorationConfig; "):
        world.api.create_campaign(name="c", solutionVersionArn=version, campaignConfig=config)


@pytest.mark.parametrize(
    ("arn", "code", "message"),
    [
        (ARN + "solution/s", "InvalidInput", "is the ARN of a solution; that of a solution ver"),
        (ARN + "solution/s/1", "ResourceNotFound", "The given solution version does not exist: "),
        (ARN + "solution/s/$LATEST", "ResourceNotFound", "The given solution does not exist: "),
        ("arn:aws:personalize:x", "InvalidInput", "failed to satisfy constraint"),
    ],
)
def test_create_campaign__refuses_arn(world: World, arn: str, code: str, message: str) -> None:
    with refused(code, message):
        world.api.create_campaign(name="c", solutionVersionArn=arn)


def test_create_campaign__version_of_another_account(world: World, version: str) -> None:
    other = world.engine.backend.client("personalize", access_key="210987654321")
    with refused("ResourceNotFound", "The given solution version does not exist"):
        other.create_campaign(name="c", solutionVersionArn=version)


def test_create_campaign__version_is_not_active_yet(world: World, solution: str) -> None:
    version = world.api.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    with refused("ResourceInUse", "must be ACTIVE, but its status is CREATE PENDING"):
        world.api.create_campaign(name="c", solutionVersionArn=version)
    with refused("ResourceInUse", f"The solution has no ACTIVE solution version yet: {solution}"):
        world.api.create_campaign(name="c", solutionVersionArn=f"{solution}/$LATEST")


def test_create_campaign__solution_is_being_deleted(
    world: World, solution: str, version: str
) -> None:
    world.api.delete_solution(solutionArn=solution)
    with refused("ResourceInUse", "solution must be ACTIVE, but its status is DELETE PENDING"):
        world.api.create_campaign(name="c", solutionVersionArn=version)


def test_create_campaign__name_is_taken(world: World, version: str) -> None:
    create(world, version)
    with refused("ResourceAlreadyExists", "campaign/c already exists."):
        world.api.create_campaign(name="c", solutionVersionArn=version)


def test_create_campaign__sixth_of_a_group(world: World, version: str) -> None:
    for number in range(5):
        create(world, version, f"c{number}")
    with refused("LimitExceeded", "Cannot create a campaign. More than 5 resources in ACTIVE"):
        world.api.create_campaign(name="c", solutionVersionArn=version)


def test_list_campaigns__of_a_solution(
    world: World, group: str, solution: str, version: str
) -> None:
    other = world.version(world.solution(group, name="other"))
    mine = create(world, version)
    create(world, other, "other")
    [summary] = world.api.list_campaigns(solutionArn=solution)["campaigns"]
    dates = ("creationDateTime", "lastUpdatedDateTime")
    assert {name: summary[name] for name in summary if name not in dates} == {
        "name": "c",
        "campaignArn": mine,
        "status": "ACTIVE",
    }
    assert len(world.api.list_campaigns()["campaigns"]) == 2
    with refused("InvalidInput", "is the ARN of a solution version; that of a solution is needed"):
        world.api.list_campaigns(solutionArn=version)


def test_update_campaign__old_version_answers_until_it_is_done(
    world: World, solution: str, version: str
) -> None:
    arn = create(world, version, campaignConfig={"enableMetadataWithRecommendations": True})
    newer = world.version(solution)
    world.api.update_campaign(campaignArn=arn, solutionVersionArn=newer, minProvisionedTPS=2)
    config = {"enableMetadataWithRecommendations": True}
    update = {"solutionVersionArn": newer, "minProvisionedTPS": 2, "campaignConfig": config}
    assert shown(world, arn) == {
        "name": "c",
        "campaignArn": arn,
        "status": "ACTIVE",
        "solutionVersionArn": version,
        "minProvisionedTPS": 1,
        "campaignConfig": config,
        "latestCampaignUpdate": shown(world, arn)["latestCampaignUpdate"],
    }
    assert update_of(world, arn) == {**update, "status": "CREATE PENDING"}
    assert deployed(world, arn) == version
    world.run()
    assert update_of(world, arn) == {**update, "status": "ACTIVE"}
    assert {name: shown(world, arn)[name] for name in update} == update
    assert deployed(world, arn) == newer


def test_update_campaign__replaces_the_config_whole(world: World, exploring: str) -> None:
    exploration = {"explorationWeight": "0.5", "explorationItemAgeCutOff": "3"}
    arn = create(world, exploring, campaignConfig={"itemExplorationConfig": exploration})
    config = {"itemExplorationConfig": {"explorationWeight": "0.1"}}
    for _ in range(2):
        world.api.update_campaign(campaignArn=arn, campaignConfig=config)
        world.run()
    assert shown(world, arn)["campaignConfig"] == config
    assert update_of(world, arn)["campaignConfig"] == config
    assert shown(world, arn)["solutionVersionArn"] == exploring


def test_update_campaign__to_latest_once(world: World, solution: str, version: str) -> None:
    arn = create(world, version)
    newer = world.version(solution)
    world.api.update_campaign(campaignArn=arn, solutionVersionArn=f"{solution}/$LATEST")
    world.run()
    assert shown(world, arn)["solutionVersionArn"] == f"{solution}/$LATEST"
    assert update_of(world, arn)["solutionVersionArn"] == newer
    assert deployed(world, arn) == newer


def test_update_campaign__refuses(world: World, group: str, version: str) -> None:
    arn = create(world, version)
    other = world.version(world.solution(group, name="other"))
    with refused("InvalidInput", "Give at least one of solutionVersionArn, minProvisionedTPS, cam"):
        world.api.update_campaign(campaignArn=arn)
    with refused("InvalidInput", "the solution version is of another one"):
        world.api.update_campaign(campaignArn=arn, solutionVersionArn=other)
    with refused("InvalidInput", "does not take rankingInfluence"):
        world.api.update_campaign(
            campaignArn=arn, campaignConfig={"rankingInfluence": {"POPULARITY": 0.5}}
        )
    with refused("InvalidInput", "needs a solutionVersionArn that ends in /$LATEST"):
        world.api.update_campaign(
            campaignArn=arn, campaignConfig={"syncWithLatestSolutionVersion": True}
        )
    with refused("ResourceNotFound", "The given campaign does not exist"):
        world.api.update_campaign(campaignArn=ARN + "campaign/x", minProvisionedTPS=2)


def test_update_campaign__while_it_is_made_or_updated(world: World, version: str) -> None:
    arn = world.api.create_campaign(name="c", solutionVersionArn=version)["campaignArn"]
    with refused("ResourceInUse", "must be ACTIVE or CREATE FAILED, but its status is CREATE PEN"):
        world.api.update_campaign(campaignArn=arn, minProvisionedTPS=2)
    world.run()
    world.api.update_campaign(campaignArn=arn, minProvisionedTPS=2)
    with refused("ResourceInUse", "An update of the campaign is in progress"):
        world.api.update_campaign(campaignArn=arn, minProvisionedTPS=3)
    with refused("ResourceInUse", "The campaign cannot be deleted while it is updated"):
        world.api.delete_campaign(campaignArn=arn)


def test_update_campaign__that_fails_leaves_the_old_version(
    world: World, solution: str, version: str
) -> None:
    arn = create(world, version)
    newer = world.version(solution)
    world.api.update_campaign(campaignArn=arn, solutionVersionArn=newer)
    world.set_status(newer, "CREATE FAILED")
    world.run()
    update = update_of(world, arn)
    assert update["status"] == "CREATE FAILED"
    assert update["failureReason"] == f"The solution version is not ACTIVE any more: {newer}"
    assert shown(world, arn)["status"] == "ACTIVE"
    assert deployed(world, arn) == version


def test_create_campaign__that_fails_can_be_updated(
    world: World, solution: str, version: str
) -> None:
    arn = world.api.create_campaign(name="c", solutionVersionArn=version)["campaignArn"]
    world.set_status(version, "CREATE FAILED")
    world.run()
    campaign = shown(world, arn)
    assert campaign["status"] == "CREATE FAILED"
    assert campaign["failureReason"] == f"The solution version is not ACTIVE any more: {version}"
    world.api.update_campaign(campaignArn=arn, solutionVersionArn=world.version(solution))
    world.run()
    assert shown(world, arn)["status"] == "ACTIVE"
    assert "failureReason" not in shown(world, arn)


def test_delete_campaign__frees_name_and_solution(
    world: World, solution: str, version: str
) -> None:
    arn = create(world, version)
    with refused("ResourceInUse", f"the campaign {arn} depends on it"):
        world.api.delete_solution(solutionArn=solution)
    world.api.delete_campaign(campaignArn=arn)
    assert shown(world, arn)["status"] == "DELETE PENDING"
    world.run()
    with refused("ResourceNotFound", f"The given campaign does not exist: {arn}"):
        world.api.describe_campaign(campaignArn=arn)
    assert create(world, version) == arn
    with refused("ResourceNotFound", "The given campaign does not exist"):
        world.api.delete_campaign(campaignArn=ARN + "campaign/x")


def test_follow__lets_an_update_that_is_in_work_be(
    world: World, solution: str, version: str
) -> None:
    config = {"syncWithLatestSolutionVersion": True}
    arn = create(world, f"{solution}/$LATEST", campaignConfig=config)
    world.api.update_campaign(campaignArn=arn, minProvisionedTPS=7)
    with world.engine.store.transaction():
        follow(world.engine.store, solution, world.engine.clock(), world.engine.jobs.submit)
    world.run()
    assert shown(world, arn)["minProvisionedTPS"] == 7


@pytest.mark.parametrize(("sync", "follows"), [(True, True), (False, False)])
def test_follow__deploys_a_new_version_by_itself(
    world: World, solution: str, version: str, sync: bool, follows: bool
) -> None:
    arn = create(
        world,
        f"{solution}/$LATEST",
        campaignConfig={"syncWithLatestSolutionVersion": sync},
    )
    newer = world.version(solution)
    assert deployed(world, arn) == (newer if follows else version)
    assert shown(world, arn)["solutionVersionArn"] == f"{solution}/$LATEST"
    if follows:
        assert update_of(world, arn)["solutionVersionArn"] == newer
    else:
        assert "latestCampaignUpdate" not in shown(world, arn)
