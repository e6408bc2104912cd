"""Recommendations, similar items and rankings."""

from typing import Annotated

from fastapi import APIRouter, Query

from personalize_assets.api.answers import RecommendationsAnswer
from personalize_assets.api.asking import Question
from personalize_assets.api.questions import (
    FOR_ITEMS,
    FOR_LISTS,
    FOR_USERS,
    choose_target,
    parse_pairs,
)
from personalize_assets.api.requests import RankRequest, RecommendationsQuery, SimilarQuery
from personalize_assets.api.routes.given import REFUSALS, Given

router = APIRouter(tags=["Recommendations"], responses=REFUSALS)


@router.get("/recommendations", summary="Items for a user")
async def recommendations(
    parts: Given, asked: Annotated[RecommendationsQuery, Query()]
) -> RecommendationsAnswer:
    """Items for a user, best first, with titles, genres, years, scores and reasons."""
    group = parts.services.group
    return await parts.asking.ask(
        Question(
            choose_target(group, FOR_USERS, asked.campaign, asked.recommender),
            user_id=asked.user_id,
            num_results=asked.num_results,
            filter=asked.filter,
            values=parse_pairs("filter_value", asked.filter_value),
            context=parse_pairs("context", asked.context),
            metadata=asked.metadata,
            explain=asked.explain,
        )
    )


@router.get("/similar", summary="Items like an item")
async def similar(parts: Given, asked: Annotated[SimilarQuery, Query()]) -> RecommendationsAnswer:
    """Items that are like an item, best first."""
    group = parts.services.group
    return await parts.asking.ask(
        Question(
            choose_target(group, FOR_ITEMS, asked.campaign, asked.recommender),
            user_id=asked.user_id,
            item_id=asked.item_id,
            num_results=asked.num_results,
            filter=asked.filter,
            values=parse_pairs("filter_value", asked.filter_value),
            context=parse_pairs("context", asked.context),
            metadata=asked.metadata,
        )
    )


@router.post("/rank", summary="A list in a user's order")
async def rank(parts: Given, asked: RankRequest) -> RecommendationsAnswer:
    """A list of items in a user's order, best first."""
    group = parts.services.group
    return await parts.asking.ask(
        Question(
            choose_target(group, FOR_LISTS, asked.campaign),
            user_id=asked.user_id,
            item_ids=asked.item_ids,
            filter=asked.filter,
            values=asked.filter_values,
            context=asked.context,
            metadata=asked.metadata,
        )
    )
