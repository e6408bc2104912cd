"""The main job on the sample, run once for all tests of this folder, on a real local stack."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.objects import Bucket
from personalize_assets.aws.raw_data import seed_raw_data
from personalize_assets.components.graph import newest_metadata
from personalize_assets.definitions import component_tree
from personalize_assets.local.clients import open_clients
from personalize_assets.resources import resources_of
from personalize_assets_tests.conftest import SAMPLE

RAW_PREFIX = "movie-lens/raw_data/"


@dataclass(frozen=True)
class Pipeline:
    """The declared graph on one deployment, with an instance of Dagster to run it in."""

    deployment: Deployment
    instance: dg.DagsterInstance
    definitions: dg.Definitions

    @property
    def bucket(self) -> Bucket:
        return Bucket.of(open_clients(self.deployment))

    def run(self, job: str = "movielens_main") -> dg.ExecuteInProcessResult:
        return self.definitions.resolve_job_def(job).execute_in_process(
            instance=self.instance, raise_on_error=False
        )

    def metadata(self, *path: str) -> Mapping[str, Any]:
        return newest_metadata(self.instance, dg.AssetKey(path))


@pytest.fixture(scope="session")
def pipeline(
    deployment: Deployment, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pipeline]:
    definitions = dg.Definitions.merge(
        component_tree().build_defs(), dg.Definitions(resources=resources_of(deployment))
    )
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("dagster"))) as instance:
        yield Pipeline(deployment, instance, definitions)


@pytest.fixture(scope="session")
def first_run(pipeline: Pipeline) -> dg.ExecuteInProcessResult:
    pipeline.bucket.ensure(create=True)
    seed_raw_data(pipeline.bucket, RAW_PREFIX, SAMPLE, replace=False)
    return pipeline.run()


def run_command(*arguments: str, env: Mapping[str, str], timeout_s: float = 240) -> str:
    """Run a program of this environment and return what it printed; it must succeed."""
    done = subprocess.run(
        [str(Path(sys.executable).parent / arguments[0]), *arguments[1:]],
        env=dict(env),
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout
