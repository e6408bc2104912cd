"""What the rest of the graph would cost on AWS, forecast before anything of it is created."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import dagster as dg

from personalize_assets.aws.kinds import (
    ACTIVE,
    BATCH_INFERENCE_JOB,
    BATCH_SEGMENT_JOB,
    IMPORT_JOB,
    SOLUTION_VERSION,
    Kind,
    find,
)
from personalize_assets.aws.prices import load_prices
from personalize_assets.components.assets.imported import dataset_key
from personalize_assets.components.assets.trained import (
    TRAINING_ID,
    solution_request,
    training_id,
    version_key,
)
from personalize_assets.components.attributes import Costs, Solution
from personalize_assets.components.graph import Graph, materialized, newest_metadata
from personalize_assets.components.previews import markdown_table
from personalize_assets.components.service_assets import service_asset
from personalize_assets.core.costs import (
    BatchWork,
    Capacity,
    Forecast,
    Import,
    Training,
    Workload,
    as_rows,
    forecast_costs,
)
from personalize_assets.core.names import MAX_SEARCH_TRAININGS
from personalize_assets.resources import PersonalizeResource, S3Resource

_COLUMNS = ("what", "quantity", "unit", "price", "usd", "basis")


def forecast_key(graph: Graph) -> dg.AssetKey:
    """Key of the forecast."""
    return graph.key("cost_forecast")


def build_forecast_assets(graph: Graph) -> list[dg.AssetsDefinition]:
    """The forecast; everything that is created in the service comes after it."""
    cleaned = {name: graph.key(f"cleaned_{name}") for name in graph.attributes.datasets}
    spec = graph.spec(
        "cost_forecast",
        stage="prepared",
        kinds={"costs"},
        deps=cleaned.values(),
        description="What a run of all that follows would cost on AWS, line by line, and what goes "
        "on costing; a run stops here where that is above the budget.",
    )

    @service_asset(graph, name=f"{graph.id}_cost_forecast", specs=[spec])
    def cost_forecast(
        context: dg.AssetExecutionContext, personalize: PersonalizeResource, s3: S3Resource
    ) -> dg.MaterializeResult:
        files = {name: materialized(context, key) for name, key in cleaned.items()}
        prices = load_prices(graph.attributes.costs.prices)
        present = _Present(context.instance, graph, personalize, s3, files)
        forecast = forecast_costs(present.workload(), prices)
        warnings = prices.warnings(datetime.now(UTC).date())
        for warning in warnings:
            context.log.warning(warning)
        costs, is_local = graph.attributes.costs, personalize.deployment == "local"
        metadata = forecast_metadata(forecast, costs, [*warnings, *_notes(is_local=is_local)])
        if stop := reason_to_stop(forecast, costs, is_local=is_local):
            # People see in the UI what was forecast although the step fails.
            context.log_event(dg.AssetMaterialization(spec.key, metadata=metadata))
            raise dg.Failure(stop, metadata=metadata, allow_retries=False)
        return dg.MaterializeResult(spec.key, metadata=metadata)

    return [cost_forecast]


def reason_to_stop(forecast: Forecast, costs: Costs, *, is_local: bool) -> str | None:
    """Why a run must not go on; None where it may.

    Args:
        forecast: What it would cost.
        costs: The budget, and whether it counts where nothing is paid.
        is_local: Whether this is the deployment in which nothing is paid.
    """
    budget = costs.budget_usd
    if budget is None or forecast.high_usd <= budget or (is_local and not costs.enforce_locally):
        return None
    dearest = sorted(forecast.lines, key=lambda line: -line.high_usd)[:3]
    lines = ", ".join(f"{line.what} {line.high_usd:,.2f}" for line in dearest)
    return (
        f"up to {forecast.high_usd:,.2f} USD are forecast for this run and "
        f"{forecast.horizon_days:g} days, the budget is {budget:,.2f} USD; dearest: {lines}. "
        "Nothing was created. Declare less, or raise costs.budget_usd in defs.yaml"
    )


def forecast_metadata(forecast: Forecast, costs: Costs, notes: Sequence[str]) -> dict[str, Any]:
    """The forecast as numbers, which Dagster plots over time, and as a table."""
    rows = as_rows(forecast)
    table = markdown_table(_COLUMNS, [[row[name] for name in _COLUMNS] for row in rows])
    budget = {} if costs.budget_usd is None else {"budget_usd": costs.budget_usd}
    return {
        "table": dg.MetadataValue.md("\n".join([table, "", *(f"- {note}" for note in notes)])),
        "forecast_usd": round(forecast.high_usd, 2),
        "lowest_usd": round(forecast.low_usd, 2),
        "once_usd": round(forecast.once_usd, 2),
        "recurring_usd": round(forecast.recurring_usd, 2),
        **budget,
        "horizon_days": forecast.horizon_days,
        "lines": dg.MetadataValue.json([dict(row) for row in rows]),
        "notes": dg.MetadataValue.json(list(notes)),
    }


def _notes(*, is_local: bool) -> list[str]:
    general = "free tiers are not taken off, and requests above the provisioned ones not added"
    return [general, *(["on this machine nothing is paid: these are prices of AWS"] * is_local)]


@dataclass(frozen=True)
class _Present:
    """What is declared beside what is there already.

    Attributes:
        instance: Holds what was materialized.
        graph: Of the dataset group.
        personalize: The service.
        s3: The bucket.
        files: Metadata of the cleaned files by dataset.
    """

    instance: dg.DagsterInstance
    graph: Graph
    personalize: PersonalizeResource
    s3: S3Resource
    files: Mapping[str, Mapping[str, Any]]

    def workload(self) -> Workload:
        """What a run of everything has to do, and what it leaves running."""
        declared = self.graph.attributes
        return Workload(
            interactions=self.files["interactions"]["dagster/row_count"],
            imports=[self._import(name, file) for name, file in self.files.items()],
            trainings=[
                Training(one.name, one.recipe, one.name in self._trained, _trials(one))
                for one in declared.solutions
            ],
            batch=self._batch(),
            campaigns=[
                Capacity(c.solution, declared.solution(c.solution).recipe, c.min_provisioned_tps)
                for c in declared.campaigns
            ],
            recommenders=[
                Capacity(r.name, r.recipe, r.min_requests_per_second) for r in declared.recommenders
            ],
            attributed_metrics=len(declared.metric_attribution.metrics)
            if declared.metric_attribution
            else 0,
            horizon_days=declared.costs.horizon_days,
        )

    def _import(self, name: str, file: Mapping[str, Any]) -> Import:
        held = newest_metadata(self.instance, dataset_key(self.graph, name))
        same = held.get("csv_sha256") == file["csv_sha256"]
        found = self.s3.store().head(file["csv_key"])
        size = 0 if found is None else found.size
        return Import(name, size, unchanged=same and self._is_there(IMPORT_JOB, held))

    @cached_property
    def _trained(self) -> frozenset[str]:
        """Names of the solutions that have a full training on these very data."""
        data = tuple(file["csv_sha256"] for file in self.files.values())
        return frozenset(
            one.name
            for one in self.graph.attributes.solutions
            if self._has_version(one, training_id(solution_request(self.graph, one, "", data)))
        )

    def _has_version(self, solution: Solution, wanted: str) -> bool:
        version = newest_metadata(self.instance, version_key(self.graph, solution.name))
        is_full = version.get("training_mode", "FULL") == "FULL"
        same = is_full and version.get(TRAINING_ID) == wanted
        return same and self._is_there(SOLUTION_VERSION, version)

    def _batch(self) -> list[BatchWork]:
        declared, users = self.graph.attributes, int(self.files["interactions"]["users"])
        jobs = {
            "batch_inference": (declared.batch_inference, users, BATCH_INFERENCE_JOB),
            "batch_ranking": (declared.batch_ranking, users, BATCH_INFERENCE_JOB),
            "batch_segment": (
                declared.batch_segment,
                declared.batch_segment.num_items if declared.batch_segment else 0,
                BATCH_SEGMENT_JOB,
            ),
        }
        return [
            BatchWork(name.replace("_", " "), lines, self._answered(name, job.solution, kind))
            for name, (job, lines, kind) in jobs.items()
            if job is not None
        ]

    def _answered(self, name: str, solution: str, kind: Kind) -> bool:
        job = newest_metadata(self.instance, self.graph.key(name))
        return solution in self._trained and self._is_there(kind, job)

    def _is_there(self, kind: Kind, metadata: Mapping[str, Any]) -> bool:
        """Whether what an asset has made still is there: it may have been taken down since."""
        if "arn" not in metadata:
            return False
        found = find(self.personalize.get_client(), kind, metadata["arn"])
        return found is not None and found.get("status") == ACTIVE


def _trials(solution: Solution) -> int:
    """Trainings of one search for hyperparameters, at most; 1 where nothing is searched."""
    if not solution.perform_hpo:
        return 1
    declared = None if solution.hpo is None else solution.hpo.max_training_jobs
    return declared or MAX_SEARCH_TRAININGS
