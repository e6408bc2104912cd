"""Checks of interactions on a real instance, with the numbers of cleanings in its history."""

import functools
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest

from personalize_assets.components.attributes import (
    DatasetGroupAttributes,
    Prefixes,
    Solution,
    Source,
)
from personalize_assets.components.data_checks import build_data_checks
from personalize_assets.components.graph import Graph
from personalize_assets.components.metric_checks import build_metric_checks

ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN
NOW = int(datetime.now(UTC).timestamp())
YEAR = 31_557_600
CLEANED: Mapping[str, Any] = {
    "dagster/row_count": 10_000,
    "rows_read": 10_000,
    "users": 500,
    "users_with_two_or_more": 400,
    "items": 300,
    "quarantined": 0,
    "unknown_items": 0,
    "oldest_event": NOW - 10 * YEAR,
    "newest_event": NOW - 3_600,
    "csv_sha256": "a",
}
MRR, NDCG = "mean_reciprocal_rank_at_25", "normalized_discounted_cumulative_gain_at_25"


GRAPH = Graph(
    DatasetGroupAttributes(
        name="checked",
        source=Source(prefix="raw/"),
        prefixes=Prefixes(transformed="t/", batch_input="i/", batch_results="r/"),
        solutions=[
            Solution(name="up", recipe="aws-user-personalization"),
            Solution(name="segments", recipe="aws-item-affinity"),
        ],
    )
)
CLEAN, METRICS = GRAPH.key("cleaned_interactions"), GRAPH.key("up", "metrics")


@pytest.fixture
def history() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@functools.cache
def job_of(name: str, key: dg.AssetKey) -> dg.JobDefinition:
    """A job of one check alone."""
    wanted = dg.AssetCheckKey(key, name)
    checks = (*build_data_checks(GRAPH), *build_metric_checks(GRAPH))
    return dg.Definitions(
        asset_checks=[one for one in checks if wanted in one.check_keys],
        jobs=[dg.define_asset_job("check", dg.AssetSelection.checks(wanted))],
    ).resolve_job_def("check")


def check(
    instance: dg.DagsterInstance, name: str, key: dg.AssetKey = CLEAN
) -> dg.AssetCheckEvaluation:
    """The outcome of one check in a run of its own, which goes by the newest materialization."""
    run = job_of(name, key).execute_in_process(instance=instance, raise_on_error=False)
    (evaluation,) = run.get_asset_check_evaluations()
    return evaluation


def cleaned(instance: dg.DagsterInstance, **numbers: Any) -> None:
    made = dg.AssetMaterialization(CLEAN, metadata={**CLEANED, **numbers})
    instance.report_runless_asset_event(made)


@pytest.mark.parametrize(
    ("numbers", "complaint"),
    [
        ({"dagster/row_count": 999}, "999 interactions of 1,000 needed"),
        ({"users_with_two_or_more": 24}, "24 users with two or more of 25 needed"),
        (
            {"users": 100_000, "users_with_two_or_more": 900},
            "0.90% of the users with two or more of 1% needed",
        ),
    ],
)
def test_enough_data__stops_below_the_minima_of_the_service(
    history: dg.DagsterInstance, numbers: Any, complaint: str
) -> None:
    cleaned(history, **numbers)

    found = check(history, "enough_data_to_train")

    assert (found.passed, found.severity, found.blocking) == (False, ERROR, True)
    assert found.description == complaint


def test_enough_data__passes_at_the_minima(history: dg.DagsterInstance) -> None:
    cleaned(
        history,
        **{"dagster/row_count": 1_000, "users": 2_500, "users_with_two_or_more": 25},
    )

    assert check(history, "enough_data_to_train").passed


@pytest.mark.parametrize(
    ("numbers", "passed"),
    [
        ({"users": 51, "items": 51, "dagster/row_count": 1_501}, True),
        ({"users": 50}, False),
        ({"items": 50}, False),
        ({"dagster/row_count": 1_500}, False),
    ],
)
def test_enough_to_learn__warns_below_the_cheat_sheet(
    history: dg.DagsterInstance, numbers: Any, passed: bool
) -> None:
    cleaned(history, **numbers)

    found = check(history, "enough_data_to_learn_well")

    assert (found.passed, found.severity, found.blocking) == (passed, WARN, False)
    assert "advised are more than 50 users, 50 items, 1,500 interactions" in str(found.description)


