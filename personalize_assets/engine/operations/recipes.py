"""Operations on what the service owns: recipes, algorithms, feature transformations."""

from datetime import UTC, datetime, time
from typing import Any

from personalize_assets.core.arns import Kind, make_arn
from personalize_assets.engine.context import RequestContext
from personalize_assets.engine.errors import ResourceNotFound
from personalize_assets.engine.operations.access import Request, parse
from personalize_assets.engine.operations.answers import DEFAULT_PAGE, make_token, read_token
from personalize_assets.engine.operations.registry import operation
from personalize_assets.recipes.hyperparameters import (
    Hyperparameter,
    default_hyperparameters,
    hyperparameters,
)
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.spec import RecipeSpec


@operation("personalize", "ListRecipes")
def list_recipes(context: RequestContext, request: Request) -> dict[str, Any]:
    """List recipes, those of domains first.

    As clients see it at AWS, pages are cut before the domain is looked at: also the first page of
    one domain has a ``nextToken``, and a page may be shorter than asked for.
    """
    domain = request.get("domain")
    scope = ["recipes", domain, request.get("recipeProvider")]
    start = read_token(request.get("nextToken"), scope) or 0
    stop = start + int(request.get("maxResults", DEFAULT_PAGE))
    ordered = sorted(RECIPES.values(), key=lambda spec: spec.domain is None)
    page = [spec for spec in ordered[start:stop] if domain in (None, spec.domain)]
    answer: dict[str, Any] = {"recipes": [_summarize(spec) for spec in page]}
    if stop < len(ordered):
        answer["nextToken"] = make_token(stop, scope)
    return answer


@operation("personalize", "DescribeRecipe")
def describe_recipe(context: RequestContext, request: Request) -> dict[str, Any]:
    """Show a recipe, also one that does not train here yet."""
    arn = request["recipeArn"]
    spec = find_recipe(arn)
    return {
        "recipe": {
            "name": spec.name,
            "recipeArn": arn,
            "algorithmArn": _owned(Kind.ALGORITHM, spec.algorithm),
            "featureTransformationArn": _owned(
                Kind.FEATURE_TRANSFORMATION, spec.feature_transformation
            ),
            "status": "ACTIVE",
            "description": spec.description,
            "recipeType": spec.recipe_type,
            **_dates(spec),
        }
    }


@operation("personalize", "DescribeAlgorithm")
def describe_algorithm(context: RequestContext, request: Request) -> dict[str, Any]:
    """Show the hyperparameters of an algorithm; there is no container image to name here."""
    arn = request["algorithmArn"]
    tail = parse(arn, Kind.ALGORITHM).name
    spec = next((spec for spec in RECIPES.values() if spec.algorithm == tail), None)
    if spec is None:
        raise ResourceNotFound(f"The given algorithm does not exist: {arn}")
    return {
        "algorithm": {
            "name": tail,
            "algorithmArn": arn,
            "defaultHyperParameters": default_hyperparameters(spec.config),
            "defaultHyperParameterRanges": _ranges(hyperparameters(spec.config)),
            "defaultResourceConfig": {},
            "trainingInputMode": "File",
            **_dates(spec),
        }
    }


@operation("personalize", "DescribeFeatureTransformation")
def describe_feature_transformation(context: RequestContext, request: Request) -> dict[str, Any]:
    """Show the parameters of a feature transformation."""
    arn = request["featureTransformationArn"]
    tail = parse(arn, Kind.FEATURE_TRANSFORMATION).name
    sharing = [spec for spec in RECIPES.values() if spec.feature_transformation == tail]
    if not sharing:
        raise ResourceNotFound(f"The given feature transformation does not exist: {arn}")
    # Recipes may share a transformation; the one with parameters describes it.
    spec = max(sharing, key=lambda spec: len(spec.featurization.model_fields))
    return {
        "featureTransformation": {
            "name": tail,
            "featureTransformationArn": arn,
            "defaultParameters": default_hyperparameters(spec.featurization),
            "status": "ACTIVE",
            **_dates(spec),
        }
    }


def find_recipe(arn: str) -> RecipeSpec:
    """The recipe that an ARN names.

    Raises:
        InvalidInput: It is the ARN of something else.
        ResourceNotFound: There is no such recipe.
    """
    spec = RECIPES.get(parse(arn, Kind.RECIPE).name)
    if spec is None:
        raise ResourceNotFound(f"The given recipe does not exist: {arn}")
    return spec


def _summarize(spec: RecipeSpec) -> dict[str, Any]:
    domain = {} if spec.domain is None else {"domain": spec.domain}
    return {
        "name": spec.name,
        "recipeArn": _owned(Kind.RECIPE, spec.name),
        "status": "ACTIVE",
        **domain,
        **_dates(spec),
    }


def _dates(spec: RecipeSpec) -> dict[str, datetime]:
    created = datetime.combine(spec.created, time(), UTC)
    return {"creationDateTime": created, "lastUpdatedDateTime": created}


def _owned(kind: Kind, name: str) -> str:
    return make_arn(kind, "", "", name)


def _ranges(parameters: list[Hyperparameter]) -> dict[str, list[dict[str, Any]]]:
    integers = [_bounds(item, int) for item in parameters if item.kind == "integer"]
    floats = [_bounds(item, float) for item in parameters if item.kind == "continuous"]
    categories = [
        {"name": item.name, "values": list(item.values), "isTunable": item.tunable}
        for item in parameters
        if item.kind == "categorical"
    ]
    return {
        "integerHyperParameterRanges": integers,
        "continuousHyperParameterRanges": floats,
        "categoricalHyperParameterRanges": categories,
    }


def _bounds(item: Hyperparameter, number: type[int] | type[float]) -> dict[str, Any]:
    limits = {"minValue": item.low, "maxValue": item.high}
    shown = {name: number(value) for name, value in limits.items() if value is not None}
    return {"name": item.name, **shown, "isTunable": item.tunable}
