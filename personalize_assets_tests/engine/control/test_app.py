"""The control paths of a real engine: health, info, clock, faults, and what they refuse."""

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from personalize_assets.engine.clock import EngineClock
from personalize_assets.engine.control.changes import ClockChange, move_clock
from personalize_assets.testing import ControlRefused, LocalPersonalize, local_personalize
from personalize_assets_tests.engine.clients import make_client
from personalize_assets_tests.engine.control.conftest import Site


@pytest.fixture(scope="module")
def impatient(_process: LocalPersonalize) -> Any:
    """A client that asks once."""
    return make_client("personalize", _process.endpoint_url)


def test_health(site: Site) -> None:
    site.group_names()
    status, health = site.send("GET", "health")
    assert status == 200
    assert health.keys() == {
        *("status", "version", "pid", "state_dir", "account", "s3_endpoint", "running_jobs"),
        *("last_request_at", "uptime_s", "fingerprint"),
    }
    assert (health["status"], health["account"]) == ("ok", "123456789012")
    assert health["s3_endpoint"] == site.local.s3_endpoint_url
    assert health["state_dir"] == str(site.local.state_dir)
    assert len(health["fingerprint"]) == 16
    assert health["pid"] != os.getpid()
    # health checks are no requests
    assert site.send("GET", "health")[1]["last_request_at"] == health["last_request_at"]
    site.local.clock.advance(days=30)
    assert site.send("GET", "health")[1]["uptime_s"] < 3_600


def test_info(site: Site) -> None:
    site.local.faults.add("internal", "CreateSolution", count=3)
    site.group("one")
    site.group("two")
    info = site.local.info()
    assert info["resources"] == {"dataset-group": {"ACTIVE": 2}}
    assert info["operations"]["total"] == 79
    assert info["settings"]["status_seconds"] == 0
    assert info["jobs"] == {"running_jobs": 0, "next_due": None, "unfinished": []}
    assert info["clock"]["offset_s"] == 0
    assert info["faults"] == [
        {
            "id": info["faults"][0]["id"],
            "happened": 0,
            "kind": "internal",
            "operation": "CreateSolution",
            "count": 3,
            "seed": 0,
        }
    ]


def test_jobs__shows_what_waits(site: Site) -> None:
    group = site.group()
    site.api.delete_dataset_group(datasetGroupArn=group)
    jobs = site.send("GET", "jobs")[1]
    [job] = jobs["unfinished"]
    assert (job["kind"], job["resource_arn"], job["state"]) == ("delete-group", group, "pending")
    assert jobs["next_due"] == job["not_before"]
    site.local.clock.advance(seconds=5)
    assert site.group_names() == []


def test_clock__moves_what_the_engine_takes_for_now(site: Site) -> None:
    before = datetime.now(UTC)
    site.local.clock.advance(days=7, hours=1)
    group = site.group()
    made = site.api.describe_dataset_group(datasetGroupArn=group)["datasetGroup"]
    passed = made["creationDateTime"] - before
    assert timedelta(days=7, hours=1) <= passed < timedelta(days=7, hours=2)
    later = site.local.clock.set(datetime(2090, 1, 1, tzinfo=UTC))
    assert later - datetime(2090, 1, 1, tzinfo=UTC) < timedelta(minutes=1)
    with pytest.raises(ControlRefused, match=r"cannot go back from 2090-01-01.* reset the engine"):
        site.local.clock.set(datetime(2024, 1, 1, tzinfo=UTC))
    site.local.reset()
    assert site.local.clock.set(datetime(2024, 1, 1, tzinfo=UTC)).year == 2024


def test_move_clock__wakes_the_runner(tmp_path: Path) -> None:
    woken: list[bool] = []
    engine: Any = SimpleNamespace(
        clock=EngineClock(tmp_path),
        jobs=SimpleNamespace(wake=lambda: woken.append(True)),
    )
    move_clock(engine, ClockChange(advance_seconds=60))
    assert woken == [True]
    assert engine.clock.offset == timedelta(seconds=60)