@pytest.mark.parametrize(
    ("numbers", "outcome"),
    [
        ({}, (True, WARN)),
        ({"newest_event": NOW + 3_600}, (True, WARN)),
        ({"newest_event": NOW + 3 * 86_400}, (False, ERROR)),
        ({"oldest_event": 0}, (False, WARN)),
        ({"oldest_event": NOW - 39 * YEAR}, (True, WARN)),
    ],
)
def test_timestamps__are_neither_ahead_nor_decades_old(
    history: dg.DagsterInstance, numbers: Any, outcome: Any
) -> None:
    cleaned(history, **numbers)

    found = check(history, "timestamps_are_possible")

    assert (found.passed, found.severity) == outcome
    assert f"it is {datetime.now(UTC):%Y-%m-%d}" in str(found.description)


@pytest.mark.parametrize(
    ("name", "numbers", "sentence"),
    [
        (
            "volume_is_as_usual",
            {"dagster/row_count": 4_000},
            "interactions: 4,000, usually 10,000, at most 50 % more or less",
        ),
        (
            "unknown_items_are_as_usual",
            {"unknown_items": 200},
            "rows with unknown items: 2.00 %, usually 0.00 %, at most 1.00 % more",
        ),
        (
            "quarantine_is_as_usual",
            {"quarantined": 60},
            "quarantined rows: 0.60 %, usually 0.00 %, at most 0.50 % more",
        ),
    ],
)
def test_drift__warns_with_both_numbers_and_the_limit(
    history: dg.DagsterInstance, name: str, numbers: Any, sentence: str
) -> None:
    for digest in "abc":
        cleaned(history, csv_sha256=digest)
    assert check(history, name).passed
    cleaned(history, csv_sha256="d", **numbers)

    found = check(history, name)

    assert (found.passed, found.severity) == (False, WARN)
    assert found.description == sentence
    assert found.metadata["sets_compared"].value == 3


def test_drift__counts_data_once_that_were_cleaned_again(history: dg.DagsterInstance) -> None:
    """A set that is cleaned daily without change must not outweigh the others, or itself."""
    cleaned(history, csv_sha256="a")
    for _ in range(5):
        cleaned(history, csv_sha256="b", **{"dagster/row_count": 100})

    found = check(history, "volume_is_as_usual")

    assert not found.passed
    assert found.metadata["sets_compared"].value == 1


def test_drift__has_nothing_to_say_of_the_first_data(history: dg.DagsterInstance) -> None:
    cleaned(history)

    found = check(history, "volume_is_as_usual")

    assert found.passed
    assert found.description == "interactions: 10,000, nothing earlier to compare with"


@pytest.mark.parametrize(("mrr", "passed"), [(0.170, True), (0.169, False)])
def test_metrics__are_held_against_the_version_before(
    history: dg.DagsterInstance, mrr: float, passed: bool
) -> None:
    for arn, value in (("v1", 0.2), ("v2", mrr), ("v2", mrr)):
        metadata = {"solution_version_arn": arn, MRR: value, NDCG: 0.3}
        history.report_runless_asset_event(dg.AssetMaterialization(METRICS, metadata=metadata))

    found = check(history, "not_worse_than_before", METRICS)

    assert (found.passed, found.severity) == (passed, WARN)
    assert found.metadata["version_before"].value == "v1"
    assert f"{MRR}: {mrr:.4f}, before 0.2000, at least 0.1700" in str(found.description)


def test_freshness__is_declared_on_what_people_read() -> None:
    spec = GRAPH.spec("x", stage="evaluated", kinds=(), description="", stale_after_h=36)

    assert spec.freshness_policy == dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=36))


def test_metrics__of_segments_are_held_against_their_own(history: dg.DagsterInstance) -> None:
    key = GRAPH.key("segments", "metrics")
    for arn, hits in (("v1", 0.8), ("v2", 0.4)):
        metadata = {"solution_version_arn": arn, "hits_at_1_percent": hits, "coverage": 0.1}
        history.report_runless_asset_event(dg.AssetMaterialization(key, metadata=metadata))

    found = check(history, "not_worse_than_before", key)

    assert not found.passed
    assert found.description == "hits_at_1_percent: 0.4000, before 0.8000, at least 0.6800"
