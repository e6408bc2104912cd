"""What there is to ask and to show: items, campaigns, filters and versions."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from personalize_assets.api.answers import (
    AboutAnswer,
    CampaignAnswer,
    CampaignsAnswer,
    FilterAnswer,
    FiltersAnswer,
    ItemAnswer,
    ItemsAnswer,
    TargetAnswer,
    VersionAnswer,
    VersionsAnswer,
)
from personalize_assets.api.questions import FOR_ITEMS, FOR_LISTS, Target, fitting, targets
from personalize_assets.api.requests import ItemsQuery
from personalize_assets.api.resources import TargetState
from personalize_assets.api.routes.given import REFUSALS, Given
from personalize_assets.core.filters import parse_filter

router = APIRouter(tags=["What there is"], responses=REFUSALS)

_NEEDS: dict[str, Literal["user_id", "item_id", "item_ids"]] = {
    "userId": "user_id",
    "itemId": "item_id",
    "itemList": "item_ids",
}


@router.get("/about", summary="What answers here")
async def about(parts: Given) -> AboutAnswer:
    """The dataset group, the deployment and the address of the Dagster UI."""
    services = parts.services
    return AboutAnswer(
        group=services.group.name,
        deployment=services.clients.deployment.name,
        ui=services.options.ui_url,
    )


@router.get("/items", summary="Items by words of their titles")
async def items(parts: Given, asked: Annotated[ItemsQuery, Query()]) -> ItemsAnswer:
    """Items whose titles hold all words, accents and case aside."""
    services = parts.services
    found = services.catalogue.value.search(
        asked.query, asked.limit, services.histories.value.times_met
    )
    return ItemsAnswer(items=[ItemAnswer.of(item) for item in found])


@router.get("/campaigns", summary="What can be asked")
async def campaigns(parts: Given) -> CampaignsAnswer:
    """Declared campaigns and recommenders, what they answer and whether they do now."""
    group, services = parts.services.group, parts.services
    declared = targets(group)
    states = await asyncio.gather(*(services.resources.state(one) for one in declared))
    about_items, lists = fitting(group, FOR_ITEMS), fitting(group, FOR_LISTS)

    def answers(target: Target) -> Literal["recommendations", "similar", "rank"]:
        if target in lists:
            return "rank"
        return "similar" if target in about_items else "recommendations"

    types = dict.fromkeys([*group.event_types, *services.histories.value.event_types])
    return CampaignsAnswer(
        group=group.name,
        campaigns=[
            _campaign(one, answers(one), state) for one, state in zip(declared, states, strict=True)
        ],
        event_types=list(types),
        event_tracker=group.event_tracker,
    )


@router.get("/filters", summary="Declared filters")
async def filters(parts: Given) -> FiltersAnswer:
    """Declared filters, and the values that they need."""
    group = parts.services.group
    return FiltersAnswer(
        filters=[
            FilterAnswer(
                name=name,
                expression=expression,
                description=group.descriptions.get(name, ""),
                parameters=sorted(parse_filter(expression).parameters),
            )
            for name, expression in group.filters.items()
        ]
    )


@router.get("/versions", summary="Trained versions and their metrics")
async def versions(parts: Given) -> VersionsAnswer:
    """The newest versions of each declared solution, and Amazon's metrics of them."""
    services = parts.services
    found = await services.resources.versions()
    campaigns = [one for one in targets(services.group) if one.kind == "campaign"]
    states = await asyncio.gather(*(services.resources.state(one) for one in campaigns))
    served = {state.version_arn for state in states}
    return VersionsAnswer(
        versions=[
            VersionAnswer(
                solution=one.solution,
                recipe=services.group.solutions[one.solution],
                solution_version=one.arn,
                status=one.status,
                created_at=one.created_at,
                in_service=one.arn in served,
                metrics=one.metrics,
            )
            for one in found
        ]
    )


def _campaign(
    target: Target,
    answers: Literal["recommendations", "similar", "rank"],
    state: TargetState,
) -> CampaignAnswer:
    spec = target.spec
    gives: dict[Literal["scores", "reasons", "context"], bool] = {
        "scores": spec.serves_scores,
        "reasons": spec.gives_reasons,
        "context": spec.takes_context,
    }
    return CampaignAnswer(
        **TargetAnswer.of(target).model_dump(),
        answers=answers,
        needs=[_NEEDS[field] for field in spec.query_fields if field in _NEEDS],
        status=state.status,
        solution_version=state.version_arn,
        gives=[name for name, given in gives.items() if given],
    )
