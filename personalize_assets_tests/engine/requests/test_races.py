"""Clients that want the same at the same moment, on a real port: the state is as if one came first.

Threads change hands as often as Python lets them, so that what is not done in one transaction falls
apart.
"""

import sys
import threading
from collections.abc import Iterator, Sequence
from http.client import HTTPConnection
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest

from personalize_assets.core.arns import Kind
from personalize_assets_tests.engine.backend import ServedBackend
from personalize_assets_tests.engine.conftest import LocalS3
from personalize_assets_tests.engine.requests.conftest import Prepared, restore
from personalize_assets_tests.engine.requests.naming import noun
from personalize_assets_tests.engine.requests.opening import Request, Site, open_site
from personalize_assets_tests.engine.requests.refusals import as_sent, outcome
from personalize_assets_tests.engine.requests.table import FORM, Table
from personalize_assets_tests.engine.requests.test_names import KINDS
from personalize_assets_tests.engine.requests.test_quotas import OPERATIONS, QUOTAS, Quota
from personalize_assets_tests.engine.requests.world import (
    EMPTY,
    EXAMPLES,
    FILTERS,
    SPARE,
    Known,
    arn,
    places,
    recipe,
)

Call = tuple[str, Request]
N_CLIENTS: Final = 4


@pytest.fixture(
    params=[1, *(pytest.param(number, marks=pytest.mark.slow) for number in range(2, 11))],
    autouse=True,
)
def again() -> None:
    """Run each race once, and ten times in the slow tests."""


@pytest.fixture(scope="module")
def port() -> Iterator[ServedBackend]:
    """A real port."""
    served = ServedBackend()
    yield served
    served.stop()


@pytest.fixture
def raced(prepared: Prepared, folder: Path, port: ServedBackend, s3: LocalS3) -> Iterator[Site]:
    """An engine on a copy of the prepared world, behind a real port."""
    restore(folder, prepared.state)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    with open_site(port, folder, s3.endpoint) as opened:
        yield opened
    sys.setswitchinterval(before)


def race(site: Site, calls: Sequence[Call]) -> list[str]:
    """Make calls at once, each on a connection of its own; their codes or ``accepted``."""
    address = str(site.backend.endpoint).removeprefix("http://")
    barrier = threading.Barrier(len(calls))
    codes = ["lost"] * len(calls)

    def run(number: int) -> None:
        operation, request = calls[number]
        sent = as_sent(operation, request)
        connection = HTTPConnection(address)
        connection.connect()
        barrier.wait()
        connection.request(sent.method, sent.path, sent.body, dict(sent.headers))
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        codes[number] = outcome(operation, response.status, headers, response.read())[0]
        connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return codes


def _jobs(site: Site) -> list[str]:
    return [row[0] for row in site.store.database.query("SELECT resource_arn FROM jobs")]


@pytest.mark.parametrize("kind", KINDS)
def test_create__one_wins(raced: Site, table: Table, kind: Kind) -> None:
    request = dict(table[f"Create{noun(kind)}"].minimal)
    if kind is Kind.SOLUTION_VERSION:
        request["name"] = "of-today"
    resources, jobs = raced.count("resources"), len(_jobs(raced))
    codes = race(raced, [(f"Create{noun(kind)}", request)] * N_CLIENTS)
    assert sorted(codes) == ["ResourceAlreadyExists"] * (N_CLIENTS - 1) + ["accepted"]
    with_dataset = 2 if kind is Kind.EVENT_TRACKER else 0  # and its schema
    assert raced.count("resources") == resources + 1 + with_dataset
    assert len(_jobs(raced)) == jobs + {Kind.SCHEMA: 0, Kind.EVENT_TRACKER: 2}.get(kind, 1)


