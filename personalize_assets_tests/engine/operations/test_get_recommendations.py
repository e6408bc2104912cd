import re
from typing import Any

import pytest

from personalize_assets_tests.engine.operations.conftest import World, refused
from personalize_assets_tests.engine.operations.serving import (
    ARN,
    ask,
    campaign,
    full_group,
    ids,
    make_filter,
)

PERSONAL, POPULAR = "aws-user-personalization", "aws-popularity-count"
_ID = re.compile(r"RID-[0-9a-f]{2}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}-CID-[0-9a-f]{6}")


@pytest.fixture
def group(world: World) -> str:
    return world.filled_group()


@pytest.fixture
def personal(world: World, group: str) -> str:
    return campaign(world, group, PERSONAL)


@pytest.fixture
def popular(world: World, group: str) -> str:
    return campaign(world, group, POPULAR)


def test_get_recommendations__of_a_user(world: World, personal: str) -> None:
    answer = world.engine.runtime.get_recommendations(campaignArn=personal, userId="u1")
    items = answer["itemList"]
    assert len(items) == 25
    assert {tuple(item) for item in items} == {("itemId", "score")}
    scores = [item["score"] for item in items]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score < 1 and round(score, 7) == score for score in scores)
    assert _ID.fullmatch(answer["recommendationId"])
    assert len(answer["recommendationId"]) <= 40


def test_get_recommendations__scores_sum_to_1_over_the_catalogue(
    world: World, personal: str
) -> None:
    items = ask(world, personal, userId="u1", numResults=500)
    assert sum(item["score"] for item in items) == pytest.approx(1, abs=1e-5)


def test_get_recommendations__ids_tell_the_campaign_and_differ(
    world: World, group: str, personal: str
) -> None:
    popular = campaign(world, group, POPULAR)

    def asked(arn: str) -> str:
        found = world.engine.runtime.get_recommendations(campaignArn=arn, userId="u1")
        return found["recommendationId"]

    first, second, other = asked(personal), asked(personal), asked(popular)
    assert first != second
    assert first[-6:] == second[-6:] != other[-6:]


def test_get_recommendations__unknown_user_gets_what_new_ones_get(
    world: World, personal: str
) -> None:
    nobody = ask(world, personal, userId="nobody", numResults=5)
    assert nobody == ask(world, personal, userId="someone-else", numResults=5)
    assert nobody != ask(world, personal, userId="u1", numResults=5)


def test_get_recommendations__popular_items_need_no_user(world: World, popular: str) -> None:
    items = ask(world, popular)
    assert items == ask(world, popular, userId="u1", itemId="i3")
    assert {tuple(item) for item in items} == {("itemId",)}
    assert ask(world, popular, numResults=0) == []
    assert len(ask(world, popular, numResults=500)) == 80


def test_get_recommendations__related_items(world: World, group: str, popular: str) -> None:
    related = campaign(world, group, "aws-sims")
    items = ask(world, related, itemId="i3", numResults=5)
    assert "i3" not in ids(items)
    assert ids(items) != ids(ask(world, related, itemId="i40", numResults=5))
    unknown = ask(world, related, itemId="nowhere", numResults=5)
    assert unknown == ask(world, popular, numResults=5)
    with refused("InvalidInput", "Required fields for the provided recipe are itemId; aws-sims"):
        ask(world, related, userId="u1")


def test_get_recommendations__events_change_the_next_answer(
    world: World, group: str, personal: str
) -> None:
    tracker = world.api.create_event_tracker(name="t", datasetGroupArn=group)["trackingId"]
    world.run()
    before = ask(world, personal, userId="new", numResults=10)
    other = ask(world, personal, userId="u2", numResults=10)

    def watch(user: str, session: str, item: str, at: int) -> None:
        event = {"eventType": "watch", "sentAt": at, "itemId": item}
        world.engine.events.put_events(
            trackingId=tracker, userId=user, sessionId=session, eventList=[event]
        )

    for at, item in enumerate(ids(before)[:2]):
        watch("new", "s", item, 1_700_000_000 + at)
    after = ask(world, personal, userId="new", numResults=10)
    assert not set(ids(before)[:2]) & set(ids(after))
    assert ask(world, personal, userId="u2", numResults=10) == other


