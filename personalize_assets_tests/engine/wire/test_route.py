import pytest

from personalize_assets.engine.errors import UnknownOperation
from personalize_assets.engine.wire.messages import HttpRequest
from personalize_assets.engine.wire.model import load_operations
from personalize_assets.engine.wire.route import route

TABLE = load_operations()


def _request(method: str, path: str, target: str | None = None) -> HttpRequest:
    headers = {} if target is None else {"x-amz-target": target}
    return HttpRequest(method, path, headers, b"")


def test_route__by_target() -> None:
    operation = route(_request("POST", "/", "AmazonPersonalize.ListRecipes"), TABLE)
    assert (operation.service, operation.name) == ("personalize", "ListRecipes")


@pytest.mark.parametrize(
    ("path", "service", "name"),
    [
        ("/recommendations", "personalize-runtime", "GetRecommendations"),
        ("/personalize-ranking", "personalize-runtime", "GetPersonalizedRanking"),
        ("/action-recommendations", "personalize-runtime", "GetActionRecommendations"),
        ("/events", "personalize-events", "PutEvents"),
        ("/items", "personalize-events", "PutItems"),
        ("/users", "personalize-events", "PutUsers"),
        ("/actions", "personalize-events", "PutActions"),
        ("/action-interactions", "personalize-events", "PutActionInteractions"),
    ],
)
def test_route__by_path(path: str, service: str, name: str) -> None:
    operation = route(_request("POST", path), TABLE)
    assert (operation.service, operation.name) == (service, name)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (_request("POST", "/", "AmazonPersonalize.Nothing"), "'AmazonPersonalize.Nothing'"),
        (_request("POST", "/", "AmazonPersonalize.PutEvents"), "must be AmazonPersonalize.<Op"),
        (_request("POST", "/", "ListRecipes"), "'ListRecipes'"),
        (_request("POST", "/"), "POST / with the header X-Amz-Target"),
        (_request("PUT", "/bucket/key"), "Nothing at PUT /bucket/key"),
        (_request("POST", "/events/"), "/action-interactions, /action-recommendations"),
        (_request("GET", "/events"), "PutEvents is called by POST, not by GET"),
        (_request("GET", "/", "AmazonPersonalize.ListRecipes"), "ListRecipes is called by POST"),
    ],
)
def test_route__unknown(request_: HttpRequest, message: str) -> None:
    with pytest.raises(UnknownOperation) as caught:
        route(request_, TABLE)
    assert message in caught.value.message
