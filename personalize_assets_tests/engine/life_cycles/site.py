"""The engine that the machine compares with its model: real but for processes, ports and time.

It can be stopped at any moment and started again on what it left behind. Jobs run one at a time,
when told; heavy ones are begun and ended apart, so that others come in between.
"""

import itertools
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

from personalize_assets.engine.context import RequestContext
from personalize_assets.engine.jobs.kinds import Json
from personalize_assets.engine.jobs.scheduler import SOON, Scheduler
from personalize_assets.engine.jobs.worker import work
from personalize_assets.engine.operations.registry import lookup
from personalize_assets.engine.running import make_app
from personalize_assets.engine.settings import EngineSettings
from personalize_assets.engine.store import Job, Store
from personalize_assets.engine.wire.messages import HttpRequest
from personalize_assets_tests.engine.life_cycles.models import in_memory
from personalize_assets_tests.engine.life_cycles.stand_ins import STAND_INS
from personalize_assets_tests.engine.life_cycles.world import ACCOUNT, REGION

End = Literal["done", "failed", "crashed", "unwanted"]
PATHS: Final = {
    "PutEvents": "/events",
    "PutItems": "/items",
    "PutUsers": "/users",
    "PutActions": "/actions",
    "PutActionInteractions": "/action-interactions",
    "GetRecommendations": "/recommendations",
    "GetPersonalizedRanking": "/personalize-ranking",
    "GetActionRecommendations": "/action-recommendations",
}


class StillClock:
    """Time that passes only when told, so that every timestamp can be foretold."""

    def __init__(self) -> None:
        self.now = datetime(2024, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The present moment."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Answer:
    """What a call answers.

    Attributes:
        code: Of the exception; None for success.
        message: Of the exception.
        body: The members of a success.
    """

    code: str | None
    message: str
    body: dict[str, Any]


class Runner:
    """Runs the job that it is told to run; see `JobRunner`.

    Args:
        store: Of the engine.
        clock: Its clock.
        new_id: Fresh identifiers.
    """

    def __init__(self, store: Store, clock: StillClock, new_id: Any) -> None:
        self._store = store
        self._clock = clock
        self._fault: str | None = None
        self._scheduler = Scheduler(store, STAND_INS, clock, new_id, None, faults=self)
        self._begun: dict[int, tuple[Job, Json]] = {}

    def on_job(self, kind: str, operation: str) -> str | None:
        """Why the job that begins now fails on purpose; see `JobFaults`."""
        return self._fault

    def submit(self, kind: str, resource_arn: str, not_before: datetime | None = None) -> None:
        """Queue a job."""
        self._scheduler.submit(kind, resource_arn, not_before)

    def running_count(self) -> int:
        """How many jobs run or are about to."""
        return self._store.jobs.count_unfinished(self._clock() + SOON)

    def wake(self) -> None:
        """Nothing: jobs run when told."""

    def start(self) -> None:
        """Take up what an earlier engine left."""
        self._scheduler.recover()

    def stop(self) -> None:
        """Put what runs back, as an engine does that is asked to end."""
        for job, order in self._begun.values():
            self._store.artifacts.discard(Path(order["workspace"]))
            self._scheduler.put_back(job)
        self._begun.clear()

    def due(self) -> list[Job]:
        """The jobs that may begin now."""
        return self._store.jobs.due(self._clock())

    def begin(self, job: Job, *, fault: bool) -> None:
        """Do a light job, or begin a heavy one."""
        self._fault = "It fails on purpose" if fault else None
        if not self._scheduler.is_heavy(job):
            self._scheduler.run_light(job)
            self._end_orphans()
        elif (order := self._scheduler.begin_heavy(job)) is not None:
            self._begun[job.id] = (replace(job, attempt=job.attempt + 1), order)

    def end(self, job_id: int, how: End) -> None:
        """End a heavy job."""
        job, order = self._begun.pop(job_id)
        workspace = Path(order["workspace"])
        if how == "done":
            answer = work(order, STAND_INS, lambda _stage, _share: None)
            self._scheduler.end_heavy(job, answer, workspace)
        elif how == "failed":
            self._scheduler.end_heavy(job, {"failed": "It fails on purpose"}, workspace)
        elif how == "crashed":
            self._store.artifacts.discard(workspace)
            self._scheduler.crashed(job, "killed by signal 9")
        else:
            assert not self._scheduler.still_wanted(job), job
            self._store.artifacts.discard(workspace)
            self._scheduler.cancel(job)

    def _end_orphans(self) -> None:
        """End the workers whose resources are gone, as the real runner does in each round."""
        rows = self._store.database.query("SELECT id FROM jobs WHERE state = 'running'")
        left = {row[0] for row in rows}
        for job_id in [each for each in self._begun if each not in left]:
            job, order = self._begun.pop(job_id)
            self._store.artifacts.discard(Path(order["workspace"]))
            self._scheduler.cancel(job)


class Site:
    """An engine on a folder of its own."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="life-cycles-", dir=in_memory()))
        self._ids = itertools.count(1)
        self.clock = StillClock()
        self._open()

    def _new_id(self) -> str:
        return f"{next(self._ids):08x}"

    def _open(self) -> None:
        settings = EngineSettings(state_dir=self._folder)
        self.store = Store.open(self._folder)
        self.runner = Runner(self.store, self.clock, self._new_id)
        self.runner.start()
        self._app = make_app(self.store, self.runner, self.clock, self._new_id, settings)
        self._context = RequestContext(
            account=ACCOUNT,
            region=REGION,
            request_id="0",
            store=self.store,
            jobs=self.runner,
            clock=self.clock,
            new_id=self._new_id,
            settings=settings,
            serving=self._app.serving,
        )

    def _close(self) -> None:
        self._app.close()
        self.store.close()

    def restart(self, *, graceful: bool) -> None:
        """End the engine and start it again; without grace it leaves its running jobs as such."""
        if graceful:
            self.runner.stop()
        self._close()
        self._open()

    def close(self) -> None:
        """End the engine and remove what it left."""
        self._close()
        shutil.rmtree(self._folder)

    def call(self, operation: str, request: Mapping[str, Any], *, region: str = REGION) -> Answer:
        """Send a request over the wire, without a wire."""
        headers = {
            "authorization": f"AWS4-HMAC-SHA256 Credential={ACCOUNT}/20240101/{region}/personalize/"
            "aws4_request, SignedHeaders=host, Signature=0"
        }
        path = PATHS.get(operation, "/")
        if path == "/":
            headers["x-amz-target"] = f"AmazonPersonalize.{operation}"
        body = json.dumps(request).encode()
        response = self._app.answer(HttpRequest("POST", path, headers, body))
        members = json.loads(response.body) if response.body else {}
        if response.status == 200:
            return Answer(None, "", members)
        code = members.get("__type") or response.headers.get("x-amzn-errortype") or "?"
        return Answer(code, members.get("message", ""), {})

    def ask(self, operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Call the function behind an operation, for looks that need no wire."""
        handler = lookup("personalize", operation)
        assert handler is not None, operation
        return handler(self._context, request)
