"""People are told once of what they should know, whatever happens to runs, SNS and the daemon."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from botocore.exceptions import ClientError

from personalize_assets.aws.notifications import LogFile
from personalize_assets.components import notifications as module
from personalize_assets.components.notifications import Ledger, NotSent
from personalize_assets.core.messages import Notice
from personalize_assets_tests.components.notification_bench import Bench

RETRIES = {"run_retries": {"enabled": True, "max_retries": 2}}


@pytest.fixture(scope="module")
def retrying(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    """An instance that tries failed runs again twice."""
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("d")), RETRIES) as instance:
        yield instance


@pytest.fixture
def bench(instance: dg.DagsterInstance, tmp_path: Path) -> Bench:
    return Bench(instance, tmp_path)


@pytest.fixture
def patient(retrying: dg.DagsterInstance, tmp_path: Path) -> Bench:
    """A bench on an instance that tries failed runs again."""
    return Bench(retrying, tmp_path)


@dataclass(frozen=True)
class Ended:
    """Runs of one group that ended in all ways, and what people were told of them."""

    bench: Bench
    runs: Mapping[str, dg.DagsterRun]
    reason: str

    def notice_of(self, name: str) -> dict[str, str]:
        (notice,) = [n for n in self.bench.told if n["run_id"] == self.runs[name].run_id]
        return notice


@pytest.fixture(scope="module")
def ended(instance: dg.DagsterInstance, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    bench = Bench(instance, tmp_path_factory.mktemp("ended"))
    Bench(instance, tmp_path_factory.mktemp("other")).enter()
    tags = {"dagster/sensor_name": "films_batch_input", "personalize/key": "u.json"}
    runs = {
        "fine": bench.run(tags=tags),
        "quiet": bench.run(answers=False),
        "broken": bench.run(broken=True),
        "worse": bench.run(worse=True),
        "worse by hand": bench.run(worse_by_hand=True),
        "dear": bench.run(over_budget=True),
        "not started": bench.enter(),
    }
    return Ended(bench, runs, bench.tick())


def test_finished_batch_job__is_told_with_numbers_and_links(ended: Ended) -> None:
    bench, notice = ended.bench, ended.notice_of("fine")

    assert notice["subject"] == f"{bench.name}: 16,775 rows of recommendations are there"
    assert notice["event"] == "batch_finished"
    for part in (
        f"run            {ended.runs['fine'].run_id}\n",
        f"job            {bench.graph.id}_main\n",
        "started by     sensor films_batch_input\n",
        "for the file   u.json\n",
        "users          671\n",
        "failed lines   0\n",
        "transformed    s3://bucket/results/transformed.parquet\n",
        "open      /state/s3/bucket/results/transformed.parquet\n",
        f"run page  http://127.0.0.1:3000/runs/{ended.runs['fine'].run_id}\n",
    ):
        assert part in notice["text"]


def test_tick__says_what_it_did_and_tells_of_nothing_else(ended: Ended) -> None:
    assert ended.reason.startswith("6 notices sent of ")
    told = {notice["run_id"] for notice in ended.bench.told}
    assert told == {run.run_id for name, run in ended.runs.items() if name != "quiet"}
    assert len(ended.bench.told) == 6


def test_failed_run__says_why(ended: Ended) -> None:
    notice, group = ended.notice_of("broken"), ended.bench.graph.id

    step = f"{group}_top_picks_metrics"
    assert notice["event"] == "run_failed"
    assert notice["subject"] == f"{ended.bench.name}: {group}_main failed at {step}"
    assert f"- {step}: ValueError: no such role: arn:aws:iam::1:role/R" in notice["text"]


def test_run_that_never_began__says_why(ended: Ended) -> None:
    notice = ended.notice_of("not started")

    assert notice["event"] == "run_failed"
    assert "\n- the worker did not start\n" in notice["text"]


def test_refused_promotion__says_each_number_and_is_no_second_notice(ended: Ended) -> None:
    notice = ended.notice_of("worse")

    assert ended.runs["worse"].status is dg.DagsterRunStatus.FAILURE
    assert notice["event"] == "promotion_refused"
    assert notice["subject"].endswith("the new version of top-picks was not promoted")
    assert "- MRR@25 0.1000 against 0.2000 in service" in notice["text"]
    assert re.search(r"\ncandidate +0\.1\nin service +0\.2\n", notice["text"])


def test_promotion_that_was_refused_by_hand__is_told_as_such(ended: Ended) -> None:
    notice = ended.notice_of("worse by hand")

    assert notice["event"] == "promotion_refused"
    assert "- MRR@25 0.1000 against 0.2000 in service" in notice["text"]


def test_budget_stop__says_forecast_and_budget_and_is_no_second_notice(ended: Ended) -> None:
    notice = ended.notice_of("dear")

    assert notice["event"] == "budget_exceeded"
    assert "- 12.34 USD are forecast, the budget is 10 USD" in notice["text"]
    assert re.search(r"\nforecast usd +12\.34\nbudget usd +10\n", notice["text"])


def test_notice__stands_in_the_event_log_of_the_run(ended: Ended) -> None:
    said = [
        entry.dagster_event.message or ""
        for entry in ended.bench.instance.all_logs(
            ended.runs["broken"].run_id, of_type=dg.DagsterEventType.ENGINE_EVENT
        )
        if entry.dagster_event is not None
    ]

    (line,) = [one for one in said if one.startswith("Told people: ")]
    assert ended.notice_of("broken")["id"] in line
    assert "notifications.jsonl" in line


def test_notices__are_sent_once_however_often_one_looks(ended: Ended) -> None:
    bench = ended.bench

    bench.tick()
    bench.restart()
    bench.tick()
    bench.cursor = None
    bench.restart()
    bench.tick()

    assert Counter(one["id"] for one in bench.told) == {one["id"]: 1 for one in bench.told}
    assert len(bench.told) == 6


def test_retried_run__is_told_once_when_it_has_failed_for_good(patient: Bench) -> None:
    first = patient.enter()
    patient.tick()
    second = patient.enter(of=first, tags={"dagster/retry_number": "1"})
    patient.tick()
    assert patient.told == []
    assert first.tags["dagster/will_retry"] == second.tags["dagster/will_retry"] == "true"

    third = patient.enter(of=second, tags={"dagster/retry_number": "2"})
    patient.tick()
    patient.restart()
    patient.tick()

    (notice,) = patient.told
    assert third.tags["dagster/will_retry"] == "false"
    assert notice["run_id"] == first.run_id
    assert f"last attempt   {third.run_id}" in notice["text"]


def test_retried_run__that_succeeds_at_last_never_failed(patient: Bench) -> None:
    first = patient.enter()
    patient.tick()
    patient.retry(first, 1)
    patient.tick()

    assert patient.subjects == ["16,775 rows of recommendations are there"]


def test_retried_run__tells_of_the_same_results_once(patient: Bench) -> None:
    first = patient.run()
    patient.tick()
    patient.retry(first, 1)
    patient.tick()

    assert patient.subjects == ["16,775 rows of recommendations are there"]


def test_retried_run__is_told_if_the_retry_cannot_be_started(patient: Bench) -> None:
    run = patient.enter()
    patient.tick()
    assert patient.told == []

    patient.instance.add_run_tags(run.run_id, {"dagster/will_retry": "false"})
    patient.tick()

    assert [one["event"] for one in patient.told] == ["run_failed"]


def test_run_that_a_person_repeats__is_news(bench: Bench) -> None:
    first = bench.enter()
    bench.tick()
    bench.enter(of=first)
    bench.tick()

    assert len({one["id"] for one in bench.told}) == len(bench.told) == 2


def test_first_look__leaves_history_alone(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.enter()
    monkeypatch.setattr(module, "FIRST_LOOK", timedelta(0))

    bench.tick()

    assert bench.told == []


def test_tick__takes_few_runs_and_the_next_ones_the_rest(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_RUNS", 2)
    monkeypatch.setattr(module, "_PAGE", 3)
    bench.cursor = datetime.now(UTC).isoformat()
    for _ in range(5):
        bench.enter()

    told: list[int] = []
    for _ in range(4):
        bench.tick()
        told.append(len(bench.told))

    assert told[-1] == 5
    assert all(after - before <= 2 for before, after in zip([0, *told], told, strict=False))


def test_sns_failure__leaves_the_run_alone_and_is_tried_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [bench.enter(), bench.enter()]
    send = LogFile.send

    def refuse_the_first(log: LogFile, notice: Notice) -> str:
        if notice.run_id == runs[0].run_id:
            raise ClientError({"Error": {"Code": "Throttling", "Message": "slow"}}, "Publish")
        return send(log, notice)

    monkeypatch.setattr(LogFile, "send", refuse_the_first)
    with pytest.raises(NotSent, match=r"1 notices were not sent and are tried again: .*Throttling"):
        bench.tick()
    assert [one["run_id"] for one in bench.told] == [runs[1].run_id]
    monkeypatch.setattr(LogFile, "send", send)
    bench.tick()

    assert [one["run_id"] for one in bench.told] == [runs[1].run_id, runs[0].run_id]


class Killed(BaseException):
    """Ends the process; nothing in it can catch this."""


POINTS: list[tuple[type, str, bool]] = [
    (LogFile, "send", False),
    (LogFile, "send", True),
    (dg.DagsterInstance, "report_engine_event", False),
    (dg.DagsterInstance, "report_engine_event", True),
    (Ledger, "enter", False),
    (Ledger, "enter", True),
]


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize(
    ("owner", "name", "after"), POINTS, ids=lambda v: getattr(v, "__name__", str(v))
)
def test_daemon__killed_between_any_two_writes_tells_all_and_repeats_one_at_most(
    ended: Ended,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    owner: type,
    name: str,
    after: bool,
    count: int,
) -> None:
    bench = Bench(ended.bench.instance, tmp_path, name=ended.bench.name)
    bench.forget(tmp_path)
    _kill_at(monkeypatch, owner, name, after=after, count=count)
    with pytest.raises(Killed):
        bench.tick()
    monkeypatch.undo()

    bench.restart()
    bench.tick()
    bench.tick()

    times = Counter(one["id"] for one in bench.told)
    assert set(times) == {one["id"] for one in ended.bench.told}
    assert sum(times.values()) <= len(times) + 1


def _kill_at(
    monkeypatch: pytest.MonkeyPatch, owner: type, name: str, *, after: bool, count: int
) -> None:
    """Kill at the ``count``-th call of a method, before its work or after it."""
    work: Callable[..., Any] = getattr(owner, name)
    calls: list[None] = []

    def deadly(self: Any, *args: Any, **kwargs: Any) -> Any:
        calls.append(None)
        if len(calls) < count:
            return work(self, *args, **kwargs)
        if after:
            work(self, *args, **kwargs)
        raise Killed

    monkeypatch.setattr(owner, name, deadly)
