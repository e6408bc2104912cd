"""Operations on solutions."""

from typing import Any

from personalize_assets.core.arns import Kind, make_arn
from personalize_assets.core.names import MAX_SOLUTIONS_PER_GROUP
from personalize_assets.engine.context import RequestContext
from personalize_assets.engine.jobs.states import BEING_CREATED, CREATE_STOPPING
from personalize_assets.engine.operations.access import (
    Request,
    atomic,
    begin_deletion,
    check_limit,
    chosen,
    create,
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
    check_options,
    check_recipe,
)
from personalize_assets.engine.operations.solution_versions import VERSIONS
from personalize_assets.recipes.registry import RECIPES

_FAMILY = Family(Kind.SOLUTION, "solutionArn", summary=("recipeArn",))


@operation("personalize", "CreateSolution")
@atomic
def create_solution(context: RequestContext, request: Request) -> dict[str, Any]:
    """Make a solution.

    ``performAutoTraining`` is kept as given (true by default, as at AWS), but no training starts by
    itself here yet. AutoML, hyperparameter optimization and optimization objectives are refused.
    """
    group = require_active(context, Kind.DATASET_GROUP, request["datasetGroupArn"])
    check_choice_of_recipe(request)
    spec = find_recipe(request["recipeArn"])
    check_recipe(spec, [known.name for known in RECIPES.values() if known.trainable])
    check_options(spec, request)
    count = context.store.resources.count(Kind.SOLUTION, group=group.arn)
    check_limit(
        count,
        MAX_SOLUTIONS_PER_GROUP,
        f"Cannot create a solution. The dataset group has {count}, the most is "
        f"{MAX_SOLUTIONS_PER_GROUP}. Please delete some and try again.",
    )
    name = request["name"]
    arn = make_arn(Kind.SOLUTION, context.region, context.account, name)
    body = {
        "performHPO": False,
        "performAutoML": False,
        "performAutoTraining": request.get("performAutoTraining", True),
        "datasetGroupArn": group.arn,
        **chosen(request, "performIncrementalUpdate", "recipeArn", "eventType", "solutionConfig"),
    }
    tags = request.get("tags", ())
    create(context, arn, name, body=body, tags=tags, parent=group, group=group)
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


@operation("personalize", "DeleteSolution")
@atomic
def delete_solution(context: RequestContext, request: Request) -> dict[str, Any]:
    """Delete a solution with its versions and their batch jobs, which AWS may keep."""
    solution = require(context, Kind.SOLUTION, request["solutionArn"])
    find = context.store.resources.find
    versions = find(Kind.SOLUTION_VERSION, parent=solution.arn)
    busy = [item for item in versions if item.status in BEING_CREATED | {CREATE_STOPPING}]
    for version in versions:
        busy += find(Kind.BATCH_INFERENCE_JOB, parent=version.arn, statuses=BEING_CREATED)
    refuse_while(context, solution, find(Kind.CAMPAIGN, parent=solution.arn) + busy)
    begin_deletion(context, solution)
    return {}


def _without_name(summary: dict[str, Any]) -> dict[str, Any]:
    return {member: value for member, value in summary.items() if member != "name"}
