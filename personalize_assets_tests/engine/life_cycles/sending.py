"""Rules for the calls of the events API."""

from collections.abc import Callable
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from personalize_assets.core.arns import Kind
from personalize_assets_tests.engine.life_cycles.base import (
    IN_USE,
    INVALID,
    NOT_FOUND,
    PICKS,
    Base,
    Request,
    Wrong,
)
from personalize_assets_tests.engine.life_cycles.world import Thing

_RECORDS: Final = {
    "ITEMS": ("PutItems", "items", "itemId"),
    "USERS": ("PutUsers", "users", "userId"),
    "ACTIONS": ("PutActions", "actions", "actionId"),
}
_NEEDED: Final = '{"genres": "a", "creationTimestamp": 1700000000}'


def _has(*types: str) -> Callable[[Base], bool]:
    """A precondition: there is a dataset of one of some types."""

    def there(self: Base) -> bool:
        return any(
            each.kind is Kind.DATASET and each.shown["datasetType"] in types
            for each in self.world.things.values()
        )

    return there


class Sending(Base):
    """What clients do and know."""

    @precondition(lambda self: self.world.counts[Kind.EVENT_TRACKER])
    @rule(
        pick=PICKS,
        again=st.booleans(),
        odd=st.sampled_from((*[None] * 8, "properties", "milliseconds")),
    )
    def put_events(self, pick: int, again: bool, odd: str | None) -> None:
        """Only for an ACTIVE tracker and an ACTIVE Interactions dataset; the same event once."""
        wrong: Wrong = set()
        tracker = self.need(set(), Kind.EVENT_TRACKER, self.choose(Kind.EVENT_TRACKER, pick))
        dataset: Thing | None = None
        if tracker is not None:
            dataset = self.world.datasets(tracker.group).get("INTERACTIONS")
        if any(thing is None or thing.status != "ACTIVE" for thing in (tracker, dataset)):
            wrong.add(INVALID)
        seconds = int(self.world.now.timestamp())
        event: Request = {"eventType": "click", "itemId": "i", "sentAt": seconds}
        old = again and dataset is not None and dataset.facts.get("last_event")
        event["eventId"] = old or f"e{seconds}"
        if odd == "properties":
            event["properties"] = '{"nobodyKnowsThis": 1}'
            wrong.add(INVALID)
        elif odd == "milliseconds":
            event["sentAt"] = seconds * 1_000
            wrong.add(INVALID)
        request: Request = {
            "trackingId": "none" if tracker is None else tracker.shown["trackingId"],
            "sessionId": "s",
            "userId": f"u{pick % 3}",
            "eventList": [event],
        }
        if self.call("PutEvents", request, wrong) is not None and not old:
            assert dataset is not None
            dataset.facts["events"] = self.world.count_up()
            dataset.facts["last_event"] = event["eventId"]

    @precondition(_has("ACTION_INTERACTIONS"))
    @rule(pick=PICKS, event_type=st.sampled_from(("Taken", "not_taken", "Bought")))
    def put_action_interactions(self, pick: int, event_type: str) -> None:
        """The tracking id is that of the dataset."""
        wrong: Wrong = set()
        known = [
            each
            for each in self.world.find(Kind.DATASET)
            if each.shown["datasetType"] == "ACTION_INTERACTIONS"
        ]
        dataset = known[pick % len(known)] if known and pick < 95 else None
        if dataset is None:
            wrong.add(NOT_FOUND)
        elif dataset.status != "ACTIVE":
            wrong.add(IN_USE)
        if event_type == "Bought":
            wrong.add(INVALID)
        interaction: Request = {
            "actionId": "a",
            "userId": "u",
            "sessionId": "s",
            "eventType": event_type,
            "timestamp": int(self.world.now.timestamp()),
        }
        tracking_id = "none" if dataset is None else dataset.shown["trackingId"]
        request = {"trackingId": tracking_id, "actionInteractions": [interaction]}
        if self.call("PutActionInteractions", request, wrong) is not None:
            assert dataset is not None
            dataset.facts["events"] = self.world.count_up()

    @precondition(_has("ITEMS", "USERS", "ACTIONS"))
    @rule(
        pick=PICKS,
        dataset_type=st.sampled_from(tuple(_RECORDS)),
        odd=st.booleans(),
    )
    def put_records(self, pick: int, dataset_type: str, odd: bool) -> None:
        """Items, users or actions, mostly into a dataset of that type."""
        wrong: Wrong = set()
        operation, member, key = _RECORDS[dataset_type]
        known = [
            each
            for each in self.world.find(Kind.DATASET)
            if each.shown["datasetType"] == dataset_type
        ]
        arn = known[pick % len(known)].arn if known and pick < 80 else ""
        arn = arn or self.choose(Kind.DATASET, pick)
        dataset = self.need_active(wrong, Kind.DATASET, arn)
        record: Request = {key: "x"}
        if dataset is not None:
            if dataset.shown["datasetType"] != dataset_type:
                wrong.add(INVALID)
            if "CREATION_TIMESTAMP" in self.world.columns(dataset):
                record["properties"] = _NEEDED
        if odd and pick % 8 == 0:
            record["properties"] = '{"nobodyKnowsThis": 1}'
            wrong.add(INVALID)
        request = {"datasetArn": arn, member: [record]}
        if self.call(operation, request, wrong) is not None:
            assert dataset is not None
            dataset.facts["records"] = self.world.count_up()
