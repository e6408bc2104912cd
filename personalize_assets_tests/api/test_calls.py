"""Calls of the service: deadlines, refusals and what each means to whoever asked."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)

from personalize_assets.api.calls import CallFailed, Calls, Forbidden, Invalid, Unavailable, explain
from personalize_assets.api.resources import Remembered
from personalize_assets.local.settings import StackError

AT = "http://127.0.0.1:9000/secret"


def refused(code: str, status: int, said: str = "words") -> ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": said},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(answer, "GetRecommendations")


@pytest.fixture
def calls() -> Iterator[Calls]:
    found = Calls(threads=2, deadline_s=5)
    yield found
    found.close()


@pytest.mark.parametrize(
    ("error", "kind", "code", "said"),
    [
        (refused("InvalidInputException", 400), Invalid, None, "words"),
        (refused("ResourceNotFoundException", 404), Unavailable, "not_ready", "`make run`"),
        (
            refused("InvalidInputException", 400, "The given campaign must be ACTIVE, but"),
            Unavailable,
            "not_ready",
            "must be ACTIVE",
        ),
        (refused("ThrottlingException", 400), Unavailable, "throttled", "throttles: words"),
        (refused("InternalFailure", 500), Unavailable, "failing", "fails: words"),
        (refused("ServiceUnavailable", 503), Unavailable, "failing", "fails: words"),
        (refused("AccessDeniedException", 403), Forbidden, None, "AccessDeniedException: words"),
        (EndpointConnectionError(endpoint_url=AT), Unavailable, "unreachable", "cannot be reached"),
        (ConnectTimeoutError(endpoint_url=AT), Unavailable, "unreachable", "cannot be reached"),
        (ReadTimeoutError(endpoint_url=AT), Unavailable, "unreachable", "cannot be reached"),
        (NoCredentialsError(), Unavailable, "unreachable", "Unable to locate credentials"),
        (StackError("the engine died"), Unavailable, "unreachable", "the engine died"),
        (ParamValidationError(report="too long"), Invalid, None, "too long"),
    ],
)
def test_explain(error: Any, kind: type[CallFailed], code: str | None, said: str) -> None:
    found = explain(error)

    assert type(found) is kind
    assert getattr(found, "code", None) == code
    assert said in str(found)
    assert AT not in str(found)


def test_run__gives_the_answer_and_passes_on_what_is_no_refusal(calls: Calls) -> None:
    async def ask() -> None:
        assert await calls.run(lambda: 5) == 5
        with pytest.raises(Invalid, match="words"):
            await calls.run(lambda: raise_it(refused("InvalidInputException", 400)))
        with pytest.raises(KeyError):
            await calls.run(lambda: raise_it(KeyError("a bug")))

    asyncio.run(ask())


def test_run__a_deadline() -> None:
    calls, wait = Calls(threads=1, deadline_s=0.05), threading.Event()

    async def ask() -> None:
        with pytest.raises(Unavailable, match=r"no answer in 0\.05 s") as late:
            await calls.run(wait.wait)
        assert late.value.code == "timeout"

    asyncio.run(ask())
    wait.set()
    calls.close()


def test_run__refuses_at_once_when_too_many_wait() -> None:
    calls, wait = Calls(threads=1, deadline_s=30), threading.Event()

    async def ask() -> None:
        waiting = [asyncio.create_task(calls.run(wait.wait)) for _ in range(9)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable, match="9 requests wait already") as refusal:
            await calls.run(lambda: 1)
        assert refusal.value.code == "overloaded"
        wait.set()
        assert await asyncio.gather(*waiting) == [True] * 9
        assert await calls.run(lambda: 1) == 1

    asyncio.run(ask())
    calls.close()


def test_remembered__made_once_for_all_who_ask_and_failures_are_not_kept() -> None:
    made: list[int] = []

    async def make() -> int:
        await asyncio.sleep(0)
        made.append(len(made))
        if len(made) == 1:
            raise Unavailable("failing", "the first time", 1)
        return len(made)

    async def ask() -> None:
        now = [0.0]
        value = Remembered(make, 10, lambda: now[0])
        with pytest.raises(Unavailable):
            await value.get()
        assert await asyncio.gather(value.get(), value.get()) == [2, 2]
        now[0] = 9.9
        assert await value.get() == 2
        now[0] = 10
        assert await value.get() == 3
        value.forget()
        assert await value.get() == 4

    asyncio.run(ask())


def raise_it(error: Exception) -> None:
    raise error
