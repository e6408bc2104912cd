"""Every endpoint in process, in front of a real engine."""

import json
import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from personalize_assets.api.app import make_app
from personalize_assets.api.calls import Calls
from personalize_assets.api.declared import DeclaredGroup
from personalize_assets.api.limits import Rate
from personalize_assets.api.services import ApiOptions, Services
from personalize_assets.aws.clients import Clients
from personalize_assets.aws.objects import Bucket
from personalize_assets.testing.control import FaultInjection
from personalize_assets_tests.api.shop import SHOP, write_items

pytestmark = pytest.mark.usefixtures("shop")


def refusal(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    return answer.json()["error"]


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["item_id"] for item in answer.json()["items"]]


def test_recommendations__titles_genres_years_and_scores(api: TestClient) -> None:
    answer = api.get("/recommendations", params={"user_id": "u5", "num_results": 3}).json()

    assert answer["answered_by"] == {
        "kind": "campaign",
        "name": "mine",
        "recipe": "aws-user-personalization",
    }
    assert (answer["user_id"], answer["known_user"]) == ("u5", True)
    assert answer["recommendation_id"].startswith("RID-")
    assert [item["rank"] for item in answer["items"]] == [1, 2, 3]
    for item in answer["items"]:
        number = int(item["item_id"][1:])
        assert item["title"] == f"Film i{number}"
        assert item["genres"] == [["Comedy"], ["Drama", "War"], ["Horror"]][number % 3]
        assert item["year"] == 1990 + number
        assert 0 < item["score"] < 1
        assert item["reasons"] == []
        assert item["met"] in (True, False)


def test_recommendations__by_filter_campaign_and_for_nobody(api: TestClient) -> None:
    all_items = {f"i{number}" for number in range(40)}
    met = {
        one["item_id"]
        for one in api.get("/users/u5/history", params={"limit": 1000}).json()["events"]
    }
    unseen = ids(
        api.get("/recommendations", params={"user_id": "u5", "filter": "unseen", "num_results": 40})
    )
    watched = api.get(
        "/recommendations",
        params={"user_id": "u5", "filter": "typed", "filter_value": "TYPE=watch"},
    )
    popular = api.get("/recommendations", params={"campaign": "top", "num_results": 2}).json()
    stranger = api.get("/recommendations", params={"user_id": "nobody"}).json()

    assert set(unseen) <= all_items - met
    assert unseen
    assert set(ids(watched)) <= met
    assert [item["score"] for item in popular["items"]] == [None, None]
    assert (popular["user_id"], popular["known_user"]) == (None, None)
    assert (stranger["known_user"], len(stranger["items"])) == (False, 10)


def test_recommendations__explained_by_similar_items(api: TestClient) -> None:
    params = {"user_id": "u5", "num_results": 25, "explain": True}
    items = api.get("/recommendations", params=params).json()["items"]
    explained = [item for item in items if item["reasons"]]

    assert explained
    for item in explained:
        (reason,) = item["reasons"]
        like = ids(api.get("/similar", params={"item_id": reason["item_id"], "num_results": 100}))
        assert item["item_id"] in like
        assert reason["source"] == "similar"
        assert re.fullmatch(r"like Film i\d+, which the user met \(watch\)", reason["text"])


def test_similar(api: TestClient) -> None:
    answer = api.get("/similar", params={"item_id": "i7", "num_results": 5})

    assert len(ids(answer)) == 5
    assert "i7" not in ids(answer)
    assert answer.json()["about"]["title"] == "Film i7"
    assert answer.json()["items"][0]["met"] is None


def test_rank(api: TestClient) -> None:
    body = {"user_id": "u5", "item_ids": ["i1", "i2", "i39", "unknown"]}
    answer = api.post("/rank", json=body).json()
    scores = [item["score"] for item in answer["items"][:3]]

    assert answer["answered_by"]["name"] == "ordered"
    assert {item["item_id"] for item in answer["items"]} == {"i1", "i2", "i39", "unknown"}
    assert scores == sorted(scores, reverse=True)
    assert answer["items"][3]["item_id"] == "unknown"
    assert answer["items"][3]["title"] is None