@pytest.mark.parametrize("quota", QUOTAS, ids=lambda quota: quota.kind.value)
def test_last_place__one_wins(
    raced: Site, table: Table, monkeypatch: pytest.MonkeyPatch, quota: Quota
) -> None:
    module, name = quota.where.split(".")
    monkeypatch.setattr(import_module(f"{OPERATIONS}.{module}"), name, quota.present + 1)
    if quota.status is not None:
        for job in quota.jobs:
            raced.set_status(job, quota.status)
    request = table[f"Create{noun(quota.kind)}"].minimal
    member = "jobName" if "jobName" in request else "name"
    calls = [
        (f"Create{noun(quota.kind)}", {**request, member: f"n{number}"})
        for number in range(N_CLIENTS)
    ]
    assert sorted(race(raced, calls)) == ["LimitExceeded"] * (N_CLIENTS - 1) + ["accepted"]


def test_one_of_a_group__one_wins(raced: Site, table: Table) -> None:
    for operation, code in (
        ("CreateEventTracker", "ResourceAlreadyExists"),
        ("CreateMetricAttribution", "LimitExceeded"),
    ):
        request = table[operation].minimal
        calls = [(operation, {**request, "name": f"n{number}"}) for number in range(N_CLIENTS)]
        assert sorted(race(raced, calls)) == [code] * (N_CLIENTS - 1) + ["accepted"]


def _deletions(known: Known) -> dict[str, tuple[Call, Call]]:
    """A deletion, and a call that cannot be if it was."""
    group = ("DeleteDatasetGroup", {"datasetGroupArn": EMPTY})
    unused = arn(Kind.SCHEMA, "unused")
    dataset = arn(Kind.DATASET, "spare", "ITEMS")
    items = ("DeleteDataset", {"datasetArn": dataset})
    solution = ("DeleteSolution", {"solutionArn": arn(Kind.SOLUTION, "up")})
    in_empty = {"name": "n", "datasetGroupArn": EMPTY}
    in_spare = {"name": "n", "datasetGroupArn": SPARE}
    on_up = {"solutionVersionArn": known.versions["up"]}
    metric = {"eventType": "e", "metricName": "m", "expression": "SUM(Items.PRICE)"}
    recommender = {"recommenderArn": EXAMPLES[Kind.RECOMMENDER]}
    campaign = {"campaignArn": EXAMPLES[Kind.CAMPAIGN]}
    tracker = {"eventTrackerArn": known.trackers["movies"]}
    dataset_of = {"schemaArn": unused, "datasetType": "Items"}
    role = {"roleArn": "arn:aws:iam::123456789012:role/R"}
    source = {"dataSource": {"dataLocation": "s3://prepared/Items.csv"}}
    batch = {"jobName": "n", **places("out", "users.json")}
    war = arn(Kind.FILTER, "war")
    return {
        "group-dataset": (group, ("CreateDataset", {**in_empty, **dataset_of})),
        "group-solution": (
            group,
            ("CreateSolution", {**in_empty, "recipeArn": recipe("aws-sims")}),
        ),
        "group-tracker": (group, ("CreateEventTracker", in_empty)),
        "schema-dataset": (
            ("DeleteSchema", {"schemaArn": unused}),
            ("CreateDataset", {**in_empty, **dataset_of}),
        ),
        "schema-update": (
            ("DeleteSchema", {"schemaArn": unused}),
            ("UpdateDataset", {"datasetArn": EXAMPLES[Kind.DATASET], "schemaArn": unused}),
        ),
        "dataset-import": (
            items,
            ("CreateDatasetImportJob", {"jobName": "n", "datasetArn": dataset, **source}),
        ),
        "dataset-filter": (
            items,
            ("CreateFilter", {**in_spare, "filterExpression": FILTERS["war"]}),
        ),
        "dataset-attribution": (
            items,
            (
                "CreateMetricAttribution",
                {**in_spare, "metrics": [metric], "metricsOutputConfig": role},
            ),
        ),
        "solution-version": (solution, ("CreateSolutionVersion", solution[1])),
        "solution-campaign": (solution, ("CreateCampaign", {"name": "n", **on_up})),
        "solution-batch": (solution, ("CreateBatchInferenceJob", {**batch, **on_up})),
        "solution-update": (
            solution,
            ("UpdateSolution", {**solution[1], "performAutoTraining": True}),
        ),
        "filter-batch": (
            ("DeleteFilter", {"filterArn": war}),
            ("CreateBatchInferenceJob", {**batch, **on_up, "filterArn": war}),
        ),
        "campaign-update": (
            ("DeleteCampaign", campaign),
            ("UpdateCampaign", {**campaign, "minProvisionedTPS": 2}),
        ),
        "recommender-stop": (("DeleteRecommender", recommender), ("StopRecommender", recommender)),
        "recommender-update": (
            ("DeleteRecommender", recommender),
            (
                "UpdateRecommender",
                {**recommender, "recommenderConfig": {"minRecommendationRequestsPerSecond": 2}},
            ),
        ),
        "tracker-events": (
            ("DeleteEventTracker", tracker),
            ("CreateEventTracker", {"name": "n", "datasetGroupArn": EXAMPLES[Kind.DATASET_GROUP]}),
        ),
    }


