"""Operations on campaigns: solution versions that answer in real time."""

from collections.abc import Mapping
from typing import Any, Final

from personalize_assets.core.arns import LATEST, Kind
from personalize_assets.core.names import MAX_CAMPAIGNS_PER_GROUP
from personalize_assets.engine.context import RequestContext
from personalize_assets.engine.errors import InvalidInput, ResourceInUse
from personalize_assets.engine.jobs.deploy import (
    CONFIGURED,
    SYNC,
    begin_update,
    is_latest,
    is_updating,
    newest_version,
)
from personalize_assets.engine.jobs.states import ACTIVE, CREATE_FAILED
from personalize_assets.engine.operations.access import (
    Request,
    atomic,
    begin_deletion,
    check_limit,
    chosen,
    create,
    free_arn,
    parse,
    require,
    require_active,
    see,
)
from personalize_assets.engine.operations.answers import Family, describe, list_resources
from personalize_assets.engine.operations.recipes import find_recipe
from personalize_assets.engine.operations.registry import operation
from personalize_assets.engine.operations.serving_config import check_serving_config
from personalize_assets.engine.store import Resource

_FAMILY: Final = Family(Kind.CAMPAIGN, "campaignArn")


@operation("personalize", "CreateCampaign")
@atomic
def create_campaign(context: RequestContext, request: Request) -> dict[str, Any]:
    """Deploy a version; ``minProvisionedTPS`` is kept and shown and has no effect here."""
    version = _require_version(context, request["solutionVersionArn"])
    config = request.get("campaignConfig", {})
    _check(version, request["solutionVersionArn"], config)
    group = require(context, Kind.DATASET_GROUP, str(version.group_arn))
    name = request["name"]
    arn = free_arn(context, Kind.CAMPAIGN, name)
    check_limit(
        context.store.resources.count(Kind.CAMPAIGN, group=group.arn),
        MAX_CAMPAIGNS_PER_GROUP,
        f"Cannot create a campaign. More than {MAX_CAMPAIGNS_PER_GROUP} resources in ACTIVE state. "
        "Please delete some and try again.",
    )
    create(
        context,
        arn,
        name,
        body={"minProvisionedTPS": 1, **chosen(request, *CONFIGURED)},
        tags=request.get("tags", ()),
        parent=require(context, Kind.SOLUTION, str(version.parent_arn)),
        group=group,
        job="deploy",
    )
    return {"campaignArn": arn}


@operation("personalize", "DescribeCampaign")
def describe_campaign(context: RequestContext, request: Request) -> dict[str, Any]:
    """Show a campaign as it was asked for; its newest update names the version that answers."""
    campaign = require(context, Kind.CAMPAIGN, request["campaignArn"])
    return {"campaign": describe(_FAMILY, see(context, campaign))}


@operation("personalize", "ListCampaigns")
def list_campaigns(context: RequestContext, request: Request) -> dict[str, Any]:
    """List the campaigns of a solution, or of the account and region."""
    return list_resources(
        context,
        request,
        _FAMILY,
        "campaigns",
        parent_member="solutionArn",
        parent_kind=Kind.SOLUTION,
    )


@operation("personalize", "UpdateCampaign")
@atomic
def update_campaign(context: RequestContext, request: Request) -> dict[str, Any]:
    """Change version, configuration or throughput; what is not given stays as it is.

    A ``campaignConfig`` replaces the old one whole. The old version answers until the update is
    ACTIVE.
    """
    campaign = require(context, Kind.CAMPAIGN, request["campaignArn"])
    _require_changeable(campaign)
    given = chosen(request, *CONFIGURED)
    if not given:
        raise InvalidInput(f"Give at least one of {', '.join(CONFIGURED)}")
    wanted = {**chosen(campaign.body, *CONFIGURED), **given}
    version = _require_version(context, wanted["solutionVersionArn"])
    if version.parent_arn != campaign.parent_arn:
        raise InvalidInput(
            f"The campaign is of the solution {campaign.parent_arn}; the solution version is of "
            f"another one: {version.arn}"
        )
    _check(version, wanted["solutionVersionArn"], wanted.get("campaignConfig", {}))
    begin_update(context.store, campaign, wanted, context.clock(), context.jobs.submit)
    return {"campaignArn": campaign.arn}


@operation("personalize", "DeleteCampaign")
@atomic
def delete_campaign(context: RequestContext, request: Request) -> dict[str, Any]:
    """Delete a campaign; the solution version stays."""
    campaign = require(context, Kind.CAMPAIGN, request["campaignArn"])
    if is_updating(campaign):
        raise ResourceInUse(f"The campaign cannot be deleted while it is updated: {campaign.arn}")
    begin_deletion(context, campaign)
    return {}


def _require_version(context: RequestContext, arn: str) -> Resource:
    """The version that a request means; `LATEST` gives the newest ACTIVE one."""
    parse(arn, Kind.SOLUTION_VERSION)
    if not is_latest(arn):
        version = require_active(context, Kind.SOLUTION_VERSION, arn)
        require_active(context, Kind.SOLUTION, str(version.parent_arn))
        return version
    solution = require_active(context, Kind.SOLUTION, arn.removesuffix(f"/{LATEST}"))
    version = newest_version(context.store, solution.arn)
    if version is None:
        raise ResourceInUse(f"The solution has no ACTIVE solution version yet: {solution.arn}")
    return version


def _require_changeable(campaign: Resource) -> None:
    if campaign.status not in (ACTIVE, CREATE_FAILED):
        raise ResourceInUse(
            "The given campaign must be ACTIVE or CREATE FAILED, but its status is "
            f"{campaign.status}: {campaign.arn}"
        )
    if is_updating(campaign):
        raise ResourceInUse(f"An update of the campaign is in progress: {campaign.arn}")


def _check(version: Resource, asked: str, config: Mapping[str, Any]) -> None:
    spec = find_recipe(version.body["recipeArn"])
    if spec.recipe_type == "USER_SEGMENTATION":
        raise InvalidInput(
            f"{spec.name} answers in batch segment jobs only; it cannot have campaigns"
        )
    if config.get(SYNC) and not is_latest(asked):
        raise InvalidInput(
            f"campaignConfig.{SYNC} needs a solutionVersionArn that ends in /{LATEST}, got {asked}"
        )
    check_serving_config(spec, config)