def test_events__change_the_next_answer_and_the_history(api: TestClient) -> None:
    asked = {"user_id": "u9", "filter": "unseen"}
    first = ids(api.get("/recommendations", params=asked))[0]
    event = {"user_id": "u9", "item_id": first, "event_type": "watch", "event_value": 4.5}
    sent = api.post("/events", json=event)

    assert sent.status_code == 202
    assert sent.json()["item"]["title"] == f"Film {first}"
    assert sent.json()["session_id"] == "api-u9"
    assert first not in ids(api.get("/recommendations", params=asked))
    newest = api.get("/users/u9/history", params={"limit": 2}).json()["events"]
    assert (newest[0]["item_id"], newest[0]["event_type"], newest[0]["event_value"]) == (
        first,
        "watch",
        4.5,
    )
    assert [one["sent_here"] for one in newest] == [True, False]
    popular = {"user_id": "u9", "campaign": "top", "num_results": 40}
    items = api.get("/recommendations", params=popular).json()["items"]
    assert {item["item_id"]: item["met"] for item in items}[first] is True


def test_events__of_somebody_who_is_not_known(api: TestClient) -> None:
    event = {
        "session_id": "visit-1",
        "item_id": "i3",
        "event_type": "click",
        "sent_at": "2024-05-01T12:00:00+02:00",
        "event_id": "e1",
        "impression": ["i3", "i4"],
    }
    answers = [api.post("/events", json=event).json() for _ in range(2)]
    history = api.get("/users/visit-1/history").json()

    assert answers[0] == answers[1]
    assert answers[0]["event_id"] == "e1"
    assert [one["at"] for one in history["events"]] == ["2024-05-01T10:00:00Z"]
    assert history["known_user"] is True
    assert api.get("/users", params={"prefix": "visit"}).json()["users"] == [
        {"user_id": "visit-1", "events": 1}
    ]


def test_history__of_a_type_newest_first(api: TestClient) -> None:
    answer = api.get("/users/u20/history", params={"event_type": "watch"}).json()
    times = [one["at"] for one in answer["events"]]

    assert times == sorted(times, reverse=True)
    assert {one["event_type"] for one in answer["events"]} == {"watch"}
    assert api.get("/users/nobody/history").json() == {
        "user_id": "nobody",
        "known_user": False,
        "events": [],
    }


def test_users_and_items__suggestions(api: TestClient) -> None:
    users = api.get("/users", params={"prefix": "u1", "limit": 3}).json()["users"]
    items = api.get("/items", params={"query": "film I3", "limit": 2}).json()["items"]

    assert [user["user_id"] for user in users] == ["u1", "u10", "u11"]
    assert users[0]["events"] == 20
    assert [item["title"].startswith("Film i3") for item in items] == [True, True]


def test_campaigns_filters_and_versions__what_there_is(api: TestClient) -> None:
    campaigns = {one["name"]: one for one in api.get("/campaigns").json()["campaigns"]}
    filters = {one["name"]: one for one in api.get("/filters").json()["filters"]}
    versions = {one["solution"]: one for one in api.get("/versions").json()["versions"]}

    assert [(one["answers"], one["status"]) for one in campaigns.values()] == [
        ("recommendations", "ACTIVE"),
        ("recommendations", "ACTIVE"),
        ("similar", "ACTIVE"),
        ("rank", "ACTIVE"),
        ("recommendations", "ABSENT"),
    ]
    assert campaigns["mine"]["needs"] == ["user_id"]
    assert campaigns["ordered"]["needs"] == ["user_id", "item_ids"]
    assert campaigns["mine"]["gives"] == ["scores", "context"]
    assert api.get("/campaigns").json()["event_types"] == ["watch", "click"]
    assert filters["typed"]["parameters"] == ["TYPE"]
    assert filters["unseen"]["description"] == "Leaves out what the user has met."
    assert set(versions) == {"mine", "top", "like", "ordered"}
    assert versions["mine"]["in_service"] is True
    assert 0 < versions["mine"]["metrics"]["mean_reciprocal_rank_at_25"] <= 1


