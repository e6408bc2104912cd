"""Operations on batch inference jobs."""

import math
from typing import Any, Final

from personalize_assets.core.arns import Kind, make_arn
from personalize_assets.core.names import (
    DEFAULT_BATCH_RESULTS,
    INVALID_S3_INPUT,
    INVALID_S3_OUTPUT,
    MAX_ACTIVE_BATCH_INFERENCE_JOBS,
)
from personalize_assets.engine.context import RequestContext
from personalize_assets.engine.errors import InvalidInput
from personalize_assets.engine.jobs.s3_objects import LocationError, parse_location
from personalize_assets.engine.jobs.states import BEING_CREATED
from personalize_assets.engine.operations.access import (
    Request,
    atomic,
    check_limit,
    chosen,
    create,
    require,
    require_active,
)
from personalize_assets.engine.operations.answers import Family, describe, list_resources
from personalize_assets.engine.operations.recipes import find_recipe
from personalize_assets.engine.operations.registry import operation
from personalize_assets.recipes.spec import RecipeSpec

_FAMILY = Family(
    Kind.BATCH_INFERENCE_JOB,
    "batchInferenceJobArn",
    "jobName",
    ("solutionVersionArn", "batchInferenceJobMode"),
)
_EXPLORING: Final = frozenset({"aws-user-personalization", "aws-user-personalization-v2"})
_EXPLORATION: Final = {
    "explorationWeight": (0.0, 1.0),
    "explorationItemAgeCutOff": (1.0, math.inf),
}


@operation("personalize", "CreateBatchInferenceJob")
@atomic
def create_batch_inference_job(context: RequestContext, request: Request) -> dict[str, Any]:
    """Queue a batch job; whether the input is there and can be read shows in its status.

    Exploration settings are checked and kept, but nothing is explored here yet: results are those
    of ``explorationWeight`` 0. Themes are refused.
    """
    version = require_active(context, Kind.SOLUTION_VERSION, request["solutionVersionArn"])
    spec = find_recipe(version.body["recipeArn"])
    if spec.batch_field is None:
        raise InvalidInput(f"{spec.name} cannot be used for batch inference jobs")
    if "filterArn" in request:
        require(context, Kind.FILTER, request["filterArn"])
    _check_mode(request)
    _check_locations(request)
    _check_config(spec, request.get("batchInferenceJobConfig", {}))
    n_results = request.get("numResults", DEFAULT_BATCH_RESULTS)
    if n_results < 1:
        raise InvalidInput(f"numResults must be at least 1, got {n_results}")
    count = context.store.resources.count(
        Kind.BATCH_INFERENCE_JOB,
        account=context.account,
        region=context.region,
        statuses=BEING_CREATED,
    )
    check_limit(
        count,
        MAX_ACTIVE_BATCH_INFERENCE_JOBS,
        f"More than {MAX_ACTIVE_BATCH_INFERENCE_JOBS} resources with PENDING or IN_PROGRESS "
        "status.",
    )
    name = request["jobName"]
    arn = make_arn(Kind.BATCH_INFERENCE_JOB, context.region, context.account, name)
    kept = ("jobInput", "jobOutput", "roleArn", "filterArn", "batchInferenceJobConfig")
    body = {
        "solutionVersionArn": version.arn,
        "numResults": n_results,
        "batchInferenceJobMode": "BATCH_INFERENCE",
        **chosen(request, *kept),
    }
    create(
        context,
        arn,
        name,
        body=body,
        tags=request.get("tags", ()),
        parent=version,
        group=require(context, Kind.DATASET_GROUP, str(version.group_arn)),
        job="batch-inference",
    )
    return {"batchInferenceJobArn": arn}


@operation("personalize", "DescribeBatchInferenceJob")
def describe_batch_inference_job(context: RequestContext, request: Request) -> dict[str, Any]:
    """Show a batch inference job."""
    job = require(context, Kind.BATCH_INFERENCE_JOB, request["batchInferenceJobArn"])
    return {"batchInferenceJob": describe(_FAMILY, job)}


@operation("personalize", "ListBatchInferenceJobs")
def list_batch_inference_jobs(context: RequestContext, request: Request) -> dict[str, Any]:
    """List the batch inference jobs of a solution version, or of the account and region."""
    return list_resources(
        context,
        request,
        _FAMILY,
        "batchInferenceJobs",
        parent_member="solutionVersionArn",
        parent_kind=Kind.SOLUTION_VERSION,
    )


def _check_mode(request: Request) -> None:
    if request.get("batchInferenceJobMode") == "THEME_GENERATION":
        raise InvalidInput(
            "batchInferenceJobMode THEME_GENERATION is not built into this engine yet"
        )
    if "themeGenerationConfig" in request:
        raise InvalidInput(
            "themeGenerationConfig is only for batchInferenceJobMode THEME_GENERATION"
        )


def _check_locations(request: Request) -> None:
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


def _check_config(spec: RecipeSpec, config: Request) -> None:
    if "rankingInfluence" in config and spec.name != "aws-semantic-similarity":
        raise InvalidInput(
            f"{spec.name} does not take rankingInfluence; aws-semantic-similarity does"
        )
    exploration: dict[str, str] = config.get("itemExplorationConfig", {})
    if exploration and spec.name not in _EXPLORING:
        takers = " and ".join(sorted(_EXPLORING))
        raise InvalidInput(f"{spec.name} does not take itemExplorationConfig; {takers} do")
    for name, value in exploration.items():
        if name not in _EXPLORATION:
            raise InvalidInput(
                f"itemExplorationConfig has no {name!r}; it has {' and '.join(_EXPLORATION)}"
            )
        low, high = _EXPLORATION[name]
        try:
            fits = low <= float(value) <= high
        except ValueError:
            fits = False
        if not fits:
            bounds = f"from {low} to {high}" if high < math.inf else f"of at least {low}"
            raise InvalidInput(
                f"itemExplorationConfig.{name} must be a number {bounds} as a string, got {value!r}"
            )
