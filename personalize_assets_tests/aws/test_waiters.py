"""Waiting with a fake clock: success, failure, timeout, lost connections, throttling."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.waiter import create_waiter_with_client

from personalize_assets.aws.clients import make_clients
from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.endpoints import Endpoints
from personalize_assets.aws.kinds import DATASET_GROUP, KINDS, SOLUTION_VERSION, WAITER_MODEL
from personalize_assets.aws.waiters import (
    ResourceFailed,
    WaitPolicy,
    WaitState,
    WaitTimeout,
    call_patiently,
    wait_until_active,
    wait_until_gone,
)

ARN = "arn:aws:personalize:us-east-1:123456789012:dataset-group/films"


class Time:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def make_policy(time: Time, states: list[WaitState] | None = None, **changes: Any) -> WaitPolicy:
    return WaitPolicy(
        **{
            "timeout_s": 60,
            "min_delay_s": 1,
            "max_delay_s": 4,
            "growth": 2,
            "jitter": 0,
            "on_progress": (states if states is not None else []).append,
            "clock": lambda: time.now,
            "sleep": time.sleep,
            "rng": random.Random(1),
            **changes,
        }
    )


class Client:
    """Answers DescribeDatasetGroup from a script of statuses and errors."""

    def __init__(self, *script: str | Exception) -> None:
        self._script: Iterator[str | Exception] = iter(script)

    def describe_dataset_group(self, *, datasetGroupArn: str) -> dict[str, Any]:
        step = next(self._script)
        if isinstance(step, Exception):
            raise step
        reason = {"failureReason": "no such role"} if step == "CREATE FAILED" else {}
        return {"datasetGroup": {"datasetGroupArn": datasetGroupArn, "status": step, **reason}}


def refusal(code: str, message: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "DescribeDatasetGroup")


def wait(client: Any, policy: WaitPolicy) -> dict[str, Any]:
    return wait_until_active(client, DATASET_GROUP, ARN, policy)


def test_wait_until_active__grows_its_pauses_and_reports() -> None:
    time, states = Time(), []
    client = Client("CREATE PENDING", "CREATE IN_PROGRESS", "CREATE IN_PROGRESS", "ACTIVE")

    found = wait(client, make_policy(time, states))

    assert found["status"] == "ACTIVE"
    assert time.slept == [1, 2, 4]
    assert [(s.status, s.elapsed_s, s.attempts) for s in states] == [
        ("CREATE PENDING", 0, 1),
        ("CREATE IN_PROGRESS", 1, 2),
        ("CREATE IN_PROGRESS", 3, 3),
        ("ACTIVE", 7, 4),
    ]
    assert {(s.arn, s.label) for s in states} == {(ARN, "dataset group")}


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("CREATE FAILED", "no such role"),
        ("CREATE STOPPED", "the service gave no reason"),
        ("DELETE PENDING", "the service gave no reason"),
        ("DELETE IN_PROGRESS", "the service gave no reason"),
    ],
)
def test_wait_until_active__failed(status: str, reason: str) -> None:
    with pytest.raises(ResourceFailed) as failure:
        wait(Client("CREATE PENDING", status), make_policy(Time()))

    assert (failure.value.arn, failure.value.status, failure.value.reason) == (ARN, status, reason)
    assert str(failure.value) == f"{ARN} is {status}: {reason}"


def test_wait_until_active__timeout() -> None:
    time = Time()
    policy = make_policy(time, timeout_s=5)

    with pytest.raises(WaitTimeout, match=r"films is still CREATE PENDING after 5 s and 4 looks"):
        wait(Client(*["CREATE PENDING"] * 9), policy)
    assert time.slept == [1, 2, 2]


def test_wait_until_active__lost_connection_is_no_failure() -> None:
    lost = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")

    assert wait(Client("CREATE PENDING", lost, lost, "ACTIVE"), make_policy(Time()))


def test_wait_until_active__refused_description_is_one() -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        wait(Client(refusal("ResourceNotFoundException")), make_policy(Time()))


def test_wait_until_active__interrupt_passes() -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        wait(Client("CREATE PENDING", "ACTIVE"), make_policy(Time(), sleep=interrupt))


def test_wait_until_gone__until_not_found() -> None:
    time = Time()
    client: Any = Client(
        "DELETE PENDING", "DELETE IN_PROGRESS", refusal("ResourceNotFoundException")
    )

    wait_until_gone(client, DATASET_GROUP, ARN, make_policy(time))
    assert time.slept == [1, 2]


def scripted(*script: Any) -> Callable[[], Any]:
    steps = iter(script)

    def call() -> Any:
        step = next(steps)
        if isinstance(step, Exception):
            raise step
        return step

    return call


@pytest.mark.parametrize(
    "error",
    [
        refusal("ThrottlingException"),
        refusal("ResourceInUseException"),
        refusal(
            "LimitExceededException", "More than 5 resources with PENDING or IN_PROGRESS status."
        ),
    ],
)
def test_call_patiently__tries_again(error: ClientError) -> None:
    assert call_patiently(scripted(error, error, "done"), make_policy(Time()), "create x") == "done"


@pytest.mark.parametrize(
    "error",
    [
        refusal("InvalidInputException"),
        refusal("LimitExceededException", "More than 5 resources in ACTIVE state. Please delete"),
    ],
)
def test_call_patiently__waiting_would_not_help(error: ClientError) -> None:
    time = Time()

    with pytest.raises(ClientError, match=r"Exception"):
        call_patiently(scripted(error, "done"), make_policy(time), "create x")
    assert time.slept == []


def test_call_patiently__timeout_names_the_last_refusal() -> None:
    throttled = refusal("ThrottlingException", "Rate exceeded")

    with pytest.raises(WaitTimeout, match=r"create x was still refused: .*Rate exceeded") as late:
        call_patiently(scripted(*[throttled] * 99), make_policy(Time()), "create x")
    assert late.value.__cause__ is throttled


def test_wait_policy__jitter_stays_below_the_pause() -> None:
    policy = WaitPolicy(min_delay_s=10, max_delay_s=60, jitter=0.2, rng=random.Random(7))
    delays = [policy.delay_s(9) for _ in range(100)]

    assert all(48 <= delay <= 60 for delay in delays)
    assert len(set(delays)) > 90


def test_wait_policy__pace_of_each_deployment() -> None:
    local = Deployment("local", "us-east-1", "1", "b", "r", Path())
    aws = Deployment("aws", "us-east-1", "1", "b", "r", Path())

    assert WaitPolicy.for_deployment(local).max_delay_s == 1
    assert WaitPolicy.for_deployment(aws).min_delay_s == 10


def test_waiter_model__serves_botocore_too() -> None:
    deployment = Deployment.from_environment({})
    client = make_clients(deployment, Endpoints("http://127.0.0.1:1", "http://127.0.0.1:1"))
    names = [kind.waiter_name for kind in KINDS]

    assert sorted(names) == WAITER_MODEL.waiter_names
    assert SOLUTION_VERSION.waiter_name == "SolutionVersionActive"
    for name in names:
        waiter: Any = create_waiter_with_client(name, WAITER_MODEL, client.personalize)
        assert waiter.config.operation.startswith("Describe")
