"""Fixtures of sensors: an instance of Dagster, and dataset groups that share nothing."""

from collections.abc import Iterator

import dagster as dg
import pytest

from personalize_assets.aws.deployment import Deployment
from personalize_assets_tests.components.sensor_bench import Bench, make_bench


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("dagster"))) as instance:
        yield instance


@pytest.fixture
def bench(deployment: Deployment, instance: dg.DagsterInstance) -> Bench:
    """A bench where every file counts as complete at once."""
    return make_bench(deployment, instance)


@pytest.fixture
def patient(deployment: Deployment, instance: dg.DagsterInstance) -> Bench:
    """A bench where only files that stay the same over two looks count."""
    return make_bench(deployment, instance, settle_s=3600)
