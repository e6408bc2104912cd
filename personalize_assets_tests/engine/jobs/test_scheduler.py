"""Jobs in every state, with kinds of their own; `test_processes` and `test_kill` run real ones."""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from personalize_assets.core.arns import Kind, make_arn
from personalize_assets.engine.faults import FaultRule, Faults
from personalize_assets.engine.jobs import InlineRunner
from personalize_assets.engine.jobs.kinds import JobFailed, Json, Outcome, Report
from personalize_assets.engine.jobs.light import Activate, Delete, DeleteGroup, Stop
from personalize_assets.engine.jobs.scheduler import Scheduler
from personalize_assets.engine.jobs.states import CREATE, REPEAT, UPDATE_CAMPAIGN, Course
from personalize_assets.engine.store import Resource, Store

FAR = datetime(2030, 1, 1, tzinfo=UTC)
ARN = make_arn(Kind.SOLUTION, "us-east-1", "123456789012", "s")


@dataclass
class Clock:
    now: datetime = datetime(2024, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Work:
    """A heavy kind that does what a test tells."""

    name: str = "work"
    course: Course = CREATE
    refuse: str = ""
    fail: Exception | None = None
    seen: list[Json] = field(default_factory=list)

    def exclusive(self, resource: Resource) -> str:
        return "one at a time"

    def prepare(self, store: Store, resource: Resource, now: datetime) -> Json:
        if self.refuse:
            raise JobFailed(self.refuse)
        return {"arn": resource.arn}

    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        self.seen.append(order)
        report("working", 0.5)
        if self.fail:
            raise self.fail
        (workspace / "made").write_text("x")
        return {"result": 7}

    def finish(
        self, store: Store, resource: Resource, result: Json, workspace: Path, version: str
    ) -> Outcome:
        assert (workspace / "made").exists()
        return Outcome(body={"shown": result["result"]}, hidden={"kept": version})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Store:
    opened = Store.open(tmp_path)
    with opened.transaction():
        opened.resources.insert(
            Resource(
                ARN,
                Kind.SOLUTION,
                "123456789012",
                "us-east-1",
                "s",
                clock(),
                clock(),
                status="CREATE PENDING",
            )
        )
    return opened


@pytest.fixture
def kinds(work: Work) -> dict[str, object]:
    return {kind.name: kind for kind in (work, Activate(), Stop(), Delete(), DeleteGroup())}


@pytest.fixture
def scheduler(store: Store, clock: Clock, kinds: dict[str, object]) -> Scheduler:
    ids = itertools.count(1)
    return Scheduler(store, kinds, clock, lambda: f"id{next(ids)}", None)  # type: ignore[arg-type]


@pytest.fixture
def runner(store: Store, clock: Clock, kinds: dict[str, object]) -> InlineRunner:
    return InlineRunner(store, clock=clock, new_id=lambda: "id", kinds=kinds)  # type: ignore[arg-type]


def resource(store: Store) -> Resource:
    found = store.resources.get(ARN)
    assert found is not None
    return found


def set_status(store: Store, status: str) -> None:
    with store.transaction():
        store.resources.set_status(ARN, status, datetime(2024, 1, 1, tzinfo=UTC))


def test_heavy__succeeds(runner: InlineRunner, store: Store, work: Work) -> None:
    runner.submit("work", ARN)
    assert runner.running_count() == 1
    assert runner.run_pending() == 1
    assert runner.running_count() == 0
    found = resource(store)
    assert (found.status, found.body, found.hidden) == ("ACTIVE", {"shown": 7}, {"kept": "id"})
    workspace = Path(work.seen[0]["workspace"])
    assert not workspace.exists()
    assert work.seen == [
        {"arn": ARN, "kind": "work", "s3_endpoint": None, "workspace": str(workspace)}
    ]


def test_heavy__fails_with_a_reason(runner: InlineRunner, store: Store, work: Work) -> None:
    work.fail = JobFailed("the data are wrong")
    runner.submit("work", ARN)
    runner.run_pending()
    found = resource(store)
    assert (found.status, found.failure_reason) == ("CREATE FAILED", "the data are wrong")
    assert runner.running_count() == 0


def test_heavy__fails_unexpectedly(runner: InlineRunner, store: Store, work: Work) -> None:
    work.fail = ZeroDivisionError("oh")
    runner.submit("work", ARN)
    runner.run_pending()
    assert resource(store).failure_reason == "Internal error: ZeroDivisionError: oh"


def test_heavy__cannot_begin(runner: InlineRunner, store: Store, work: Work) -> None:
    work.refuse = "no data"
    runner.submit("work", ARN)
    runner.run_pending()
    assert (resource(store).status, resource(store).failure_reason) == ("CREATE FAILED", "no data")
    assert work.seen == []


def test_submit__unknown_resource(runner: InlineRunner) -> None:
    with pytest.raises(KeyError):
        runner.submit("work", "arn:unknown")


def test_begin__shows_in_progress(scheduler: Scheduler, store: Store) -> None:
    scheduler.submit("work", ARN)
    [job] = store.jobs.due(scheduler.clock())
    found = scheduler.begin(job)
    assert found is not None
    assert found.status == "CREATE IN_PROGRESS"
    assert [running.attempt for running in store.jobs.in_state("running")] == [1]


def test_begin__not_wanted_any_more(scheduler: Scheduler, store: Store) -> None:
    scheduler.submit("work", ARN)
    set_status(store, "CREATE STOPPED")
    [job] = store.jobs.due(scheduler.clock())
    assert scheduler.begin(job) is None
    assert store.jobs.count_unfinished(FAR) == 0
    assert resource(store).status == "CREATE STOPPED"


def test_recover__begins_again_and_gives_up_after_three_times(
    scheduler: Scheduler, store: Store
) -> None:
    scheduler.submit("work", ARN)
    for attempt in (1, 2, 3):
        [job] = store.jobs.due(scheduler.clock())
        assert job.attempt == attempt - 1
        order = scheduler.begin_heavy(job)
        assert order is not None
        assert Path(order["workspace"]).is_dir()
        assert resource(store).status == "CREATE IN_PROGRESS"
        scheduler.recover()  # as if the engine had been killed
        assert not Path(order["workspace"]).exists()
    assert store.jobs.count_unfinished(FAR) == 0
    found = resource(store)
    assert (found.status, found.failure_reason) == (
        "CREATE FAILED",
        "The work was begun 3 times and never came to an end; the last time the engine ended. The "
        "engine's log may say more; too little memory is a common cause.",
    )


def test_put_back__does_not_count(scheduler: Scheduler, store: Store) -> None:
    scheduler.submit("work", ARN)
    for _ in range(10):
        [job] = store.jobs.due(scheduler.clock())
        scheduler.begin(job)
        scheduler.put_back(job)
    assert [job.attempt for job in store.jobs.due(scheduler.clock())] == [0]


def test_complete__stopped_meanwhile(scheduler: Scheduler, store: Store, work: Work) -> None:
    scheduler.submit("work", ARN)
    [job] = store.jobs.due(scheduler.clock())
    order = scheduler.begin_heavy(job)
    assert order is not None
    set_status(store, "CREATE STOPPING")
    scheduler.submit("stop", ARN)
    assert not scheduler.still_wanted(job)
    [stop] = store.jobs.due(scheduler.clock())
    scheduler.run_light(stop)
    assert resource(store).status == "CREATE STOPPING"  # the worker is still there
    scheduler.end_heavy(job, {"done": {"result": 7}}, Path(order["workspace"]))
    found = resource(store)
    assert (found.status, found.body) == ("CREATE STOPPING", {})
    scheduler.clock.now += timedelta(seconds=1)  # type: ignore[attr-defined]
    [stop] = store.jobs.due(scheduler.clock())
    scheduler.run_light(stop)
    assert resource(store).status == "CREATE STOPPED"


def test_failure_reason__is_not_endless(scheduler: Scheduler, store: Store) -> None:
    scheduler.submit("work", ARN)
    [job] = store.jobs.due(scheduler.clock())
    scheduler.begin(job)
    scheduler.fail(job, "x" * 5_000)
    assert resource(store).failure_reason == "x" * 2_000


def test_exclusive__one_after_another(scheduler: Scheduler, store: Store) -> None:
    scheduler.submit("work", ARN)
    scheduler.submit("work", ARN)
    first, second = store.jobs.due(scheduler.clock())
    scheduler.begin(first)
    assert store.jobs.due(scheduler.clock()) == []
    scheduler.put_back(first)
    assert [job.id for job in store.jobs.due(scheduler.clock())] == [first.id, second.id]


@pytest.mark.parametrize("kind", ["delete", "delete-group"])
def test_delete__waits_for_a_look_or_five_seconds(
    runner: InlineRunner, store: Store, clock: Clock, kind: str
) -> None:
    set_status(store, "DELETE PENDING")
    runner.submit(kind, ARN)
    runner.run_pending()
    shown = "DELETE IN_PROGRESS" if kind == "delete" else "DELETE PENDING"
    assert resource(store).status == shown
    clock.now += timedelta(seconds=4.9)
    runner.run_pending()
    assert resource(store).status == shown
    clock.now += timedelta(seconds=0.1)
    runner.run_pending()
    assert store.resources.get(ARN) is None
    assert runner.running_count() == 0


def test_inline_runner__immediately(store: Store, clock: Clock, kinds: dict[str, object]) -> None:
    runner = InlineRunner(
        store,
        clock=clock,
        new_id=lambda: "id",
        immediate=True,
        kinds=kinds,  # type: ignore[arg-type]
    )
    with store.transaction():
        runner.submit("work", ARN)
        assert resource(store).status == "CREATE PENDING"
    assert resource(store).status == "ACTIVE"
    runner.stop()
    set_status(store, "CREATE PENDING")
    runner.submit("work", ARN)
    assert resource(store).status == "CREATE PENDING"


SHOWN_S = 10


def make_runner(
    store: Store, clock: Clock, kinds: dict[str, object], faults: Faults | None = None
) -> InlineRunner:
    return InlineRunner(
        store,
        clock=clock,
        new_id=lambda: "id",
        kinds=kinds,  # type: ignore[arg-type]
        status_time=timedelta(seconds=0 if faults else SHOWN_S),
        faults=faults,
    )


def statuses(store: Store, clock: Clock, runner: InlineRunner, *, look: bool = False) -> list[str]:
    """The status of the resource at each second, until it is gone or at rest."""
    shown: list[str] = []
    for _ in range(60):
        if look:
            with store.transaction():
                store.jobs.hasten(ARN, clock())
        runner.run_pending()
        found = store.resources.get(ARN)
        shown.append("gone" if found is None else str(found.status))
        clock.now += timedelta(seconds=1)
    return shown


def lasting(shown: list[str]) -> list[tuple[str, int]]:
    return [(status, len(list(times))) for status, times in itertools.groupby(shown)][:-1]


@pytest.mark.parametrize("kind", ["work", "activate"])
def test_status_time__creation(
    store: Store, clock: Clock, kinds: dict[str, object], kind: str
) -> None:
    runner = make_runner(store, clock, kinds)
    runner.submit(kind, ARN)
    shown = statuses(store, clock, runner)
    assert lasting(shown) == [("CREATE PENDING", 10), ("CREATE IN_PROGRESS", 10)]
    assert shown[-1] == "ACTIVE"
    assert store.jobs.of(ARN) == []


@pytest.mark.parametrize("look", [False, True])
def test_status_time__deletion_also_while_clients_look(
    store: Store, clock: Clock, kinds: dict[str, object], look: bool
) -> None:
    set_status(store, "DELETE PENDING")
    runner = make_runner(store, clock, kinds)
    runner.submit("delete", ARN)
    shown = statuses(store, clock, runner, look=look)
    assert lasting(shown) == [("DELETE PENDING", 10), ("DELETE IN_PROGRESS", 10)]
    assert shown[-1] == "gone"


def test_status_time__a_course_with_one_status(
    store: Store, clock: Clock, kinds: dict[str, object]
) -> None:
    set_status(store, "CREATE STOPPING")
    runner = make_runner(store, clock, kinds)
    runner.submit("stop", ARN)
    assert lasting(statuses(store, clock, runner)) == [("CREATE STOPPING", 10)]


def test_status_time__an_update_in_a_member(
    store: Store, clock: Clock, work: Work, kinds: dict[str, object]
) -> None:
    set_status(store, "ACTIVE")
    update = {"status": "CREATE PENDING", "lastUpdatedDateTime": clock().timestamp()}
    with store.transaction():
        store.resources.merge(ARN, body={"latestCampaignUpdate": update})
    work.course = UPDATE_CAMPAIGN
    runner = make_runner(store, clock, kinds)
    runner.submit("work", ARN)
    shown: list[str] = []
    for _ in range(25):
        runner.run_pending()
        shown.append(resource(store).body["latestCampaignUpdate"]["status"])
        clock.now += timedelta(seconds=1)
    assert lasting(shown) == [("CREATE PENDING", 10), ("CREATE IN_PROGRESS", 10)]
    assert shown[-1] == "ACTIVE"


def test_status_time__repeated_work_does_not_wait(
    store: Store, clock: Clock, work: Work, kinds: dict[str, object]
) -> None:
    set_status(store, "ACTIVE")
    work.course = REPEAT
    runner = make_runner(store, clock, kinds)
    runner.submit("work", ARN)
    runner.run_pending()
    assert len(work.seen) == 1


@pytest.mark.parametrize("kind", ["work", "activate"])
@pytest.mark.parametrize("named", ["kind", "CreateSolution", "*"])
def test_faults__fail_a_job_once(
    store: Store, clock: Clock, work: Work, kinds: dict[str, object], kind: str, named: str
) -> None:
    faults = Faults()
    operation = kind if named == "kind" else named
    faults.add(FaultRule(kind="fail-job", operation=operation, count=1, message="bad luck"))
    runner = make_runner(store, clock, kinds, faults)
    runner.submit(kind, ARN)
    runner.run_pending()
    assert (resource(store).status, resource(store).failure_reason) == ("CREATE FAILED", "bad luck")
    assert work.seen == []
    set_status(store, "CREATE PENDING")
    runner.submit(kind, ARN)
    runner.run_pending()
    assert resource(store).status == "ACTIVE"


def test_faults__spare_deletions_and_repeated_work(
    store: Store, clock: Clock, work: Work, kinds: dict[str, object]
) -> None:
    faults = Faults()
    faults.add(FaultRule(kind="fail-job"))
    runner = make_runner(store, clock, kinds, faults)
    set_status(store, "ACTIVE")
    work.course = REPEAT
    runner.submit("work", ARN)
    runner.run_pending()
    assert len(work.seen) == 1
    set_status(store, "DELETE PENDING")
    runner.submit("delete", ARN)
    assert statuses(store, clock, runner)[-1] == "gone"
