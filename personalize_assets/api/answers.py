"""What answers hold. Ids are texts; times are in UTC; what is not known is null or empty."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from personalize_assets.api.catalogue import Item
from personalize_assets.api.questions import Target


class ItemAnswer(BaseModel):
    """One item of the catalogue."""

    item_id: str
    title: str | None = Field(description="Null where the catalogue does not know the item.")
    genres: list[str]
    year: int | None

    @staticmethod
    def members(item: Item) -> dict[str, Any]:
        """What every answer about an item holds."""
        return {
            "item_id": item.item_id,
            "title": item.title,
            "genres": list(item.genres),
            "year": item.year,
        }

    @classmethod
    def of(cls, item: Item) -> "ItemAnswer":
        """The answer about an item."""
        return cls(**cls.members(item))


class Reason(BaseModel):
    """Why an item is in an answer."""

    source: Literal["service", "similar"] = Field(
        description="`service`: Amazon Personalize says so. `similar`: the campaign of similar "
        "items has it for an item that the user met."
    )
    text: str
    item_id: str | None = Field(default=None, description="The item that it is like.")


class RecommendedItem(ItemAnswer):
    """One item of an answer, best first."""

    rank: int = Field(description="From 1.")
    score: float | None = Field(description="Null where the recipe gives none.")
    reasons: list[Reason] = Field(description="Empty where nothing is known of why.")
    met: bool | None = Field(
        description="Whether the user met it before; null where histories are not known."
    )
    metadata: dict[str, str] = Field(description="Columns that were asked for.")


class TargetAnswer(BaseModel):
    """What answered."""

    kind: Literal["campaign", "recommender"]
    name: str
    recipe: str

    @classmethod
    def of(cls, target: Target) -> "TargetAnswer":
        """The answer about what answers."""
        return cls(kind=target.kind, name=target.name, recipe=target.recipe)


class RecommendationsAnswer(BaseModel):
    """Items, best first."""

    answered_by: TargetAnswer
    user_id: str | None
    known_user: bool | None = Field(
        description="False: nobody knows the user, and what is popular is shown. Null where that "
        "is not known, or no user was named."
    )
    about: ItemAnswer | None = Field(description="The item that was asked about.")
    filter: str | None
    recommendation_id: str | None = Field(description="For events about what was shown.")
    items: list[RecommendedItem]


class EventAnswer(BaseModel):
    """An event that was taken in."""

    event_id: str
    session_id: str
    sent_at: datetime
    item: ItemAnswer


class MetAnswer(ItemAnswer):
    """One thing that a user did."""

    event_type: str | None
    event_value: float | None
    at: datetime
    sent_here: bool = Field(
        description="True: sent through this process since it started; false: in the cleaned "
        "interactions."
    )


class HistoryAnswer(BaseModel):
    """What a user did, newest first."""

    user_id: str
    known_user: bool
    events: list[MetAnswer]


class UserAnswer(BaseModel):
    """One user."""

    user_id: str
    events: int


class UsersAnswer(BaseModel):
    """Users, short ids first."""

    users: list[UserAnswer]


class ItemsAnswer(BaseModel):
    """Items whose titles hold the words."""

    items: list[ItemAnswer]


class CampaignAnswer(TargetAnswer):
    """What can be asked."""

    answers: Literal["recommendations", "similar", "rank"] = Field(
        description="Which endpoint asks it."
    )
    needs: list[Literal["user_id", "item_id", "item_ids"]]
    status: str = Field(description="As the service says; `ABSENT` where there is none yet.")
    solution_version: str | None = Field(description="The version in service.")
    gives: list[Literal["scores", "reasons", "context"]]


class CampaignsAnswer(BaseModel):
    """What is declared and can be asked, and which events there are."""

    group: str
    campaigns: list[CampaignAnswer]
    event_types: list[str]
    event_tracker: bool = Field(description="Whether events are taken in.")


class FilterAnswer(BaseModel):
    """One declared filter."""

    name: str
    expression: str
    description: str
    parameters: list[str] = Field(description="Names of values that a request gives it.")


class FiltersAnswer(BaseModel):
    """Declared filters."""

    filters: list[FilterAnswer]


class VersionAnswer(BaseModel):
    """One trained version."""

    solution: str
    recipe: str
    solution_version: str
    status: str
    created_at: datetime | None
    in_service: bool = Field(description="Whether a campaign answers with it.")
    metrics: Mapping[str, float] = Field(description="By the service's own names.")


class VersionsAnswer(BaseModel):
    """The newest versions of each declared solution, newest first."""

    versions: list[VersionAnswer]


class AboutAnswer(BaseModel):
    """What answers here."""

    group: str = Field(description="Name of the dataset group.")
    deployment: Literal["local", "aws"]
    ui: str | None = Field(description="Address of the Dagster UI, where it is known.")


class HealthAnswer(BaseModel):
    """The process lives."""

    status: Literal["ok"] = "ok"
    deployment: str
    uptime_s: float


class Check(BaseModel):
    """One thing that must be there before questions can be answered."""

    name: str
    ready: bool
    state: str
    message: str = Field(description="What to do where it is not ready.")


class ReadinessAnswer(BaseModel):
    """Whether questions can be answered."""

    ready: bool
    checks: list[Check]