@pytest.mark.slow
def test_clock__survives_a_restart(tmp_path: Path) -> None:
    with local_personalize(tmp_path) as local:
        local.clock.advance(days=2)
        local.personalize.create_dataset_group(name="g")
    with local_personalize(tmp_path, status_seconds=3_600) as local:
        assert local.clock.now() - datetime.now(UTC) > timedelta(days=1, hours=23)
        [group] = local.personalize.list_dataset_groups()["datasetGroups"]
        assert (group["name"], group["status"]) == ("g", "ACTIVE")
        local.personalize.create_dataset_group(name="slow")
        for status in ("CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE"):
            newest = local.personalize.list_dataset_groups()["datasetGroups"][0]
            assert (newest["name"], newest["status"]) == ("slow", status)
            local.clock.advance(hours=1)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("throttling", "ThrottlingException"),
        ("limit", "LimitExceededException"),
        ("internal", "InternalFailure"),
        ("unavailable", "ServiceUnavailable"),
    ],
)
def test_faults__errors_reach_clients(site: Site, impatient: Any, kind: Any, code: str) -> None:
    rule = site.local.faults.add(kind, "CreateDatasetGroup", message="on purpose")
    with pytest.raises(ClientError) as caught:
        impatient.create_dataset_group(name="g")
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == (code, "on purpose")
    assert site.local.faults.happened(rule) == 1
    assert site.group_names() == []
    site.local.faults.remove(rule)
    impatient.create_dataset_group(name="g")


def test_faults__a_client_survives_what_it_may_repeat(site: Site) -> None:
    rule = site.local.faults.add("throttling", "personalize", count=1)
    assert site.group_names() == []
    assert site.local.faults.happened(rule) == 1


def test_faults__a_lost_reply_is_a_call_that_was_done(site: Site) -> None:
    rule = site.local.faults.add("lost-reply", "CreateDatasetGroup", count=1)
    with pytest.raises(site.api.exceptions.ResourceAlreadyExistsException):
        site.api.create_dataset_group(name="g")  # botocore asks once more
    assert site.local.faults.happened(rule) == 1
    assert site.group_names() == ["g"]


def test_faults__slow_answers_hold_up_nobody_else(site: Site) -> None:
    site.local.faults.add("slow", "ListRecipes", delay_ms=700)
    taken: list[float] = []

    def ask() -> None:
        started = time.perf_counter()
        site.api.list_recipes()
        taken.append(time.perf_counter() - started)

    threads = [threading.Thread(target=ask) for _ in range(9)]
    for thread in threads:
        thread.start()
    assert site.group_names() == []
    assert taken == []
    for thread in threads:
        thread.join()
    assert min(taken) >= 0.7


def test_faults__a_job_fails(site: Site) -> None:
    site.local.faults.add("fail-job", "CreateDatasetGroup", count=1, message="bad luck")
    group = site.api.describe_dataset_group(datasetGroupArn=site.group())["datasetGroup"]
    assert (group["status"], group["failureReason"]) == ("CREATE FAILED", "bad luck")