def test_get_recommendations__anonymous_session(world: World, group: str, personal: str) -> None:
    tracker = world.api.create_event_tracker(name="t", datasetGroupArn=group)["trackingId"]
    world.run()
    cold = ask(world, personal, userId="session-1", numResults=5)
    world.engine.events.put_events(
        trackingId=tracker,
        sessionId="session-1",
        eventList=[{"eventType": "watch", "sentAt": 1_700_000_000, "itemId": cold[0]["itemId"]}],
    )
    assert ids(cold)[0] not in ids(ask(world, personal, userId="session-1", numResults=5))


@pytest.mark.parametrize("context", [{"DEVICE": "phone"}, {"never_SEEN": "x", "B": ""}])
def test_get_recommendations__context_is_accepted(
    world: World, popular: str, context: dict[str, str]
) -> None:
    assert ask(world, popular, context=context) == ask(world, popular)


def test_get_recommendations__refuses(world: World, group: str, personal: str) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({}, "Required fields for the provided recipe are userId; aws-user-personalization was"),
        ({"userId": ""}, "was asked without userId"),
        ({"userId": "u1", "numResults": 501}, "numResults must be at most 500, got 501"),
        ({"userId": "u1", "filterValues": {"A": "1"}}, "filterValues are given without a filter"),
        ({"userId": "u" * 257}, "less than or equal to 256"),
        ({"userId": "u1", "context": {"a b": "1"}}, "Map keys must satisfy constraint"),
        ({"userId": "u1", "recommenderArn": ARN + "recommender/r"}, "either campaignArn or rec"),
        ({"userId": "u1", "promotions": [{}] * 2}, "length less than or equal to 1"),
        ({"userId": "u1", "promotions": [{"name": "p"}]}, "A promotion needs filterArn"),
        (
            {"userId": "u1", "promotions": [{"filterArn": ARN + "filter/f"}]},
            "A promotion needs percentPromotedItems",
        ),
        ({"userId": "u1", "filterArn": personal}, "is the ARN of a campaign; that of a filter is"),
        (
            {"userId": "u1", "metadataColumns": {"ITEMS": ["YEAR"]}},
            "metadataColumns need enableMetadataWithRecommendations",
        ),
        ({"userId": "u1", "metadataColumns": {"USERS": ["AGE"]}}, "columns of ITEMS only, got US"),
    ]
    for request, message in cases:
        with refused("InvalidInput", message):
            ask(world, personal, **request)
    with refused("InvalidInput", "Give either campaignArn or recommenderArn, and not both"):
        world.engine.runtime.get_recommendations(userId="u1")
    with refused("ResourceNotFound", "The given filter does not exist: "):
        ask(world, personal, userId="u1", filterArn=ARN + "filter/f")


def test_get_recommendations__refuses_arns(world: World, group: str, personal: str) -> None:
    solution = ARN + "solution/" + PERSONAL
    with refused("InvalidInput", "is the ARN of a solution; that of a campaign is needed"):
        ask(world, solution, userId="u1")
    with refused("ResourceNotFound", "The given campaign does not exist: "):
        ask(world, ARN + "campaign/other", userId="u1")
    with refused("InvalidInput", "that of a recommender is needed"):
        world.engine.runtime.get_recommendations(recommenderArn=personal, userId="u1")
    for foreign in ({"access_key": "210987654321"}, {"region": "eu-west-1"}):
        other = world.engine.backend.client("personalize-runtime", **foreign)
        with refused("ResourceNotFound", "The given campaign does not exist: "):
            other.get_recommendations(campaignArn=personal, userId="u1")


