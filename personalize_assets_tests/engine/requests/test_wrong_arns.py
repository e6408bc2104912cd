"""Every ARN of every operation: malformed, of another kind, someone else's, unknown, gone."""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from personalize_assets.core.arns import Kind
from personalize_assets_tests.engine.examples import all_operations
from personalize_assets_tests.engine.requests.naming import (
    Path,
    arn_paths,
    given,
    kind_of_member,
    replaced,
)
from personalize_assets_tests.engine.requests.opening import Request, Site
from personalize_assets_tests.engine.requests.refusals import declared, model, refusal
from personalize_assets_tests.engine.requests.table import Table
from personalize_assets_tests.engine.requests.world import (
    ACCOUNT,
    OTHER_ACCOUNT,
    OTHER_REGION,
    REGION,
    Known,
)

OWNED: Final = (Kind.RECIPE, Kind.ALGORITHM, Kind.FEATURE_TRANSFORMATION)
TAGGABLE_NOT: Final = (Kind.SCHEMA, Kind.METRIC_ATTRIBUTION, *OWNED)
HERE: Final = f":{REGION}:{ACCOUNT}:"
EVERY_ARN: Final = [
    pytest.param(operation.name, path, id=f"{operation.name}-{'.'.join(path)}")
    for operation in all_operations()
    for path in arn_paths(operation)
]
each_arn = pytest.mark.parametrize(("operation", "path"), EVERY_ARN)


def _member(path: Path) -> str:
    return [name for name in path if name != "*"][-1]


def _request(table: Table, operation: str, path: Path) -> Request:
    """A valid request with that ARN; of a list, with nothing else."""
    requests = table[operation].requests
    request = next(request for request in requests if given(request, path))
    return {path[0]: request[path[0]]} if operation.startswith("List") else request


def _malformed(kind: Kind) -> list[str]:
    good = f"arn:aws:personalize{HERE}{kind.value}"
    return [
        "",
        "x",
        "arn:aws:s3:::bucket",
        "arn:aws:personalize:::",
        good,
        f"{good}/a/b/c",
        f"{good}/",
        f"{good}/a b",
        f"{good}/ä",
        f"arn:aws:personalize:{REGION}:1234:{kind.value}/name",
        f"arn:aws:personalize{HERE}thing/name",
        f"arn:aws:personalize{HERE}{kind.value}/{'n' * 256}",
    ]


def test_table__has_85_arns() -> None:
    assert len(EVERY_ARN) == 85


@each_arn
def test_arn__malformed(standing: Site, table: Table, operation: str, path: Path) -> None:
    request = _request(table, operation, path)
    with standing.unchanged():
        for wrong in _malformed(kind_of_member(_member(path))):
            code, message = refusal(standing, operation, replaced(request, path, wrong))
            assert code == "InvalidInput", (wrong, message)
            assert repr(wrong) in message or f"at '{path[0]}" in message, message


def _of_other_kinds(known: Known, member: str) -> Iterator[tuple[Kind, str]]:
    if member == "resourceArn":
        yield from ((kind, known.example(kind)) for kind in TAGGABLE_NOT)
        return
    for kind in Kind:
        if kind is not kind_of_member(member):
            yield kind, known.example(kind)


def _check_other_kinds(
    site: Site, operation: str, path: Path, request: Request, wrong: list[tuple[Kind, str]]
) -> None:
    with site.unchanged():
        for kind, arn in wrong:
            code, message = refusal(site, operation, replaced(request, path, arn))
            wanted = f"{arn} is the ARN of {kind.with_article}; that of "
            assert (code, wanted in message) == ("InvalidInput", True), (arn, message)


@each_arn
def test_arn__of_another_kind(
    standing: Site, table: Table, known: Known, operation: str, path: Path
) -> None:
    wrong = list(_of_other_kinds(known, _member(path)))
    request = _request(table, operation, path)
    _check_other_kinds(standing, operation, path, request, wrong[::6])


