"""New items come into answers without a training, and what is known of them decides which."""

import functools
from collections import Counter
from typing import Any

import pytest

from personalize_assets_tests.engine.operations.conftest import World
from personalize_assets_tests.engine.operations.serving import ask, ids

PERSONAL = "aws-user-personalization"
EVERYTHING = {"itemExplorationConfig": {"explorationWeight": "1"}}
START, DAY = 1_600_000_000, 86_400


@functools.cache
def two_tastes() -> str:
    """40 users, each with 30 of the 40 items of one genre: c0 to c39 or d0 to d39."""
    lines = ["USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP"]
    for user in range(40):
        for step in range(30):
            item = f"{'cd'[user % 2]}{(user * 7 + step) % 40}"
            lines.append(f"u{user},{item},watch,5.0,{START + DAY * step + user}")
    return "\n".join(lines) + "\n"


class Shop:
    """A group with two tastes, an event tracker and a trained solution."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.group = world.group()
        assert world.import_text(world.dataset(self.group), two_tastes())["status"] == "ACTIVE"
        self.items = world.dataset(self.group, "Items")
        genres = [f"c{at},Comedy,1" for at in range(40)] + [f"d{at},Drama,1" for at in range(40)]
        world.import_text(self.items, "\n".join(["ITEM_ID,GENRES,YEAR", *genres]), "items")
        tracker = world.api.create_event_tracker(name="t", datasetGroupArn=self.group)
        self.tracking_id = tracker["trackingId"]
        self.solution = world.solution(self.group, PERSONAL, performAutoTraining=False)
        self.version = world.version(self.solution)

    def campaign(self, version: str, name: str, config: dict[str, Any] = EVERYTHING) -> str:
        arn = self.world.api.create_campaign(
            name=name, solutionVersionArn=version, campaignConfig=config
        )["campaignArn"]
        self.world.run()
        return arn

    def put_items(self, **genres: str) -> None:
        items = [
            {"itemId": name, "properties": f'{{"genres": "{genre}"}}'}
            for name, genre in genres.items()
        ]
        self.world.engine.events.put_items(datasetArn=self.items, items=items)

    def watch(self, user: str, item: str, at: int, **more: Any) -> None:
        event = {"eventType": "watch", "sentAt": at, "itemId": item, **more}
        self.world.engine.events.put_events(
            trackingId=self.tracking_id, userId=user, sessionId=f"s-{user}", eventList=[event]
        )

    def answered(self, campaign: str, users: range, n_results: int) -> Counter[str]:
        """How often each item stands in the lists of some users."""
        found = Counter[str]()
        for user in users:
            found.update(ids(ask(self.world, campaign, userId=f"u{user}", numResults=n_results)))
        return found


@pytest.fixture
def shop(world: World) -> Shop:
    return Shop(world)


def test_put_events__lists_follow_the_user_without_a_training(shop: Shop) -> None:
    quiet = shop.campaign(
        shop.version, "quiet", {"itemExplorationConfig": {"explorationWeight": "0"}}
    )

    def dramas(user: str) -> int:
        found = ids(ask(shop.world, quiet, userId=user, numResults=10))
        return sum(item.startswith("d") for item in found)

    other = ask(shop.world, quiet, userId="u2")
    shares = []
    for at, item in enumerate(("c1", "c2", "c3", "d1", "d2", "d3", "d4", "d5", "d6")):
        shop.watch("new", item, START + 40 * DAY + at)
        shares.append(dramas("new"))
    assert shares[:3] == [0, 0, 0]
    assert shares[-1] >= 8
    assert shares[3] <= shares[-1]
    assert ask(shop.world, quiet, userId="u2") == other
    for at, item in enumerate(("c11", "c12", "c13", "c14", "c15", "c16")):
        shop.watch("new", item, START + 50 * DAY + at)
    assert dramas("new") < 5


def test_update__new_items_by_their_categories_without_a_training(shop: Shop) -> None:
    before = shop.campaign(shop.version, "before")
    shop.put_items(comedy="Comedy", drama="Drama")
    update = shop.world.version(shop.solution, trainingMode="UPDATE")
    campaign = shop.campaign(update, "after")
    fans = {name: range(first, 40, 2) for first, name in enumerate(("comedy", "drama"))}
    assert shop.answered(before, range(40), 2).keys().isdisjoint(fans)
    for own, users in fans.items():
        # one of two places is explored
        found = Counter[str]()
        for _ in range(2):
            found += shop.answered(campaign, users, 2)
            shop.world.engine.clock.advance(3_600)
        assert found["comedy"] + found["drama"] == 40
        assert found[own] > 25


@pytest.mark.parametrize("explicit", [True, False])
def test_refresh__what_is_shown_and_never_taken_is_not_shown_any_more(
    shop: Shop, explicit: bool
) -> None:
    campaign = shop.campaign(shop.version, "c")
    shop.put_items(good="Comedy", dull="Comedy")
    shop.world.pass_time(hours=2)
    assert shop.answered(campaign, range(4), 4)["dull"] == 4
    for user in range(20):
        answer = shop.world.engine.runtime.get_recommendations(
            campaignArn=campaign, userId=f"u{user}", numResults=4
        )
        told = (
            {"impression": ids(answer["itemList"])}
            if explicit
            else {"recommendationId": answer["recommendationId"]}
        )
        shop.watch(f"u{user}", "good", START + 40 * DAY + user, **told)
    shop.world.pass_time(hours=2)
    found = shop.answered(campaign, range(20, 30), 4)
    assert (found["good"], found["dull"]) == (10, 0)
    # who took it does not get it again
    assert shop.answered(campaign, range(4), 4)["good"] == 0
