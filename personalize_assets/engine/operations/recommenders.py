"""Operations on recommenders: the use cases of domain dataset groups."""

from typing import Any, Final

from personalize_assets.core.arns import Kind
from personalize_assets.core.names import MAX_RECOMMENDERS_PER_GROUP
from personalize_assets.engine.context import RequestContext
from personalize_assets.engine.errors import InvalidInput, ResourceInUse
from personalize_assets.engine.jobs.recommender_jobs import CONFIG, UPDATE
from personalize_assets.engine.jobs.states import (
    CREATE_PENDING,
    INACTIVE,
    START_PENDING,
    STOP_PENDING,
    UPDATE_RECOMMENDER,
)
from personalize_assets.engine.operations.access import (
    Request,
    atomic,
    begin_deletion,
    check_limit,
    create,
    free_arn,
    require,
    require_active,
    see,
)
from personalize_assets.engine.operations.answers import Family, describe, list_resources
from personalize_assets.engine.operations.recipes import find_recipe
from personalize_assets.engine.operations.registry import operation
from personalize_assets.engine.operations.serving_config import check_serving_config
from personalize_assets.engine.operations.solution_config import check_columns, schemas_of
from personalize_assets.engine.store import Resource
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.spec import RecipeSpec

_FAMILY: Final = Family(
    Kind.RECOMMENDER, "recommenderArn", summary=("datasetGroupArn", "recipeArn", CONFIG)
)
_COLUMNS: Final = "trainingDataConfig"


@operation("personalize", "CreateRecommender")
@atomic
def create_recommender(context: RequestContext, request: Request) -> dict[str, Any]:
    """Train a use case of the group's domain and answer from it.

    ``minRecommendationRequestsPerSecond`` is kept and shown and has no effect here.
    """
    group = require_active(context, Kind.DATASET_GROUP, request["datasetGroupArn"])
    spec = find_recipe(request["recipeArn"])
    _check_recipe(spec, group)
    config = {"minRecommendationRequestsPerSecond": 1, **request.get(CONFIG, {})}
    _check_config(context, spec, config, group)
    name = request["name"]
    arn = free_arn(context, Kind.RECOMMENDER, name)
    count = context.store.resources.count(Kind.RECOMMENDER, group=group.arn)
    check_limit(
        count,
        MAX_RECOMMENDERS_PER_GROUP,
        f"Cannot create a recommender. The dataset group has {count}, the most is "
        f"{MAX_RECOMMENDERS_PER_GROUP}. Please delete some and try again.",
    )
    create(
        context,
        arn,
        name,
        body={"datasetGroupArn": group.arn, "recipeArn": request["recipeArn"], CONFIG: config},
        tags=request.get("tags", ()),
        parent=group,
        group=group,
        job="train-recommender",
    )
    return {"recommenderArn": arn}


@operation("personalize", "DescribeRecommender")
def describe_recommender(context: RequestContext, request: Request) -> dict[str, Any]:
    """Show a recommender with the offline metrics of its model."""
    recommender = require(context, Kind.RECOMMENDER, request["recommenderArn"])
    return {"recommender": describe(_FAMILY, see(context, recommender))}


@operation("personalize", "ListRecommenders")
def list_recommenders(context: RequestContext, request: Request) -> dict[str, Any]:
    """List the recommenders of a group, or of the account and region."""
    answer = list_resources(
        context,
        request,
        _FAMILY,
        "recommenders",
        parent_member="datasetGroupArn",
        parent_kind=Kind.DATASET_GROUP,
    )
    for summary in answer["recommenders"]:
        summary.pop("failureReason", None)  # the summary has none
    return answer


