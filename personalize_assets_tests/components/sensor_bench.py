"""A dataset group with prefixes of its own, and its sensors, evaluated as the daemon does."""

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.objects import Bucket
from personalize_assets.components.attributes import (
    BatchInference,
    DatasetGroupAttributes,
    Prefixes,
    Sensors,
    Solution,
    Source,
)
from personalize_assets.components.graph import Graph
from personalize_assets.components.sensors import build_sensors
from personalize_assets.local.clients import open_clients
from personalize_assets.resources import S3Resource, resources_of
from personalize_assets_tests.components.light_jobs import light_jobs

USERS = b'{"userId": "1"}\n{"userId": "2"}\n'
SUCCESS, NOT_STARTED = dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.NOT_STARTED


@dataclass
class Bench:
    """One dataset group with prefixes of its own, its sensors, and where they look."""

    graph: Graph
    bucket: Bucket
    folder: Path
    instance: dg.DagsterInstance
    s3: S3Resource

    def __post_init__(self) -> None:
        self.restart()
        self.cursors: dict[str, str | None] = {}

    def restart(self) -> None:
        """A new process: the sensors with an empty memory."""
        self.sensors = {
            sensor.name.removeprefix(f"{self.graph.id}_"): sensor
            for sensor in build_sensors(self.graph, light_jobs(self.graph.id))
        }

    @property
    def inputs(self) -> str:
        return self.graph.attributes.prefixes.batch_input

    @property
    def results(self) -> str:
        return f"{self.graph.attributes.prefixes.batch_results}inference/"

    @property
    def raw(self) -> str:
        return self.graph.attributes.source.prefix

    def put(self, key: str, content: bytes = USERS) -> str:
        self.bucket.write_bytes(key, content)
        return key

    def tick(self, name: str = "batch_input") -> list[dg.RunRequest] | str:
        """Requests of one tick, or its reason for skipping; keeps the cursor as the daemon does."""
        with dg.build_sensor_context(
            instance=self.instance, cursor=self.cursors.get(name), resources={"s3": self.s3}
        ) as context:
            answer: Any = self.sensors[name](context)
        if isinstance(answer, dg.RunRequest):
            return [answer]
        if isinstance(answer, dg.SkipReason):
            return str(answer.skip_message)
        self.cursors[name] = answer.cursor or None
        return answer.run_requests or answer.skip_reason.skip_message

    def requests(self, name: str = "batch_input") -> list[dg.RunRequest]:
        asked = self.tick(name)
        assert isinstance(asked, list), asked
        return asked

    def reason(self, name: str = "batch_input") -> str:
        reason = self.tick(name)
        assert isinstance(reason, str), reason
        return reason

    def record(
        self,
        requests: list[dg.RunRequest],
        job: str = "batch",
        status: dg.DagsterRunStatus = SUCCESS,
    ) -> None:
        """Enter runs as the daemon does for these requests."""
        for request in requests:
            self.instance.run_storage.add_run(
                dg.DagsterRun(
                    job_name=f"{self.graph.id}_{job}",
                    run_id=str(uuid.uuid4()),
                    tags={**request.tags, "dagster/run_key": request.run_key or ""},
                    status=status,
                )
            )


def keys_of(requests: list[dg.RunRequest]) -> list[str]:
    return [request.tags["personalize/key"] for request in requests]


def make_bench(
    deployment: Deployment,
    instance: dg.DagsterInstance,
    *,
    settle_s: float = 0,
    **declared: Any,
) -> Bench:
    """A bench of its own; ``declared`` are attributes of the group beside or instead of these."""
    name = f"g{uuid.uuid4().hex[:8]}"
    attributes: dict[str, Any] = {
        "name": name,
        "source": Source(prefix=f"{name}/raw/"),
        "prefixes": Prefixes(
            transformed=f"{name}/transformed/",
            batch_input=f"{name}/input/",
            batch_results=f"{name}/results/",
        ),
        "solutions": [Solution(name="popular", recipe="aws-popularity-count")],
        "batch_inference": BatchInference(solution="popular"),
        "sensors": Sensors(settle_s=settle_s),
    }
    s3 = resources_of(deployment)["s3"]
    assert isinstance(s3, S3Resource)
    bucket = Bucket.of(open_clients(deployment))
    bucket.ensure(create=True)
    folder = Path(deployment.state_dir) / "s3" / deployment.bucket
    graph = Graph(DatasetGroupAttributes(**attributes | declared))
    return Bench(graph, bucket, folder, instance, s3)
