"""How resources look in answers: the same members for describe and, fewer, for lists.

What a family shows is data; see `Family`. Knows no rules.
"""

import base64
import binascii
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from personalize_assets.core.arns import Kind
from personalize_assets.engine.context import RequestContext
from personalize_assets.engine.errors import InvalidNextToken
from personalize_assets.engine.operations.access import Request, parse
from personalize_assets.engine.store import Resource
from personalize_assets.engine.store.records import moment

DEFAULT_PAGE: Final = 20
"""AWS does not say its own; with it, as here, not all recipes fit on the first page."""
_MOMENTS: Final = frozenset({"creationDateTime", "lastUpdatedDateTime"})


@dataclass(frozen=True)
class Family:
    """How the resources of one kind are shown.

    Attributes:
        kind: Of which kind.
        arn_member: Member that holds the ARN.
        name_member: Member that holds the name.
        summary: Members of the body, beside name, ARN, status and dates, that lists show.
    """

    kind: Kind
    arn_member: str
    name_member: str = "name"
    summary: tuple[str, ...] = ()


def describe(family: Family, resource: Resource) -> dict[str, Any]:
    """All members of a resource; what is absent is left out."""
    shown = {
        family.name_member: resource.name,
        family.arn_member: resource.arn,
        **resource.body,
        "status": resource.status,
        "failureReason": resource.failure_reason,
        "creationDateTime": resource.created_at,
        "lastUpdatedDateTime": resource.updated_at,
    }
    return {member: _shown(value) for member, value in shown.items() if value is not None}


def summarize(family: Family, resource: Resource) -> dict[str, Any]:
    """The members of a resource that lists show."""
    everywhere = {
        family.name_member,
        family.arn_member,
        "status",
        "failureReason",
        "creationDateTime",
        "lastUpdatedDateTime",
    }
    members = everywhere.union(family.summary)
    return {name: value for name, value in describe(family, resource).items() if name in members}


def list_resources(
    context: RequestContext,
    request: Request,
    family: Family,
    key: str,
    *,
    parent_member: str | None = None,
    parent_kind: Kind | None = None,
) -> dict[str, Any]:
    """One page of the resources of a kind, the newest first.

    Args:
        context: Of the request.
        request: May have ``maxResults``, ``nextToken`` and the parent's ARN.
        family: What to list and how.
        key: Member of the answer that holds the list.
        parent_member: Member of the request that holds the parent's ARN.
        parent_kind: What the parent must be.

    Raises:
        InvalidInput: The parent's ARN is of another kind.
        InvalidNextToken: The token is not of this list.
    """
    parent = request.get(parent_member) if parent_member else None
    if parent is not None and parent_kind is not None:
        parse(parent, parent_kind)
    limit = int(request.get("maxResults", DEFAULT_PAGE))
    scope = [key, context.account, context.region, parent]
    before = read_token(request.get("nextToken"), scope)
    found = context.store.resources.find(
        family.kind,
        account=context.account,
        region=context.region,
        parent=parent,
        before=before,
        limit=limit + 1,
    )
    answer: dict[str, Any] = {key: [summarize(family, item) for item in found[:limit]]}
    if len(found) > limit:
        answer["nextToken"] = make_token(found[limit - 1].sequence, scope)
    return answer


def make_token(position: int, scope: Sequence[Any]) -> str:
    """A token that goes on after ``position`` in the list that ``scope`` describes."""
    content = json.dumps([position, _digest(position, scope)]).encode()
    return base64.urlsafe_b64encode(content).decode()


def read_token(token: str | None, scope: Sequence[Any]) -> int | None:
    """The position in a token; None if there is no token.

    Raises:
        InvalidNextToken: It was not made for this list.
    """
    if token is None:
        return None
    try:
        position, digest = json.loads(base64.b64decode(token.encode(), b"-_", validate=True))
        if isinstance(position, int) and digest == _digest(position, scope):
            return position
    except (binascii.Error, ValueError, TypeError):
        pass
    raise InvalidNextToken(
        "The nextToken is not valid: pass the one from the page before, with otherwise unchanged "
        "parameters"
    )


def _shown(value: Any) -> Any:
    """A member as answers have it: the moments within summaries of updates are kept as numbers."""
    if not isinstance(value, dict):
        return value
    members = cast("dict[str, Any]", value)
    return {
        name: moment(each) if name in _MOMENTS and isinstance(each, float) else each
        for name, each in members.items()
    }


def _digest(position: int, scope: Sequence[Any]) -> int:
    return zlib.crc32(json.dumps([position, *scope]).encode())
