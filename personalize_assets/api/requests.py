"""What requests hold: names, bounds and what each is for. What is not named here is refused."""

from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator, model_validator

from personalize_assets.core.names import (
    MAX_METADATA_COLUMNS,
    MAX_RESULTS,
    MAX_RESULTS_WITH_METADATA,
)

Id = Annotated[str, Field(min_length=1, max_length=256)]
Value = Annotated[str, Field(max_length=1_000)]

_USER = "Whom to answer; may be a new user, or the session of somebody who is not known."
_FILTER = "A declared filter; GET /filters lists them."
_CONTEXT = "Fields of the context as `NAME=VALUE`, such as `DEVICE=phone`; may be repeated."
_METADATA = (
    "Columns of the items to answer with, such as `GENRES,YEAR`; the campaign must give metadata. "
    f"At most {MAX_RESULTS_WITH_METADATA} results then."
)
_CAMPAIGN = "Solution whose campaign answers; by default the first that can."
_RECOMMENDER = "Recommender that answers, in place of a campaign."


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Question(_Strict):
    """What all questions that are asked by GET have."""

    num_results: int = Field(10, ge=1, le=MAX_RESULTS, description="How many items.")
    campaign: str | None = Field(None, description=_CAMPAIGN)
    recommender: str | None = Field(None, description=_RECOMMENDER)
    filter: str | None = Field(None, description=_FILTER)
    filter_value: list[Value] = Field(
        [],
        description="Parameters of the filter as `NAME=VALUE`, such as `GENRE=Comedy` or "
        "`GENRE=Comedy,Drama`; may be repeated.",
    )
    context: list[Value] = Field([], description=_CONTEXT, max_length=150)
    metadata: list[Value] = Field([], description=_METADATA)

    @field_validator("metadata")
    @classmethod
    def _columns(cls, given: list[str]) -> list[str]:
        return split_columns(given)

    @model_validator(mode="after")
    def _fewer_with_metadata(self) -> Self:
        if self.metadata and self.num_results > MAX_RESULTS_WITH_METADATA:
            raise ValueError(
                f"num_results must be at most {MAX_RESULTS_WITH_METADATA} with metadata, "
                f"got {self.num_results}"
            )
        return self


class RecommendationsQuery(_Question):
    """GET /recommendations."""

    user_id: Id | None = Field(
        None, description=f"{_USER} Recipes that recommend to anybody need none."
    )
    explain: bool = Field(
        False,
        description="Say of items which ones of the user's own last items they are like. Asks the "
        "declared campaign of similar items about these, once in ten minutes each.",
    )


class SimilarQuery(_Question):
    """GET /similar."""

    item_id: Id = Field(description="The item.")
    user_id: Id | None = Field(
        None, description="For filters by what a user met, and for use cases that need a user."
    )


class RankRequest(_Strict):
    """POST /rank."""

    user_id: Id = Field(description=_USER)
    item_ids: list[Id] = Field(
        min_length=1, max_length=MAX_RESULTS, description="The items, in any order."
    )
    campaign: str | None = Field(None, description=_CAMPAIGN)
    filter: str | None = Field(None, description=_FILTER)
    filter_values: dict[str, Value] = Field({}, description="Parameters of the filter.")
    context: dict[str, Value] = Field({}, description="Fields of the context.", max_length=150)
    metadata: list[Value] = Field([], description=_METADATA)

    @field_validator("metadata")
    @classmethod
    def _columns(cls, given: list[str]) -> list[str]:
        return split_columns(given)

    @model_validator(mode="after")
    def _fewer_with_metadata(self) -> Self:
        if self.metadata and len(self.item_ids) > MAX_RESULTS_WITH_METADATA:
            raise ValueError(
                f"item_ids must be at most {MAX_RESULTS_WITH_METADATA} with metadata, "
                f"got {len(self.item_ids)}"
            )
        return self


class EventRequest(_Strict):
    """POST /events: one thing that a user did with an item."""

    user_id: Id | None = Field(None, description="Who; left out for somebody who is not known.")
    session_id: Id | None = Field(
        None, description="The visit that it belongs to; by default one of the user's own."
    )
    item_id: Id = Field(description="With which item; may be a new one.")
    event_type: Id = Field(description="What, such as `watch` or `click`.")
    event_value: float | None = Field(None, allow_inf_nan=False, description="Such as a rating.")
    sent_at: AwareDatetime | None = Field(
        None, description="When, with its offset from UTC; now where left out."
    )
    event_id: Id | None = Field(None, description="The same id is taken once; by default a new.")
    recommendation_id: Annotated[str, Field(min_length=1, max_length=40)] | None = Field(
        None, description="Of the answer that showed the item, for what recommendations brought."
    )
    impression: list[Id] = Field([], max_length=25, description="Items that were shown with it.")
    properties: dict[str, Any] = Field(
        {}, description="Further columns of the interactions, named in camel case."
    )

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if self.user_id is None and self.session_id is None:
            raise ValueError("user_id or session_id is required")
        return self

    def at(self, now: datetime) -> datetime:
        """When it happened, in UTC."""
        return (self.sent_at or now).astimezone(UTC)


class HistoryQuery(_Strict):
    """GET /users/{user_id}/history."""

    limit: int = Field(50, ge=1, le=1_000, description="How much at most, newest first.")
    event_type: Id | None = Field(None, description="Only events of this type.")


class UsersQuery(_Strict):
    """GET /users."""

    prefix: str = Field("", max_length=256, description="Beginning of the ids.")
    limit: int = Field(10, ge=1, le=100, description="How many at most.")


class ItemsQuery(_Strict):
    """GET /items."""

    query: str = Field(
        min_length=1, max_length=200, description="Words of the title, or their parts, or an id."
    )
    limit: int = Field(10, ge=1, le=100, description="How many at most.")


def split_columns(given: list[str]) -> list[str]:
    """Columns as they were given, by commas or one by one.

    Raises:
        ValueError: There are more than ten.
    """
    columns = [part.strip().upper() for text in given for part in text.split(",") if part.strip()]
    if len(columns) > MAX_METADATA_COLUMNS:
        raise ValueError(f"at most {MAX_METADATA_COLUMNS} columns, got {len(columns)}")
    return columns
