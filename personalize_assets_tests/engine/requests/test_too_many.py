"""Too many of anything that a request holds: code and text, whether the model or a page says it."""

from typing import Any, Final

import pytest

from personalize_assets.core.arns import Kind
from personalize_assets_tests.engine.requests.data import FIELDS, avro
from personalize_assets_tests.engine.requests.naming import given, replaced
from personalize_assets_tests.engine.requests.opening import Request, Site
from personalize_assets_tests.engine.requests.refusals import refusal
from personalize_assets_tests.engine.requests.row import TAGS
from personalize_assets_tests.engine.requests.table import FORM, Table
from personalize_assets_tests.engine.requests.world import EXAMPLES

MOST: Final = "Member must have {} less than or equal to {}"
LENGTH, VALUE = (MOST.format(what, "{}") for what in ("length", "value"))
TAGGED: Final = [
    row.operation for row in FORM.values() if any("tags" in request for request in row.requests)
]
ADDED: Final = {"tagKey": "one-more", "tagValue": ""}


def _columns(name: str, count: int, **more: Any) -> str:
    """A schema with so many columns beside those that it needs."""
    needed = [each for each in FIELDS[name] if each["name"][-3:] == "_ID"]
    if name == "Interactions":
        needed.append({"name": "TIMESTAMP", "type": "long"})
    extra = [{"name": f"C{number}", "type": "string", **more} for number in range(count)]
    return avro(name, [*needed, *extra])


