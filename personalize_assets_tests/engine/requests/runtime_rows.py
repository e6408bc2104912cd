"""Valid requests to the runtime and the events service."""

import json
from typing import Any, Final

from personalize_assets.core.arns import Kind
from personalize_assets_tests.engine.examples import MOMENT
from personalize_assets_tests.engine.requests.opening import Request
from personalize_assets_tests.engine.requests.row import LONG_NAME, Row
from personalize_assets_tests.engine.requests.world import EXAMPLES, ITEMS, Known, arn

_CONTEXT: Final = {
    f"KEY_{number}".ljust(150, "x") if number else "DEVICE": "v" * 1_000 for number in range(150)
}
_GENRE: Final = {
    "filterArn": arn(Kind.FILTER, "genre"),
    "filterValues": {"GENRE": '"War","Drama"'.ljust(1_000)},
}
_COLUMNS: Final = {"ITEMS": ["TITLE", "GENRES", "PRICE", "YEAR", "CREATION_TIMESTAMP", "PLOT"]}


def rows(known: Known) -> list[Row]:
    """The rows."""
    return [_recommendations(), *_rankings(), *_events(known), *_records()]


def _recommendations() -> Row:
    campaign = EXAMPLES[Kind.CAMPAIGN]
    promotion = {
        "name": LONG_NAME,
        "percentPromotedItems": 100,
        "filterArn": arn(Kind.FILTER, "new"),
        "filterValues": {"YEAR": "2000"},
    }
    return Row(
        "GetRecommendations",
        {"campaignArn": campaign, "userId": "u1"},
        (
            {
                "campaignArn": campaign,
                "userId": "u" * 256,
                "itemId": "i" * 256,
                "numResults": 50,
                "context": _CONTEXT,
                **_GENRE,
                "promotions": [promotion],
                "metadataColumns": _COLUMNS,
            },
            {"campaignArn": campaign, "userId": "u1", "numResults": 500},
            {
                "recommenderArn": EXAMPLES[Kind.RECOMMENDER],
                "userId": "u1",
                "numResults": 0,
                "filterArn": arn(Kind.FILTER, "video"),
                "filterValues": {"GENRE": '"War"'},
            },
        ),
    )


def _rankings() -> list[Row]:
    ranking, actions = (arn(Kind.CAMPAIGN, name) for name in ("ranking", "nba"))
    return [
        Row(
            "GetPersonalizedRanking",
            {"campaignArn": ranking, "inputList": ["i1"], "userId": "u1"},
            (
                {
                    "campaignArn": ranking,
                    "inputList": [f"i{number}" for number in range(50)],
                    "userId": "u1",
                    "context": _CONTEXT,
                    **_GENRE,
                    "metadataColumns": _COLUMNS,
                },
                {
                    "campaignArn": ranking,
                    "inputList": [f"{number:03}".ljust(256, "i") for number in range(500)],
                    "userId": "u" * 256,
                },
            ),
        ),
        Row(
            "GetActionRecommendations",
            {"campaignArn": actions, "userId": "u1"},
            (
                {
                    "campaignArn": actions,
                    "userId": "u" * 256,
                    "numResults": 100,
                    "filterArn": arn(Kind.FILTER, "cheap"),
                    "filterValues": {"PRICE": '"1.5"'},
                },
            ),
        ),
    ]


def _events(known: Known) -> list[Row]:
    moment = {"sessionId": "s" * 256, "userId": "u" * 256}
    event = {
        "eventType": "e" * 256,
        "eventValue": -1.5,
        "properties": _padded({"device": "d" * 900}, 1_024),
        "sentAt": MOMENT,
        "recommendationId": "r" * 40,
        "impression": ["i" * 256] * 25,
        "metricAttribution": {"eventAttributionSource": "a ~" * 341 + "b"},
    }
    action = {
        **moment,
        "timestamp": MOMENT,
        "eventType": "Not Taken",
        "recommendationId": "r" * 40,
        "impression": ["a" * 256] * 25,
        "properties": _padded({"channel": "c" * 900}, 1_024),
    }
    short = {"actionId": "a1", "sessionId": "s", "timestamp": MOMENT, "eventType": "taken"}
    return [
        Row(
            "PutEvents",
            {
                "trackingId": known.tracking["movies"],
                "sessionId": "s",
                "eventList": [{"eventType": "watch", "sentAt": MOMENT}],
            },
            (
                {
                    "trackingId": known.tracking["movies"],
                    **moment,
                    "eventList": _ten(event, "itemId"),
                },
            ),
        ),
        Row(
            "PutActionInteractions",
            {"trackingId": known.tracking["actions"], "actionInteractions": [short]},
            (
                {
                    "trackingId": known.tracking["actions"],
                    "actionInteractions": _ten(action, "actionId"),
                },
            ),
        ),
    ]


def _ten(event: Request, of: str) -> list[Request]:
    """Ten events that differ: of equal ones one is kept."""
    ids = [f"{number}".ljust(256, "x") for number in range(10)]
    return [{**event, "eventId": each, of: each} for each in ids]


def _records() -> list[Row]:
    users, actions = (arn(Kind.DATASET, "movies", kind) for kind in ("USERS", "ACTIONS"))
    action = {"price": 1.5}
    item = {"genres": "War", "price": 1, "creationTimestamp": 1_700_000_000, "title": "Film"}
    return [
        _record("PutItems", ITEMS, "items", "itemId", item, {"plot": "p" * 20_000}, 32_000),
        _record("PutUsers", users, "users", "userId", {}, {"age": 2**31 - 1}, 24_000),
        _record("PutActions", actions, "actions", "actionId", action, {"value": 10}, 32_000),
    ]


def _record(
    operation: str, dataset: str, key: str, name: str, needed: Request, more: Request, size: int
) -> Row:
    """Records with what the schema needs, and ten of them with more, as long as they may be."""
    shortest = {"properties": json.dumps(needed)} if needed else {}
    properties = _padded(needed | more, size)
    many = [{name: f"{number}".ljust(256, "x"), "properties": properties} for number in range(10)]
    return Row(
        operation,
        {"datasetArn": dataset, key: [{name: "x", **shortest}]},
        ({"datasetArn": dataset, key: many},),
    )


def _padded(values: dict[str, Any], size: int) -> str:
    return json.dumps(values).ljust(size)
