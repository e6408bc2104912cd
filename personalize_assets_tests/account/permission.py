"""Whether the workflow may run in an account: pure decisions over settings and a forecast."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from personalize_assets.core.costs import (
    BatchWork,
    Capacity,
    Forecast,
    Import,
    Training,
    Workload,
    forecast_costs,
)
from personalize_assets.core.prices import Prices
from personalize_assets_tests.contract import tables

ACCOUNT: Final = "PERSONALIZE_ASSETS_TEST_AWS_ACCOUNT"
BUDGET: Final = "PERSONALIZE_ASSETS_TEST_AWS_BUDGET_USD"
RECIPE: Final = "aws-popularity-count"
"""The recipe that is trained: the quickest."""

_HOURS: Final = 6
"""So long the campaign is taken to stand; a run takes two hours or so."""


class NotPermitted(Exception):
    """The run may not begin; the message says what was found and what to set."""


@dataclass(frozen=True)
class Permission:
    """What somebody allowed.

    Attributes:
        account: Twelve digits: the only account that the run may work in.
        budget_usd: The most that it may cost by the forecast.
    """

    account: str
    budget_usd: float


def read_permission(environ: Mapping[str, str]) -> Permission | None:
    """Read what is allowed; None where no account is named.

    Raises:
        NotPermitted: A value is not one.
    """
    account = environ.get(ACCOUNT, "").strip()
    if not account:
        return None
    if not re.fullmatch(r"\d{12}", account):
        raise NotPermitted(f"{ACCOUNT} must be the twelve digits of an account, got {account!r}")
    text = environ.get(BUDGET, "").strip()
    if not re.fullmatch(r"\d+(\.\d+)?", text):
        raise NotPermitted(f"{BUDGET} must be an amount in dollars, such as 5, got {text!r}")
    return Permission(account, float(text))


def check_account(permission: Permission, identity: str, deployment: str) -> None:
    """Refuse another account than the one that was named.

    Args:
        permission: What is allowed.
        identity: Account of the credentials, as STS says.
        deployment: Account of the role that the deployment gives to the service.

    Raises:
        NotPermitted: One of them is another account.
    """
    if identity != permission.account:
        raise NotPermitted(
            f"the credentials are of account {identity}, {ACCOUNT} allows {permission.account} "
            "alone: use other credentials or a profile (PERSONALIZE_ASSETS_PROFILE)"
        )
    if deployment != permission.account:
        raise NotPermitted(
            f"PERSONALIZE_ASSETS_ROLE_ARN is a role of account {deployment}, {ACCOUNT} allows "
            f"{permission.account} alone"
        )


def check_budget(permission: Permission, forecast: Forecast) -> None:
    """Refuse a run that may cost more than is allowed.

    Raises:
        NotPermitted: The forecast's upper end is above the budget.
    """
    if forecast.high_usd > permission.budget_usd:
        raise NotPermitted(
            f"the run may cost up to ${forecast.high_usd:.2f}, {BUDGET} allows "
            f"${permission.budget_usd:.2f}: nothing was created"
        )


def forecast_run(prices: Prices) -> Forecast:
    """What the run will cost at most: everything is deleted within some hours."""
    rows = tables.USERS * tables.EACH
    interactions, items = tables.interactions(), tables.items(tables.KNOWN_ITEMS)
    return forecast_costs(
        Workload(
            interactions=rows,
            imports=(
                Import("interactions", len(interactions)),
                Import("items", len(items)),
                Import("items, once more", len(items)),
            ),
            trainings=(Training("main", RECIPE),),
            batch=(BatchWork("batch inference", len(tables.users_asked())),),
            campaigns=(Capacity("main", RECIPE, 1),),
            attributed_metrics=2,
            horizon_days=_HOURS / 24,
        ),
        prices,
    )
