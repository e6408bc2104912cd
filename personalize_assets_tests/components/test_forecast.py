"""The forecast before anything is created: what it counts, and when it stops a run."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest

from personalize_assets.aws.deployment import Deployment
from personalize_assets.components.assets.forecast import (
    build_forecast_assets,
    forecast_key,
    reason_to_stop,
)
from personalize_assets.components.assets.trained import solution_request, training_id
from personalize_assets.components.attributes import (
    AttributedMetric,
    BatchInference,
    Campaign,
    Costs,
    DatasetGroupAttributes,
    MetricAttribution,
    Prefixes,
    Solution,
    Source,
)
from personalize_assets.components.graph import Graph, newest_metadata
from personalize_assets.core.costs import Forecast, Line
from personalize_assets.resources import resources_of

SHA = "a" * 64
TIGHT = Costs(budget_usd=100, enforce_locally=True)


def graph_of(costs: Costs | None = None) -> Graph:
    return Graph(
        DatasetGroupAttributes(
            name="films",
            source=Source(prefix="raw/"),
            prefixes=Prefixes(transformed="t/", batch_input="i/", batch_results="r/"),
            datasets=["interactions"],
            solutions=[
                Solution(name="personal", recipe="aws-user-personalization"),
                Solution(name="sims", recipe="aws-sims"),
            ],
            campaigns=[Campaign(solution="personal", min_provisioned_tps=2)],
            batch_inference=BatchInference(solution="personal"),
            metric_attribution=MetricAttribution(
                metrics=[
                    AttributedMetric(name="clicks", event_type="click", expression="SAMPLECOUNT()")
                ]
            ),
            costs=costs or Costs(),
        )
    )


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def report(instance: dg.DagsterInstance, key: dg.AssetKey, **metadata: Any) -> None:
    instance.report_runless_asset_event(dg.AssetMaterialization(key, metadata=metadata))


def run(
    instance: dg.DagsterInstance, deployment: Deployment, graph: Graph
) -> dg.ExecuteInProcessResult:
    report(
        instance,
        graph.key("cleaned_interactions"),
        **{"dagster/row_count": 100_000},
        users=600,
        csv_key="t/interactions/interactions.csv",
        csv_sha256=SHA,
    )
    return dg.materialize(
        build_forecast_assets(graph),
        instance=instance,
        resources=dict(resources_of(deployment)),
        raise_on_error=False,
    )


def shown(instance: dg.DagsterInstance, graph: Graph) -> dict[str, Any]:
    metadata = newest_metadata(instance, forecast_key(graph))
    return {**metadata, "lines": {line["what"]: line for line in metadata["lines"]}}


def test_cost_forecast__every_line_with_its_basis(
    instance: dg.DagsterInstance, deployment: Deployment
) -> None:
    graph = graph_of()

    assert run(instance, deployment, graph).success
    found = shown(instance, graph)

    assert list(found["lines"]) == [
        "import of interactions",
        "training of personal",
        "training of sims",
        "batch inference",
        "campaign of personal",
        "metric attribution",
    ]
    assert found["lines"]["training of personal"]["quantity"] == "1.42 to 3.2"
    assert found["lines"]["campaign of personal"]["quantity"] == "1,440"
    assert found["lowest_usd"] < found["forecast_usd"]
    assert found["once_usd"] + found["recurring_usd"] == pytest.approx(found["forecast_usd"])
    assert "on this machine nothing is paid: these are prices of AWS" in found["notes"]
    assert "not compared with" in found["notes"][0]
    assert "| campaign of personal |" in found["table"]


def test_cost_forecast__stops_above_the_budget(
    instance: dg.DagsterInstance, deployment: Deployment
) -> None:
    graph = graph_of(TIGHT)

    result = run(instance, deployment, graph)

    assert not result.success
    (event,) = result.get_step_failure_events()
    failure = event.step_failure_data.user_failure_data
    assert event.step_key == "films_cost_forecast"
    assert failure is not None
    assert failure.description is not None
    assert "the budget is 100.00 USD; dearest: campaign of personal 288" in failure.description
    assert failure.metadata["budget_usd"].value == 100
    assert shown(instance, graph)["forecast_usd"] == failure.metadata["forecast_usd"].value


def test_cost_forecast__no_budget_counts_where_nothing_is_paid(
    instance: dg.DagsterInstance, deployment: Deployment
) -> None:
    graph = graph_of(Costs(budget_usd=100))

    assert run(instance, deployment, graph).success
    assert shown(instance, graph)["budget_usd"] == 100


def test_cost_forecast__what_was_taken_down_costs_again(
    instance: dg.DagsterInstance, deployment: Deployment
) -> None:
    graph = graph_of()
    arn = "arn:aws:personalize:us-east-1:123456789012"
    gone = f"{arn}:dataset-import-job/gone"
    report(instance, graph.key("interactions_dataset"), csv_sha256=SHA, arn=gone)
    request = solution_request(graph, graph.attributes.solutions[0], "", (SHA,))
    report(
        instance,
        graph.key("personal", "solution_version"),
        arn=f"{arn}:solution/gone/12345678",
        training_id=training_id(request),
    )

    assert run(instance, deployment, graph).success
    lines = shown(instance, graph)["lines"]
    assert not any("unchanged" in line["basis"] for line in lines.values())


FORECAST = Forecast([Line("campaign of c", 1, 1, "h", "1", 10, 20, "", recurring=True)], 30)


@pytest.mark.parametrize(
    ("costs", "is_local", "stops"),
    [
        (Costs(), False, False),
        (Costs(budget_usd=20), False, False),
        (Costs(budget_usd=19.99), False, True),
        (Costs(budget_usd=19.99), True, False),
        (Costs(budget_usd=19.99, enforce_locally=True), True, True),
        (Costs(budget_usd=0), False, True),
    ],
)
def test_reason_to_stop(costs: Costs, is_local: bool, stops: bool) -> None:
    reason = reason_to_stop(FORECAST, costs, is_local=is_local)

    assert (reason is not None) is stops
    assert reason is None or "up to 20.00 USD are forecast for this run and 30 days" in reason
