"""botocore as the oracle over all operations: what it writes we read, what we write it reads."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import botocore.exceptions
import pytest
from botocore import xform_name
from botocore.model import OperationModel

from personalize_assets.engine import errors
from personalize_assets.engine.errors import ServiceError
from personalize_assets_tests.engine.clients import make_client
from personalize_assets_tests.engine.examples import (
    SERVICES,
    all_operations,
    example,
    models,
    operation_id,
)
from personalize_assets_tests.engine.fakes import make_wire_app

each_operation = pytest.mark.parametrize("operation", all_operations(), ids=operation_id)
each_size = pytest.mark.parametrize("full", [False, True], ids=["minimal", "full"])


class _Engine:
    """An app whose operations all do what the test says, and its clients, made once."""

    def __init__(self) -> None:
        app = make_wire_app(lambda *arguments: self.handler(*arguments))
        self.handler: Callable[[Any, Mapping[str, Any]], Mapping[str, Any]] = lambda *_: {}
        self.clients = {service: make_client(service, app.answer) for service in SERVICES}

    def client(self, operation: OperationModel) -> Any:
        return self.clients[operation.service_model.service_name]

    def call(self, operation: OperationModel) -> dict[str, Any]:
        return self.call_with(operation, example(operation.input_shape, full=False))

    def call_with(self, operation: OperationModel, parameters: Any) -> dict[str, Any]:
        return getattr(self.client(operation), xform_name(operation.name))(**parameters)


@pytest.fixture(scope="module")
def engine() -> _Engine:
    return _Engine()


def _minimal_answer(operation: OperationModel) -> dict[str, Any]:
    return example(operation.output_shape, full=False) if operation.output_shape else {}


def test_operations__are_79() -> None:
    assert len(all_operations()) == 79


@each_operation
@each_size
def test_request__arrives_as_sent(engine: _Engine, operation: OperationModel, full: bool) -> None:
    seen: list[Any] = []

    def handler(_context: Any, request: Mapping[str, Any]) -> dict[str, Any]:
        seen.append(request)
        return _minimal_answer(operation)

    parameters = example(operation.input_shape, full=full)
    engine.handler = handler
    engine.call_with(operation, parameters)
    assert seen == [parameters]


@each_operation
@each_size
def test_answer__arrives_as_given(engine: _Engine, operation: OperationModel, full: bool) -> None:
    result = example(operation.output_shape, full=full) if operation.output_shape else {}
    engine.handler = lambda *_: result
    answer = engine.call(operation)
    metadata = answer.pop("ResponseMetadata")
    assert metadata["HTTPStatusCode"] == 200
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", metadata["RequestId"])
    assert answer == result


@each_operation
def test_error__has_code_message_and_status_of_the_model(
    engine: _Engine, operation: OperationModel
) -> None:
    by_code = {kind.code: kind for kind in ServiceError.__subclasses__()}
    shapes = {shape.name: shape for shape in operation.error_shapes}
    assert shapes.keys() <= by_code.keys()
    for code, shape in shapes.items():

        def handler(*_: Any, kind: type[ServiceError] = by_code[code]) -> dict[str, Any]:
            raise kind("what was wrong: größer")

        engine.handler = handler
        with pytest.raises(getattr(engine.client(operation).exceptions, code)) as caught:
            engine.call(operation)
        response = caught.value.response
        assert response["Error"] == {"Code": code, "Message": "what was wrong: größer"}
        status = shape.metadata.get("error", {}).get("httpStatusCode", 400)
        assert response["ResponseMetadata"]["HTTPStatusCode"] == status


@pytest.mark.parametrize(
    ("service", "kind", "status"),
    [
        ("personalize", errors.ResourceNotFound, 400),
        ("personalize", errors.ResourceInUse, 400),
        ("personalize-runtime", errors.ResourceNotFound, 404),
        ("personalize-runtime", errors.InvalidInput, 400),
        ("personalize-events", errors.ResourceInUse, 409),
        ("personalize-events", errors.Throttling, 400),
        ("personalize", errors.AccessDenied, 403),
    ],
)
def test_error_status__by_service(
    engine: _Engine, service: str, kind: type[ServiceError], status: int
) -> None:
    model = models()[service]
    operation = model.operation_model(model.operation_names[0])

    def handler(*_: Any) -> dict[str, Any]:
        raise kind("no")

    engine.handler = handler
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        engine.call(operation)
    assert caught.value.response["Error"] == {"Code": kind.code, "Message": "no"}
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