@operation("personalize", "UpdateRecommender")
@atomic
def update_recommender(context: RequestContext, request: Request) -> dict[str, Any]:
    """Change members of the configuration; those that are not given stay.

    Other columns to train on mean a new training, until whose end the old model and configuration
    answer. A configuration that changes nothing is no update.
    """
    recommender = require_active(context, Kind.RECOMMENDER, request["recommenderArn"])
    _refuse_while_updating(recommender, "updated")
    present = recommender.body[CONFIG]
    config = {**present, **request[CONFIG]}
    group = require(context, Kind.DATASET_GROUP, str(recommender.group_arn))
    _check_config(context, find_recipe(recommender.body["recipeArn"]), config, group)
    if config == present:
        return {"recommenderArn": recommender.arn}
    now = context.clock().timestamp()
    dates = {"creationDateTime": now, "lastUpdatedDateTime": now}
    update = {CONFIG: config, "status": CREATE_PENDING, **dates}
    context.store.resources.set_member(recommender.arn, UPDATE, update)
    trains = _columns(config) != _columns(present)
    job = "update-recommender-model" if trains else "update-recommender"
    context.jobs.submit(job, recommender.arn)
    return {"recommenderArn": recommender.arn}


@operation("personalize", "StopRecommender")
@atomic
def stop_recommender(context: RequestContext, request: Request) -> dict[str, Any]:
    """Stop an ACTIVE recommender: it answers no more and is not retrained."""
    recommender = require_active(context, Kind.RECOMMENDER, request["recommenderArn"])
    _refuse_while_updating(recommender, "stopped")
    context.store.resources.set_status(recommender.arn, STOP_PENDING, context.clock())
    context.jobs.submit("stop-recommender", recommender.arn)
    return {"recommenderArn": recommender.arn}


@operation("personalize", "StartRecommender")
@atomic
def start_recommender(context: RequestContext, request: Request) -> dict[str, Any]:
    """Start an INACTIVE recommender with the model that it had."""
    recommender = require(context, Kind.RECOMMENDER, request["recommenderArn"])
    if recommender.status != INACTIVE:
        raise ResourceInUse(
            f"The given recommender must be {INACTIVE}, but its status is {recommender.status}: "
            f"{recommender.arn}"
        )
    context.store.resources.set_status(recommender.arn, START_PENDING, context.clock())
    context.jobs.submit("start-recommender", recommender.arn)
    return {"recommenderArn": recommender.arn}


@operation("personalize", "DeleteRecommender")
@atomic
def delete_recommender(context: RequestContext, request: Request) -> dict[str, Any]:
    """Delete a recommender, whether it is ACTIVE, stopped or failed."""
    recommender = require(context, Kind.RECOMMENDER, request["recommenderArn"])
    _refuse_while_updating(recommender, "deleted")
    begin_deletion(context, recommender)
    return {}


def _check_recipe(spec: RecipeSpec, group: Resource) -> None:
    domain = group.body.get("domain")
    if domain is None:
        raise InvalidInput(
            f"Only domain dataset groups have recommenders; {group.arn} is a custom one: create a "
            "solution and a campaign instead"
        )
    if spec.domain != domain:
        names = ", ".join(known.name for known in RECIPES.values() if known.domain == domain)
        raise InvalidInput(
            f"The recipe {spec.name} is no use case of the domain {domain}, which has: {names}"
        )
    if not spec.trainable:
        raise InvalidInput(f"{spec.name} does not train in this engine")


def _check_config(
    context: RequestContext, spec: RecipeSpec, config: Request, group: Resource
) -> None:
    check_serving_config(spec, config)
    check_columns(f"{CONFIG}.{_COLUMNS}", config.get(_COLUMNS), schemas_of(context.store, group))


def _columns(config: Request) -> dict[str, dict[str, list[str]]]:
    """Columns by dataset type, as they compare: without regard to case and order."""
    return {
        member: {name.upper(): sorted(map(str.upper, names)) for name, names in types.items()}
        for member, types in config.get(_COLUMNS, {}).items()
        if types
    }


def _refuse_while_updating(recommender: Resource, done: str) -> None:
    if recommender.body.get(UPDATE, {}).get("status") in UPDATE_RECOMMENDER.open:
        raise ResourceInUse(
            f"The recommender cannot be {done} while an update is in progress: {recommender.arn}"
        )
