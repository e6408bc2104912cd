"""Assets that speak to the service are tried again after what passes, and after nothing else."""

from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from dagster._core.errors import DagsterExecutionInterruptedError  # Public nowhere.

from personalize_assets.components.attributes import (
    DatasetGroupAttributes,
    Prefixes,
    Solution,
    Source,
)
from personalize_assets.components.graph import Graph
from personalize_assets.components.service_assets import retry_policy, service_asset
from personalize_assets.definitions import defs

GRAPH = Graph(
    DatasetGroupAttributes(
        name="films",
        source=Source(prefix="raw/"),
        prefixes=Prefixes(transformed="t/", batch_input="i/", batch_results="r/"),
        solutions=[Solution(name="popular", recipe="aws-popularity-count")],
    )
)


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "CreateCampaign")


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dg.RetryPolicy, "calculate_delay", lambda *_: 0)


def run(script: Iterator[Callable[[], Any]]) -> dg.ExecuteInProcessResult:
    """Run an asset whose attempts do what the script says."""
    spec = GRAPH.spec("thing", stage="deployed", kinds={"personalize"}, description="A thing.")

    @service_asset(GRAPH, name="films_thing", specs=[spec])
    def thing(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        next(script)()
        return dg.MaterializeResult(spec.key, metadata={"attempt": context.retry_number})

    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize([thing], instance=instance, raise_on_error=False)


def raises(error: BaseException) -> Callable[[], None]:
    def attempt() -> None:
        raise error

    return attempt


@pytest.mark.parametrize(
    "error",
    [refusal("ThrottlingException"), EndpointConnectionError(endpoint_url="http://127.0.0.1:1")],
    ids=["throttled", "no connection"],
)
def test_service_asset__tries_again_what_passes(error: Exception) -> None:
    result = run(iter([raises(error), raises(error), lambda: None]))

    assert result.success
    (made,) = result.asset_materializations_for_node("films_thing")
    assert made.metadata["attempt"].value == 2


def test_service_asset__gives_up_at_last() -> None:
    most = retry_policy(GRAPH).max_retries
    script = iter([raises(refusal("ThrottlingException"))] * (most + 1) + [raises(KeyError())])

    result = run(script)

    assert not result.success
    assert len(list(script)) == 1
    assert "ThrottlingException" in str(result.failure_data_for_node("films_thing"))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (refusal("LimitExceededException"), "5 campaigns for each dataset group (adjustable)"),
        (refusal("InvalidInputException"), "needs another configuration or permission"),
        (KeyError("arn"), "arn"),
        (dg.Failure("not materialized"), "not materialized"),
    ],
    ids=["limit", "configuration", "bug", "decision"],
)
def test_service_asset__does_not_try_again_what_stays(error: Exception, said: str) -> None:
    script = iter([raises(error), lambda: None])

    result = run(script)

    assert not result.success
    assert len(list(script)) == 1
    failure = result.failure_data_for_node("films_thing")
    assert failure is not None
    assert said in f"{failure.user_failure_data} {failure.error}"


def test_service_asset__a_cancelled_run_stays_cancelled() -> None:
    script = iter([raises(DagsterExecutionInterruptedError()), lambda: None])

    result = run(script)

    assert not result.success
    assert len(list(script)) == 1


def test_retry_policy__is_slower_on_aws() -> None:
    assert retry_policy(GRAPH).delay == 1
    assert retry_policy(Graph(GRAPH.attributes, running=False)).delay == 30


def test_assets__that_import_train_and_answer_in_batch_stand_in_pools() -> None:
    graph = defs().resolve_asset_graph()
    pools = {
        key.to_user_string().removeprefix("movielens/"): graph.get(key).pools
        for key in graph.materializable_asset_keys
    }

    assert pools["interactions_dataset"] == {"personalize_import"}
    assert pools["user_personalization/solution_version"] == {"personalize_training"}
    assert pools["batch_inference"] == {"personalize_batch"}
