"""A dataset group whose runs end as a test wants, and its sensor of notifications.

The runs are real: assets and checks with the names of the real ones, run on an instance of Dagster
that tries failed runs again twice, as the daemon would.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg

# What the daemon does to start a run that exists; Dagster makes it public nowhere.
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run

from personalize_assets.aws.deployment import Deployment
from personalize_assets.components.attributes import (
    BatchInference,
    DatasetGroupAttributes,
    Prefixes,
    Solution,
    Source,
)
from personalize_assets.components.graph import Graph
from personalize_assets.components.notifications import build_notifications_sensor
from personalize_assets.components.promotion import GATE
from personalize_assets.resources import LocalStackResource, NotificationsResource

NUMBERS: Mapping[str, Any] = {
    "dagster/row_count": 16_775,
    "users": 671,
    "failed_lines": 0,
    "unchanged": False,
    "transformed": "s3://bucket/results/transformed.parquet",
    "open": dg.MetadataValue.path("/state/s3/bucket/results/transformed.parquet"),
}


class Plan(dg.Config):
    """What goes wrong in a run."""

    over_budget: bool = False
    broken: bool = False
    worse: bool = False
    worse_by_hand: bool = False
    answers: bool = True


@dataclass
class Bench:
    """One dataset group, its job, its sensor, and the file that its notices go to."""

    instance: dg.DagsterInstance
    state_dir: Path
    ui_url: str | None = "http://127.0.0.1:3000"
    name: str = field(default_factory=lambda: f"g{uuid.uuid4().hex[:8]}")

    def __post_init__(self) -> None:
        self.graph = Graph(
            DatasetGroupAttributes(
                name=self.name,
                source=Source(prefix="raw/"),
                prefixes=Prefixes(transformed="t/", batch_input="i/", batch_results="r/"),
                solutions=[Solution(name="top-picks", recipe="aws-user-personalization")],
                batch_inference=BatchInference(solution="top-picks"),
            )
        )
        self.job = _job(self.graph)
        self.restart()
        self.cursor: str | None = None

    def restart(self) -> None:
        """A new process: the sensor with an empty memory."""
        self.sensor = build_notifications_sensor(self.graph, told=True)
        deployment = Deployment.from_environment(
            {
                "PERSONALIZE_ASSETS_STATE_DIR": str(self.state_dir / self.name),
                "PERSONALIZE_ASSETS_UI_URL": self.ui_url or "",
            }
        )
        self.resource = NotificationsResource.of(deployment, LocalStackResource.of(deployment))

    def run(
        self,
        *,
        of: dg.DagsterRun | None = None,
        tags: Mapping[str, str] | None = None,
        **plan: bool,
    ) -> dg.DagsterRun:
        """Run the job; ``of`` is the run that this one repeats."""
        family = _family(of)
        run = self.instance.create_run_for_job(
            self.job,
            run_config={"ops": {f"{self.graph.id}_cost_forecast": {"config": plan}}},
            tags={**self.job.tags, **_family_tags(family), **(tags or {})},
            **family,
        )
        execute_run(InMemoryJob(self.job), run, self.instance, raise_on_error=False)
        return self.find(run.run_id)

    def retry(self, of: dg.DagsterRun, number: int, **plan: bool) -> dg.DagsterRun:
        """Run the job as the daemon does after the failure of ``of``."""
        return self.run(of=of, tags={"dagster/retry_number": str(number)}, **plan)

    def enter(
        self, *, of: dg.DagsterRun | None = None, tags: Mapping[str, str] | None = None
    ) -> dg.DagsterRun:
        """Enter a run that has failed before its first step."""
        family = _family(of)
        run = dg.DagsterRun(
            job_name=f"{self.graph.id}_main",
            run_id=str(uuid.uuid4()),
            tags={**self.job.tags, **_family_tags(family), **(tags or {})},
            **family,
        )
        self.instance.run_storage.add_run(run)
        self.instance.report_run_failed(run, "the worker did not start")
        return self.find(run.run_id)

    def forget(self, state_dir: Path) -> None:
        """Begin anew: no notice was sent, the sensor never looked."""
        self.state_dir, self.cursor = state_dir, None
        self.instance.run_storage.set_cursor_values(
            {f"personalize_assets/notices/{self.graph.id}": "[]"}
        )
        self.restart()

    def find(self, run_id: str) -> dg.DagsterRun:
        run = self.instance.get_run_by_id(run_id)
        assert run is not None
        return run

    def tick(self) -> str:
        """Look once; gives what the UI says of it. The cursor is kept as the daemon does."""
        with dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, resources={"notifications": self.resource}
        ) as context:
            answer: Any = self.sensor(context)
        self.cursor = answer.cursor or self.cursor
        return answer.skip_reason.skip_message

    @property
    def told(self) -> list[dict[str, str]]:
        """Notices that people got, oldest first."""
        path = self.state_dir / self.name / "notifications.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    @property
    def subjects(self) -> list[str]:
        return [one["subject"].removeprefix(f"{self.name}: ") for one in self.told]


def _family(of: dg.DagsterRun | None) -> dict[str, str]:
    return {} if of is None else {"parent_run_id": of.run_id, "root_run_id": _root(of)}


def _family_tags(family: Mapping[str, str]) -> dict[str, str]:
    return {f"dagster/{name}": run_id for name, run_id in family.items()}


def _root(run: dg.DagsterRun) -> str:
    return run.root_run_id or run.run_id


def _job(graph: Graph) -> dg.JobDefinition:
    forecast, metrics = graph.key("cost_forecast"), graph.key("top-picks", "metrics")
    results = graph.key("recommendations")
    plans: dict[str, Plan] = {}

    @dg.multi_asset(name=f"{graph.id}_cost_forecast", specs=[dg.AssetSpec(forecast)])
    def cost_forecast(context: dg.AssetExecutionContext, config: Plan) -> dg.MaterializeResult:
        plans[context.run.run_id] = config
        if config.over_budget:
            raise dg.Failure(
                "12.34 USD are forecast, the budget is 10 USD",
                metadata={"forecast_usd": 12.34, "budget_usd": 10.0},
                allow_retries=False,
            )
        return dg.MaterializeResult(forecast)

    @dg.multi_asset(
        name=f"{graph.id}_top_picks_metrics", specs=[dg.AssetSpec(metrics, deps=[forecast])]
    )
    def measured(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        if plans[context.run.run_id].broken:
            raise ValueError("no such role: arn:aws:iam::1:role/R")
        if plans[context.run.run_id].worse_by_hand:
            said = "MRR@25 0.1000 against 0.2000 in service"
            raise dg.Failure(said, metadata={"held_against": "arn:1"}, allow_retries=False)
        return dg.MaterializeResult(metrics)

    @dg.asset_check(asset=metrics, name=GATE, blocking=True)
    def gate(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        return dg.AssetCheckResult(
            passed=not plans[context.run.run_id].worse,
            description="MRR@25 0.1000 against 0.2000 in service",
            metadata={"candidate": 0.1, "in_service": 0.2},
        )

    @dg.multi_asset(
        name=f"{graph.id}_recommendations",
        specs=[dg.AssetSpec(results, deps=[metrics], skippable=True)],
    )
    def recommendations(context: dg.AssetExecutionContext) -> Any:
        if plans[context.run.run_id].answers:
            yield dg.MaterializeResult(results, metadata=dict(NUMBERS))

    definitions = dg.Definitions(
        assets=[cost_forecast, measured, recommendations],
        asset_checks=[gate],
        jobs=[
            dg.define_asset_job(
                f"{graph.id}_main",
                selection="*",
                executor_def=dg.in_process_executor,
                tags={"personalize/dataset_group": graph.attributes.name},
            )
        ],
    )
    return definitions.resolve_job_def(f"{graph.id}_main")
