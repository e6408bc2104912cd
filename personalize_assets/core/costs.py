"""What a run will cost on Amazon Personalize: quantities from the data, amounts from the prices.

Pure: what is to be done comes in as numbers. Every line of a forecast is a range, says what it was
derived from, and costs nothing where the work was done before. Nothing here knows which resources
exist.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from personalize_assets.core.prices import (
    DAYS_PER_MONTH,
    HOURS_PER_DAY,
    THOUSAND_REQUESTS_PER_TPS_HOUR,
    V2,
    Prices,
    tiered_usd,
)

_GB: Final = 1_000_000_000
_MILLION: Final = 1_000_000


@dataclass(frozen=True)
class Training:
    """One training that a run needs.

    Attributes:
        name: Of the solution.
        recipe: Name of the recipe.
        unchanged: Whether it was trained on these data before.
        trials: Trainings of a search for hyperparameters; 1 without one.
    """

    name: str
    recipe: str
    unchanged: bool = False
    trials: int = 1


@dataclass(frozen=True)
class Import:
    """One file that a run imports: dataset, bytes, and whether it was imported before."""

    dataset: str
    size: int
    unchanged: bool = False


@dataclass(frozen=True)
class BatchWork:
    """One batch job: what it is, how many lines it asks, and whether it was answered before."""

    name: str
    lines: int
    unchanged: bool = False


@dataclass(frozen=True)
class Capacity:
    """What is paid for by the hour.

    Attributes:
        name: Of the campaign or recommender.
        recipe: Name of the recipe.
        per_second: Requests a second that are provisioned.
    """

    name: str
    recipe: str
    per_second: int


@dataclass(frozen=True)
class Workload:
    """Everything that a run does and leaves running.

    Attributes:
        interactions: Rows that are trained on.
        imports: Files.
        trainings: Solutions.
        batch: Batch jobs.
        campaigns: Real-time answers of solutions.
        recommenders: Real-time answers of use cases.
        attributed_metrics: Metrics of what recommendations brought.
        horizon_days: So long is counted what goes on costing.
    """

    interactions: int
    imports: Sequence[Import] = ()
    trainings: Sequence[Training] = ()
    batch: Sequence[BatchWork] = ()
    campaigns: Sequence[Capacity] = ()
    recommenders: Sequence[Capacity] = ()
    attributed_metrics: int = 0
    horizon_days: float = DAYS_PER_MONTH


@dataclass(frozen=True)
class Line:
    """One line of a forecast.

    Attributes:
        what: What is paid for.
        low: Least quantity.
        high: Largest quantity.
        unit: Of the quantities.
        price: Price of a unit, in words.
        low_usd: Least amount.
        high_usd: Largest amount.
        basis: What the quantity was derived from.
        recurring: Whether it is paid again and again while it exists.
    """

    what: str
    low: float
    high: float
    unit: str
    price: str
    low_usd: float
    high_usd: float
    basis: str
    recurring: bool = False


@dataclass(frozen=True)
class Forecast:
    """What a run will cost, line by line.

    Attributes:
        lines: In order of the pipeline.
        horizon_days: So long recurring lines are counted.
    """

    lines: Sequence[Line]
    horizon_days: float

    @property
    def low_usd(self) -> float:
        """The least that all of it may cost."""
        return math.fsum(line.low_usd for line in self.lines)

    @property
    def high_usd(self) -> float:
        """The most that all of it may cost; a budget is compared with this.

        A budget that is hard has to hold where the forecast errs to the dear side.
        """
        return math.fsum(line.high_usd for line in self.lines)

    @property
    def once_usd(self) -> float:
        """The most that this run itself may cost, without what goes on costing."""
        return math.fsum(line.high_usd for line in self.lines if not line.recurring)

    @property
    def recurring_usd(self) -> float:
        """The most that goes on costing over the horizon."""
        return math.fsum(line.high_usd for line in self.lines if line.recurring)


def forecast_costs(work: Workload, prices: Prices) -> Forecast:
    """Derive what ``work`` will cost.

    Free tiers are not taken off, and requests above the provisioned capacity not added. Each line
    begins in the first tier, although tiers hold for the account: that errs to the dear side.
    """
    lines = [
        *(_import(one, prices) for one in work.imports),
        *(_training(one, work.interactions, prices) for one in work.trainings),
        *(_batch(one, prices) for one in work.batch),
        *(_campaign(one, work.horizon_days, prices) for one in work.campaigns),
        *(_recommender(one, work.horizon_days, prices) for one in work.recommenders),
    ]
    if work.attributed_metrics:
        lines.append(_attribution(work.attributed_metrics, work.horizon_days, prices))
    return Forecast(tuple(lines), work.horizon_days)


def training_hours(interactions: float, prices: Prices) -> tuple[float, float]:
    """Least and most billed hours of one training, by a power law through the known ones.

    Below the smallest known training the most stays what that one took: a start has its price.

    Raises:
        ValueError: ``interactions`` is negative.
    """
    if interactions < 0:
        raise ValueError(f"interactions cannot be negative, got {interactions}")
    rows = max(1.0, interactions)
    low = _power_law(rows, [(max(a.interactions), a.hours) for a in prices.anchors])
    high = _power_law(rows, [(min(a.interactions), a.hours) for a in prices.anchors])
    if rows < min(prices.anchors[0].interactions):
        high = prices.anchors[0].hours
    return low / prices.spread, high * prices.spread


def _power_law(x: float, points: Sequence[tuple[float, float]]) -> float:
    """The straight line in logarithms through the two points around ``x``, or next to it."""
    after = next((n for n, (at, _) in enumerate(points) if at >= x), len(points) - 1)
    (x0, y0), (x1, y1) = points[max(1, after) - 1], points[max(1, after)]
    slope = math.log(y1 / y0) / math.log(x1 / x0)
    return y0 * (x / x0) ** slope


def _import(one: Import, prices: Prices) -> Line:
    size = 0.0 if one.unchanged else one.size / _GB
    amount = size * prices.ingestion_gb
    basis = "unchanged: imported before" if one.unchanged else f"{one.size:,} bytes of CSV"
    return Line(
        f"import of {one.dataset}",
        *(size, size, "GB", f"{prices.ingestion_gb:g} per GB", amount, amount, basis),
    )


def _training(one: Training, interactions: int, prices: Prices) -> Line:
    what = f"training of {one.name}"
    is_v2 = one.recipe.endswith(V2)
    unit = "million interactions" if is_v2 else "training hours"
    usd = prices.training_v2_million if is_v2 else prices.training_hour
    price = f"{usd:g} per million" if is_v2 else f"{usd:g} per hour"
    if one.unchanged:
        return Line(what, 0, 0, unit, price, 0, 0, "unchanged: trained on these data before")
    if is_v2:
        low = high = interactions / _MILLION
        basis = f"{interactions:,} interactions, before events are filtered"
    else:
        low, high = training_hours(interactions, prices)
        basis = _basis(interactions, prices)
        if one.recipe != "aws-user-personalization":
            low *= prices.other_recipes
            basis += f"; {one.recipe} has no known training, at most as long is taken"
    if one.trials > 1:
        high *= one.trials
        basis += f"; up to {one.trials} trainings to find hyperparameters"
    return Line(what, low, high, unit, price, low * usd, high * usd, basis)


def _basis(interactions: int, prices: Prices) -> str:
    known = ", ".join(f"{a.hours:g} h at {_span(a.interactions)}" for a in prices.anchors)
    return (
        f"{interactions:,} interactions on a power law through {known}; "
        f"{prices.spread:g} times less or more"
    )


def _span(interactions: tuple[float, float]) -> str:
    low, high = min(interactions), max(interactions)
    return f"{low:,.0f}" if low == high else f"{low:,.0f} to {high:,.0f}"


def _batch(one: BatchWork, prices: Prices) -> Line:
    thousands = 0.0 if one.unchanged else one.lines / 1000
    amount = tiered_usd(thousands, prices.batch)
    basis = "unchanged: answered before" if one.unchanged else f"{one.lines:,} lines"
    return Line(
        one.name,
        *(thousands, thousands, "thousand lines", f"{prices.batch[0].usd:g} per thousand"),
        *(amount, amount, basis),
    )


def _campaign(one: Capacity, days: float, prices: Prices) -> Line:
    hours = one.per_second * HOURS_PER_DAY * days
    tiers = prices.requests_v2 if one.recipe.endswith(V2) else prices.requests
    months = max(days / DAYS_PER_MONTH, 1e-9)
    monthly = tiered_usd(hours * THOUSAND_REQUESTS_PER_TPS_HOUR / months, tiers)
    return Line(
        f"campaign of {one.name}",
        *(hours, hours, "TPS-hours", f"{prices.tps_hour(one.recipe):.4g} per TPS-hour"),
        *(monthly * months, monthly * months),
        f"minProvisionedTPS {one.per_second} for {days:g} days; requests above it come on top",
        recurring=True,
    )


def _recommender(one: Capacity, days: float, prices: Prices) -> Line:
    hours = one.per_second * HOURS_PER_DAY * days
    amount = hours * prices.recommender_hour
    return Line(
        f"recommender {one.name}",
        *(hours, hours, "hours", f"{prices.recommender_hour:g} per hour", amount, amount),
        f"{one.per_second} requests a second for {days:g} days, trainings included",
        recurring=True,
    )


def _attribution(metrics: int, days: float, prices: Prices) -> Line:
    months = metrics * days / DAYS_PER_MONTH
    amount = months * prices.attributed_metric_month
    return Line(
        "metric attribution",
        *(months, months, "metric months", f"{prices.attributed_metric_month:g} per month"),
        *(amount, amount, f"{metrics} metrics in Amazon CloudWatch"),
        recurring=True,
    )


def as_rows(forecast: Forecast) -> list[Mapping[str, Any]]:
    """The lines as plain values, for tables and JSON."""
    return [
        {
            "what": line.what,
            "quantity": _range(line.low, line.high, ",.3g"),
            "unit": line.unit,
            "price": line.price,
            "usd": _range(line.low_usd, line.high_usd, ",.2f"),
            "basis": line.basis,
        }
        for line in forecast.lines
    ]


def _range(low: float, high: float, form: str) -> str:
    texts: Iterable[str] = dict.fromkeys((_number(low, form), _number(high, form)))
    return " to ".join(texts)


def _number(value: float, form: str) -> str:
    return f"{value:,.0f}" if form.endswith("g") and value >= 100 else f"{value:{form}}"
