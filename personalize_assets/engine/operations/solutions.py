"""Operations on solutions."""

from typing import Any

from personalize_assets.core.arns import Kind
from personalize_assets.core.names import MAX_SOLUTIONS_PER_GROUP
from personalize_assets.engine.context import RequestContext
from personalize_assets.engine.errors import InvalidInput, ResourceInUse
from personalize_assets.engine.jobs.states import (
    BEING_CREATED,
    CREATE_PENDING,
    CREATE_STOPPING,
)
from personalize_assets.engine.jobs.update_solution import FLAGS, UPDATE, is_updating
from personalize_assets.engine.operations.access import (
    Request,
    atomic,
    begin_deletion,
    check_limit,
    chosen,
    create,
    free_arn,
    refuse_while,
    require,
    require_active,
    see,
)
from personalize_assets.engine.operations.answers import (
    Family,
    describe,
    list_resources,
    summarize,
)
from personalize_assets.engine.operations.recipes import find_recipe
from personalize_assets.engine.operations.registry import operation
from personalize_assets.engine.operations.solution_config import (
    check_choice_of_recipe,
    check_events,
    check_incremental,
    check_options,
    check_recipe,
    check_schedule,
    schemas_of,
)
from personalize_assets.engine.operations.solution_search import check_automl, shown_config
from personalize_assets.engine.operations.solution_versions import VERSIONS
from personalize_assets.engine.store import Resource

_FAMILY = Family(Kind.SOLUTION, "solutionArn", summary=("recipeArn",))


@operation("personalize", "CreateSolution")
@atomic
def create_solution(context: RequestContext, request: Request) -> dict[str, Any]:
    """Make a solution; unless ``performAutoTraining`` is false, it trains by itself from then on.

    Columns and attributes are checked against the datasets that the group has by then.
    """
    group = require_active(context, Kind.DATASET_GROUP, request["datasetGroupArn"])
    _check(context, request, group)
    name = request["name"]
    arn = free_arn(context, Kind.SOLUTION, name)
    count = context.store.resources.count(Kind.SOLUTION, group=group.arn)
    check_limit(
        count,
        MAX_SOLUTIONS_PER_GROUP,
        f"Cannot create a solution. The dataset group has {count}, the most is "
        f"{MAX_SOLUTIONS_PER_GROUP}. Please delete some and try again.",
    )
    body = {
        "performHPO": request.get("performHPO", False),
        "performAutoML": request.get("performAutoML", False),
        "performAutoTraining": request.get("performAutoTraining", True),
        "datasetGroupArn": group.arn,
        **chosen(request, "performIncrementalUpdate", "recipeArn", "eventType"),
    }
    if "solutionConfig" in request:
        body["solutionConfig"] = shown_config(request["solutionConfig"])
    create(
        context,
        arn,
        name,
        body=body,
        tags=request.get("tags", ()),
        parent=group,
        group=group,
        job="activate-solution",
    )
    return {"solutionArn": arn}


@operation("personalize", "DescribeSolution")
def describe_solution(context: RequestContext, request: Request) -> dict[str, Any]:
    """Show a solution with a summary of its newest version."""
    solution = require(context, Kind.SOLUTION, request["solutionArn"])
    shown = describe(_FAMILY, see(context, solution))
    newest = context.store.resources.find(Kind.SOLUTION_VERSION, parent=solution.arn, limit=1)
    if newest:
        shown["latestSolutionVersion"] = _without_name(summarize(VERSIONS, newest[0]))
    return {"solution": shown}


@operation("personalize", "ListSolutions")
def list_solutions(context: RequestContext, request: Request) -> dict[str, Any]:
    """List the solutions of a group, or of the account and region."""
    return list_resources(
        context,
        request,
        _FAMILY,
        "solutions",
        parent_member="datasetGroupArn",
        parent_kind=Kind.DATASET_GROUP,
    )


@operation("personalize", "UpdateSolution")
@atomic
def update_solution(context: RequestContext, request: Request) -> dict[str, Any]:
    """Change automatic training, incremental updates or event weights; the rest is for ever.

    The old configuration holds until ``latestSolutionUpdate`` is ACTIVE; then the schedule of
    automatic training begins anew.
    """
    solution = require_active(context, Kind.SOLUTION, request["solutionArn"])
    if is_updating(solution):
        raise ResourceInUse(f"An update of the solution is in progress: {solution.arn}")
    given = chosen(request, *FLAGS, "solutionUpdateConfig")
    if not given:
        raise InvalidInput(f"Give at least one of {', '.join(FLAGS)}, solutionUpdateConfig")
    config = given.get("solutionUpdateConfig", {})
    check_schedule(config.get("autoTrainingConfig"), "solutionUpdateConfig")
    _check_update(solution, given, config)
    now = context.clock().timestamp()
    dates = {"creationDateTime": now, "lastUpdatedDateTime": now}
    context.store.resources.set_member(
        solution.arn, UPDATE, {**given, "status": CREATE_PENDING, **dates}
    )
    context.jobs.submit("update-solution", solution.arn)
    return {"solutionArn": solution.arn}


@operation("personalize", "DeleteSolution")
@atomic
def delete_solution(context: RequestContext, request: Request) -> dict[str, Any]:
    """Delete a solution with its versions and their batch jobs, which AWS may keep."""
    solution = require(context, Kind.SOLUTION, request["solutionArn"])
    if is_updating(solution):
        raise ResourceInUse(f"The solution cannot be deleted while it is updated: {solution.arn}")
    find = context.store.resources.find
    versions = find(Kind.SOLUTION_VERSION, parent=solution.arn)
    busy = [item for item in versions if item.status in BEING_CREATED | {CREATE_STOPPING}]
    for version in versions:
        busy += find(Kind.BATCH_INFERENCE_JOB, parent=version.arn, statuses=BEING_CREATED)
        busy += find(Kind.BATCH_SEGMENT_JOB, parent=version.arn, statuses=BEING_CREATED)
    refuse_while(context, solution, find(Kind.CAMPAIGN, parent=solution.arn) + busy)
    begin_deletion(context, solution)
    return {}


def _check(context: RequestContext, request: Request, group: Resource) -> None:
    check_choice_of_recipe(request)
    if "recipeArn" not in request:
        check_automl(request)
        config = request.get("solutionConfig", {})
        check_schedule(config.get("autoTrainingConfig"), "solutionConfig")
        return
    spec = find_recipe(request["recipeArn"])
    check_recipe(spec)
    check_options(spec, request, schemas_of(context.store, group))


def _check_update(solution: Resource, given: Request, config: Request) -> None:
    recipe = solution.body.get("recipeArn")
    if recipe is None:
        if "eventsConfig" in config or given.get("performIncrementalUpdate"):
            raise InvalidInput(
                "A solution whose recipe AutoML chooses takes neither eventsConfig nor "
                "performIncrementalUpdate"
            )
        return
    check_incremental(find_recipe(recipe), given)
    if "eventsConfig" in config:
        present = {**solution.body, **solution.body.get("solutionConfig", {})}
        check_events(find_recipe(recipe), config["eventsConfig"], present)


def _without_name(summary: dict[str, Any]) -> dict[str, Any]:
    return {member: value for member, value in summary.items() if member != "name"}
