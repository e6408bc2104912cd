"""How a dataset group is kept running: sensors, retraining, limits, freshness and costs."""

from typing import Annotated, Self

import dagster as dg
from pydantic import Field, model_validator


class Sensors(dg.Model, dg.Resolvable):
    """How files that land in S3 are noticed."""

    interval_s: int = 10
    """Seconds between two looks."""

    settle_s: float = 5.0
    """Age in seconds from which a file counts as complete; a younger one is looked at again."""

    tick_s: float = Field(default=30.0, gt=0)
    """Seconds after which a look ends and goes on with the next; Dagster breaks off at 60."""

    listing_s: float = Field(default=300.0, ge=0)
    """Seconds between two listings where a queue tells of new files; without one, every look."""


class Retraining(dg.Model, dg.Resolvable):
    """When models are trained anew; data that did not change train nothing."""

    full: str | None = None
    """Five fields of cron for training in full, for example `0 3 * * 1` for Mondays at three."""

    update: str | None = None
    """Five fields of cron for `trainingMode` UPDATE, which takes new items in without training."""

    after_new_interactions: Annotated[int, Field(ge=1)] | None = None
    """Train in full once there are so many interactions more than were trained on; when left out,
    every new set of raw files trains."""

    after_new_files: bool = True
    """Whether a new set of raw files trains; false only imports it, and the schedules train."""

    timezone: str = "UTC"
    """IANA name, for example `Europe/Berlin`; daylight saving follows it."""

    @property
    def waits(self) -> bool:
        """Whether a new set of raw files is imported only, and something else asks for training."""
        return self.after_new_interactions is not None or not self.after_new_files

    @model_validator(mode="after")
    def _possible(self) -> Self:
        for name, cron in (("full", self.full), ("update", self.update)):
            if cron is not None:
                _require_schedule(name, cron, self.timezone)
        return self


def _require_schedule(name: str, cron: str, timezone: str) -> None:
    """Have Dagster judge a schedule when the file is loaded.

    Raises:
        ValueError: It is no cron expression that ever comes, or the time zone is unknown.
    """
    try:
        dg.ScheduleDefinition(
            name=name, job_name="any", cron_schedule=cron, execution_timezone=timezone
        )
    except dg.DagsterInvalidDefinitionError as error:
        raise ValueError(
            f"retraining.{name} {cron!r} in time zone {timezone!r}: it takes five fields of cron "
            f"for times that come, such as '0 3 * * 1', and a name such as 'Europe/Berlin' "
            f"({error})"
        ) from error


class QualityLimits(dg.Model, dg.Resolvable):
    """Limits that asset checks compare with."""

    max_quarantine_share: float = Field(default=0.01, ge=0, le=1)
    """Share of raw rows that may be quarantined before the check fails."""

    max_quarantine_rise: float = Field(default=0.005, ge=0, le=1)
    """By so much the share of quarantined rows may be above what it usually was."""

    max_unknown_item_rise: float = Field(default=0.01, ge=0, le=1)
    """By so much the share of rows with items that the catalogue lacks may be above what it usually
    was."""

    max_volume_change: float = Field(default=0.5, gt=0)
    """Share by which interactions may be more or fewer than they usually were."""

    max_event_age_years: float = Field(default=40, gt=0)
    """Age of the oldest interaction from which its timestamp is doubted."""


class Freshness(dg.Model, dg.Resolvable):
    """Ages in hours from which what people read counts as stale."""

    metrics_h: float = Field(default=8 * 24, gt=0)
    """Metrics of solution versions."""

    recommendations_h: float = Field(default=8 * 24, gt=0)
    """Titled recommendations, rankings, and segments of users."""


class Costs(dg.Model, dg.Resolvable):
    """What a run may cost on AWS, and with which prices that is forecast."""

    budget_usd: Annotated[float, Field(ge=0)] | None = None
    """A run whose forecast is higher stops before it spends; no limit when left out. Compared with
    the high end of the forecast: a limit that is hard has to hold where the forecast errs."""

    enforce_locally: bool = False
    """Whether the budget stops runs of the local deployment too, where nothing is paid."""

    horizon_days: float = Field(default=30, gt=0)
    """So long campaigns and recommenders are counted."""

    prices: str | None = None
    """Path of a file of prices; the one that comes with the package when left out."""

    busy_days: float = Field(default=14, gt=0, le=60)
    """So long the inventory looks back on requests; a campaign without any since is idle."""
