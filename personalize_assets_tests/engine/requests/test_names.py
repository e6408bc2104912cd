"""Names that are taken, names that are free."""

from typing import Final

import pytest

from personalize_assets.core.arns import Kind, parse_arn
from personalize_assets_tests.engine.requests.naming import member_of, noun
from personalize_assets_tests.engine.requests.opening import Request, Site
from personalize_assets_tests.engine.requests.refusals import refusal
from personalize_assets_tests.engine.requests.row import LONG_NAME
from personalize_assets_tests.engine.requests.table import FORM, Table
from personalize_assets_tests.engine.requests.world import MOVIES, Known, arn

KINDS: Final = [kind for kind in Kind if f"Create{noun(kind)}" in FORM]
BY_NAME: Final = [
    kind for kind in KINDS if kind not in (Kind.DATASET, Kind.EVENT_TRACKER, Kind.SOLUTION_VERSION)
]
"""Those whose ARN is made of the name; a group has one of each type of the others."""


def _named(table: Table, kind: Kind, name: str) -> Request:
    request = table[f"Create{noun(kind)}"].minimal
    member = "jobName" if "jobName" in request else "name"
    return {**request, member: name}


def test_kinds__are_15() -> None:
    assert len(KINDS) == 15


@pytest.mark.parametrize("kind", BY_NAME)
@pytest.mark.parametrize("status", ["ACTIVE", "CREATE FAILED", "DELETE PENDING"])
def test_name__taken(standing: Site, table: Table, known: Known, kind: Kind, status: str) -> None:
    taken = known.example(kind)
    request = _named(table, kind, parse_arn(taken).name)
    with standing.in_status(taken, status), standing.unchanged():
        code, message = refusal(standing, f"Create{noun(kind)}", request)
    assert code == "ResourceAlreadyExists"
    assert message == f"Another resource with Arn {taken} already exists."


@pytest.mark.parametrize("kind", BY_NAME)
def test_name__of_what_is_gone_or_someone_elses(
    site: Site, table: Table, known: Known, kind: Kind
) -> None:
    name = parse_arn(known.gone[kind]).name
    answer = site.call(f"Create{noun(kind)}", _named(table, kind, name))
    assert answer[member_of(kind)] == known.gone[kind]


def test_dataset__type_taken(standing: Site, table: Table) -> None:
    request = {
        **table["CreateDataset"].minimal,
        "name": "new",
        "datasetGroupArn": MOVIES,
        "datasetType": "ACTIONS",
    }
    with standing.unchanged():
        code, message = refusal(standing, "CreateDataset", request)
    taken = arn(Kind.DATASET, "movies", "ACTIONS")
    assert (code, taken in message) == ("ResourceAlreadyExists", True), message


def test_dataset__name_of_another_type(site: Site, table: Table) -> None:
    request = {**table["CreateDataset"].requests[1], "name": "Items"}
    assert site.call("CreateDataset", request)["datasetArn"].endswith("dataset/spare/USERS")


def test_event_tracker__second_of_a_group(standing: Site, known: Known) -> None:
    request = {"name": "another", "datasetGroupArn": MOVIES}
    with standing.unchanged():
        code, message = refusal(standing, "CreateEventTracker", request)
    assert (code, known.trackers["movies"] in message) == ("ResourceAlreadyExists", True), message


def test_event_tracker__name_of_another_groups(site: Site, table: Table) -> None:
    request = {**table["CreateEventTracker"].minimal, "name": "movies"}
    assert site.call("CreateEventTracker", request)["trackingId"]


def test_solution_version__name_taken_in_its_solution(site: Site) -> None:
    solution = arn(Kind.SOLUTION, "up")
    request = {"name": LONG_NAME, "solutionArn": solution}
    site.call("CreateSolutionVersion", request)
    with site.unchanged():
        code, message = refusal(site, "CreateSolutionVersion", request)
    assert code == "ResourceAlreadyExists"
    assert message == f"Another solution version of {solution} has the name {LONG_NAME}."
    site.call("CreateSolutionVersion", {**request, "solutionArn": arn(Kind.SOLUTION, "v2")})


@pytest.mark.parametrize("name", ["", "-a", "a b", "ä", "a.b", "a/b", "n" * 64])
@pytest.mark.parametrize("kind", KINDS)
def test_name__not_allowed(standing: Site, table: Table, kind: Kind, name: str) -> None:
    request = _named(table, kind, name)
    member = "jobName" if "jobName" in request else "name"
    with standing.unchanged():
        code, message = refusal(standing, f"Create{noun(kind)}", request)
    assert (code, f"at '{member}' failed to satisfy" in message) == ("InvalidInput", True), message
