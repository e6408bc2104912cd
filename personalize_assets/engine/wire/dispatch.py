"""From a valid request to the function that answers it, or the honest refusal if none does."""

from collections.abc import Callable, Mapping
from typing import Any

from personalize_assets.engine.context import RequestContext
from personalize_assets.engine.errors import UnsupportedOperation
from personalize_assets.engine.operations.registry import UNSUPPORTED, Handler
from personalize_assets.engine.wire.model import Operation

Lookup = Callable[[str, str], Handler | None]
"""Finds the function for service and operation name."""


def dispatch(
    operation: Operation,
    parameters: Mapping[str, Any],
    context: RequestContext,
    lookup: Lookup,
) -> Mapping[str, Any]:
    """Call the function that answers ``operation``.

    Raises:
        UnsupportedOperation: There is none yet; the text gives the reason.
        ServiceError: Whatever the function refuses with.
    """
    handler = lookup(operation.service, operation.name)
    if handler is None:
        reason = UNSUPPORTED.get((operation.service, operation.name), "it is not built yet")
        raise UnsupportedOperation(
            f"{operation.name} is not supported by this engine: {reason}. "
            "`personalize-local coverage` lists what is."
        )
    return handler(context, parameters)
