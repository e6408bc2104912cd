"""Operations on batch inference jobs."""

from typing import Any, Final

from personalize_assets.core.arns import Kind
from personalize_assets.core.names import (
    DEFAULT_BATCH_RESULTS,
    MAX_ACTIVE_BATCH_INFERENCE_JOBS,
    MAX_RESULTS,
    MAX_THEME_RESULTS,
)
from personalize_assets.core.schemas import parse_schema
from personalize_assets.engine.context import RequestContext
from personalize_assets.engine.errors import InvalidInput
from personalize_assets.engine.operations.access import (
    Request,
    atomic,
    chosen,
    create,
    free_arn,
    require,
)
from personalize_assets.engine.operations.answers import Family, describe, list_resources
from personalize_assets.engine.operations.batch_requests import (
    check_filter_of,
    check_locations,
    check_results,
    check_target,
    check_unfinished,
    require_version,
)
from personalize_assets.engine.operations.recipes import find_recipe
from personalize_assets.engine.operations.registry import operation
from personalize_assets.engine.operations.serving_config import check_serving_config
from personalize_assets.engine.store import Resource
from personalize_assets.recipes.spec import RecipeSpec

_FAMILY = Family(
    Kind.BATCH_INFERENCE_JOB,
    "batchInferenceJobArn",
    "jobName",
    ("solutionVersionArn", "batchInferenceJobMode"),
)
_THEMES: Final = "THEME_GENERATION"
_THEMED: Final = "aws-similar-items"


@operation("personalize", "CreateBatchInferenceJob")
@atomic
def create_batch_inference_job(context: RequestContext, request: Request) -> dict[str, Any]:
    """Queue a batch job; whether the input is there and can be read shows in its status."""
    version = require_version(context, request)
    spec = find_recipe(version.body["recipeArn"])
    if spec.batch_field is None or spec.recipe_type == "USER_SEGMENTATION":
        raise InvalidInput(f"{spec.name} cannot be used for batch inference jobs")
    check_target(check_filter_of(context, request, version), "ItemID")
    check_locations(request)
    check_serving_config(spec, request.get("batchInferenceJobConfig", {}))
    mode = request.get("batchInferenceJobMode", "BATCH_INFERENCE")
    _check_mode(context, request, spec, version)
    most = MAX_THEME_RESULTS if mode == _THEMES else MAX_RESULTS
    n_results = check_results(request.get("numResults", DEFAULT_BATCH_RESULTS), most)
    name = request["jobName"]
    arn = free_arn(context, Kind.BATCH_INFERENCE_JOB, name)
    check_unfinished(context, Kind.BATCH_INFERENCE_JOB, MAX_ACTIVE_BATCH_INFERENCE_JOBS)
    kept = (
        "jobInput",
        "jobOutput",
        "roleArn",
        "filterArn",
        "batchInferenceJobConfig",
        "themeGenerationConfig",
    )
    body = {
        "solutionVersionArn": version.arn,
        "numResults": n_results,
        "batchInferenceJobMode": mode,
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


def _check_mode(
    context: RequestContext, request: Request, spec: RecipeSpec, version: Resource
) -> None:
    """Themes are for aws-similar-items, from a name and a text of each item."""
    config = request.get("themeGenerationConfig")
    if request.get("batchInferenceJobMode") != _THEMES:
        if config is not None:
            raise InvalidInput(f"themeGenerationConfig is only for batchInferenceJobMode {_THEMES}")
        return
    if spec.name != _THEMED:
        raise InvalidInput(f"{spec.name} cannot generate themes; {_THEMED} can")
    if config is None:
        raise InvalidInput(f"batchInferenceJobMode {_THEMES} needs themeGenerationConfig")
    _check_theme_columns(context, version, config["fieldsForThemeGeneration"]["itemName"])


def _check_theme_columns(context: RequestContext, version: Resource, item_name: str) -> None:
    datasets = context.store.resources.find(Kind.DATASET, group=version.group_arn)
    items = [each for each in datasets if each.body["datasetType"] == "ITEMS"]
    if not items:
        raise InvalidInput("Themes need an Items dataset, and the dataset group has none")
    resource = context.store.resources.get(items[0].body["schemaArn"])
    assert resource is not None
    schema = parse_schema(resource.body["schema"], "ITEMS", resource.body.get("domain"))
    named = schema.field(item_name)
    if named is None or named.type != "string":
        raise InvalidInput(
            f"themeGenerationConfig.fieldsForThemeGeneration.itemName must be a string column of "
            f"the Items dataset, got {item_name!r}; it has {', '.join(schema.columns)}"
        )
    if not any(column.textual for column in schema.fields):
        raise InvalidInput("Themes need an Items dataset with a textual column, and it has none")
