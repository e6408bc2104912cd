"""Sensors on a real instance of Dagster and a real local S3: one run for each version that lands.

Runs are entered into the run storage as the daemon would, without being executed.
"""

import os
from functools import partial
from typing import Any

import dagster as dg
import pytest
from botocore.exceptions import ClientError

from personalize_assets.aws.arrivals import Watch
from personalize_assets.aws.objects import Bucket
from personalize_assets.components.sensors import ARRIVAL_TAG, factory
from personalize_assets.definitions import defs
from personalize_assets_tests.components.sensor_bench import NOT_STARTED, USERS, Bench, keys_of


def test_batch_input__asks_for_one_run_of_a_new_file(bench: Bench) -> None:
    key = bench.put(f"{bench.inputs}two words käse...日本.json")

    (request,) = bench.requests()

    operation = f"{bench.graph.id}_batch_input"
    assert request.run_config == {"ops": {operation: {"config": {"input_key": key}}}}
    assert request.tags == {ARRIVAL_TAG: request.run_key, "personalize/key": key}


@pytest.mark.parametrize(
    ("job", "operation", "config"),
    [
        ("movielens_batch", "batch_input", {"input_key": "in/a b.json"}),
        ("movielens_transform", "recommendations", {"output_key": "out/x/a.out"}),
        ("movielens_segments", "segment_input", {"input_key": "in/a b.json"}),
        ("movielens_segments_transform", "user_segments", {"output_key": "out/x/a.out"}),
    ],
)
def test_run_config__is_what_the_job_takes(job: str, operation: str, config: Any) -> None:
    run_config = {"ops": {f"movielens_{operation}": {"config": config}}}

    resolved = dg.validate_run_config(defs().resolve_job_def(job), run_config)

    assert resolved["ops"][f"movielens_{operation}"]["config"] == config


def test_batch_input__asks_no_more_once_there_is_a_run(bench: Bench) -> None:
    bench.put(f"{bench.inputs}a.json")
    bench.record(bench.requests())

    reason = f"1 objects under {bench.inputs}, none of them new"
    assert [bench.reason(), bench.reason()] == [reason, reason]
    bench.restart()
    assert bench.reason() == reason


def test_batch_input__asks_again_with_the_same_key_while_there_is_no_run(bench: Bench) -> None:
    bench.put(f"{bench.inputs}a.json")

    first = bench.requests()
    again = bench.requests()
    bench.restart()

    assert first == again == bench.requests()


def test_batch_input__asks_again_for_a_run_that_was_never_handed_on(bench: Bench) -> None:
    bench.put(f"{bench.inputs}a.json")
    first = bench.requests()
    bench.record(first, status=NOT_STARTED)

    assert bench.requests() == first


@pytest.mark.parametrize(
    "status", [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED], ids=lambda s: s.value
)
def test_batch_input__leaves_a_run_that_failed_to_people(
    bench: Bench, status: dg.DagsterRunStatus
) -> None:
    bench.put(f"{bench.inputs}a.json")
    bench.record(bench.requests(), status=status)

    assert "none of them new" in bench.reason()


def test_batch_input__does_not_take_another_jobs_run_for_its_own(bench: Bench) -> None:
    bench.put(f"{bench.inputs}a.json")
    first = bench.requests()
    bench.record(first, job="batch_of_another_group")

    assert bench.requests() == first


def test_batch_input__an_overwritten_key_is_new(bench: Bench) -> None:
    key = bench.put(f"{bench.inputs}a.json")
    first = bench.requests()
    bench.record(first)
    bench.put(key, USERS + USERS)

    second = bench.requests()
    bench.record(second)

    assert keys_of(second) == [key]
    assert second[0].run_key != first[0].run_key
    assert "none of them new" in bench.reason()


def test_batch_input__does_not_mind_deleted_keys(bench: Bench) -> None:
    gone, _ = bench.put(f"{bench.inputs}a.json"), bench.put(f"{bench.inputs}b.json")
    bench.put(f"{bench.inputs}c.json", b"no JSON")
    bench.record(bench.requests())
    for key in (gone, f"{bench.inputs}c.json"):
        bench.bucket.delete(key)

    assert bench.reason() == f"1 objects under {bench.inputs}, none of them new"
    kept = bench.put(f"{bench.inputs}d.json")
    assert keys_of(bench.requests()) == [kept]


