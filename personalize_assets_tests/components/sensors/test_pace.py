"""Ticks that end in time, and objects that hold others up."""

from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from personalize_assets.aws.arrivals import Watch
from personalize_assets.aws.objects import Bucket, ObjectInfo
from personalize_assets.components.sensors import factory
from personalize_assets.components.sensors.factory import Arrivals, Drop
from personalize_assets.components.sensors.pace import Pace
from personalize_assets.components.sensors.verdicts import Refusal, Route, Verdict
from personalize_assets_tests.components.sensor_bench import Bench, keys_of


class Clock:
    """Time goes on by a second whenever an object is read."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def slow_arrivals(bench: Bench, clock: Clock) -> Arrivals:
    route = Route(f"{bench.graph.id}_batch", "batch_input", "input_key")

    def judge(_instance: Any, _bucket: Bucket, entry: ObjectInfo) -> Verdict:
        clock.now += 12
        return Refusal("not now", for_now=True) if "later" in entry.key else route

    drop = Drop("slow", bench.inputs, judge, (route.job_name,), "file")
    new_pace = partial(Pace, clock=clock)
    settings = bench.graph.attributes.sensors
    return Arrivals(bench.graph.id, drop, settings, Watch(0), new_pace)


def test_tick__ends_in_time_and_goes_on_with_the_next(bench: Bench) -> None:
    names = [bench.put(f"{bench.inputs}{number}.json") for number in range(5)]
    arrivals = slow_arrivals(bench, Clock())
    asked: list[list[str]] = []

    for _ in range(2):
        outcome = arrivals.tick(bench.instance, bench.bucket, None, "")
        asked.append(keys_of(list(outcome.requests)))
        bench.record(list(outcome.requests))

    # Of 30 s, each file takes 12.
    assert asked == [names[:3], names[3:]]


def test_tick__makes_way_although_one_object_takes_all_its_time(bench: Bench) -> None:
    names = [bench.put(f"{bench.inputs}{number}.json") for number in range(2)]
    clock = Clock()
    arrivals = slow_arrivals(bench, clock)
    arrivals.settings = arrivals.settings.model_copy(update={"tick_s": 1.0})

    first = arrivals.tick(bench.instance, bench.bucket, None, "")
    bench.record(list(first.requests))
    second = arrivals.tick(bench.instance, bench.bucket, None, "")

    assert [keys_of(list(o.requests)) for o in (first, second)] == [names[:1], names[1:]]


def test_tick__what_is_put_off_does_not_keep_others_waiting(bench: Bench) -> None:
    for number in range(4):
        bench.put(f"{bench.inputs}{number} later.json")
    last = bench.put(f"{bench.inputs}z.json")
    arrivals = slow_arrivals(bench, Clock())

    first = arrivals.tick(bench.instance, bench.bucket, None, "")
    second = arrivals.tick(bench.instance, bench.bucket, None, first.cursor)

    assert first.requests == ()
    assert first.reason.endswith("left for the next look: 2 objects")
    assert f"looked at again: {bench.inputs}0 later.json: not now" in first.reason
    assert keys_of(list(second.requests)) == [last]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            ClientError(
                {"Error": {"Code": "SlowDown"}, "ResponseMetadata": {"HTTPStatusCode": 503}},  # pyright: ignore[reportArgumentType]
                "GetObject",
            ),
            "cannot be read (SlowDown)",
        ),
        (ReadTimeoutError(endpoint_url="http://127.0.0.1"), "cannot be read (Read timeout"),
    ],
)
def test_batch_input__looks_again_at_what_could_not_be_read_just_now(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    bad, good = bench.put(f"{bench.inputs}a.json"), bench.put(f"{bench.inputs}b.json")
    read = Bucket.read_start

    def fail(bucket: Bucket, key: str) -> bytes:
        if key == bad:
            raise error
        return read(bucket, key)

    with monkeypatch.context() as patch:
        patch.setattr(Bucket, "read_start", fail)
        requests = bench.requests()
        bench.record(requests)
        assert keys_of(requests) == [good]
        assert f"looked at again: {bad}: {said}" in bench.reason()

    assert keys_of(bench.requests()) == [bad]


def test_memory__is_bounded_and_the_ledger_asked_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("personalize_assets.components.sensors.ledger.MAX_KNOWN", 2)
    for number in range(5):
        bench.put(f"{bench.inputs}{number}.json")
    bench.record(bench.requests())

    assert [bench.reason(), bench.reason()] == [
        f"5 objects under {bench.inputs}, none of them new"
    ] * 2


def test_judge_one__reads_at_most_so_many_a_tick(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(factory, "MAX_JUDGED", 2)
    for number in range(3):
        bench.put(f"{bench.inputs}{number}.txt", b"hello")
    key = bench.put(f"{bench.inputs}z.json")

    assert bench.reason().endswith("left for the next look: 2 objects")
    assert keys_of(bench.requests()) == [key]
