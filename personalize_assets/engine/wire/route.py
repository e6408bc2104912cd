"""Which operation a request means: by its target header, or else by its path."""

from personalize_assets.engine.errors import UnknownOperation
from personalize_assets.engine.wire.messages import HttpRequest
from personalize_assets.engine.wire.model import Operation, OperationTable, Protocol

_TARGET = "x-amz-target"


def requested(request: HttpRequest, table: OperationTable) -> tuple[Operation | None, Protocol]:
    """Find the operation that ``request`` names, if any, and the protocol to answer in."""
    target = request.headers.get(_TARGET)
    if target is not None:
        return table.by_target.get(target), "json"
    return table.by_path.get(request.path), "rest-json"


def route(request: HttpRequest, table: OperationTable) -> Operation:
    """Pick the operation of ``request``.

    All three services sign with one name, so that the credential scope cannot tell them apart.

    Raises:
        UnknownOperation: No operation of the three services goes by that target, or path and
            method.
    """
    operation, protocol = requested(request, table)
    if operation is None and protocol == "json":
        raise UnknownOperation(
            f"No operation {request.headers[_TARGET]!r}: X-Amz-Target must be "
            "AmazonPersonalize.<Operation>"
        )
    if operation is None:
        raise UnknownOperation(
            f"Nothing at {request.method} {request.path}: control operations are POST / with the "
            f"header X-Amz-Target, the others are POST {', '.join(sorted(table.by_path))}"
        )
    if request.method != "POST":
        raise UnknownOperation(f"{operation.name} is called by POST, not by {request.method}")
    return operation
