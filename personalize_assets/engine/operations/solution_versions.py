"""Operations on solution versions and their metrics."""

from typing import Any, Final

from personalize_assets.core.arns import Kind, make_arn
from personalize_assets.core.names import MAX_ACTIVE_SOLUTION_VERSIONS
from personalize_assets.engine.context import RequestContext
from personalize_assets.engine.errors import InvalidInput, ResourceInUse
from personalize_assets.engine.jobs.states import (
    ACTIVE,
    BEING_CREATED,
    CREATE_PENDING,
    CREATE_STOPPED,
    CREATE_STOPPING,
)
from personalize_assets.engine.jobs.versions import latest_trained, note_data, version_body
from personalize_assets.engine.operations.access import (
    Request,
    atomic,
    check_limit,
    create,
    require,
    require_active,
    see,
)
from personalize_assets.engine.operations.answers import Family, describe, list_resources
from personalize_assets.engine.operations.registry import operation
from personalize_assets.engine.store import Resource

VERSIONS: Final = Family(
    Kind.SOLUTION_VERSION,
    "solutionVersionArn",
    summary=("trainingMode", "trainingType"),
)
_UPDATABLE: Final = "recipe/aws-user-personalization"


@operation("personalize", "CreateSolutionVersion")
@atomic
def create_solution_version(context: RequestContext, request: Request) -> dict[str, Any]:
    """Queue a training; one with ``trainingMode=UPDATE`` only takes new items in."""
    solution = require_active(context, Kind.SOLUTION, request["solutionArn"])
    mode = request.get("trainingMode", "FULL")
    _check_mode(context, mode, solution)
    count = context.store.resources.count(
        Kind.SOLUTION_VERSION,
        account=context.account,
        region=context.region,
        statuses=BEING_CREATED,
    )
    check_limit(
        count,
        MAX_ACTIVE_SOLUTION_VERSIONS,
        f"More than {MAX_ACTIVE_SOLUTION_VERSIONS} resources with PENDING or IN_PROGRESS status.",
    )
    version = context.new_id()
    arn = make_arn(Kind.SOLUTION_VERSION, context.region, context.account, solution.name, version)
    create(
        context,
        arn,
        request.get("name", f"{solution.name}/{version}"),
        body=version_body(solution, mode, "MANUAL"),
        tags=request.get("tags", ()),
        parent=solution,
        group=require(context, Kind.DATASET_GROUP, solution.body["datasetGroupArn"]),
        hidden=note_data(context.store, solution),
        job="train-update" if mode == "UPDATE" else "train",
    )
    return {"solutionVersionArn": arn}


@operation("personalize", "DescribeSolutionVersion")
def describe_solution_version(context: RequestContext, request: Request) -> dict[str, Any]:
    """Show a version."""
    version = require(context, Kind.SOLUTION_VERSION, request["solutionVersionArn"])
    return {"solutionVersion": describe(VERSIONS, see(context, version))}


@operation("personalize", "ListSolutionVersions")
def list_solution_versions(context: RequestContext, request: Request) -> dict[str, Any]:
    """List the versions of a solution, or of the account and region."""
    if "solutionArn" in request:
        require(context, Kind.SOLUTION, request["solutionArn"])
    answer = list_resources(
        context,
        request,
        VERSIONS,
        "solutionVersions",
        parent_member="solutionArn",
        parent_kind=Kind.SOLUTION,
    )
    for summary in answer["solutionVersions"]:
        del summary["name"]  # the only summary without one
    return answer


@operation("personalize", "GetSolutionMetrics")
def get_solution_metrics(context: RequestContext, request: Request) -> dict[str, Any]:
    """Show the offline metrics of a trained version."""
    version = require(context, Kind.SOLUTION_VERSION, request["solutionVersionArn"])
    if version.status in BEING_CREATED:
        raise ResourceInUse(
            f"The solution version has no metrics before it is ACTIVE; its status is "
            f"{version.status}: {version.arn}"
        )
    if version.status != ACTIVE:
        raise InvalidInput(
            f"The solution version has no metrics: its status is {version.status}: {version.arn}"
        )
    return {"solutionVersionArn": version.arn, "metrics": version.hidden["metrics"]}


@operation("personalize", "StopSolutionVersionCreation")
@atomic
def stop_solution_version_creation(context: RequestContext, request: Request) -> dict[str, Any]:
    """Stop a training: at once if it has not begun, else as soon as its process has ended."""
    arn = request["solutionVersionArn"]
    version = require(context, Kind.SOLUTION_VERSION, arn)
    if version.status not in BEING_CREATED:
        raise InvalidInput(
            "Only a solution version whose status is CREATE PENDING or CREATE IN_PROGRESS can "
            f"be stopped; it is {version.status}: {arn}"
        )
    if version.status == CREATE_PENDING:
        context.store.resources.set_status(arn, CREATE_STOPPED, context.clock())
    else:
        context.store.resources.set_status(arn, CREATE_STOPPING, context.clock())
        context.jobs.submit("stop", arn)
    return {}


def _check_mode(context: RequestContext, mode: str, solution: Resource) -> None:
    if mode == "AUTOTRAIN":
        raise InvalidInput(
            "trainingMode AUTOTRAIN is for trainings that start by themselves; use FULL"
        )
    if mode != "UPDATE":
        return
    if not str(solution.body.get("recipeArn")).endswith(_UPDATABLE):
        raise InvalidInput(f"trainingMode UPDATE needs {_UPDATABLE}, use FULL")
    if latest_trained(context.store, solution.arn) is None:
        raise InvalidInput(
            "trainingMode UPDATE needs an ACTIVE version of the same solution that was trained "
            "with FULL"
        )
