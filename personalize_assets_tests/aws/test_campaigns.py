"""A campaign brought to new versions of a real engine, asked for real, and rolled back."""

import dataclasses
from dataclasses import dataclass

import pytest

from personalize_assets.aws.campaigns import (
    CampaignRequest,
    Deployed,
    SmokeTestFailed,
    deploy_campaign,
)
from personalize_assets.aws.clients import Clients
from personalize_assets.aws.ensure_serving import CampaignConfiguration, CampaignOfAnotherSolution
from personalize_assets.aws.kinds import CAMPAIGN
from personalize_assets.aws.objects import Bucket
from personalize_assets.aws.smoke import COLD_USER, SmokePlan, SmokeReport, run_smoke_test
from personalize_assets.aws.waiters import WaitPolicy, wait_until_gone
from personalize_assets_tests.aws.trained_group import TrainedGroup, make_group

OF_I = frozenset(f"i{number}" for number in range(40))
PLAN = SmokePlan("USER_PERSONALIZATION", ("u1", "u2"), ("i1", "i2"), OF_I)


class Killed(BaseException):
    """Stands for the end of the process: nothing of ours catches it."""


def die(_: str) -> SmokeReport:
    raise Killed


@dataclass(frozen=True)
class Versions:
    """Two versions that answer with items i..., and one that answers with x..., of one solution."""

    group: TrainedGroup
    first: str
    second: str
    strange: str

    def deploy(
        self, name: str, version: str, last_good: str | None = None, plan: SmokePlan = PLAN
    ) -> Deployed:
        request = CampaignRequest(name, CampaignConfiguration(version), last_good)
        return deploy_campaign(
            self.group.personalize, request, lambda arn: self.ask(arn, plan), self.group.policy
        )

    def ask(self, arn: str, plan: SmokePlan = PLAN) -> SmokeReport:
        return run_smoke_test(self.group.runtime, arn, plan, self.group.policy)

    def arn(self, name: str) -> str:
        return self.group.group_arn.replace("dataset-group/serving", f"campaign/{name}")

    def names(self) -> list[str]:
        return [c["name"] for c in self.group.personalize.list_campaigns()["campaigns"]]

    def describe(self, name: str) -> dict:
        return self.group.personalize.describe_campaign(campaignArn=self.arn(name))["campaign"]


@pytest.fixture(scope="module")
def versions(clients: Clients, bucket: Bucket, policy: WaitPolicy) -> Versions:
    group = make_group(clients, bucket, policy, "310987654321")
    first, second = group.train("popular", "first"), group.train("popular", "second")
    group.import_items("x")
    return Versions(group, first, second, group.train("popular", "strange"))


@pytest.fixture
def name(versions: Versions, unique: str) -> object:
    """A name of a campaign that is gone after the test: a group may have five."""
    yield unique
    if unique in versions.names():
        versions.group.personalize.delete_campaign(campaignArn=versions.arn(unique))
    wait_until_gone(
        versions.group.personalize, CAMPAIGN, versions.arn(unique), versions.group.policy
    )


def test_deploy__creates_then_finds(versions: Versions, name: str) -> None:
    made = versions.deploy(name, versions.first)
    again = versions.deploy(name, versions.first, last_good=versions.first)

    assert (made.campaign.ensured.created, again.campaign.ensured.created) == (True, False)
    assert (made.campaign.before, again.campaign.before) == (None, versions.first)
    assert not again.campaign.updated
    assert "latestCampaignUpdate" not in versions.describe(name)


def test_deploy__updates_to_a_new_version(versions: Versions, name: str) -> None:
    versions.deploy(name, versions.first)
    deployed = versions.deploy(name, versions.second, last_good=versions.first)

    assert deployed.campaign.updated
    assert deployed.campaign.before == versions.first
    assert versions.describe(name)["solutionVersionArn"] == versions.second
    assert versions.describe(name)["latestCampaignUpdate"]["status"] == "ACTIVE"


