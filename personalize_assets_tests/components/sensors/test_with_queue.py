"""Sensors with a queue of S3's events beside the listing: the same versions, each once.

moto plays S3, which sends its events itself, and SQS.
"""

import dagster as dg
import pytest

from personalize_assets.aws import queue
from personalize_assets.components.attributes import Sensors
from personalize_assets_tests.aws_cloud import Cloud, s3_event
from personalize_assets_tests.components.sensor_bench import USERS, Bench, keys_of, make_bench

NAMES = ["a b+c&d%2F=.json", "日本.json", "Zoe\u0308 ... .json"]
GONE = (0, 0)


def new_process(bench: Bench, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that remembers nothing, once the queue shows again what the last one held."""
    monkeypatch.setattr(queue, "_OPEN", {})
    bench.restart()
    cloud.show_again()


def test_batch_input__takes_what_s3_tells_of_without_listing(queued: Bench, cloud: Cloud) -> None:
    cloud.notify_of_new_objects()
    keys = [queued.put(f"{queued.inputs}{name}") for name in NAMES]

    requests = queued.requests()
    assert sorted(keys_of(requests)) == sorted(keys)
    queued.record(requests)

    assert f"no new notice in the queue; {queued.inputs} is listed again in" in queued.reason()
    assert cloud.counts() == GONE


def test_batch_input__deletes_messages_only_once_there_is_a_run(
    queued: Bench, cloud: Cloud
) -> None:
    key = queued.put(f"{queued.inputs}a.json")
    cloud.send([s3_event(cloud.name, key)])

    first = queued.requests()
    assert (queued.requests(), cloud.counts()) == (first, (0, 1))
    queued.record(first, status=dg.DagsterRunStatus.NOT_STARTED)
    assert (queued.requests(), cloud.counts()) == (first, (0, 1))
    queued.record(first)
    assert "no new notice" in queued.reason()
    assert cloud.counts() == GONE


def test_batch_input__makes_one_run_of_many_notices(
    queued: Bench, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = queued.put(f"{queued.inputs}a.json")
    cloud.send([s3_event(cloud.name, key, key)] * 3)
    requests = queued.requests()
    queued.record(requests)

    # Two more come late, to a process that knows nothing, which also lists.
    cloud.send([s3_event(cloud.name, key)] * 2)
    new_process(queued, cloud, monkeypatch)

    assert keys_of(requests) == [key]
    assert "none of them new" in queued.reason()
    assert cloud.counts() == GONE


def test_batch_input__knows_a_version_by_notice_and_by_listing_for_the_same(
    queued: Bench, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = queued.put(f"{queued.inputs}a.json")
    cloud.send([s3_event(cloud.name, key)])
    by_notice = queued.requests()
    new_process(queued, cloud, monkeypatch)
    by_both = queued.requests()
    cloud.empty_queue()
    new_process(queued, cloud, monkeypatch)

    assert by_notice == by_both == queued.requests()


def test_batch_input__an_overwritten_key_is_new(queued: Bench, cloud: Cloud) -> None:
    cloud.notify_of_new_objects()
    key = queued.put(f"{queued.inputs}a.json")
    first = queued.requests()
    queued.record(first)
    queued.put(key, USERS + USERS)

    second = queued.requests()
    queued.record(second)

    assert keys_of(second) == [key]
    assert second[0].run_key != first[0].run_key
    assert "no new notice" in queued.reason()
    assert cloud.counts() == GONE


def test_batch_input__does_not_mind_what_is_gone_or_refused(queued: Bench, cloud: Cloud) -> None:
    cloud.notify_of_new_objects()
    queued.put(f"{queued.inputs}a.json", b"hello")
    queued.bucket.delete(queued.put(f"{queued.inputs}b.json"))

    assert queued.reason().endswith(
        f'not for this sensor: {queued.inputs}a.json: not lines of {{"userId": "..."}}'
    )
    assert cloud.counts() == GONE


def test_batch_input__lists_what_no_notice_came_of(
    cloud: Cloud, instance: dg.DagsterInstance
) -> None:
    bench = make_bench(cloud.deployment, instance, sensors=Sensors(settle_s=0, listing_s=0))
    bench.tick()
    key = bench.put(f"{bench.inputs}a.json")

    assert keys_of(bench.requests()) == [key]


def test_batch_input__lists_where_the_queue_cannot_be_read(queued: Bench, cloud: Cloud) -> None:
    key = queued.put(f"{queued.inputs}a.json")
    cloud.sqs.delete_queue(QueueUrl=cloud.queue_url)

    requests = queued.requests()
    queued.record(requests)
    reason = queued.reason()
    cloud.sqs.create_queue(QueueName=cloud.name)

    assert keys_of(requests) == [key]
    assert "; but: the queue cannot be read: " in reason


def test_sensors__share_a_queue(queued: Bench, cloud: Cloud) -> None:
    cloud.notify_of_new_objects()
    users = queued.put(f"{queued.inputs}a.json")
    result = queued.put(f"{queued.results}elsewhere/users.json.out")
    queued.put(f"{queued.results}elsewhere/transformed.parquet")

    # The sensor of results receives the notice of users, and the other way round.
    assert keys_of(queued.requests("batch_results")) == [result]
    requests = queued.requests("batch_input")
    assert keys_of(requests) == [users]
    queued.record(requests)
    queued.reason("batch_input")
    assert cloud.counts() == (0, 1)


def test_raw_data__takes_a_set_when_its_last_file_is_told_of(queued: Bench, cloud: Cloud) -> None:
    cloud.notify_of_new_objects()
    assert "no new notice" in queued.reason("raw_data")

    queued.put(f"{queued.raw}ratings.csv", b"userId,movieId,rating,timestamp\n1,2,4.0,1000\n")
    assert "movies.csv" in queued.reason("raw_data")
    queued.put(f"{queued.raw}movies.csv", b"movieId,title,genres\n2,Toy Story (1995),Comedy\n")
    first = queued.requests("raw_data")

    assert (queued.requests("raw_data"), cloud.counts()) == (first, (0, 1))
    queued.record(first, job="main")
    assert "had its run" in queued.reason("raw_data")
    assert cloud.counts() == GONE
    assert "no new notice" in queued.reason("raw_data")