def test_health_and_readiness(api: TestClient) -> None:
    health = api.get("/health").json()
    ready = api.get("/ready")

    assert (health["status"], health["deployment"]) == ("ok", "local")
    assert ready.status_code == 200
    assert {one["name"]: one["ready"] for one in ready.json()["checks"]} == {
        "campaign": True,
        "catalogue": True,
    }


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/recommendations", "user_id is required: the campaign mine"),
        ("/recommendations?user_id=", "user_id must have at least 1 character"),
        ("/recommendations?user_id=1&num_results=0", "num_results must be greater than or equal"),
        ("/recommendations?user_id=1&num_results=501", "num_results must be less than or equal"),
        ("/recommendations?user_id=1&num_results=x", "num_results must be a valid integer"),
        ("/recommendations?user_id=1&user=2", "there is no parameter user; allowed are"),
        ("/recommendations?user_id=1&campaign=like", "no campaign 'like' of shop answers this"),
        ("/recommendations?user_id=1&campaign=x", "these do: mine, top, later"),
        ("/recommendations?user_id=1&recommender=x", "no recommender 'x'"),
        ("/recommendations?user_id=1&filter=x", "no filter 'x' is declared; declared are unseen"),
        ("/recommendations?user_id=1&filter=typed", "the filter typed needs a value for TYPE"),
        ("/recommendations?user_id=1&filter_value=A=1", "are given without a filter"),
        ("/recommendations?user_id=1&filter=typed&filter_value=TYPE", "'TYPE' must be KEY=VALUE"),
        ("/recommendations?user_id=1&context=DEVICE", "'DEVICE' must be KEY=VALUE"),
        ("/recommendations?user_id=1&num_results=51&metadata=GENRES", "at most 50 with metadata"),
        ("/recommendations?user_id=1&metadata=A,B,C,D,E,F,G,H,I,J,K", "at most 10 columns, got 11"),
        ("/recommendations?user_id=1&metadata=GENRES", "enableMetadataWithRecommendations"),
        ("/similar", "item_id is required"),
        ("/users/1/history?limit=1001", "limit must be less than or equal to 1000, got '1001'"),
        ("/items?query=", "query must have at least 1 character"),
    ],
)
def test_refusals__say_what_was_allowed(api: TestClient, path: str, said: str) -> None:
    assert said in refusal(api.get(path), 400)["message"]


def test_refusals__list_what_was_allowed_for_programs(api: TestClient) -> None:
    error = refusal(api.get("/recommendations?user_id=1&filter=x"), 400)
    several = refusal(api.get("/recommendations?num_results=0&a=1"), 400)

    assert (error["code"], error["parameter"]) == ("invalid_request", "filter")
    assert error["allowed"] == ["unseen", "typed"]
    assert [one["parameter"] for one in several["details"]] == ["num_results", "a"]


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/events", {"item_id": "1", "event_type": "watch"}, "user_id or session_id is required"),
        ("/events", {"user_id": "1", "item_id": "1"}, "event_type is required"),
        (
            "/events",
            {"user_id": "1", "item_id": "1", "event_type": "x", "sent_at": "2024-01-01T00:00:00"},
            "sent_at must have timezone info",
        ),
        (
            "/events",
            {"user_id": "1", "item_id": "1", "event_type": "x", "kind": 1},
            "there is no parameter kind; allowed are user_id, session_id",
        ),
        ("/rank", {"user_id": "1", "item_ids": []}, "item_ids must have at least 1 item"),
        ("/rank", {"user_id": "1", "item_ids": ["1"] * 501}, "item_ids must have at most 500"),
        ("/rank", {"user_id": "1", "item_ids": [1]}, "item_ids.0 must be a valid string, got 1"),
        ("/rank", [], "the body must be a JSON object"),
    ],
)
def test_refusals__of_bodies(api: TestClient, path: str, body: Any, said: str) -> None:
    assert said in refusal(api.post(path, json=body), 400)["message"]


