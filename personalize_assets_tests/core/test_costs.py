"""Forecasts worked by hand."""

import datetime as dt
import math

import pytest

from personalize_assets.core.costs import (
    BatchWork,
    Capacity,
    Forecast,
    Import,
    Line,
    Training,
    Workload,
    as_rows,
    forecast_costs,
    training_hours,
)
from personalize_assets.core.prices import (
    Anchor,
    Prices,
    PricesError,
    Tier,
    capacity_usd_per_day,
    parse_prices,
    tiered_usd,
)

TEXT = """
date = 2026-01-01
verified = true
source = "a test"
region = "us-east-1"
ingestion_gb = 0.05
training_hour = 0.25
training_v2_million = 2.0
recommender_hour = 0.5
attributed_metric_month = 0.3
requests = [{ up_to = 1000, usd = 0.05 }, { usd = 0.01 }]
requests_v2 = [{ usd = 0.1 }]
batch = [{ up_to = 10, usd = 0.1 }, { usd = 0.05 }]
anchors = [
    { interactions = [100, 100], hours = 2 },
    { interactions = [1_000, 10_000], hours = 20 },
]
spread = 1
other_recipes = 0.5
"""


@pytest.fixture
def prices() -> Prices:
    return parse_prices(TEXT)


def line(forecast: Forecast, what: str) -> Line:
    return next(one for one in forecast.lines if one.what == what)


def test_training_hours__at_and_between_the_known_ones(prices: Prices) -> None:
    # Dear: 2 h at 100 and 20 h at 1,000 is the power 1; cheap: 20 h at 10,000 is the power 1/2.
    assert training_hours(100, prices) == pytest.approx((2, 2))
    assert training_hours(1_000, prices) == pytest.approx((2 * math.sqrt(10), 20))
    assert training_hours(400, prices) == pytest.approx((4, 8))


def test_training_hours__beyond_the_known_ones(prices: Prices) -> None:
    assert training_hours(40_000, prices) == pytest.approx((40, 800))
    assert training_hours(25, prices) == pytest.approx((1, 2)), "a start has its price"
    assert training_hours(0, prices)[1] == 2


def test_training_hours__spread(prices: Prices) -> None:
    wide = prices.model_copy(update={"spread": 2.0})

    assert training_hours(100, wide) == pytest.approx((1, 4))


def test_training_hours__negative(prices: Prices) -> None:
    with pytest.raises(ValueError, match="cannot be negative, got -1"):
        training_hours(-1, prices)


@pytest.mark.parametrize(("thousands", "usd"), [(0, 0), (4, 0.4), (10, 1.0), (30, 1.0 + 20 * 0.05)])
def test_tiered_usd(prices: Prices, thousands: float, usd: float) -> None:
    assert tiered_usd(thousands, prices.batch) == pytest.approx(usd)


def test_forecast_costs__every_line(prices: Prices) -> None:
    forecast = forecast_costs(
        Workload(
            interactions=100,
            imports=[Import("interactions", 2_000_000_000)],
            trainings=[
                Training("up", "aws-user-personalization"),
                Training("sims", "aws-sims"),
                Training("searched", "aws-user-personalization", trials=4),
                Training("v2", "aws-user-personalization-v2"),
            ],
            batch=[BatchWork("batch inference", 20_000)],
            campaigns=[
                Capacity("up", "aws-user-personalization", 2),
                Capacity("v2", "aws-user-personalization-v2", 1),
            ],
            recommenders=[Capacity("top", "aws-vod-top-picks", 3)],
            attributed_metrics=4,
            horizon_days=15,
        ),
        prices,
    )
    amounts = {one.what: (one.low_usd, one.high_usd) for one in forecast.lines}
    # 2 TPS for 360 hours are 2,592 thousand requests: 5,184 a month, 1,000 of them at 0.05.
    campaign = (1000 * 0.05 + 4184 * 0.01) / 2

    assert amounts == {
        "import of interactions": pytest.approx((0.1, 0.1)),
        "training of up": pytest.approx((0.5, 0.5)),
        "training of sims": pytest.approx((0.25, 0.5)),
        "training of searched": pytest.approx((0.5, 2.0)),
        "training of v2": pytest.approx((0.0002, 0.0002)),
        "batch inference": pytest.approx((1.5, 1.5)),
        "campaign of up": pytest.approx((campaign, campaign)),
        "campaign of v2": pytest.approx((360 * 3.6 * 0.1,) * 2),
        "recommender top": pytest.approx((3 * 360 * 0.5,) * 2),
        "metric attribution": pytest.approx((0.6, 0.6)),
    }
    once = 0.1 + 0.5 + 0.5 + 2.0 + 0.0002 + 1.5
    assert forecast.once_usd == pytest.approx(once)
    assert forecast.recurring_usd == pytest.approx(forecast.high_usd - once)
    assert forecast.high_usd - forecast.low_usd == pytest.approx(0.25 + 1.5)