def test_get_recommendations__not_found_is_404(world: World) -> None:
    runtime = world.engine.runtime
    with pytest.raises(runtime.exceptions.ResourceNotFoundException) as caught:
        runtime.get_recommendations(campaignArn=ARN + "campaign/x", userId="u")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_get_recommendations__campaign_that_is_not_active(world: World, group: str) -> None:
    version = world.version(world.solution(group))
    arn = world.api.create_campaign(name="c", solutionVersionArn=version)["campaignArn"]
    with refused("InvalidInput", "must be ACTIVE, but its status is CREATE PENDING"):
        ask(world, arn)
    world.run()
    assert ask(world, arn)
    world.api.delete_campaign(campaignArn=arn)
    with refused("InvalidInput", "must be ACTIVE, but its status is DELETE PENDING"):
        ask(world, arn)
    world.api.describe_campaign(campaignArn=arn)
    world.run()
    with refused("ResourceNotFound", "The given campaign does not exist: "):
        ask(world, arn)


def test_get_recommendations__recipes_of_other_operations(world: World, group: str) -> None:
    ranking = campaign(world, group, "aws-personalized-ranking")
    with refused("InvalidInput", "a recipe of type PERSONALIZED_RANKING: use GetPersonalizedRank"):
        ask(world, ranking, userId="u1")


def test_get_recommendations__an_updated_campaign_answers_anew(world: World, group: str) -> None:
    solution = world.solution(group)
    arn = world.api.create_campaign(name="c", solutionVersionArn=world.version(solution))[
        "campaignArn"
    ]
    world.run()
    assert len(ask(world, arn, numResults=500)) == 80
    dataset = world.api.list_datasets(datasetGroupArn=group)["datasets"][0]["datasetArn"]
    header = "USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP\n"
    rows = [f"u{at % 30},other{at % 7},watch,1.0,{1_700_000_000 + at}\n" for at in range(1_200)]
    world.import_text(dataset, header + "".join(rows), "second")
    newer = world.version(solution)
    world.api.update_campaign(campaignArn=arn, solutionVersionArn=newer)
    assert len(ask(world, arn, numResults=500)) == 80
    world.run()
    assert {item[:5] for item in ids(ask(world, arn, numResults=500))} == {"other"}


def test_get_recommendations__filters(world: World) -> None:
    group = full_group(world)
    arn = campaign(world, group, POPULAR)
    years = make_filter(
        world, group, "INCLUDE ItemID WHERE Items.YEAR >= $LOW AND Items.YEAR < $HIGH", "years"
    )
    genres = make_filter(world, group, "INCLUDE ItemID WHERE Items.GENRES IN ($G)", "genres")
    watched = make_filter(
        world, group, 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")', "watched"
    )

    def found(filter_arn: str, user: str | None = None, **values: str) -> set[str]:
        more = {"userId": user} if user else {}
        return set(
            ids(ask(world, arn, filterArn=filter_arn, filterValues=values, numResults=500, **more))
        )

    assert found(years, LOW="1960", HIGH='"1963"') == {"i10", "i11", "i12"}
    assert found(genres, G='"Action, Family"') == {f"i{at}" for at in range(2, 80, 4)}
    assert found(genres, G='"Crime","Comedy"') == {f"i{at}" for at in range(80) if at % 4 < 2}
    assert found(genres, G='"Western"') == set()
    assert len(found(watched, "u0")) == 80 - 40
    assert len(found(watched, "nobody")) == 80
    with refused("InvalidInput", f"The filter {watched} needs a userId"):
        found(watched)
    with refused("InvalidInput", "The filter needs a value for $HIGH"):
        found(years, LOW="1960")
    with refused("InvalidInput", "The filter has no parameter year"):
        found(years, LOW="1", HIGH="2", year="3")
    with refused("InvalidInput", "must be a number"):
        found(years, LOW='"a"', HIGH="2")