def test_refusals__of_what_is_no_json_and_of_paths(api: TestClient) -> None:
    as_json = {"Content-Type": "application/json"}

    assert (
        "the body is not JSON"
        in refusal(api.post("/rank", content="{", headers=as_json), 400)["message"]
    )
    # A page of another site may send this much without asking first.
    assert (
        "sent as Content-Type: application/json"
        in refusal(api.post("/events", content="{}", headers={"Content-Type": "text/plain"}), 400)[
            "message"
        ]
    )
    assert refusal(api.get("/nowhere"), 404)["message"] == (
        "there is no /nowhere; /docs shows what there is"
    )
    assert "GET is" in refusal(api.post("/similar"), 405)["message"]


def test_unavailable__a_campaign_that_is_not_there_yet(api: TestClient) -> None:
    answer = api.get("/recommendations", params={"user_id": "u1", "campaign": "later"})

    assert refusal(answer, 503) == {
        "code": "not_ready",
        "message": "there is no campaign shop-later yet: run `make run` first",
    }
    assert answer.headers["Retry-After"] == "30"


@pytest.mark.parametrize(
    ("fault", "code"),
    [("throttling", "throttled"), ("unavailable", "failing"), ("lost-reply", "unreachable")],
)
def test_unavailable__the_service_has_faults(
    api: TestClient, faults: FaultInjection, fault: Any, code: str
) -> None:
    rule = faults.add(fault, "GetRecommendations", count=3)
    answer = api.get("/recommendations", params={"user_id": "u1"})

    assert refusal(answer, 503)["code"] == code
    assert int(answer.headers["Retry-After"]) >= 1
    assert faults.happened(rule) == 3  # it was asked again, and not for ever
    assert api.get("/recommendations", params={"user_id": "u1"}).status_code == 200


def test_unavailable__a_fault_that_passes_is_not_noticed(
    api: TestClient, faults: FaultInjection
) -> None:
    rule = faults.add("throttling", "PutEvents", count=1)
    event = {"user_id": "u30", "item_id": "i1", "event_type": "click"}

    assert api.post("/events", json=event).status_code == 202
    assert faults.happened(rule) == 1


def test_unavailable__a_service_that_is_slow(clients: Clients, faults: FaultInjection) -> None:
    services = Services.make(SHOP, clients, ApiOptions(), Calls(deadline_s=0.2))
    faults.add("slow", "GetRecommendations", count=1, delay_ms=1000)
    with TestClient(make_app(services), base_url="http://127.0.0.1") as api:
        answer = api.get("/recommendations", params={"user_id": "u1"})

        assert refusal(answer, 503)["message"] == "Amazon Personalize gave no answer in 0.2 s"
        assert api.get("/health").status_code == 200


def test_catalogue__is_read_anew_when_the_items_change(
    services: Services, api: TestClient, clients: Clients
) -> None:
    def title() -> str:
        return api.get("/items", params={"query": "i7"}).json()["items"][0]["title"]

    old = {f"i{number}": f"Film i{number}" for number in range(40)}
    assert title() == "Film i7"
    write_items(Bucket.of(clients), {**old, "i7": "Renamed"})
    try:
        assert services.catalogue.refresh()
        assert not services.catalogue.refresh()
        assert title() == "Renamed"
        Bucket.of(clients).write_bytes(SHOP.items_key, b"no parquet")
        assert not services.catalogue.refresh()
        assert title() == "Renamed"
        answer = refusal_of_readiness(api)
        assert "cannot be read: no readable parquet file of items" in answer
    finally:
        write_items(Bucket.of(clients), old)
        services.catalogue.refresh()
    assert api.get("/ready").status_code == 200


