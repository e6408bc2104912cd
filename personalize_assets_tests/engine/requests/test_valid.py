"""Every operation takes its least and its largest valid requests, and keeps what they say.

That each answer has the shape of the model is checked by the engine itself, which these tests open
with ``strict_output``.
"""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from botocore.model import OperationModel

from personalize_assets.core.arns import parse_arn
from personalize_assets_tests.engine.examples import all_operations, operation_id
from personalize_assets_tests.engine.operations.conftest import refused
from personalize_assets_tests.engine.requests.naming import given, noun, paths
from personalize_assets_tests.engine.requests.opening import Request, Site
from personalize_assets_tests.engine.requests.row import Row, as_sent
from personalize_assets_tests.engine.requests.table import FORM, Table

UPDATES: Final = {
    "UpdateCampaign": "latestCampaignUpdate",
    "UpdateDataset": "latestDatasetUpdate",
    "UpdateRecommender": "latestRecommenderUpdate",
    "UpdateSolution": "latestSolutionUpdate",
}
RECORDS: Final = {
    "PutEvents": ("events", "eventList"),
    "PutActionInteractions": ("events", "actionInteractions"),
    "PutItems": ("records", "items"),
    "PutUsers": ("records", "users"),
    "PutActions": ("records", "actions"),
}
DONE: Final = ("ACTIVE", "COMPLETED", None)
NOT_DESCRIBED: Final = ("tags", "metrics")


def _requests(*verbs: str) -> Iterator[Any]:
    for row in FORM.values():
        for number, _ in enumerate(row.requests):
            if row.operation.startswith(verbs):
                size = f"maximal{number}" if number else "minimal"
                yield pytest.param(row.operation, number, id=f"{row.operation}-{size}")


def each_request(*verbs: str) -> pytest.MarkDecorator:
    """Run a test for all requests of the operations that begin with a verb."""
    return pytest.mark.parametrize(("operation", "number"), list(_requests(*verbs)))


def _request(table: Table, operation: str, number: int) -> tuple[Row, Request]:
    row = table[operation]
    return row, row.requests[number]


def _arn_in(answer: dict[str, Any]) -> str:
    [arn] = [value for name, value in answer.items() if name.endswith("Arn")]
    return arn


@pytest.mark.parametrize("operation", all_operations(), ids=operation_id)
def test_table__has_every_member_of_the_model(operation: OperationModel) -> None:
    row = FORM[operation.name]
    missing = {
        ".".join(path)
        for path, _ in paths(operation.input_shape)
        if not any(given(request, path) for request in row.requests)
    }
    assert missing == set(row.impossible)


@each_request("Create")
def test_create__is_described_listed_tagged_and_done(
    site: Site, table: Table, operation: str, number: int
) -> None:
    row, request = _request(table, operation, number)
    arn = _arn_in(site.call(operation, request, validate=True))
    shown = site.describe(arn)
    for name, sent in request.items():
        if name not in NOT_DESCRIBED:
            _check_shown(row, name, sent, shown)
    _check_listed(site, arn, shown)
    if "tags" in request:
        assert site.tags(arn) == request["tags"]
    if "metrics" in request:
        assert _metrics(site, arn) == request["metrics"]
    site.run()
    shown = site.describe(arn)
    assert shown.get("status") in DONE, shown


def _check_shown(row: Row, name: str, sent: Any, shown: dict[str, Any]) -> None:
    wanted = row.shown.get(name, as_sent)(sent)
    found = shown[name]
    if isinstance(wanted, dict):  # may be completed by defaults
        found = {member: value for member, value in found.items() if member in wanted}
    assert found == wanted


def _check_listed(site: Site, arn: str, shown: dict[str, Any]) -> None:
    """The newest of the list, with nothing that the description does not say."""
    listed = site.call(f"List{noun(parse_arn(arn).kind)}s", {"maxResults": 1})
    [[summary]] = [value for value in listed.values() if isinstance(value, list)]
    assert _arn_in({key: summary[key] for key in summary if shown.get(key) == arn}) == arn
    assert {name: shown.get(name) for name in summary} == summary


def _metrics(site: Site, arn: str) -> list[dict[str, str]]:
    request = {"metricAttributionArn": arn, "maxResults": 100}
    return site.call("ListMetricAttributionMetrics", request)["metrics"]


@each_request(*UPDATES)
def test_update__is_shown_and_done(site: Site, table: Table, operation: str, number: int) -> None:
    row, request = _request(table, operation, number)
    arn = _arn_in(site.call(operation, request, validate=True))
    update = site.describe(arn)[UPDATES[operation]]
    assert update["status"].endswith("PENDING")
    for name, sent in request.items():
        if name != row.target:
            _check_shown(row, name, sent, update)
    site.run()
    shown = site.describe(arn)
    assert (shown["status"], shown[UPDATES[operation]]["status"]) == ("ACTIVE", "ACTIVE")


@each_request("UpdateMetricAttribution")
def test_update_metric_attribution__replaces_metrics(
    site: Site, table: Table, operation: str, number: int
) -> None:
    _, request = _request(table, operation, number)
    arn = request["metricAttributionArn"]
    before = _metrics(site, arn)
    assert _arn_in(site.call(operation, request, validate=True)) == arn
    kept = [each for each in before if each["metricName"] not in request["removeMetrics"]]
    assert _metrics(site, arn) == kept + request.get("addMetrics", [])
    output = request.get("metricsOutputConfig")
    assert output in (None, site.describe(arn)["metricsOutputConfig"])


@each_request("Delete")
def test_delete__goes_after_a_look(site: Site, table: Table, operation: str, number: int) -> None:
    _, request = _request(table, operation, number)
    [arn] = request.values()
    has_status = "status" in site.describe(arn)
    assert site.call(operation, request, validate=True) == {}
    if has_status:
        assert site.describe(arn)["status"] == "DELETE PENDING"
        site.run()
    with refused("ResourceNotFound", arn):
        site.describe(arn)


@pytest.mark.parametrize(
    ("operation", "first", "last"),
    [
        ("StopRecommender", "STOP PENDING", "INACTIVE"),
        ("StartRecommender", "START PENDING", "ACTIVE"),
        ("StopSolutionVersionCreation", "CREATE STOPPED", "CREATE STOPPED"),
    ],
)
def test_start_and_stop(site: Site, table: Table, operation: str, first: str, last: str) -> None:
    _, request = _request(table, operation, 0)
    [arn] = request.values()
    site.call(operation, request, validate=True)
    assert site.describe(arn)["status"] == first
    site.run()
    assert site.describe(arn)["status"] == last


@each_request("TagResource", "UntagResource")
def test_tags__added_and_taken_away(site: Site, table: Table, operation: str, number: int) -> None:
    _, request = _request(table, operation, number)
    arn, own = request["resourceArn"], {"tagKey": "own", "tagValue": "v"}
    if operation == "TagResource":
        assert site.call(operation, request, validate=True) == {}
        assert site.tags(arn) == request["tags"]
        return
    site.call("TagResource", {"resourceArn": arn, "tags": [own]})
    keys = [*request["tagKeys"], "own"][:50]
    assert site.call(operation, {**request, "tagKeys": keys}, validate=True) == {}
    assert site.tags(arn) == ([] if "own" in keys else [own])


@each_request("Put")
def test_put__is_kept_whole(site: Site, table: Table, operation: str, number: int) -> None:
    _, request = _request(table, operation, number)
    kept, member = RECORDS[operation]
    assert site.count(kept) == 0
    assert site.call(operation, request, validate=True) == {}
    assert site.count(kept) == len(request[member])
