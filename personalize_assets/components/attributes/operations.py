"""How a dataset group is kept running: sensors, retraining, limits, freshness and costs."""

import dagster as dg
from pydantic import Field


class Sensors(dg.Model, dg.Resolvable):
    """How files that land in S3 are noticed."""

    interval_s: int = 10
    """Seconds between two looks."""

    settle_s: float = 5.0
    """Age in seconds from which a file counts as complete; a younger one is looked at again."""


class Retraining(dg.Model, dg.Resolvable):
    """When models are trained anew; data that did not change train nothing."""

    full: str | None = None
    """Five fields of cron for training in full, for example `0 3 * * 1` for Mondays at three."""

    update: str | None = None
    """Five fields of cron for `trainingMode` UPDATE, which takes new items in without training."""

    after_new_interactions: int | None = Field(default=None, ge=1)
    """Train in full once there are so many interactions more than were trained on; when left out,
    every new set of raw files trains."""

    timezone: str = "UTC"
    """IANA name, for example `Europe/Berlin`; daylight saving follows it."""


class QualityLimits(dg.Model, dg.Resolvable):
    """Limits that asset checks compare with."""

    max_quarantine_share: float = Field(default=0.01, ge=0, le=1)
    """Share of raw rows that may be quarantined before the check fails."""


class Freshness(dg.Model, dg.Resolvable):
    """Ages in hours from which what people read counts as stale."""

    metrics_h: float = Field(default=8 * 24, gt=0)
    """Metrics of solution versions."""

    recommendations_h: float = Field(default=8 * 24, gt=0)
    """Titled recommendations."""


class Costs(dg.Model, dg.Resolvable):
    """What a run may cost on AWS, and with which prices that is forecast."""

    budget_usd: float | None = Field(default=None, ge=0)
    """A run whose forecast is higher stops before it spends; no limit when left out."""

    horizon_days: float = Field(default=30, gt=0)
    """So long campaigns and recommenders are counted."""

    prices: str | None = None
    """Path of a file of prices; the one that comes with the package when left out."""