def refusal_of_readiness(api: TestClient) -> str:
    answer = api.get("/ready")
    assert answer.status_code == 503
    return next(one["message"] for one in answer.json()["checks"] if not one["ready"])


def test_before_the_first_run__live_but_not_ready(clients: Clients) -> None:
    attributes = {
        "name": "not-yet",
        "prefixes": {"transformed": "not-yet/"},
        "solutions": [{"name": "mine", "recipe": "aws-user-personalization"}],
        "campaigns": [{"solution": "mine"}],
        "event_tracker": True,
    }
    services = Services.make(DeclaredGroup.of(attributes, "defs.yaml"), clients)
    services.refresher.look()
    event = {"user_id": "1", "item_id": "1", "event_type": "watch"}
    with TestClient(make_app(services), base_url="http://127.0.0.1") as api:
        assert api.get("/health").status_code == 200
        assert refusal_of_readiness(api) == (
            "there is no campaign not-yet-mine yet: run `make run` first"
        )
        for answer in (
            api.get("/recommendations", params={"user_id": "1"}),
            api.get("/users/1/history"),
            api.post("/events", json=event),
        ):
            assert "run `make run`" in refusal(answer, 503)["message"]
        assert api.get("/items", params={"query": "x"}).json() == {"items": []}
        nothing = refusal(api.get("/similar", params={"item_id": "1"}), 400)
        assert nothing["code"] == "nothing_answers"


def test_events__without_a_tracker_say_what_to_declare(clients: Clients) -> None:
    attributes = {"name": "shop", "prefixes": {"transformed": "shop/"}}
    services = Services.make(DeclaredGroup.of(attributes, "defs.yaml"), clients)
    event = {"user_id": "1", "item_id": "1", "event_type": "watch"}
    with TestClient(make_app(services), base_url="http://127.0.0.1") as api:
        error = refusal(api.post("/events", json=event), 400)

    assert "add `event_tracker: true` in defs.yaml" in error["message"]


def test_documentation__asks_no_other_machine(api: TestClient) -> None:
    page = api.get("/docs").text
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)

    assert [one for one in addresses if not one.startswith(("/", "data:"))] == []
    for address in addresses:
        if address.startswith("/"):
            assert api.get(address).status_code == 200
    assert "http" not in page


def test_documentation__describes_every_endpoint_and_no_status_422(api: TestClient) -> None:
    described = api.get("/openapi.json").json()

    assert set(described["paths"]) >= {
        "/recommendations",
        "/similar",
        "/rank",
        "/events",
        "/users/{user_id}/history",
        "/users",
        "/items",
        "/campaigns",
        "/filters",
        "/versions",
        "/health",
        "/ready",
    }
    assert '"422"' not in json.dumps(described)
    parameters = described["paths"]["/recommendations"]["get"]["parameters"]
    assert {one["name"]: one["schema"].get("maximum") for one in parameters}["num_results"] == 500
    assert all(one["description"] for one in parameters)


def test_options__rate_and_origins(services: Services, clients: Clients) -> None:
    page = {"Origin": "https://shop.example"}
    options = ApiOptions(rate=Rate(0.01, 1), cors_origins=("https://shop.example",))
    limited = TestClient(
        make_app(Services.make(SHOP, clients, options)), base_url="http://127.0.0.1"
    )
    closed = TestClient(make_app(services), base_url="http://127.0.0.1")

    assert limited.get("/filters", headers=page).headers["Access-Control-Allow-Origin"] == (
        "https://shop.example"
    )
    refused = limited.get("/filters", headers=page)
    assert refusal(refused, 429)["code"] == "too_many_requests"
    assert refused.headers["Retry-After"] == "100"
    assert refused.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert "Access-Control-Allow-Origin" not in closed.get("/filters", headers=page).headers
    assert closed.get("/filters", headers={"Host": "evil.example"}).status_code == 400