@pytest.mark.parametrize("pair", _deletions(Known.blank()))
def test_delete__and_its_contrary(raced: Site, known: Known, pair: str) -> None:
    calls = _deletions(known)[pair]
    codes = race(raced, calls)
    if pair == "tracker-events":  # one tracker is there or going: no place for another
        assert codes == ["accepted", "ResourceAlreadyExists"]
        return
    assert codes.count("accepted") == 1
    assert set(codes) <= {"accepted", "ResourceInUse", "ResourceNotFound", "InvalidInput"}


UPDATES: Final = [
    name
    for name in FORM
    if name.startswith(("Update", "StartR", "Stop")) and name != "UpdateMetricAttribution"
]


@pytest.mark.parametrize("operation", UPDATES)
def test_update__one_wins(raced: Site, table: Table, operation: str) -> None:
    codes = race(raced, [(operation, table[operation].minimal)] * N_CLIENTS)
    refused = "InvalidInput" if operation == "StopSolutionVersionCreation" else "ResourceInUse"
    assert sorted(codes) == sorted([refused] * (N_CLIENTS - 1) + ["accepted"])


def test_update_metric_attribution__adds_once(raced: Site, table: Table) -> None:
    target = {"metricAttributionArn": EXAMPLES[Kind.METRIC_ATTRIBUTION]}
    metric = {"eventType": "e", "metricName": "new", "expression": "SAMPLECOUNT()"}
    call = ("UpdateMetricAttribution", {**target, "addMetrics": [metric]})
    codes = race(raced, [call] * N_CLIENTS)
    assert sorted(codes) == ["ResourceAlreadyExists"] * (N_CLIENTS - 1) + ["accepted"]
    found = raced.call("ListMetricAttributionMetrics", target)["metrics"]
    assert [each["metricName"] for each in found] == ["movies-watch", "movies-click", "new"]


def test_tag_resource__the_50th_tag(raced: Site) -> None:
    group = EXAMPLES[Kind.DATASET_GROUP]

    def tags(*names: Any) -> Request:
        found = [{"tagKey": f"k{name}", "tagValue": ""} for name in names]
        return {"resourceArn": group, "tags": found}

    raced.call("TagResource", tags(*range(49)))
    calls = [("TagResource", tags(f"new{number}")) for number in range(N_CLIENTS)]
    assert sorted(race(raced, calls)) == ["TooManyTags"] * (N_CLIENTS - 1) + ["accepted"]
    assert len(raced.tags(group)) == 50


def test_put_events__one_event_by_its_id(raced: Site, table: Table) -> None:
    call = ("PutEvents", table["PutEvents"].requests[1])
    assert race(raced, [call] * N_CLIENTS) == ["accepted"] * N_CLIENTS
    assert raced.count("events") == 10
