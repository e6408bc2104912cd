"""What every kind of resource can do: be looked at, made, changed and deleted."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from personalize_assets.aws.bootstrap.account import Account
from personalize_assets.aws.bootstrap.wanted import Resource


@dataclass(frozen=True)
class Found:
    """A resource as it is.

    Attributes:
        properties: Those that are cared for, in CloudFormation's terms.
        tags: Its tags; empty for what has none.
        arn: Its ARN, or name where it has none.
    """

    properties: Mapping[str, Any]
    tags: Mapping[str, str]
    arn: str


class Handler(Protocol):
    """One kind of resource; every method may be called again after it was cut short."""

    def find(self, account: Account, resource: Resource) -> Found | None:
        """Look at the resource; None where there is none.

        Raises:
            BootstrapError: Something is there that is not this account's.
            ClientError: AWS refused to show it.
        """
        ...

    def create(self, account: Account, resource: Resource) -> None:
        """Make what is not there; what it begins with need not be all that it is to have."""
        ...

    def change(self, account: Account, resource: Resource, names: Collection[str]) -> None:
        """Bring the properties ``names`` (``Tags`` among them) to what they are to be."""
        ...

    def delete(self, account: Account, resource: Resource) -> None:
        """Delete it; what is gone already is no error."""
        ...


def tag_list(tags: Mapping[str, str] | None) -> list[dict[str, str]]:
    """Tags as most services take them."""
    return [{"Key": key, "Value": value} for key, value in sorted((tags or {}).items())]


def tag_map(tags: Collection[Mapping[str, str]] | None) -> dict[str, str]:
    """Tags as most services give them, by key."""
    return {one["Key"]: one["Value"] for one in tags or ()}