# Operation, member, value, and what the message says. Paths lead through entries of lists by ``*``.
MODEL: Final[list[tuple[str, str, Any, str]]] = [
    ("CreateFilter", "filterExpression", "x" * 2_501, LENGTH.format(2_500)),
    ("CreateSchema", "schema", avro("Items", FIELDS["Items"]).ljust(20_001), LENGTH.format(20_000)),
    (
        "CreateMetricAttribution",
        "metrics",
        [{"eventType": "e", "metricName": "m", "expression": "SAMPLECOUNT()"}] * 11,
        LENGTH.format(10),
    ),
    ("UpdateMetricAttribution", "removeMetrics", ["m"] * 11, LENGTH.format(10)),
    (
        "CreateSolution",
        "solutionConfig.eventsConfig.eventParametersList",
        [{"eventType": f"{number}"} for number in range(11)],
        LENGTH.format(10),
    ),
    ("CreateSolution", "solutionConfig.autoMLConfig.recipeList", ["x"] * 101, LENGTH.format(100)),
    (
        "CreateSolution",
        "solutionConfig.trainingDataConfig.excludedDatasetColumns",
        {name: ["A"] for name in FIELDS},
        LENGTH.format(3),
    ),
    (
        "CreateSolution",
        "solutionConfig.trainingDataConfig.includedDatasetColumns",
        {"Items": ["A"] * 51},
        LENGTH.format(50),
    ),
    (
        "CreateSolution",
        "solutionConfig.algorithmHyperParameters",
        {f"k{number}": "v" for number in range(101)},
        LENGTH.format(100),
    ),
    ("GetRecommendations", "promotions", [{}, {}], LENGTH.format(1)),
    ("GetRecommendations", "context", {f"K{number}": "v" for number in range(151)}, "150"),
    ("GetRecommendations", "filterValues", {f"K{number}": '"v"' for number in range(26)}, "25"),
    ("GetRecommendations", "metadataColumns", {"ITEMS": [], "USERS": []}, LENGTH.format(1)),
    ("GetRecommendations", "promotions.*.percentPromotedItems", 101, VALUE.format(100)),
    ("PutEvents", "eventList", [{}] * 11, LENGTH.format(10)),
    ("PutEvents", "eventList.*.impression", ["i"] * 26, LENGTH.format(25)),
    ("PutEvents", "eventList.*.properties", "{}".ljust(1_025), LENGTH.format(1_024)),
    ("PutActionInteractions", "actionInteractions.*.impression", ["i"] * 26, LENGTH.format(25)),
    ("PutItems", "items", [{}] * 11, LENGTH.format(10)),
    ("PutUsers", "users", [{}] * 11, LENGTH.format(10)),
    ("PutActions", "actions", [{}] * 11, LENGTH.format(10)),
    ("PutItems", "items.*.properties", "{}".ljust(32_001), LENGTH.format(32_000)),
    ("PutUsers", "users.*.properties", "{}".ljust(24_001), LENGTH.format(24_000)),
]
PAGES: Final[list[tuple[str, str, Any, str]]] = [
    ("GetRecommendations", "numResults", 51, "at most 50 with metadataColumns, got 51"),
    (
        "GetRecommendations",
        "metadataColumns",
        {"ITEMS": [f"C{number}" for number in range(11)]},
        "metadataColumns can name 10 columns, got 11",
    ),
    ("GetActionRecommendations", "numResults", 101, "numResults must be at most 100, got 101"),
    ("CreateBatchInferenceJob", "numResults", 501, "numResults must be from 1 to 500, got 501"),
    ("CreateBatchInferenceJob", "numResults", 0, "numResults must be from 1 to 500, got 0"),
    ("CreateBatchSegmentJob", "numResults", 5_000_001, "from 1 to 5000000, got 5000001"),
    ("CreateSchema", "schema", _columns("Interactions", 6), "5"),
    ("CreateSchema", "schema", _columns("Users", 26, categorical=True), "25"),
    ("CreateSchema", "schema", _columns("Items", 101, categorical=True), "100"),
    ("CreateSchema", "schema", _columns("Items", 2, textual=True), "textual"),
    ("CreateSchema", "schema", _columns("Actions", 11, categorical=True), "10"),
    (
        "CreateSolution",
        "solutionConfig.hpoConfig.hpoResourceConfig.maxNumberOfTrainingJobs",
        "41",
        "maxNumberOfTrainingJobs must be a whole number from 1 to 40 as a string, got '41'",
    ),
    (
        "CreateSolution",
        "solutionConfig.hpoConfig.hpoResourceConfig.maxParallelTrainingJobs",
        "11",
        "maxParallelTrainingJobs must be a whole number from 1 to 10 as a string, got '11'",
    ),
    (
        "CreateSolution",
        "solutionConfig.autoTrainingConfig.schedulingExpression",
        "rate(31 days)",
        "must be from rate(1 day) to rate(30 days), got rate(31 days)",
    ),
    (
        "UpdateSolution",
        "solutionUpdateConfig.autoTrainingConfig.schedulingExpression",
        "rate(0 days)",
        "must be from rate(1 day) to rate(30 days), got rate(0 days)",
    ),
]


def _request(table: Table, operation: str, path: tuple[str, ...]) -> Request:
    requests = table[operation].requests
    return next(request for request in requests if given(request, path))


@pytest.mark.parametrize(("operation", "member", "value", "text"), MODEL)
def test_too_many__by_the_model(
    standing: Site, table: Table, operation: str, member: str, value: Any, text: str
) -> None:
    path = tuple(member.split("."))
    wrong = replaced(_request(table, operation, path), path, value)
    with standing.unchanged():
        code, message = refusal(standing, operation, wrong)
    assert (code, text in message, f"at '{path[0]}" in message) == ("InvalidInput", True, True)


@pytest.mark.parametrize(("operation", "member", "value", "text"), PAGES)
def test_too_many__by_the_guide(
    standing: Site, table: Table, operation: str, member: str, value: Any, text: str
) -> None:
    path = tuple(member.split("."))
    wrong = replaced(_request(table, operation, path), path, value)
    wrong.pop("domain", None)
    with standing.unchanged():
        code, message = refusal(standing, operation, wrong)
    assert (code, text in message) == ("InvalidInput", True), message