@pytest.mark.slow
@each_arn
def test_arn__of_any_other_kind(
    standing: Site, table: Table, known: Known, operation: str, path: Path
) -> None:
    wrong = list(_of_other_kinds(known, _member(path)))
    request = _request(table, operation, path)
    _check_other_kinds(standing, operation, path, request, wrong)


def _not_there(known: Known, kind: Kind) -> list[str]:
    """Someone else's, which exist; one that never was; one that is gone with its parent."""
    good = known.example(kind)
    if kind in OWNED:
        return [f"{good}x"]
    return [
        good.replace(HERE, f":{REGION}:{OTHER_ACCOUNT}:"),
        good.replace(HERE, f":{OTHER_REGION}:{ACCOUNT}:"),
        good.replace("arn:aws:", "arn:aws-cn:"),
        f"{good}x",
        known.gone[kind],
    ]


@each_arn
def test_arn__not_there(
    standing: Site, table: Table, known: Known, operation: str, path: Path
) -> None:
    kind, request = kind_of_member(_member(path)), _request(table, operation, path)
    with standing.unchanged():
        for arn in _not_there(known, kind):
            code, found = refusal(standing, operation, replaced(request, path, arn))
            if "ResourceNotFound" in declared(operation):
                wanted = f"The given {kind.words} does not exist: {arn}"
                assert (code, found) == ("ResourceNotFound", wanted)
            else:
                assert (code, found) == ("accepted", _nothing(operation))


def _nothing(operation: str) -> str:
    shape: Any = model(operation).output_shape
    [key] = [name for name, member in shape.members.items() if member.type_name == "list"]
    return json.dumps({key: []}, separators=(",", ":"))


@each_arn
@pytest.mark.parametrize(
    "caller", [{"account": "333333333333"}, {"region": "ap-south-1"}], ids=["account", "region"]
)
def test_arn__asked_for_by_someone_else(
    standing: Site, table: Table, operation: str, path: Path, caller: dict[str, str]
) -> None:
    request = _request(table, operation, path)
    kinds = {kind_of_member(_member(each)) for each in arn_paths(model(operation))}
    with standing.unchanged():
        code, found = refusal(standing, operation, request, **caller)
    if kinds <= set(OWNED):
        assert code == "accepted"
    elif "ResourceNotFound" in declared(operation):
        assert (code, HERE in found) == ("ResourceNotFound", True), found
    else:
        assert (code, found) == ("accepted", _nothing(operation))


@each_arn
def test_arn__of_the_service_names_no_account(
    standing: Site, table: Table, known: Known, operation: str, path: Path
) -> None:
    kind = kind_of_member(_member(path))
    good, request = known.example(kind), _request(table, operation, path)
    wrong = good.replace(":::", HERE) if kind in OWNED else good.replace(HERE, ":::")
    with standing.unchanged():
        code, message = refusal(standing, operation, replaced(request, path, wrong))
    assert (code, repr(wrong) in message) == ("InvalidInput", True), message


@pytest.mark.parametrize(
    ("operation", "code"),
    [("PutEvents", "InvalidInput"), ("PutActionInteractions", "ResourceNotFound")],
)
def test_tracking_id__of_nothing(
    standing: Site, table: Table, known: Known, operation: str, code: str
) -> None:
    request = table[operation].minimal
    other = known.tracking["actions" if operation == "PutEvents" else "movies"]
    with standing.unchanged():
        for wrong in ("x", other, request["trackingId"].upper() + "0", known.trackers["movies"]):
            found = refusal(standing, operation, {**request, "trackingId": wrong})
            assert (found[0], f"tracking id {wrong} in account" in found[1]) == (code, True), found
        for caller in ({"account": "333333333333"}, {"region": "ap-south-1"}):
            found = refusal(standing, operation, request, **caller)
            assert (found[0], request["trackingId"] in found[1]) == (code, True), found
