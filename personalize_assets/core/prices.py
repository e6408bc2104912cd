"""A dated price list of Amazon Personalize, and how long trainings are known to take.

Pure: the list comes in as text. Whose prices they are and whether anybody has checked them stands
in the list itself.
"""

import datetime as dt
import math
import tomllib
from collections.abc import Sequence
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

HOURS_PER_DAY: Final = 24
DAYS_PER_MONTH: Final = 30
THOUSAND_REQUESTS_PER_TPS_HOUR: Final = 3.6
"""One request a second for one hour."""

V2: Final = "-v2"
"""End of the names of recipes that are billed by interactions."""

_STALE_AFTER: Final = dt.timedelta(days=365)


class PricesError(ValueError):
    """A file of prices says something that cannot be; the text names the entry."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Tier(_Entry):
    """A price that holds up to some quantity a month."""

    up_to: float = Field(default=math.inf, gt=0)
    """Thousands a month, counted from the first; no end where left out."""

    usd: float = Field(ge=0)
    """For each thousand."""


class Anchor(_Entry):
    """One training whose billed hours are known."""

    interactions: tuple[float, float]
    """How many there were, as a range where the source is not clear."""

    hours: float = Field(gt=0)
    """Billed."""


class Prices(_Entry):
    """A price list, and what is known of how long trainings take."""

    date: dt.date
    """When somebody last looked at the figures."""

    verified: bool = False
    """Whether they were compared with the live page."""

    source: str
    """Where they come from."""

    region: str
    """That they hold for."""

    ingestion_gb: float = Field(ge=0)
    """USD for each GB of imported data."""

    training_hour: float = Field(ge=0)
    """USD for each billed hour of recipes without v2."""

    training_v2_million: float = Field(ge=0)
    """USD for each million interactions of recipes with v2."""

    requests: Sequence[Tier]
    """Real-time requests of campaigns."""

    requests_v2: Sequence[Tier]
    """Real-time requests of campaigns with recipes of v2."""

    batch: Sequence[Tier]
    """Users or items of batch jobs."""

    recommender_hour: float = Field(ge=0)
    """USD for each hour that a recommender is ACTIVE with one request a second."""

    attributed_metric_month: float = Field(ge=0)
    """USD for each metric of a metric attribution a month; billed by Amazon CloudWatch."""

    anchors: Sequence[Anchor] = Field(min_length=2)
    """Trainings of known length, from small to large."""

    spread: float = Field(ge=1)
    """Factor by which the length of a training may be above or below that of the anchors."""

    other_recipes: float = Field(gt=0, le=1)
    """Least share of that length that recipes without an anchor of their own may take."""

    def warnings(self, today: dt.date) -> list[str]:
        """Reasons for not trusting the figures."""
        found: list[str] = []
        if not self.verified:
            found.append(
                f"the prices of {self.date} were not compared with "
                "https://aws.amazon.com/personalize/pricing/"
            )
        if today - self.date > _STALE_AFTER:
            found.append(f"the prices are of {self.date}, more than a year old")
        return found

    def tps_hour(self, recipe: str) -> float:
        """USD of one request a second for one hour, in the first tier, with this recipe."""
        tiers = self.requests_v2 if recipe.endswith(V2) else self.requests
        return tiers[0].usd * THOUSAND_REQUESTS_PER_TPS_HOUR


def parse_prices(text: str) -> Prices:
    """Read a file of prices (TOML).

    Raises:
        PricesError: It is no TOML, or an entry is missing, unknown or out of bounds.
    """
    try:
        return Prices.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise PricesError(f"no TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise PricesError(f"{where}: {first['msg']}") from error


def tiered_usd(thousands: float, tiers: Sequence[Tier]) -> float:
    """The amount for a quantity of a month, each part at the price of its tier."""
    amount, begin = 0.0, 0.0
    for tier in tiers:
        part = min(thousands, tier.up_to) - begin
        if part <= 0:
            break
        amount += part * tier.usd
        begin = tier.up_to
    return amount


def capacity_usd_per_day(kind: str, recipe: str, per_second: int, prices: Prices) -> float:
    """What a campaign or recommender costs a day at its provisioned capacity.

    Args:
        kind: ``campaign`` or ``recommender``; anything else costs nothing by the day.
        recipe: Name of the recipe.
        per_second: Requests a second.
        prices: The price list.
    """
    if kind == "campaign":
        return per_second * HOURS_PER_DAY * prices.tps_hour(recipe)
    if kind == "recommender":
        return per_second * HOURS_PER_DAY * prices.recommender_hour
    return 0.0
