"""Quotas: what is left, and what it means where nothing is."""

from personalize_assets.aws.doctor.answers import Answer
from personalize_assets.aws.doctor.limits import (
    ACCOUNT_QUOTAS,
    is_reached,
    judge_quotas,
    list_operation,
    used,
)
from personalize_assets.aws.listing import Listed
from personalize_assets.aws.quotas import Quota

BY_NAME = {quota.operation: quota for quota in ACCOUNT_QUOTAS}


def counts(**used_of: int) -> dict[Quota, int]:
    return {quota: used_of.get(quota.operation, 0) for quota in ACCOUNT_QUOTAS}


def test_judge_quotas__left() -> None:
    found = judge_quotas(counts(CreateDatasetGroup=2, CreateSolutionVersion=3), [])

    assert (found.status, found.fix) == ("ok", "")
    assert found.fact == "left are 500 schemas, 3 dataset groups; 3 jobs are at work"


def test_judge_quotas__a_fixed_one_is_full() -> None:
    found = judge_quotas(counts(CreateSchema=500, CreateDatasetGroup=5), [])

    assert found.status == "failed"
    assert found.fact.startswith("500 of 500 schemas for each account and region (not adjustable)")
    assert found.fix.startswith("personalize-assets inventory")


def test_judge_quotas__an_adjustable_one_may_have_been_raised() -> None:
    found = judge_quotas(counts(CreateDatasetGroup=7), [])

    assert (found.status, found.fact) == ("unknown", "7 dataset groups exist, 5 by default")
    assert "aws service-quotas list-service-quotas --service-code personalize" in found.fix


def test_judge_quotas__what_was_granted_counts() -> None:
    granted = [
        {"QuotaName": "Total number of active dataset groups", "Value": 20.0},
        {"QuotaName": "Active campaigns per dataset groups", "Value": 5.0},
    ]

    found = judge_quotas(counts(CreateDatasetGroup=7), [], granted)
    assert (found.status, found.fact.split(";")[0]) == (
        "ok",
        "left are 500 schemas, 13 dataset groups",
    )
    found = judge_quotas(counts(CreateDatasetGroup=20), [], granted)
    assert (found.status, found.fact) == ("unknown", "20 of 20 dataset groups exist")
    twice = [*granted, {"QuotaName": "Other dataset groups", "Value": 9.0}]
    assert judge_quotas(counts(CreateDatasetGroup=7), [], twice).status == "unknown"


def test_is_reached() -> None:
    assert is_reached(counts(CreateDatasetGroup=5))
    assert not is_reached(counts(CreateDatasetGroup=4, CreateSchema=500, CreateSolutionVersion=20))


def test_judge_quotas__jobs_wait() -> None:
    found = judge_quotas(counts(CreateDatasetImportJob=5), [])

    assert found.status == "ok"
    assert found.fix.startswith("new dataset import jobs that are pending or in progress wait")


def test_judge_quotas__refused() -> None:
    refused = Answer("personalize:ListSchemas", code="AccessDeniedException")
    found = judge_quotas(counts(), [refused])

    assert (found.status, "allow personalize:ListSchemas" in found.fix) == ("unknown", True)


def test_used__jobs_count_while_they_are_at_work() -> None:
    jobs = [
        Listed("", "", "", status, None, {})
        for status in ("ACTIVE", "CREATE IN_PROGRESS", "CREATE PENDING", "CREATE FAILED")
    ]

    assert used(BY_NAME["CreateDatasetImportJob"], jobs) == 2
    assert used(BY_NAME["CreateDatasetGroup"], jobs) == 4


def test_list_operation__is_one_of_the_service() -> None:
    assert list_operation(BY_NAME["CreateBatchSegmentJob"]) == "personalize:ListBatchSegmentJobs"
    assert len(ACCOUNT_QUOTAS) == 6
