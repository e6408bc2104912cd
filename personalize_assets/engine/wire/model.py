"""The 79 operations of the three services, as botocore's models describe them.

Read straight from the files that botocore ships: no session, no profile, no models of the user's.
Holds what can be looked up about an operation; knows nothing of requests in flight.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, cast

from botocore.loaders import Loader  # pyright: ignore[reportMissingTypeStubs]

from personalize_assets.engine.operations.registry import ServiceName
from personalize_assets.engine.wire.shapes import Shape, compile_shape

SERVICES: tuple[ServiceName, ...] = ("personalize", "personalize-runtime", "personalize-events")

Protocol = Literal["json", "rest-json"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of one service.

    Attributes:
        service: Name of the service as boto3 knows it.
        name: As in the model, for example ``DescribeCampaign``.
        protocol: ``json`` (AWS JSON 1.1) or ``rest-json``.
        address: What names it in a request: the value of ``X-Amz-Target``, or the path.
        request: The input structure.
        answer: The output structure; None where the service answers without a body.
        errors: Codes of the errors that the model declares for it.
        statuses: HTTP status by code, for the errors of the service that state one.
    """

    service: ServiceName
    name: str
    protocol: Protocol
    address: str
    request: Shape
    answer: Shape | None
    errors: tuple[str, ...]
    statuses: Mapping[str, int]

    def error_status(self, code: str) -> int:
        """HTTP status of the error ``code`` in this operation's service; 400 if it states none."""
        return self.statuses.get(code, 400)


@dataclass(frozen=True, slots=True)
class OperationTable:
    """Finds an operation by what a request names it with.

    Attributes:
        by_target: JSON 1.1 operations by the value of ``X-Amz-Target``.
        by_path: REST-JSON operations by their path; all are POST.
        by_name: All operations by service and name.
    """

    by_target: Mapping[str, Operation]
    by_path: Mapping[str, Operation]
    by_name: Mapping[tuple[str, str], Operation]


@cache
def load_operations() -> OperationTable:
    """Read the models of the three services; later calls give the same table."""
    loader = Loader(
        extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False
    )
    operations = [operation for service in SERVICES for operation in _operations(service, loader)]
    return OperationTable(
        by_target={each.address: each for each in operations if each.protocol == "json"},
        by_path={each.address: each for each in operations if each.protocol == "rest-json"},
        by_name={(each.service, each.name): each for each in operations},
    )


def _operations(service: ServiceName, loader: Loader) -> Iterator[Operation]:
    load = cast("Callable[[str, str], dict[str, Any]]", loader.load_service_model)
    document = load(service, "service-2")
    metadata, shapes = document["metadata"], document["shapes"]
    statuses = {
        name: shape["error"]["httpStatusCode"] for name, shape in shapes.items() if "error" in shape
    }
    for name, raw in document["operations"].items():
        by_target = metadata["protocol"] == "json"
        yield Operation(
            service=service,
            name=name,
            protocol="json" if by_target else "rest-json",
            address=f"{metadata['targetPrefix']}.{name}"
            if by_target
            else raw["http"]["requestUri"],
            request=compile_shape(shapes, raw["input"]["shape"]),
            answer=compile_shape(shapes, raw["output"]["shape"]) if "output" in raw else None,
            errors=tuple(error["shape"] for error in raw.get("errors", ())),
            statuses=statuses,
        )