def test_batch_input__goes_on_where_a_file_vanishes_before_it_is_read(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, kept = bench.put(f"{bench.inputs}a.json"), bench.put(f"{bench.inputs}b.json")
    read = Bucket.read_start

    def read_late(bucket: Bucket, key: str) -> bytes:
        bucket.delete(gone)
        return read(bucket, key)

    monkeypatch.setattr(Bucket, "read_start", read_late)

    assert keys_of(bench.requests()) == [kept]


def test_batch_input__takes_all_files_of_the_same_second(bench: Bench) -> None:
    names = [f"{bench.inputs}{number}.json" for number in range(5)]
    stamp = 1_700_000_000
    for part in (names[:3], names[3:]):
        for key in part:
            bench.put(key)
            os.utime(bench.folder / key, (stamp, stamp))
        requests = bench.requests()
        bench.record(requests)

        assert keys_of(requests) == part


def test_batch_input__names_what_it_refuses(bench: Bench) -> None:
    bench.put(f"{bench.inputs}notes.txt", b"hello\n")
    bench.put(f"{bench.inputs}items.json", b'{"itemId": "7"}\n')
    for name in (".hidden.json", "_SUCCESS", "half.json.part"):
        bench.put(f"{bench.inputs}{name}")

    assert bench.reason() == (
        f"2 objects under {bench.inputs}, none of them new; not for this sensor: "
        f"{bench.inputs}items.json: asks by itemId; batch jobs are declared for userId, "
        f'{bench.inputs}notes.txt: not lines of {{"userId": "..."}}'
    )


def test_batch_input__takes_a_refused_file_once_it_is_mended(bench: Bench) -> None:
    key = bench.put(f"{bench.inputs}a.json", b"hello\n")
    bench.reason()
    bench.put(key)

    bench.record(bench.requests())
    assert bench.reason() == f"1 objects under {bench.inputs}, none of them new"


def test_batch_input__waits_for_a_half_written_file(patient: Bench) -> None:
    key = f"{patient.inputs}a.json"
    path = patient.folder / key
    path.parent.mkdir(parents=True)
    path.write_bytes(USERS[:20])
    waiting = f"0 objects under {patient.inputs}, none of them new; still being written: {key}"

    assert patient.reason() == waiting
    path.write_bytes(USERS)
    assert patient.reason() == waiting
    assert keys_of(patient.requests()) == [key]


def test_batch_input__asks_for_few_a_tick_and_for_all_in_the_end(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(factory, "MAX_REQUESTS", 3)
    names = [bench.put(f"{bench.inputs}{number}.json") for number in range(8)]
    asked: list[list[str]] = []

    while isinstance(requests := bench.tick(), list):
        asked.append(keys_of(requests))
        bench.record(requests)

    assert asked == [names[:3], names[3:6], names[6:]]


def test_batch_input__what_has_a_run_does_not_keep_the_new_waiting(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(factory, "MAX_REQUESTS", 3)
    for number in range(3):
        bench.put(f"{bench.inputs}{number}.json")
    bench.record(bench.requests())
    last = bench.put(f"{bench.inputs}z.json")
    bench.restart()

    assert keys_of(bench.requests()) == [last]


def test_batch_input__keeps_small_cursors_over_many_windows(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(factory, "Watch", partial(Watch, window=2))
    bench.restart()
    names = [bench.put(f"{bench.inputs}{'x' * 50}{number}.json") for number in range(5)]
    asked: list[str] = []
    cursors: list[str | None] = []

    for _ in range(4):
        if isinstance(requests := bench.tick(), list):
            asked += keys_of(requests)
            bench.record(requests)
        cursors.append(bench.cursors["batch_input"])

    assert asked == names
    assert cursors == [names[1], names[3], None, names[1]]


def test_batch_input__stays_at_a_window_until_all_of_it_is_asked_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(factory, "MAX_REQUESTS", 1)
    monkeypatch.setattr(factory, "Watch", partial(Watch, window=2))
    bench.restart()
    names = [bench.put(f"{bench.inputs}{number}.json") for number in range(3)]
    asked: list[list[str]] = []

    for _ in names:
        requests = bench.requests()
        asked.append(keys_of(requests))
        bench.record(requests)

    assert asked == [[name] for name in names]


def test_batch_input__an_object_that_cannot_be_read_does_not_stop_the_others(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, open_one = bench.put(f"{bench.inputs}a.json"), bench.put(f"{bench.inputs}b.json")
    read = Bucket.read_start

    def refuse(bucket: Bucket, key: str) -> bytes:
        if key == secret:
            answer: Any = {
                "Error": {"Code": "AccessDenied"},
                "ResponseMetadata": {"HTTPStatusCode": 403},
            }
            raise ClientError(answer, "GetObject")
        return read(bucket, key)

    monkeypatch.setattr(Bucket, "read_start", refuse)
    requests = bench.requests()
    bench.record(requests)

    assert keys_of(requests) == [open_one]
    assert bench.reason().endswith(f"not for this sensor: {secret}: cannot be read (AccessDenied)")