def test_faults__several_at_once_and_one_taken_away(site: Site) -> None:
    status, made = site.send("POST", "faults", [{"kind": "internal"}, {"kind": "slow"}])
    first, second = made["ids"]
    assert (status, [rule["id"] for rule in made["rules"]]) == (200, [first, second])
    assert site.send("DELETE", f"faults/{first}") == (200, {"removed": 1})
    gone = f"there is no rule '{first}'"
    assert site.send("DELETE", f"faults/{first}") == (404, {"error": gone})
    assert site.send("DELETE", "faults") == (200, {"removed": 1})
    assert site.send("GET", "faults") == (200, {"rules": []})


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "message"),
    [
        ("GET", "helth", None, 404, "nothing at /_personalize/helth; there are /_personalize/h"),
        ("GET", "health/x", None, 404, "nothing at /_personalize/health/x"),
        ("POST", "health", {}, 405, "/_personalize/health takes GET"),
        ("DELETE", "clock", None, 405, "/_personalize/clock takes GET, POST"),
        ("POST", "clock", {}, 400, "give either advance_seconds, or set with a moment such as"),
        ("POST", "clock", {"advance_seconds": 1, "set": "2090-01-01T00:00:00Z"}, 400, "give eit"),
        ("POST", "clock", {"advance_seconds": -1}, 400, "advance_seconds=-1: Input should be gr"),
        ("POST", "clock", {"advance_seconds": "soon"}, 400, "should be a valid number"),
        ("POST", "clock", {"advance_seconds": 1e12}, 400, "lead beyond 2099-12-31"),
        ("POST", "clock", b'{"advance_seconds": NaN}', 400, "should be a finite number"),
        ("POST", "clock", {"set": "2090-01-01T00:00:00"}, 400, "should have timezone info"),
        ("POST", "clock", {"set": "2190-01-01T00:00:00Z"}, 400, "is beyond 2099-12-31"),
        ("POST", "clock", {"days": 1}, 400, "(members: advance_seconds, set)"),
        ("POST", "clock", [], 400, "a JSON object is needed, got []"),
        ("POST", "clock", b"{", 400, "the body is not JSON: "),
        ("POST", "clock", b"\xff", 400, "the body is not JSON: "),
        ("POST", "clock", b"[" * 100_000, 400, "the body is not JSON: "),
        ("POST", "clock", b" " * (1 << 20) + b"{}", 413, "larger than 1048576 bytes"),
        ("POST", "faults", {"kind": "fire"}, 400, "kind='fire': Input should be 'throttling'"),
        ("POST", "faults", {"kind": "slow", "operation": "Create"}, 400, "operation='Create': mu"),
        ("POST", "faults", {"kind": "slow", "operation": "train"}, 400, "or *"),
        ("POST", "faults", {"kind": "fail-job", "operation": "fly"}, 400, "a kind of job (activ"),
        ("POST", "faults", [{"kind": "slow"}, {}], 400, "Field required"),
        ("DELETE", "faults/one", None, 404, "there is no rule 'one'"),
        ("POST", "reset", {"account": "12"}, 400, "account='12': String should match pattern"),
        ("POST", "reset", {"region": "us east"}, 400, "region='us east': String should match"),
        ("POST", "reset", {"group": "g"}, 400, "(members: account, region, dataset_group_arn)"),
        ("POST", "reset", {"dataset_group_arn": "g"}, 400, "'g' is not an ARN of Amazon Person"),
        ("PUT", "state", b"", 400, "not an exported state (a .tar.gz of an engine): "),
        ("PUT", "state", b"hello", 400, "not an exported state (a .tar.gz of an engine): "),
    ],
)
def test_control__refuses(
    used_site: Site, method: str, path: str, body: Any, status: int, message: str
) -> None:
    before = used_site.local.info()
    found, answer = used_site.send(method, path, body)
    assert (found, answer.keys()) == (status, {"error"})
    assert message in answer["error"]
    after = used_site.local.info()
    for member in ("resources", "faults", "jobs"):
        assert after[member] == before[member]
    assert after["clock"]["offset_s"] == before["clock"]["offset_s"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "localhost:80"}, 200),
        ({"Host": "[::1]:4000"}, 200),
        ({"Host": "personalize.example:80"}, 403),
        ({"Host": "127.0.0.1.example"}, 403),
        ({"Host": "[half"}, 403),
        ({"Origin": "http://127.0.0.1:8000"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_control__does_not_answer_web_pages(
    used_site: Site, headers: dict[str, str], status: int
) -> None:
    found, answer = used_site.send("POST", "reset", {"region": "eu-west-1"}, headers)
    assert found == status, answer
    assert status == 200 or "control paths" in answer["error"]
