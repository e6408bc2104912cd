"""The service in process, in front of the session's engine."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from personalize_assets.api.app import make_app
from personalize_assets.api.calls import CALL_LIMITS, Calls
from personalize_assets.api.limits import Rate
from personalize_assets.api.services import ApiOptions, Services
from personalize_assets.aws.clients import Clients
from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.waiters import WaitPolicy
from personalize_assets.local.clients import open_clients
from personalize_assets.testing.control import Control, FaultInjection
from personalize_assets_tests.api.shop import SHOP, make_shop


@pytest.fixture(scope="package")
def clients(deployment: Deployment) -> Clients:
    """Clients as the service has them."""
    return open_clients(deployment, limits=CALL_LIMITS)


@pytest.fixture(scope="package")
def shop(deployment: Deployment) -> Iterator[None]:
    """The shop is there, and goes with the last test of this folder: an account has few groups."""
    policy = WaitPolicy(timeout_s=120, min_delay_s=0.05, max_delay_s=0.3)
    clients = open_clients(deployment)
    group_arn = make_shop(clients, policy)
    yield
    assert clients.endpoints is not None
    control = Control(clients.endpoints.personalize)
    control.call("POST", "reset", {"dataset_group_arn": group_arn})


@pytest.fixture(scope="package")
def services(shop: None, clients: Clients) -> Services:
    """The services of the shop, with its files read."""
    services = Services.make(SHOP, clients, ApiOptions(rate=Rate(0, 0)), Calls(deadline_s=60))
    services.refresher.look()
    return services


@pytest.fixture(scope="package")
def api(services: Services) -> Iterator[TestClient]:
    """The service in process, running."""
    with TestClient(make_app(services), base_url="http://127.0.0.1") as client:
        yield client


@pytest.fixture
def faults(clients: Clients) -> Iterator[FaultInjection]:
    """Faults of the engine, which end with the test."""
    assert clients.endpoints is not None
    injection = FaultInjection(Control(clients.endpoints.personalize))
    yield injection
    injection.clear()