def test_deploy__rolls_back_to_the_last_good_version(versions: Versions, name: str) -> None:
    versions.deploy(name, versions.first)

    with pytest.raises(SmokeTestFailed) as failure:
        versions.deploy(name, versions.strange, last_good=versions.first)

    assert failure.value.rolled_back_to == versions.first
    assert "10 of 10 items are unknown: x" in str(failure.value)
    assert f"Rolled back to {versions.first}, which answers as it should." in str(failure.value)
    assert versions.describe(name)["solutionVersionArn"] == versions.first
    assert versions.ask(versions.describe(name)["campaignArn"]).passed


def test_deploy__rolls_back_to_what_answered_before_where_nothing_is_recorded(
    versions: Versions, name: str
) -> None:
    versions.deploy(name, versions.second)

    with pytest.raises(SmokeTestFailed) as failure:
        versions.deploy(name, versions.strange)

    assert failure.value.rolled_back_to == versions.second


def test_deploy__deletes_a_new_campaign_that_answers_badly(versions: Versions, name: str) -> None:
    with pytest.raises(SmokeTestFailed, match="The new campaign was deleted"):
        versions.deploy(name, versions.strange)

    assert name not in versions.names()


def test_deploy__says_when_the_last_good_version_answers_badly_too(
    versions: Versions, name: str
) -> None:
    versions.deploy(name, versions.first)
    nobody = dataclasses.replace(PLAN, known_items=frozenset({"q"}))

    with pytest.raises(SmokeTestFailed, match="which fails the same test: user u1: 10 of 10"):
        versions.deploy(name, versions.second, last_good=versions.first, plan=nobody)


def test_deploy__goes_on_after_a_kill_between_update_and_smoke_test(
    versions: Versions, name: str
) -> None:
    versions.deploy(name, versions.first)
    request = CampaignRequest(name, CampaignConfiguration(versions.strange), versions.first)
    with pytest.raises(Killed):
        deploy_campaign(versions.group.personalize, request, die, versions.group.policy)
    assert versions.describe(name)["solutionVersionArn"] == versions.strange

    with pytest.raises(SmokeTestFailed) as failure:
        versions.deploy(name, versions.strange, last_good=versions.first)

    assert failure.value.rolled_back_to == versions.first
    assert versions.describe(name)["solutionVersionArn"] == versions.first


def test_deploy__brings_a_campaign_back_to_what_is_declared(versions: Versions, name: str) -> None:
    made = versions.deploy(name, versions.first)
    solution = versions.first.rpartition("/")[0]
    versions.group.personalize.update_campaign(
        campaignArn=made.campaign.ensured.arn,
        solutionVersionArn=f"{solution}/$LATEST",
        minProvisionedTPS=7,
        campaignConfig={"syncWithLatestSolutionVersion": True},
    )

    # The update of somebody else may still be in work: it is waited for.
    versions.deploy(name, versions.first, last_good=versions.first)

    found = versions.describe(name)
    assert found["solutionVersionArn"] == versions.first
    assert found["minProvisionedTPS"] == 1
    assert not found.get("campaignConfig", {}).get("syncWithLatestSolutionVersion")


def test_deploy__moves_to_another_solution_only_when_told(versions: Versions, name: str) -> None:
    other = versions.group.train("popular-too", "only")
    versions.deploy(name, versions.first)
    plan = dataclasses.replace(PLAN, known_items=frozenset(f"x{n}" for n in range(40)))

    with pytest.raises(CampaignOfAnotherSolution, match="cannot change its solution"):
        versions.deploy(name, other)
    assert versions.describe(name)["solutionVersionArn"] == versions.first

    request = CampaignRequest(name, CampaignConfiguration(other), replace=True)
    deploy_campaign(
        versions.group.personalize,
        request,
        lambda arn: versions.ask(arn, plan),
        versions.group.policy,
    )
    assert versions.describe(name)["solutionVersionArn"] == other


def test_smoke__asks_known_users_and_one_whom_nobody_knows(versions: Versions, name: str) -> None:
    report = versions.deploy(name, versions.first).report

    assert [answer.asked for answer in report.answers] == ["user u1", "user u2", COLD_USER]
    assert all(len(answer.items) == 10 for answer in report.answers)
    assert 0 < report.median_ms <= report.slowest_ms
