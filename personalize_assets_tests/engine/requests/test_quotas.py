"""Every quota that is a count: one less is accepted, one more is refused with a clear text.

The documented numbers (limits.html) are compared, then lowered to what the prepared world has.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

import pytest

from personalize_assets.core.arns import Kind, parse_arn
from personalize_assets_tests.engine.requests.naming import noun
from personalize_assets_tests.engine.requests.opening import Site
from personalize_assets_tests.engine.requests.refusals import refusal
from personalize_assets_tests.engine.requests.table import Table
from personalize_assets_tests.engine.requests.world import Known, arn

OPERATIONS: Final = "personalize_assets.engine.operations"


@dataclass(frozen=True)
class Quota:
    """How many there may be.

    Attributes:
        kind: Of what.
        where: Module and name of the constant.
        documented: Its value.
        present: How many there are in the prepared world, in the group of the minimal request.
        message: What is said.
        status: That of the two jobs named ``one`` and ``two``, if only unfinished ones count.
    """

    kind: Kind
    where: str
    documented: int
    present: int
    message: str
    status: str | None = None

    @property
    def jobs(self) -> list[str]:
        """Two finished jobs of that kind."""
        if self.kind is Kind.DATASET_IMPORT_JOB:
            return [arn(self.kind, name) for name in ("Items", "Users")]
        return [arn(self.kind, name) for name in ("one", "two")]


_DELETE_SOME: Final = "Please delete some and try again."
QUOTAS: Final = [
    Quota(Kind.SCHEMA, "schemas.MAX_SCHEMAS", 500, 11, f"the most is 11. {_DELETE_SOME}"),
    Quota(
        Kind.DATASET_GROUP,
        "dataset_groups.MAX_DATASET_GROUPS",
        5,
        4,
        f"There are 4 in this account and region, the most is 4. {_DELETE_SOME}",
    ),
    Quota(
        Kind.SOLUTION,
        "solutions.MAX_SOLUTIONS_PER_GROUP",
        10,
        0,
        f"The dataset group has 0, the most is 0. {_DELETE_SOME}",
    ),
    Quota(
        Kind.CAMPAIGN,
        "campaigns.MAX_CAMPAIGNS_PER_GROUP",
        5,
        4,
        f"Cannot create a campaign. More than 4 resources in ACTIVE state. {_DELETE_SOME}",
    ),
    Quota(
        Kind.RECOMMENDER,
        "recommenders.MAX_RECOMMENDERS_PER_GROUP",
        5,
        2,
        f"The dataset group has 2, the most is 2. {_DELETE_SOME}",
    ),
    Quota(
        Kind.FILTER,
        "filters.MAX_FILTERS_PER_GROUP",
        30,
        5,
        f"The dataset group has 5, the most is 5. {_DELETE_SOME}",
    ),
    Quota(
        Kind.SOLUTION_VERSION,
        "solution_versions.MAX_ACTIVE_SOLUTION_VERSIONS",
        20,
        1,
        "More than 1 resources with PENDING or IN_PROGRESS status.",
    ),
    Quota(
        Kind.DATASET_IMPORT_JOB,
        "dataset_import_jobs.MAX_ACTIVE_IMPORT_JOBS",
        5,
        2,
        "More than 2 resources with PENDING or IN_PROGRESS status.",
        "CREATE PENDING",
    ),
    Quota(
        Kind.DATASET_EXPORT_JOB,
        "dataset_export_jobs.MAX_ACTIVE_EXPORT_JOBS",
        5,
        2,
        "More than 2 resources with PENDING or IN_PROGRESS status.",
        "CREATE IN_PROGRESS",
    ),
    Quota(
        Kind.BATCH_INFERENCE_JOB,
        "batch_inference_jobs.MAX_ACTIVE_BATCH_INFERENCE_JOBS",
        5,
        2,
        "More than 2 resources with PENDING or IN_PROGRESS status.",
        "CREATE IN_PROGRESS",
    ),
    Quota(
        Kind.BATCH_SEGMENT_JOB,
        "batch_segment_jobs.MAX_ACTIVE_BATCH_SEGMENT_JOBS",
        5,
        2,
        "More than 2 resources with PENDING or IN_PROGRESS status.",
        "CREATE PENDING",
    ),
    Quota(
        Kind.DATA_DELETION_JOB,
        "data_deletion_jobs.MAX_PENDING_DELETION_JOBS",
        5,
        2,
        "More than 2 data deletion jobs with PENDING status in the dataset group",
        "PENDING",
    ),
]
each_quota = pytest.mark.parametrize("quota", QUOTAS, ids=lambda quota: quota.kind.value)


def _lower(monkeypatch: pytest.MonkeyPatch, quota: Quota, most: int) -> None:
    module, name = quota.where.split(".")
    found: Any = import_module(f"{OPERATIONS}.{module}")
    assert getattr(found, name) == quota.documented
    monkeypatch.setattr(found, name, most)


def _prepare(site: Site, quota: Quota) -> None:
    if quota.status is not None:
        for job in quota.jobs:
            site.set_status(job, quota.status)


@each_quota
def test_quota__one_too_many(
    site: Site, table: Table, monkeypatch: pytest.MonkeyPatch, quota: Quota
) -> None:
    _lower(monkeypatch, quota, quota.present)
    _prepare(site, quota)
    operation = f"Create{noun(quota.kind)}"
    with site.unchanged():
        code, message = refusal(site, operation, table[operation].minimal)
    assert (code, quota.message in message) == ("LimitExceeded", True), message


@each_quota
def test_quota__the_last_one(
    site: Site, table: Table, monkeypatch: pytest.MonkeyPatch, quota: Quota
) -> None:
    _lower(monkeypatch, quota, quota.present + 1)
    _prepare(site, quota)
    operation = f"Create{noun(quota.kind)}"
    assert site.call(operation, table[operation].minimal)


@pytest.mark.parametrize(
    "quota",
    [quota for quota in QUOTAS if quota.kind is not Kind.SOLUTION_VERSION],
    ids=lambda quota: quota.kind.value,
)
def test_quota__used_up_and_the_name_taken(
    standing: Site, table: Table, known: Known, monkeypatch: pytest.MonkeyPatch, quota: Quota
) -> None:
    """Who makes anew what is there hears that it is there, so that scripts can be run again."""
    _lower(monkeypatch, quota, 0)
    operation = f"Create{noun(quota.kind)}"
    request = dict(table[operation].minimal)
    member = "jobName" if "jobName" in request else "name"
    taken = known.example(quota.kind)
    code, message = refusal(standing, operation, {**request, member: parse_arn(taken).name})
    assert (code, taken in message) == ("ResourceAlreadyExists", True), message


def test_dataset_groups__no_sixth(site: Site) -> None:
    site.call("CreateDatasetGroup", {"name": "fifth"})
    code, message = refusal(site, "CreateDatasetGroup", {"name": "sixth"})
    assert code == "LimitExceeded"
    assert "There are 5 in this account and region, the most is 5" in message
    site.call("CreateDatasetGroup", {"name": "first"}, account="333333333333")


def test_campaigns__no_sixth(site: Site, known: Known) -> None:
    request = {"name": "fifth", "solutionVersionArn": known.versions["popular"]}
    site.call("CreateCampaign", request)
    code, message = refusal(site, "CreateCampaign", {**request, "name": "sixth"})
    assert code == "LimitExceeded"
    assert message == (
        "Cannot create a campaign. More than 5 resources in ACTIVE state. "
        "Please delete some and try again."
    )


def test_import_jobs__no_sixth(site: Site, table: Table) -> None:
    request = table["CreateDatasetImportJob"].minimal
    for number in range(5):
        site.call("CreateDatasetImportJob", {**request, "jobName": f"j{number}"})
    code, message = refusal(site, "CreateDatasetImportJob", {**request, "jobName": "sixth"})
    assert code == "LimitExceeded"
    assert message == "More than 5 resources with PENDING or IN_PROGRESS status."
    site.run()
    site.call("CreateDatasetImportJob", {**request, "jobName": "sixth"})