@pytest.mark.parametrize("operation", TAGGED)
@pytest.mark.parametrize(
    ("tags", "code", "text"),
    [
        ([*TAGS, ADDED], "TooManyTags", "A resource can have 50 tags, got 51"),
        ([ADDED] * 201, "InvalidInput", LENGTH.format(200)),
        ([ADDED, ADDED], "InvalidInput", "Each tag key may be given once"),
        ([{"tagKey": "AWS:x", "tagValue": ""}], "InvalidInput", "may not begin with aws:"),
        ([{"tagKey": "a"}], "InvalidInput", "at 'tags.1.member.tagValue' failed"),
    ],
    ids=["51", "201", "twice", "aws", "half"],
)
def test_tags__refused(
    standing: Site, table: Table, operation: str, tags: list[Any], code: str, text: str
) -> None:
    request = {**table[operation].minimal, "tags": tags}
    with standing.unchanged():
        found, message = refusal(standing, operation, request)
    assert (found, text in message) == (code, True), message


def test_tags__51_in_all(site: Site) -> None:
    group = {"resourceArn": EXAMPLES[Kind.DATASET_GROUP]}
    site.call("TagResource", {**group, "tags": TAGS})
    with site.unchanged():
        code, message = refusal(site, "TagResource", {**group, "tags": [ADDED]})
        assert code == "TooManyTags"
        assert f"{group['resourceArn']} would have 51" in message
        keys = [tag["tagKey"] for tag in TAGS]
        code, message = refusal(site, "UntagResource", {**group, "tagKeys": [*keys, "k"]})
        assert code == "TooManyTagKeys"
        assert "At most 50 tag keys can be removed at once, got 51" in message


def test_metrics__11_after_an_update(standing: Site, table: Table) -> None:
    request = table["UpdateMetricAttribution"].requests[1]
    with standing.unchanged():
        kept = {**request, "removeMetrics": request["removeMetrics"][:1]}
        code, message = refusal(standing, "UpdateMetricAttribution", kept)
    assert code == "InvalidInput"
    assert message == "A metric attribution can have 10 metrics, there would be 11"


def test_event__more_than_10_kilobytes(standing: Site, table: Table) -> None:
    request = table["PutEvents"].requests[1]
    wide = replaced(request, ("eventList", "*", "impression"), ["ö" * 256] * 25)
    with standing.unchanged():
        code, message = refusal(standing, "PutEvents", wide)
    assert code == "InvalidInput"
    assert "Event 1 of eventList cannot be taken: an event may have 10000 bytes" in message


def test_results__501(standing: Site, table: Table) -> None:
    request = {**table["GetRecommendations"].minimal, "numResults": 501}
    code, message = refusal(standing, "GetRecommendations", request)
    assert (code, message) == ("InvalidInput", "numResults must be at most 500, got 501")


@pytest.mark.parametrize(
    ("number", "count", "text"),
    [(0, 501, "500 items, got 501"), (1, 51, "50 items with metadataColumns, got 51")],
)
def test_ranking__too_many_items(
    standing: Site, table: Table, number: int, count: int, text: str
) -> None:
    request = table["GetPersonalizedRanking"].requests[number]
    code, message = refusal(
        standing, "GetPersonalizedRanking", {**request, "inputList": ["i"] * count}
    )
    assert (code, message) == ("InvalidInput", f"inputList can have {text}")


def test_fields__of_all_filters(site: Site, table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    module = "personalize_assets.engine.operations.filters"
    monkeypatch.setattr(f"{module}.MAX_FIELDS_OF_ALL_FILTERS", 4)
    request = table["CreateFilter"].minimal
    used = {**request, "name": "used", "filterExpression": _expression("GENRES")}
    site.call("CreateFilter", used)
    with site.unchanged():
        new = {**request, "filterExpression": _expression("TITLE")}
        code, message = refusal(site, "CreateFilter", new)
    assert code == "LimitExceeded"
    assert "together would use 5 distinct dataset fields, the most is 4." in message


def _expression(column: str) -> str:
    return f'EXCLUDE ItemID WHERE Items.{column} IN ("x")'