def test_forecast_costs__what_is_unchanged_costs_nothing(prices: Prices) -> None:
    forecast = forecast_costs(
        Workload(
            interactions=100,
            imports=[Import("items", 5_000_000_000, unchanged=True)],
            trainings=[Training("sims", "aws-sims", unchanged=True)],
            batch=[BatchWork("batch inference", 9, unchanged=True)],
        ),
        prices,
    )

    assert forecast.high_usd == 0
    assert [one.basis.split(":")[0] for one in forecast.lines] == ["unchanged"] * 3


def test_forecast_costs__says_what_it_is_derived_from(prices: Prices) -> None:
    work = Workload(interactions=400, trainings=[Training("sims", "aws-sims", trials=3)])
    basis = line(forecast_costs(work, prices), "training of sims").basis

    assert "400 interactions" in basis
    assert "2 h at 100, 20 h at 1,000 to 10,000" in basis
    assert "aws-sims has no known training" in basis
    assert "up to 3 trainings" in basis


def test_as_rows__shows_ranges(prices: Prices) -> None:
    work = Workload(interactions=400, trainings=[Training("up", "aws-user-personalization")])
    (row,) = as_rows(forecast_costs(work, prices))

    assert (row["quantity"], row["unit"], row["usd"]) == (
        "4 to 8",
        "training hours",
        "1.00 to 2.00",
    )


def test_capacity_usd_per_day(prices: Prices) -> None:
    assert capacity_usd_per_day("campaign", "aws-sims", 2, prices) == pytest.approx(48 * 3.6 * 0.05)
    assert capacity_usd_per_day("recommender", "aws-vod-top-picks", 1, prices) == 12
    assert capacity_usd_per_day("filter", "", 1, prices) == 0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("spread = 1", "spread = 0.5", "spread: Input should be greater than or equal to 1"),
        ("training_hour = 0.25", "", "training_hour: Field required"),
        ("spread = 1", "spread = 1\nsprea = 2", "sprea: Extra inputs are not permitted"),
        ("ingestion_gb = 0.05", "ingestion_gb = -1", "ingestion_gb: Input should be greater"),
        ("date = 2026-01-01", "date =", "no TOML: "),
    ],
)
def test_parse_prices__refused(old: str, new: str, message: str) -> None:
    with pytest.raises(PricesError, match=message):
        parse_prices(TEXT.replace(old, new))


def test_warnings(prices: Prices) -> None:
    day = prices.date

    assert prices.warnings(day) == []
    assert "more than a year old" in prices.warnings(day + dt.timedelta(days=366))[0]
    unverified = prices.model_copy(update={"verified": False})
    assert "not compared with https://aws.amazon.com" in unverified.warnings(day)[0]


def test_tier_and_anchor__defaults() -> None:
    assert Tier(usd=1).up_to == math.inf
    with pytest.raises(ValueError, match="greater than 0"):
        Anchor(interactions=(1, 1), hours=0)
