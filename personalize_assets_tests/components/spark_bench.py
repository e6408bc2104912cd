"""A group's prepared assets on a deployment, with an engine of choice, run for real."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg

from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.objects import Bucket
from personalize_assets.components.assets.prepared import build_prepared_assets
from personalize_assets.components.assets.raw import build_raw_assets
from personalize_assets.components.attributes import (
    DatasetGroupAttributes,
    Prefixes,
    Preparation,
    Solution,
    Source,
)
from personalize_assets.components.graph import Graph, newest_metadata
from personalize_assets.local.clients import open_clients
from personalize_assets.resources import resources_of
from personalize_assets_tests.conftest import SAMPLE


@dataclass(frozen=True)
class Bench:
    """One group, whose raw files lie under ``raw``; each output folder is its own."""

    deployment: Deployment
    instance: dg.DagsterInstance
    raw: str

    @property
    def bucket(self) -> Bucket:
        return Bucket.of(open_clients(self.deployment))

    def seed(self) -> None:
        """Put a little of the sample there."""
        self.bucket.ensure(create=not self.deployment.bucket_owner)
        ratings = (SAMPLE / "ratings.csv").read_bytes().splitlines(keepends=True)[:3000]
        self.bucket.write_bytes(f"{self.raw}ratings.csv", b"".join(ratings) + b"1,no,such,row\n")
        self.bucket.put_file(SAMPLE / "movies.csv", f"{self.raw}movies.csv")

    def assets(self, folder: str, **preparation: Any) -> list[dg.AssetsDefinition]:
        """Raw and prepared assets of the group, its files under ``folder``."""
        attributes = DatasetGroupAttributes(
            name="films",
            source=Source(prefix=self.raw),
            prefixes=Prefixes(transformed=folder, batch_input="i/", batch_results="r/"),
            solutions=[Solution(name="popular", recipe="aws-popularity-count")],
            preparation=Preparation(**preparation),
        )
        graph = Graph(attributes)
        return [*build_raw_assets(graph), *build_prepared_assets(graph)]

    def run(self, folder: str, **preparation: Any) -> dg.ExecuteInProcessResult:
        """Materialize everything."""
        return dg.materialize(
            self.assets(folder, **preparation),
            resources=resources_of(self.deployment),
            instance=self.instance,
            raise_on_error=False,
        )

    def metadata(self, name: str = "cleaned_interactions") -> Mapping[str, Any]:
        return newest_metadata(self.instance, dg.AssetKey(["films", name]))

    def read(self, folder: str, name: str) -> dict[str, bytes]:
        """Files of a dataset, but the parquet file and the manifest, which differ by engine."""
        return {
            found.key.removeprefix(folder): self.bucket.read_bytes(found.key)
            for found in self.bucket.list(f"{folder}{name}/")
            if not found.key.endswith((".parquet", "manifest.json"))
        }


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    """Message of the failure of a run."""
    assert not result.success
    (event,) = [one for one in result.get_step_failure_events()]
    assert event.step_failure_data.error is not None
    error: Any = event.step_failure_data.error
    while error.cause is not None and "Failure" not in error.message:
        error = error.cause
    return error.message
