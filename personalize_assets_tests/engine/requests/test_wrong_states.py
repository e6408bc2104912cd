"""Every resource that a request works with, in states in which it cannot be worked with."""

from typing import Any, Final

import pytest

from personalize_assets.core.arns import Kind, parse_arn
from personalize_assets_tests.engine.examples import all_operations
from personalize_assets_tests.engine.requests.naming import Path, arn_paths, given
from personalize_assets_tests.engine.requests.opening import Request, Site
from personalize_assets_tests.engine.requests.refusals import declared, refusal
from personalize_assets_tests.engine.requests.table import Table
from personalize_assets_tests.engine.requests.world import Known, arn

READS: Final = ("Describe", "List", "TagResource", "UntagResource")
WITHOUT_STATUS: Final = ("schemaArn", "recipeArn", "recipeList")
MAKING: Final = ("CREATE PENDING", "CREATE IN_PROGRESS")
GOING: Final = ("DELETE PENDING", "DELETE IN_PROGRESS")
FAILED: Final = "CREATE FAILED"
SPECIAL: Final[dict[tuple[str, str], dict[str, str]]] = {
    ("UpdateCampaign", "campaignArn"): {FAILED: "accepted"},
    ("GetSolutionMetrics", "solutionVersionArn"): dict.fromkeys((FAILED, *GOING), "InvalidInput"),
    ("StopSolutionVersionCreation", "solutionVersionArn"): {
        **dict.fromkeys((FAILED, *GOING), "InvalidInput"),
        **dict.fromkeys(MAKING, "accepted"),
    },
}
"""Codes by operation, member and status where they are not those of the rest."""
EVERY_PART: Final = [
    pytest.param(operation.name, path, id=f"{operation.name}-{'.'.join(path)}")
    for operation in all_operations()
    for path in arn_paths(operation)
    if not operation.name.startswith(READS) and not set(path) & set(WITHOUT_STATUS)
]


def _value(request: Any, path: Path) -> str:
    for name in path:
        request = request[0] if name == "*" else request[name]
    return request


def _wanted(operation: str, member: str, status: str) -> str:
    special = SPECIAL.get((operation, member), {})
    if status in special:
        return special[status]
    if operation.startswith("Delete") and status not in MAKING:
        return "accepted"
    return "ResourceInUse" if "ResourceInUse" in declared(operation) else "InvalidInput"


def _request(table: Table, operation: str, path: Path) -> Request:
    requests = table[operation].requests
    return next(request for request in requests if given(request, path))


@pytest.mark.parametrize(("operation", "path"), EVERY_PART)
def test_resource__not_active(standing: Site, table: Table, operation: str, path: Path) -> None:
    request = _request(table, operation, path)
    resource = _value(request, path).removesuffix("/$LATEST")
    for status in (*MAKING, FAILED, *GOING):
        wanted = _wanted(operation, path[-1], status)
        if wanted == "accepted":
            continue
        with standing.in_status(resource, status), standing.unchanged():
            code, message = refusal(standing, operation, request)
        assert (code, status in message, resource in message) == (wanted, True, True), message


def test_table__has_every_part() -> None:
    assert len(EVERY_PART) == 44


@pytest.mark.parametrize(
    "operation",
    [
        each.name
        for each in all_operations()
        if each.name.startswith("Delete") and each.name != "DeleteSchema"  # which is done at once
    ],
)
def test_delete__twice_is_no_fault(standing: Site, table: Table, operation: str) -> None:
    request = table[operation].minimal
    [resource] = request.values()
    with standing.in_status(resource, "DELETE PENDING"), standing.unchanged():
        assert refusal(standing, operation, request) == ("accepted", "")


@pytest.mark.parametrize(
    ("operation", "solution"),
    [
        ("CreateBatchInferenceJob", "v2"),
        ("CreateBatchSegmentJob", "affinity"),
        ("CreateCampaign", "popular"),
        ("UpdateCampaign", "v2"),
    ],
)
def test_version__of_a_solution_that_is_being_deleted(
    standing: Site, table: Table, operation: str, solution: str
) -> None:
    parent = arn(Kind.SOLUTION, solution)
    request = _request(table, operation, ("solutionVersionArn",))
    with standing.in_status(parent, "DELETE PENDING"), standing.unchanged():
        code, message = refusal(standing, operation, request)
    assert (code, parent in message) == ("ResourceInUse", True), message


@pytest.mark.parametrize(
    ("operation", "dataset", "code"),
    [
        ("CreateMetricAttribution", "INTERACTIONS", "InvalidInput"),
        ("CreateFilter", "ITEMS", "InvalidInput"),
    ],
)
def test_dataset__that_is_being_deleted(
    standing: Site, table: Table, operation: str, dataset: str, code: str
) -> None:
    row = table[operation]
    group = parse_arn(row.minimal["datasetGroupArn"]).name
    going = arn(Kind.DATASET, group, dataset)
    with standing.in_status(going, "DELETE PENDING"), standing.unchanged():
        found = refusal(standing, operation, row.requests[-1])
    assert found[0] == code, found


@pytest.mark.parametrize(
    ("operation", "resource"),
    [
        ("PutEvents", "tracker"),
        ("PutEvents", "dataset"),
        ("PutActionInteractions", "dataset"),
    ],
)
def test_events__not_active(
    standing: Site, table: Table, known: Known, operation: str, resource: str
) -> None:
    kind = "INTERACTIONS" if operation == "PutEvents" else "ACTION_INTERACTIONS"
    dataset = arn(Kind.DATASET, "movies", kind)
    worked_with = known.trackers["movies"] if resource == "tracker" else dataset
    request = table[operation].minimal
    for status in (*MAKING, FAILED, *GOING):
        with standing.in_status(worked_with, status), standing.unchanged():
            code, message = refusal(standing, operation, request)
        assert code == ("InvalidInput" if operation == "PutEvents" else "ResourceInUse")
        assert (status in message, worked_with in message) == (True, True), message


@pytest.mark.parametrize("operation", ["StopRecommender", "StartRecommender"])
def test_recommender__that_is_so_already(standing: Site, table: Table, operation: str) -> None:
    [resource] = table[operation].minimal.values()
    before, other = ("ACTIVE", "INACTIVE")[:: 1 if operation == "StopRecommender" else -1]
    for status in (other, "STOP PENDING", "START IN_PROGRESS"):
        with standing.in_status(resource, status), standing.unchanged():
            code, message = refusal(standing, operation, {"recommenderArn": resource})
        assert code == "ResourceInUse"
        assert f"must be {before}, but its status is {status}: {resource}" in message


def test_stop_solution_version_creation__of_a_trained_one(standing: Site, known: Known) -> None:
    with standing.unchanged():
        code, message = refusal(
            standing,
            "StopSolutionVersionCreation",
            {"solutionVersionArn": known.versions["v2"]},
        )
    assert (code, "it is ACTIVE" in message) == ("InvalidInput", True), message
