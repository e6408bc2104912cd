"""Example values of botocore's shapes, made from botocore's own classes and not from ours."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

SERVICES = ("personalize", "personalize-runtime", "personalize-events")
MOMENT = datetime(2024, 5, 17, 12, 30, 15, tzinfo=UTC)

# One value for each pattern in the models; a new pattern fails loudly.
BY_PATTERN = {
    r"arn:([a-z\d-]+):personalize:.*:.*:.+": "arn:aws:personalize:us-east-1:123456789012:x/y",
    r"[A-Za-z_][A-Za-z\d_]*": "GENRES",
    r"^[A-Za-z_]+$": "Interactions",
    r"arn:aws.*:kms:.*:[0-9]{12}:key/.*": "arn:aws:kms:us-east-1:123456789012:key/abc",
    r"^[a-zA-Z0-9][a-zA-Z0-9\-_]*": "a-name",
    r"\p{ASCII}{0,1500}": "token",
    r"arn:([a-z\d-]+):iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+": (
        "arn:aws:iam::123456789012:role/Personalize"
    ),
    r"(s3|http|https)://.+": "s3://bucket/key.csv",
    r"rate\(\d+ days?\)": "rate(7 days)",
    r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$": "Größe 1",
    r"[A-Za-z\d_]+": "DEVICE",
    r"[A-Za-z0-9_]+": "GENRE",
    r"^[\x20-\x7E]*[\x21-\x7E]+[\x20-\x7E]*$": "campaign 1",
}


@cache
def models() -> dict[str, ServiceModel]:
    """botocore's models of the three services."""
    loader = Loader()
    return {
        service: ServiceModel(loader.load_service_model(service, "service-2"), service)
        for service in SERVICES
    }


def all_operations() -> list[OperationModel]:
    """botocore's models of the 79 operations."""
    return [
        model.operation_model(name) for model in models().values() for name in model.operation_names
    ]


def operation_id(operation: OperationModel) -> str:
    """Name of a parametrized case."""
    return operation.name


def example(shape: Any, *, full: bool) -> Any:
    """Make a valid value of ``shape``; all members if ``full``, else only the required ones."""
    kind = shape.type_name
    if kind == "structure":
        return {
            name: example(member, full=full)
            for name, member in shape.members.items()
            if full or name in shape.required_members
        }
    if kind == "list":
        return [
            example(shape.member, full=full) for _ in range(max(1, shape.metadata.get("min", 0)))
        ]
    if kind == "map":
        return {example(shape.key, full=full): example(shape.value, full=full)}
    return _scalar(shape)


def _scalar(shape: Any) -> Any:
    metadata = shape.metadata
    if shape.type_name == "string":
        if "enum" in metadata:
            return metadata["enum"][0]
        if "pattern" in metadata:
            return BY_PATTERN[metadata["pattern"]]
        return "text"
    if shape.type_name in ("integer", "long"):
        return metadata.get("min", 7)
    return {"float": 0.5, "double": 0.25, "boolean": True, "timestamp": MOMENT}[shape.type_name]
