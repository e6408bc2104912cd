"""How operations find resources, make them and begin to delete them.

The rules that all families share: who sees what, names taken once, tags, what happens when a
resource is deleted. Knows no one family.
"""

from collections.abc import Callable, Collection, Mapping
from functools import wraps
from typing import Any

from personalize_assets.core.arns import Arn, ArnError, Kind, make_arn, parse_arn
from personalize_assets.core.names import MAX_TAGS
from personalize_assets.engine.context import RequestContext
from personalize_assets.engine.errors import (
    InvalidInput,
    LimitExceeded,
    ResourceAlreadyExists,
    ResourceInUse,
    ResourceNotFound,
    TooManyTags,
)
from personalize_assets.engine.jobs.states import (
    ACTIVE,
    BEING_DELETED,
    CREATE_FAILED,
    CREATE_PENDING,
    CREATE_STOPPED,
    DELETE_PENDING,
    INACTIVE,
)
from personalize_assets.engine.store import DuplicateResource, Resource

Request = Mapping[str, Any]
Answer = dict[str, Any]

_AT_REST = frozenset({ACTIVE, INACTIVE, CREATE_FAILED, CREATE_STOPPED})


def atomic(
    handler: Callable[[RequestContext, Request], Answer],
) -> Callable[[RequestContext, Request], Answer]:
    """Run an operation in one transaction, so that what it checks still holds when it writes."""

    @wraps(handler)
    def run(context: RequestContext, request: Request) -> Answer:
        with context.store.transaction():
            return handler(context, request)

    return run


def parse(arn: str, *kinds: Kind) -> Arn:
    """Take an ARN of a request apart.

    Raises:
        InvalidInput: It is none, or one of something else than ``kinds``.
    """
    try:
        parsed = parse_arn(arn)
    except ArnError as error:
        raise InvalidInput(str(error)) from error
    if parsed.kind not in kinds:
        wanted = " or ".join(kind.with_article for kind in kinds)
        raise InvalidInput(
            f"{arn} is the ARN of {parsed.kind.with_article}; that of {wanted} is needed"
        )
    return parsed


def require(context: RequestContext, kind: Kind, arn: str) -> Resource:
    """The resource that a request names.

    Raises:
        InvalidInput: The ARN is of another kind.
        ResourceNotFound: There is none in the caller's account and region.
    """
    parsed = parse(arn, kind)
    resource = context.store.resources.get(arn)
    mine = (parsed.account, parsed.region) == (context.account, context.region)
    if resource is None or not mine:
        raise ResourceNotFound(f"The given {kind.words} does not exist: {arn}")
    return resource


def require_active(context: RequestContext, kind: Kind, arn: str) -> Resource:
    """The resource that a request names, if it can be used.

    Raises:
        InvalidInput: The ARN is of another kind.
        ResourceNotFound: There is none in the caller's account and region.
        ResourceInUse: Its status is another than ACTIVE.
    """
    resource = require(context, kind, arn)
    if resource.status != ACTIVE:
        raise ResourceInUse(
            f"The given {kind.words} must be ACTIVE, but its status is {resource.status}: {arn}"
        )
    return resource


def see(context: RequestContext, resource: Resource) -> Resource:
    """Note that a client looked at a resource: one that is being deleted may go now."""
    if resource.status in BEING_DELETED and not resource.hidden.get("deletion_seen"):
        with context.store.transaction():
            context.store.resources.merge(resource.arn, hidden={"deletion_seen": True})
            context.store.jobs.hasten(resource.arn, context.clock())
    return resource


def free_arn(context: RequestContext, kind: Kind, name: str) -> str:
    """The ARN of a resource that is to be made.

    Asked for before limits are looked at: who makes anew what is there shall hear that it is, also
    where there is room for no other.

    Raises:
        ResourceAlreadyExists: The name is taken.
    """
    arn = make_arn(kind, context.region, context.account, name)
    if context.store.resources.get(arn) is not None:
        raise ResourceAlreadyExists(f"Another resource with Arn {arn} already exists.")
    return arn


