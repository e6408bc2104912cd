from typing import Any

import botocore.exceptions
import pytest

from personalize_assets.engine.operations.registry import UNSUPPORTED
from personalize_assets_tests.engine.clients import make_client
from personalize_assets_tests.engine.fakes import make_wire_app


def _refusal(service: str, method: str, **parameters: Any) -> Any:
    client = make_client(service, make_wire_app(None).answer, validate=False)
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        getattr(client, method)(**parameters)
    return caught.value.response


def test_dispatch__unbuilt_operations_say_501_and_why() -> None:
    response = _refusal("personalize", "list_recipes")
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert response["Error"] == {
        "Code": "UnsupportedOperationException",
        "Message": "ListRecipes is not supported by this engine: it is not built yet. "
        "`personalize-local coverage` lists what is.",
    }


def test_dispatch__the_reason_is_that_of_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(UNSUPPORTED, ("personalize-runtime", "GetRecommendations"), "too early")
    response = _refusal("personalize-runtime", "get_recommendations")
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert response["Error"]["Code"] == "UnsupportedOperationException"
    assert "not supported by this engine: too early. " in response["Error"]["Message"]


def test_dispatch__validation_comes_first() -> None:
    response = _refusal("personalize", "describe_campaign")
    assert response["Error"]["Code"] == "InvalidInputException"
    assert "Value null at 'campaignArn' failed" in response["Error"]["Message"]
