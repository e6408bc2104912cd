"""What requests for batch inference and batch segment jobs have in common: the same checks.

Knows neither kind of job alone.
"""

from personalize_assets.core.arns import Kind
from personalize_assets.core.filters import Filter, parse_filter
from personalize_assets.core.names import INVALID_S3_INPUT, INVALID_S3_OUTPUT
from personalize_assets.engine.context import RequestContext
from personalize_assets.engine.errors import InvalidInput
from personalize_assets.engine.jobs.s3_objects import LocationError, parse_location
from personalize_assets.engine.jobs.states import BEING_CREATED
from personalize_assets.engine.operations.access import Request, check_limit, require_active
from personalize_assets.engine.store import Resource


def require_version(context: RequestContext, request: Request) -> Resource:
    """The solution version that a job asks.

    Raises:
        InvalidInput: ``$LATEST``, which is for campaigns, or an ARN of another kind.
        ResourceNotFound: There is none.
        ResourceInUse: It or its solution is not ACTIVE.
    """
    version = require_active(context, Kind.SOLUTION_VERSION, request["solutionVersionArn"])
    require_active(context, Kind.SOLUTION, str(version.parent_arn))
    return version


def check_filter_of(context: RequestContext, request: Request, version: Resource) -> Filter | None:
    """The filter of a job, if it names one.

    Raises:
        InvalidInput: It belongs to another dataset group.
        ResourceNotFound: There is none.
        ResourceInUse: It is not ACTIVE.
    """
    if "filterArn" not in request:
        return None
    found = require_active(context, Kind.FILTER, request["filterArn"])
    if found.group_arn != version.group_arn:
        raise InvalidInput(
            f"The filter belongs to another dataset group than the solution version: {found.arn} "
            f"is of {found.group_arn}, {version.arn} of {version.group_arn}"
        )
    return parse_filter(found.body["filterExpression"])


def check_target(chosen: Filter | None, target: str) -> None:
    """A filter must be about what the job answers with.

    Raises:
        InvalidInput: It is about something else.
    """
    if chosen is not None and chosen.target != target:
        raise InvalidInput(
            f"The job answers with {target.removesuffix('ID').lower()}s, but its filter is for "
            f"{chosen.target}; a filter for {target} is needed"
        )


def check_locations(request: Request) -> None:
    """Check the form of both addresses; whether they can be used shows in the job's status.

    Raises:
        InvalidInput: One is no address in S3, the output is no folder, or both are the same.
    """
    source = request["jobInput"]["s3DataSource"]["path"]
    target = request["jobOutput"]["s3DataDestination"]["path"]
    for path, message in ((source, INVALID_S3_INPUT), (target, INVALID_S3_OUTPUT)):
        try:
            parse_location(path)
        except LocationError as error:
            raise InvalidInput(f"{message}: {error}") from error
    if not target.endswith("/"):
        raise InvalidInput(f"{INVALID_S3_OUTPUT}: {target} must be a folder and end in /")
    if source == target:
        raise InvalidInput(f"{INVALID_S3_OUTPUT}: {target} must be different from the input path")


def check_results(n_results: int, most: int) -> int:
    """Check ``numResults``.

    Raises:
        InvalidInput: It is not from 1 to ``most``.
    """
    if not 1 <= n_results <= most:
        raise InvalidInput(f"numResults must be from 1 to {most}, got {n_results}")
    return n_results


def check_unfinished(context: RequestContext, kind: Kind, most: int) -> None:
    """Refuse one job more than may be pending or running.

    Raises:
        LimitExceeded: There are ``most`` already.
    """
    count = context.store.resources.count(
        kind, account=context.account, region=context.region, statuses=BEING_CREATED
    )
    check_limit(count, most, f"More than {most} resources with PENDING or IN_PROGRESS status.")
