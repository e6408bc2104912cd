"""Which function answers which operation, and which operations none answers yet.

A family module marks its functions with ``@operation``; importing
``personalize_assets.engine.operations`` imports all families. Every operation of botocore's models
is either registered or stands in ``UNSUPPORTED`` with the reason that callers read. That list only
shrinks: who builds an operation takes its line away. Nothing here knows HTTP.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

from personalize_assets.engine.context import RequestContext

ServiceName = Literal["personalize", "personalize-runtime", "personalize-events"]
Handler = Callable[[RequestContext, Any], Mapping[str, Any]]
"""Takes the context and the parsed, valid request; gives the members of the answer."""

_H = TypeVar("_H", bound=Handler)
_handlers: dict[tuple[str, str], Handler] = {}

UNSUPPORTED: dict[tuple[str, str], str] = {}
"""Reason by service and operation, for all operations that no function answers."""


def operation(service: ServiceName, name: str) -> Callable[[_H], _H]:
    """Mark a function as the one that answers operation ``name`` of ``service``.

    Raises:
        ValueError: Another function is marked with the same operation.
    """

    def register(handler: _H) -> _H:
        taken = _handlers.get((service, name))
        if taken is not None and taken.__qualname__ != handler.__qualname__:
            raise ValueError(f"{service} {name} is answered by {taken.__qualname__} already")
        _handlers[service, name] = handler
        return handler

    return register


def lookup(service: str, name: str) -> Handler | None:
    """Give the function that answers the operation, or None if none does yet."""
    return _handlers.get((service, name))


def registered() -> frozenset[tuple[str, str]]:
    """Service and name of each operation that a function answers."""
    return frozenset(_handlers)
