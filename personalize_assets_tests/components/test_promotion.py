"""The promotion gate and the roll-back in whole runs on a real engine: one story, told in order."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg
import numpy as np
import pytest

from personalize_assets.aws.clients import Clients
from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.objects import Bucket
from personalize_assets.components import PersonalizeDatasetGroup
from personalize_assets.components.graph import newest_metadata
from personalize_assets.local.clients import open_clients
from personalize_assets.resources import resources_of
from personalize_assets.testing.control import Control, FaultInjection

MRR = "mean_reciprocal_rank_at_25"
ATTRIBUTES: Mapping[str, Any] = {
    "name": "gated",
    "source": {
        "type": "table",
        "prefix": "gated/raw/",
        "tables": {
            "interactions": {
                "file": "orders.csv",
                "columns": {"USER_ID": "who", "ITEM_ID": "what", "TIMESTAMP": "at"},
            }
        },
    },
    "prefixes": {
        "transformed": "gated/transformed/",
        "batch_input": "gated/batch/input/",
        "batch_results": "gated/batch/results/",
    },
    "datasets": ["interactions"],
    "solutions": [
        {"name": "popular", "recipe": "aws-popularity-count"},
        {"name": "plain", "recipe": "aws-popularity-count"},
    ],
    "promotion": {"smoke_requests": 2, "metrics": [{"name": MRR, "max_drop": 0.15}]},
    "comparison": None,
    "campaigns": [{"solution": "popular"}],
}


def orders(seed: int, *, skewed: bool) -> bytes:
    """Seventy users who chose twenty of a hundred items each, by popularity or at random."""
    rng = np.random.default_rng(seed)
    weights = 1 / np.arange(1, 101) ** (1.2 if skewed else 0.0)
    lines = [
        f"u{user},i{item},{1_700_000_000 + 1000 * step + user}"
        for user in range(70)
        for step, item in enumerate(
            rng.choice(100, size=20, replace=False, p=weights / weights.sum())
        )
    ]
    return ("\n".join(["who,what,at", *lines]) + "\n").encode()


@dataclass
class Gated:
    """A dataset group in an account of its own, and the runs that were made of it."""

    deployment: Deployment
    instance: dg.DagsterInstance
    clients: Clients
    attributes: Mapping[str, Any]

    def definitions(self) -> dg.Definitions:
        component = PersonalizeDatasetGroup.resolve_from_dict(dict(self.attributes))
        return dg.Definitions.merge(
            component.build_defs(dg.ComponentTree.for_test().load_context),
            dg.Definitions(resources=resources_of(self.deployment)),
        )

    def run(self, data: bytes) -> dg.ExecuteInProcessResult:
        bucket = Bucket.of(self.clients)
        bucket.ensure(create=True)
        bucket.write_bytes("gated/raw/orders.csv", data)
        job = self.definitions().resolve_job_def("gated_main")
        return job.execute_in_process(instance=self.instance, raise_on_error=False)

    def by_hand(self, asset: str, **config: Any) -> dg.ExecuteInProcessResult:
        """Materialize one asset of the solution alone, as a person does in the UI."""
        key = dg.AssetKey(["gated", "popular", asset])
        operation = f"gated_popular_{asset}"
        return (
            self.definitions()
            .resolve_implicit_global_asset_job_def()
            .execute_in_process(
                instance=self.instance,
                asset_selection=[key],
                run_config={"ops": {operation: {"config": config}}} if config else None,
                raise_on_error=False,
            )
        )

    def metadata(self, *path: str) -> Mapping[str, Any]:
        return newest_metadata(self.instance, dg.AssetKey(["gated", *path]))

    def serving(self) -> str:
        arn = self.metadata("popular", "campaign")["arn"]
        found = self.clients.personalize.describe_campaign(campaignArn=arn)["campaign"]
        assert found.get("latestCampaignUpdate", {}).get("status", "ACTIVE") == "ACTIVE"
        return str(found["solutionVersionArn"])


def failures(result: dg.ExecuteInProcessResult) -> str:
    """What the failed steps of a run said."""
    data = [event.step_failure_data for event in result.get_step_failure_events()]
    return "\n".join(one.error_display_string for one in data)


def made(result: dg.ExecuteInProcessResult) -> set[str]:
    """Last parts of the keys of what a run materialized for the gated solution."""
    keys = [event.asset_key for event in result.get_asset_materialization_events()]
    return {key.path[-1] for key in keys if key is not None and "popular" in key.path}


@pytest.fixture(scope="module")
def gated(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gated]:
    account = "510987654321"
    own = dataclasses.replace(
        deployment,
        account_id=account,
        bucket="gated",
        role_arn=f"arn:aws:iam::{account}:role/PersonalizeRole",
    )
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("dagster"))) as instance:
        yield Gated(own, instance, open_clients(own), ATTRIBUTES)


@pytest.fixture(scope="module")
def first(gated: Gated) -> str:
    """Brings a good version into service; gives its ARN."""
    result = gated.run(orders(1, skewed=True))
    assert result.success
    return str(gated.metadata("popular", "promoted_version")["arn"])


@pytest.fixture(scope="module")
def worse(gated: Gated, first: str) -> dg.ExecuteInProcessResult:
    """Trains on data in which everything is alike: popularity foretells nothing."""
    return gated.run(orders(2, skewed=False))


def test_first_version__is_promoted_and_serves(gated: Gated, first: str) -> None:
    promoted, campaign = (
        gated.metadata("popular", name) for name in ("promoted_version", "campaign")
    )

    assert promoted["decision"] == campaign["decision"] == "promoted"
    assert promoted["held_against"] == "nothing in service yet"
    assert campaign["solution_version_arn"] == gated.serving() == first
    assert campaign["smoke_test"].startswith("3 requests")
    assert f"| {first.rpartition('/')[2]} |" in campaign["versions"]
    assert "personalize-assets recommend --user-id u" in campaign["try"]
    assert "--group gated" in campaign["try"]


def test_worse_version__is_refused_with_each_number(
    gated: Gated, first: str, worse: dg.ExecuteInProcessResult
) -> None:
    (gate,) = [c for c in worse.get_asset_check_evaluations() if c.check_name == "promotion_gate"]
    before = gated.metadata("popular", "promoted_version")[MRR]
    now = gated.metadata("popular", "metrics")[MRR]

    assert not worse.success
    assert not gate.passed
    assert gate.severity == dg.AssetCheckSeverity.ERROR
    assert now < 0.85 * before
    assert gate.description == (
        f"refused: {MRR} {now:.4f} is below {0.85 * before:.4f}, which is {before:.4f} of the "
        "version in service less 15%"
    )
    assert made(worse) == {"solution_version", "metrics"}
    assert gated.serving() == first


@pytest.mark.usefixtures("worse")
def test_worse_version__does_not_pass_by_hand_either(gated: Gated, first: str) -> None:
    result = gated.by_hand("promoted_version")

    assert not result.success
    assert "of the version in service less 15%. What is in service stays." in failures(result)
    assert gated.metadata("popular", "promoted_version")["arn"] == first


@pytest.mark.usefixtures("worse")
def test_worse_version__has_to_beat_the_baseline_too(gated: Gated, first: str) -> None:
    promotion = {**ATTRIBUTES["promotion"], "baseline": "plain"}
    strict = dataclasses.replace(gated, attributes={**ATTRIBUTES, "promotion": promotion})

    result = strict.by_hand("promoted_version")

    # Both are trained alike, so neither is above the other.
    value = gated.metadata("popular", "metrics")[MRR]
    assert f"{MRR} {value:.4f} is not above {value:.4f} of plain" in failures(result)
    assert gated.metadata("popular", "promoted_version")["arn"] == first


@pytest.mark.usefixtures("worse")
def test_worse_version__needs_a_reason_to_be_forced(gated: Gated, first: str) -> None:
    result = gated.by_hand("promoted_version", force=True)

    assert "`force: true` needs a `reason`" in failures(result)
    assert gated.metadata("popular", "promoted_version")["arn"] == first


@pytest.mark.usefixtures("worse")
def test_worse_version__is_forced_by_a_person_and_says_so(gated: Gated, first: str) -> None:
    forced = gated.by_hand("promoted_version", force=True, reason="the old data were wrong")
    deployed = gated.by_hand("campaign")

    assert forced.success
    assert deployed.success
    campaign = gated.metadata("popular", "campaign")
    assert campaign["decision"] == "forced"
    assert campaign["reason"] == "the old data were wrong"
    assert campaign["held_against"] == first
    assert gated.serving() == gated.metadata("popular", "promoted_version")["arn"] != first
    lines = [line for line in campaign["versions"].splitlines() if "| forced |" in line]
    assert len(lines) == 1


@pytest.mark.slow  # one more whole run; aws/test_campaigns.py rolls back in less
@pytest.mark.usefixtures("worse")
def test_bad_answers__roll_the_campaign_back_and_are_not_tried_again(gated: Gated) -> None:
    before = gated.serving()
    assert gated.clients.endpoints is not None
    faults = FaultInjection(Control(gated.clients.endpoints.personalize))
    # The first request and the three times that boto3 tries it again.
    rule = faults.add("limit", "GetRecommendations", count=4, message="no room")
    try:
        result = gated.run(orders(3, skewed=True))
    finally:
        faults.remove(rule)

    better = gated.metadata("popular", "promoted_version")
    assert better["decision"] == "promoted"
    assert better["arn"] != before
    assert f"{better['arn']} failed its smoke test: user u" in failures(result)
    assert f"Rolled back to {before}, which answers as it should." in failures(result)
    assert gated.serving() == before
    again = gated.by_hand("campaign")
    assert "failed its smoke test before and is not tried again" in failures(again)
    assert gated.serving() == before

    assert gated.by_hand("campaign", force=True).success
    assert gated.serving() == better["arn"]