def create(
    context: RequestContext,
    arn: str,
    name: str,
    *,
    body: Request,
    hidden: Request | None = None,
    tags: Collection[Mapping[str, str]] = (),
    parent: Resource | None = None,
    group: Resource | None = None,
    job: str | None = "activate",
    status: str = CREATE_PENDING,
) -> None:
    """Add a resource and queue the job that makes it ACTIVE.

    Args:
        context: Of the request.
        arn: Of the new resource.
        name: Of the new resource.
        body: Members that Describe shows; absent ones left out.
        hidden: Members that the engine keeps for itself.
        tags: As in the request.
        parent: The resource that lists it.
        group: The dataset group that it belongs to.
        job: Kind of the job; None for a resource that has no status.
        status: The first one of the job's course.

    Raises:
        ResourceAlreadyExists: The name is taken.
        InvalidInput: A tag is not allowed.
        TooManyTags: There are more than allowed.
    """
    checked = check_tags(tags)
    now = context.clock()
    resource = Resource(
        arn=arn,
        kind=parse_arn(arn).kind,
        account=context.account,
        region=context.region,
        name=name,
        created_at=now,
        updated_at=now,
        status=status if job else None,
        parent_arn=parent.arn if parent else None,
        group_arn=group.arn if group else None,
        body=dict(body),
        hidden=dict(hidden or {}),
    )
    try:
        with context.store.transaction():
            context.store.resources.insert(resource)
            context.store.tags.put(arn, checked)
            if job:
                context.jobs.submit(job, arn)
    except DuplicateResource:
        if context.store.resources.get(arn) is None:  # versions have names beside their ARNs
            raise ResourceAlreadyExists(
                f"Another {resource.kind.words} of {resource.parent_arn} has the name {name}."
            ) from None
        raise ResourceAlreadyExists(f"Another resource with Arn {arn} already exists.") from None


def begin_deletion(context: RequestContext, resource: Resource, job: str = "delete") -> None:
    """Start to delete a resource; doing so twice is no fault.

    Raises:
        ResourceInUse: It is being made or changed.
    """
    if resource.status in BEING_DELETED:
        return
    if resource.status not in _AT_REST:
        raise ResourceInUse(
            f"The {resource.kind.words} cannot be deleted while its status is {resource.status}: "
            f"{resource.arn}"
        )
    with context.store.transaction():
        context.store.resources.set_status(resource.arn, DELETE_PENDING, context.clock())
        context.jobs.submit(job, resource.arn)


def refuse_while(context: RequestContext, resource: Resource, others: list[Resource]) -> None:
    """Refuse to delete a resource on which ``others`` depend.

    Raises:
        ResourceInUse: There are any; the message names one.
    """
    if others:
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        raise ResourceInUse(
            f"The {resource.kind.words} {resource.arn} cannot be deleted: the "
            f"{others[0].kind.words} {others[0].arn}{more} depends on it"
        )


def check_limit(count: int, most: int, message: str) -> None:
    """Refuse to make one thing more than a quota allows.

    Raises:
        LimitExceeded: There are ``most`` already.
    """
    if count >= most:
        raise LimitExceeded(message)


def check_tags(tags: Collection[Mapping[str, str]]) -> dict[str, str]:
    """Bring the tags of a request into a dictionary.

    Raises:
        InvalidInput: A key comes twice or begins with ``aws:``.
        TooManyTags: There are more than a resource can have.
    """
    checked = {tag["tagKey"]: tag["tagValue"] for tag in tags}
    if len(checked) != len(tags):
        raise InvalidInput("Each tag key may be given once")
    for key in checked:
        if key.lower().startswith("aws:"):
            raise InvalidInput(f"Tag keys may not begin with aws:, got {key!r}")
    if len(checked) > MAX_TAGS:
        raise TooManyTags(f"A resource can have {MAX_TAGS} tags, got {len(checked)}")
    return checked


def chosen(request: Request, *members: str) -> dict[str, Any]:
    """The members of a request that are given, under the same names."""
    return {member: request[member] for member in members if member in request}
