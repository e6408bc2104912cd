"""The workflow, walked through once against the engine and once against the transcribed service."""

from collections.abc import Callable
from typing import Any

import pytest

from personalize_assets.aws.deployment import Deployment
from personalize_assets.local.clients import open_clients
from personalize_assets_tests.contract.places import Place, engine_place, transcribed_place
from personalize_assets_tests.contract.workflow import Walk

ACCOUNT = "640640640640"


@pytest.fixture(scope="session")
def engine_walk(deployment: Deployment) -> Walk:
    """All steps against the engine, in an account of its own."""
    return _walk(deployment, engine_place)


@pytest.fixture(scope="session")
def transcribed_walk(deployment: Deployment) -> Walk:
    """All steps against the transcribed answers; S3 is the same."""
    return _walk(deployment, transcribed_place)


@pytest.fixture(params=[pytest.param("engine", marks=pytest.mark.slow), "transcribed"])
def walk(request: pytest.FixtureRequest) -> Walk:
    """One of both: what is asserted holds for either."""
    return request.getfixturevalue(f"{request.param}_walk")


def _walk(deployment: Deployment, place: Callable[[Any, str], Place]) -> Walk:
    made = place(open_clients(deployment), ACCOUNT)
    return Walk(made).everything()