def test_get_recommendations__filter_that_does_not_fit(world: World) -> None:
    group = full_group(world)
    arn = campaign(world, group, POPULAR)
    other = full_group(world, "other")
    foreign = make_filter(world, other, "INCLUDE ItemID WHERE Items.YEAR > 1", "foreign")
    users = make_filter(world, group, "INCLUDE UserID WHERE Users.AGE > 1", "users")
    current = "INCLUDE ItemID WHERE Items.YEAR < CurrentItem.YEAR"
    item = make_filter(world, group, current, "item")
    pending = world.api.create_filter(
        name="p", datasetGroupArn=group, filterExpression="INCLUDE ItemID WHERE Items.YEAR > 1"
    )["filterArn"]
    for filter_arn, message in (
        (foreign, "is of the dataset group"),
        (users, "is for UserID; one for ItemID is needed"),
        (item, "uses CurrentItem, which only recipes of type RELATED_ITEMS have"),
        (pending, "must be ACTIVE, but its status is CREATE PENDING"),
    ):
        with refused("InvalidInput", message):
            ask(world, arn, filterArn=filter_arn)
    related = campaign(world, group, "aws-sims")
    found = ask(world, related, itemId="i20", filterArn=item, numResults=500)
    assert set(ids(found)) <= {f"i{at}" for at in range(20)}
    assert found


def test_get_recommendations__filters_see_events_and_records_at_once(world: World) -> None:
    group = full_group(world)
    arn = campaign(world, group, POPULAR)
    tracker = world.api.create_event_tracker(name="t", datasetGroupArn=group)["trackingId"]
    bought = make_filter(
        world, group, 'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Buy")', "bought"
    )
    western = make_filter(world, group, 'INCLUDE ItemID WHERE Items.GENRES IN ("West")', "west")
    assert ask(world, arn, userId="u1", filterArn=bought) == []
    assert ask(world, arn, filterArn=western) == []
    event = {"eventType": "buy", "sentAt": 1_700_000_000, "itemId": "i7"}
    world.engine.events.put_events(
        trackingId=tracker, userId="u1", sessionId="s", eventList=[event]
    )
    datasets = world.api.list_datasets(datasetGroupArn=group)["datasets"]
    [items] = [each["datasetArn"] for each in datasets if each["datasetType"] == "ITEMS"]
    world.engine.events.put_items(
        datasetArn=items, items=[{"itemId": "i8", "properties": '{"genres": "West"}'}]
    )
    assert ids(ask(world, arn, userId="u1", filterArn=bought)) == ["i7"]
    assert ids(ask(world, arn, filterArn=western)) == ["i8"]


def test_get_recommendations__promotions(world: World) -> None:
    group = full_group(world)
    arn = campaign(world, group, POPULAR)
    old = make_filter(world, group, "INCLUDE ItemID WHERE Items.YEAR < $YEAR", "old")
    comedies = make_filter(world, group, 'INCLUDE ItemID WHERE Items.GENRES IN ("Comedy")')
    promotion = {
        "name": "classics",
        "percentPromotedItems": 30,
        "filterArn": old,
        "filterValues": {"YEAR": "1960"},
    }
    items = ask(world, arn, numResults=10, filterArn=comedies, promotions=[promotion])
    promoted = [item for item in items if "promotionName" in item]
    assert (len(items), len(promoted)) == (10, 3)
    assert {item["promotionName"] for item in promoted} == {"classics"}
    assert set(ids(promoted)) <= {f"i{at}" for at in range(10)}
    others = [item for item in ids(items) if item not in ids(promoted)]
    assert all(int(item[1:]) % 4 == 1 for item in others)
    with refused("InvalidInput", "The filter needs a value for $YEAR"):
        ask(world, arn, promotions=[{**promotion, "filterValues": {}}])
    with refused("InvalidInput", "less than or equal to 100"):
        ask(world, arn, promotions=[{**promotion, "percentPromotedItems": 101}])


def test_get_recommendations__promotions_of_a_recipe_without(world: World) -> None:
    group = full_group(world)
    arn = campaign(world, group, "aws-personalized-ranking-v2")
    with refused("InvalidInput", "use GetPersonalizedRanking"):
        ask(world, arn, userId="u1", promotions=[{"percentPromotedItems": 10}])


