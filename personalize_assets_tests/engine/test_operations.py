"""All operations of a real engine: a valid answer, a declared error, or the declared 501."""

from typing import Any

import botocore.exceptions
import pytest
from botocore import xform_name
from botocore.model import OperationModel

from personalize_assets.engine.operations.registry import UNSUPPORTED
from personalize_assets_tests.engine.conftest import Engine
from personalize_assets_tests.engine.examples import all_operations, example, operation_id


def _outcome(client: Any, operation: OperationModel) -> dict[str, Any]:
    """The answer, or what an error carries in the place of one."""
    try:
        return getattr(client, xform_name(operation.name))(
            **example(operation.input_shape, full=False)
        )
    except botocore.exceptions.ClientError as error:
        return dict(error.response)


@pytest.mark.parametrize("operation", all_operations(), ids=operation_id)
def test_minimal_request__gets_a_declared_answer(engine: Engine, operation: OperationModel) -> None:
    service = operation.service_model.service_name
    outcome = _outcome(engine.backend.client(service), operation)
    status = outcome["ResponseMetadata"]["HTTPStatusCode"]
    error = outcome.get("Error", {"Code": None, "Message": "fine"})
    if (service, operation.name) in UNSUPPORTED:
        expected = {"UnsupportedOperationException": 501}
    else:
        expected = {None: 200} | {
            shape.name: shape.metadata.get("error", {}).get("httpStatusCode", 400)
            for shape in operation.error_shapes
        }
    assert error["Code"] in expected, error
    assert status == expected[error["Code"]]
    assert error["Message"]
