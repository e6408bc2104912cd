"""All 17 lists: pages, parents, sizes, and tokens that are not theirs."""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from personalize_assets.core.arns import Kind, parse_arn
from personalize_assets_tests.engine.requests.naming import arn_paths
from personalize_assets_tests.engine.requests.opening import Request, Site
from personalize_assets_tests.engine.requests.refusals import declared, model, refusal
from personalize_assets_tests.engine.requests.table import FORM, PARENTS
from personalize_assets_tests.engine.requests.world import SPARE, Known, arn, list_requests

LISTS: Final = [name for name in FORM if name.startswith("List") and name[-8:] != "Resource"]
OF_ALL_CALLERS: Final = "ListRecipes"
NOT_SIZES: Final = (0, -1, 101, 2**31, 1.5, "1", True, [])
NOT_TOKENS: Final = ("", "x", "e30=", "WzEsMl0=", "bnVsbA==", "A" * 1_500)
each_list = pytest.mark.parametrize("operation", LISTS)


def page(site: Site, operation: str, request: Request) -> tuple[list[Any], str | None]:
    """What a page has, and the token of the next one."""
    code, found = refusal(site, operation, request)
    assert code == "accepted", found
    answer = json.loads(found)
    token = answer.pop("nextToken", None)
    [items] = answer.values()
    return items, token


def pages(site: Site, operation: str, request: Request, size: int) -> Iterator[list[Any]]:
    """All pages of a size."""
    items, token = page(site, operation, {**request, "maxResults": size})
    yield items
    while token is not None:
        following = {**request, "maxResults": size, "nextToken": token}
        items, token = page(site, operation, following)
        yield items


def _invalid(operation: str) -> str:
    return "InvalidInput" if "InvalidInput" in declared(operation) else "ValidationError"


def test_lists__are_17() -> None:
    assert len(LISTS) == 17


@each_list
def test_list__pages_of_any_size_hold_the_same(
    standing: Site, known: Known, operation: str
) -> None:
    request = list_requests(known)[operation]
    [whole] = pages(standing, operation, request, 100)
    assert len(whole) >= 2
    for size in (1, 2, len(whole)):
        found = list(pages(standing, operation, request, size))
        assert [item for items in found for item in items] == whole
        if operation != OF_ALL_CALLERS:  # whose pages are cut before the domain is looked at
            assert {len(items) for items in found[:-1]} <= {size}
            assert found[-1]


@each_list
def test_list__newest_first(standing: Site, known: Known, operation: str) -> None:
    items, _ = page(standing, operation, {**list_requests(known)[operation], "maxResults": 100})
    made = [item.get("creationDateTime", 0) for item in items]
    if operation != OF_ALL_CALLERS:
        assert made == sorted(made, reverse=True)


@pytest.mark.parametrize("operation", [each for each in LISTS if arn_paths(model(each))])
def test_list__of_a_parent_has_its_children_alone(
    standing: Site, known: Known, operation: str
) -> None:
    [[member]] = arn_paths(model(operation))
    parent = list_requests(known)[operation].get(member) or PARENTS[operation]
    [whole] = pages(standing, operation, {}, 100)
    [found] = pages(standing, operation, {member: parent}, 100)
    assert found
    assert found == [item for item in whole if _is_of(standing, item, parent)]


def _is_of(site: Site, item: dict[str, Any], parent: str) -> bool:
    if "metricName" in item:
        return item["metricName"].startswith(parse_arn(parent).name)
    arns = [value for value in item.values() if str(value).startswith("arn:")]
    return parent in {site.resource(arn).parent_arn for arn in arns if "recipe" not in arn}


@each_list
def test_max_results__out_of_bounds(standing: Site, operation: str) -> None:
    for size in NOT_SIZES:
        code, message = refusal(standing, operation, {"maxResults": size})
        assert (code, "at 'maxResults' failed" in message) == (_invalid(operation), True), size


@each_list
def test_next_token__made_up(standing: Site, known: Known, operation: str) -> None:
    request, token = list_requests(known)[operation], known.tokens[operation]
    for wrong in (*NOT_TOKENS, token[:-1], f"{token}A", token.swapcase()):
        code, message = refusal(standing, operation, {**request, "nextToken": wrong})
        assert (code, "nextToken is not valid" in message) == ("InvalidNextToken", True), wrong
    for wrong in ("ä", "A" * 1_501, 5):
        code, message = refusal(standing, operation, {**request, "nextToken": wrong})
        assert (code, "at 'nextToken' failed" in message) == (_invalid(operation), True), wrong


@each_list
def test_next_token__of_another_list(standing: Site, known: Known, operation: str) -> None:
    request = list_requests(known)[operation]
    for other, token in known.tokens.items():
        if other != operation:
            code, _ = refusal(standing, operation, {**request, "nextToken": token})
            assert code == "InvalidNextToken", other


@pytest.mark.parametrize("operation", sorted({*LISTS} - {"ListDatasetGroups", "ListSchemas"}))
def test_next_token__of_another_parent(standing: Site, known: Known, operation: str) -> None:
    request, token = list_requests(known)[operation], known.tokens[operation]
    others = [{member: parent} for member, parent in _parents(known, operation)]
    if request:
        others.append({})
    for other in others:
        assert other != request
        code, message = refusal(standing, operation, {**other, "nextToken": token})
        assert code == "InvalidNextToken", message


def _parents(known: Known, operation: str) -> Iterator[tuple[str, str]]:
    """Parents that the list's token is not for; they exist, which one list looks at."""
    if operation == OF_ALL_CALLERS:
        yield "domain", "VIDEO_ON_DEMAND"
        return
    [[member]] = arn_paths(model(operation))
    yield (
        member,
        {
            "datasetArn": arn(Kind.DATASET, "spare", "ITEMS"),
            "datasetGroupArn": SPARE,
            "metricAttributionArn": arn(Kind.METRIC_ATTRIBUTION, "videos"),
            "solutionArn": arn(Kind.SOLUTION, "up"),
            "solutionVersionArn": known.versions["up"],
        }[member],
    )


@each_list
def test_next_token__of_someone_else(standing: Site, known: Known, operation: str) -> None:
    request = {**list_requests(known)[operation], "nextToken": known.tokens[operation]}
    for caller in ({"account": "333333333333"}, {"region": "ap-south-1"}):
        code, _ = refusal(standing, operation, request, **caller)
        special = {OF_ALL_CALLERS: "accepted", "ListSolutionVersions": "ResourceNotFound"}
        assert code == special.get(operation, "InvalidNextToken")


@each_list
def test_next_token__lasts(site: Site, known: Known, operation: str) -> None:
    request = list_requests(known)[operation]
    [whole] = pages(site, operation, request, 100)
    site.clock.advance(365 * 86_400)
    following = {**request, "nextToken": known.tokens[operation], "maxResults": 100}
    assert page(site, operation, following) == (whole[1:], None)