def test_get_recommendations__metadata(world: World) -> None:
    group = full_group(world)
    config = {"enableMetadataWithRecommendations": True}
    arn = campaign(world, group, POPULAR, config=config)
    wanted = {"ITEMS": ["GENRES", "year"]}
    items = ask(world, arn, metadataColumns=wanted, numResults=50)
    found = {item["itemId"]: item.get("metadata") for item in items}
    every = ask(world, arn, numResults=50)
    assert ids(every) == ids(items)
    assert {key: found[key] for key in ("i0", "i2") if key in found}
    for item, metadata in found.items():
        number = int(item[1:])
        expected = {"genres": ("Drama|Crime", "Comedy", "Action, Family", None)[number % 4]}
        expected["year"] = None if number % 10 == 9 else str(1950 + number)
        assert (metadata or {}) == {key: value for key, value in expected.items() if value}
    with refused("InvalidInput", "numResults must be at most 50 with metadataColumns, got 51"):
        ask(world, arn, metadataColumns=wanted, numResults=51)
    with refused("InvalidInput", "the Items dataset has no column PLOT; it has ITEM_ID, GENRES, "):
        ask(world, arn, metadataColumns={"ITEMS": ["PLOT"]})
    with refused("InvalidInput", "metadataColumns can name 10 columns, got 11"):
        ask(world, arn, metadataColumns={"items": [f"C{at}" for at in range(11)]})
    with refused("InvalidInput", "columns of ITEMS only, got USERS"):
        ask(world, arn, metadataColumns={"USERS": ["AGE"]})


def test_get_recommendations__metadata_of_a_group_without_items(world: World, group: str) -> None:
    config = {"enableMetadataWithRecommendations": True}
    arn = campaign(world, group, POPULAR, config=config)
    with refused("InvalidInput", "metadataColumns need an Items dataset"):
        ask(world, arn, metadataColumns={"ITEMS": ["YEAR"]})


def test_get_recommendations__v2_gives_metadata_and_reasons(world: World) -> None:
    group = full_group(world)
    arn = campaign(world, group, "aws-user-personalization-v2")
    comedies = make_filter(world, group, 'INCLUDE ItemID WHERE Items.GENRES IN ("Comedy")')
    promotion = {"name": "p", "percentPromotedItems": 20, "filterArn": comedies}
    items = ask(
        world,
        arn,
        userId="u1",
        numResults=10,
        metadataColumns={"ITEMS": ["GENRES"]},
        promotions=[promotion],
    )
    promoted = [item for item in items if item.get("promotionName") == "p"]
    assert {item["metadata"]["genres"] for item in promoted} == {"Comedy"}
    assert [item["reason"] for item in promoted] == [["Promoted item"]] * 2
    assert not any("reason" in item for item in items if item not in promoted)
    wide = ask(world, arn, userId="u1", numResults=500, filterArn=comedies)
    fillers = [item for item in wide if item.get("reason") == ["Popular item"]]
    assert len(wide) == 20
    assert fillers
    assert not any("score" in item for item in fillers)


def test_get_recommendations__new_items_come_by_exploration(world: World) -> None:
    group = full_group(world)
    config = {"itemExplorationConfig": {"explorationWeight": "1"}}
    arn = campaign(world, group, PERSONAL, config=config)
    datasets = world.api.list_datasets(datasetGroupArn=group)["datasets"]
    [items] = [each["datasetArn"] for each in datasets if each["datasetType"] == "ITEMS"]
    before = ask(world, arn, userId="u1", numResults=10)
    world.engine.events.put_items(
        datasetArn=items, items=[{"itemId": "brand-new", "properties": '{"genres": "Drama"}'}]
    )
    assert ask(world, arn, userId="u1", numResults=10) == before
    world.pass_time(hours=2, minutes=5)
    found = ask(world, arn, userId="u1", numResults=10)
    assert "brand-new" in ids(found)
    assert ids(found)[0] != "brand-new"
    scores = [item["score"] for item in found]
    assert scores == sorted(scores, reverse=True)
