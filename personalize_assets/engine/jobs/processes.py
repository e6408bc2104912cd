"""The job runner of a real engine: one thread that looks after worker processes.

The thread does light jobs itself, starts at most so many processes for heavy ones, listens to all
of them at once and records how they end. Work itself is in the kinds; what it means for the
control plane is in `Scheduler`.
"""

import json
import logging
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final

from personalize_assets.engine.jobs.kinds import Json
from personalize_assets.engine.jobs.pace import Remaining
from personalize_assets.engine.jobs.registry import KINDS
from personalize_assets.engine.jobs.scheduler import SOON, JobFaults, Scheduler
from personalize_assets.engine.jobs.worker import main
from personalize_assets.engine.store import Job, Store

log = logging.getLogger(__name__)

_LONGEST_WAIT_S: Final = 5.0
_END_WAIT_S: Final = 5.0
# What every worker needs: imported once, by the process that the workers are forked from.
_PRELOAD: Final = ["personalize_assets.engine.jobs.registry", "pyarrow.dataset"]


@dataclass
class _Worker:
    job: Job
    process: BaseProcess
    pipe: "Connection[Any, Any]"
    workspace: Path
    remaining: Remaining
    answer: Json | None = None


class ProcessRunner:
    """Runs jobs in the background until it is stopped.

    Args:
        store: Of the engine.
        clock: The present moment.
        new_id: Fresh identifiers.
        s3_endpoint: Where workers find S3; None if the engine has none.
        workers: At most so many worker processes at a time.
        status_time: See `Scheduler`.
        faults: See `Scheduler`.
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        s3_endpoint: str | None,
        workers: int,
        status_time: timedelta = timedelta(0),
        faults: JobFaults | None = None,
    ) -> None:
        self._store = store
        self._scheduler = Scheduler(
            store, KINDS, clock, new_id, s3_endpoint, status_time=status_time, faults=faults
        )
        self._most = workers
        self._workers: dict[int, _Worker] = {}
        self._context = _make_context()
        self._stopping = threading.Event()
        self._sweep_due = False
        self._closed = False
        self._wake_lock = threading.Lock()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)
        self._thread = threading.Thread(target=self._loop, name="jobs", daemon=True)

    def submit(self, kind: str, resource_arn: str, not_before: datetime | None = None) -> None:
        """Queue a job, within the transaction that makes or changes its resource."""
        self._scheduler.submit(kind, resource_arn, not_before)

    def running_count(self) -> int:
        """How many jobs run, or wait and may begin within `SOON`."""
        return self._store.jobs.count_unfinished(self._scheduler.clock() + SOON)

    def seconds_left(self, job_id: int) -> float | None:
        """How long a job will still take; None while nobody can know."""
        worker = self._workers.get(job_id)
        return None if worker is None else worker.remaining.seconds

    def start(self) -> None:
        """Take up what an earlier engine left and begin to work."""
        self._scheduler.recover()
        self._store.database.on_commit(self.wake)
        if sys.platform == "linux":
            forkserver.ensure_running()  # it imports what workers need while nobody waits yet
        self._thread.start()

    def stop(self) -> None:
        """End the workers, put their jobs back into the queue and wait for the thread."""
        self._stopping.set()
        self.wake()
        self._thread.join()
        with self._wake_lock:  # a commit may still come, and must not write to a reused number
            self._closed = True
            os.close(self._wake_read)
            os.close(self._wake_write)

    def wake(self) -> None:
        """Look at once which jobs are due."""
        if threading.current_thread() is self._thread:
            return
        with self._wake_lock:
            if not self._closed:
                # A full pipe holds wake-ups enough.
                with suppress(BlockingIOError):
                    os.write(self._wake_write, b"!")

    def _loop(self) -> None:
        while not self._stopping.is_set():
            try:
                self._round()
            except Exception:
                # For example a full disk: nothing is lost, and space may come back.
                log.exception("the job runner could not go on; it tries again")
                self._stopping.wait(1.0)
        for worker in tuple(self._workers.values()):
            self._end(worker)
            self._scheduler.put_back(worker.job)

    def _round(self) -> None:
        self._end_unwanted()
        wait_s = self._begin_due()
        pipes = {worker.pipe: worker for worker in self._workers.values()}
        for ready in wait([self._wake_read, *pipes], wait_s):
            if ready == self._wake_read:
                os.read(self._wake_read, 4096)
            elif isinstance(ready, Connection):
                self._listen(pipes[ready])

    def _end_unwanted(self) -> None:
        for worker in tuple(self._workers.values()):
            if not self._scheduler.still_wanted(worker.job):
                log.info("job %d (%s) is stopped", worker.job.id, worker.job.kind)
                self._end(worker)
                self._scheduler.cancel(worker.job)

    def _begin_due(self) -> float:
        """Begin what can begin and tell how many seconds to wait for the next."""
        progress = True
        while progress:
            progress = False
            for job in self._store.jobs.due(self._scheduler.clock()):
                if not self._scheduler.is_heavy(job):
                    self._scheduler.run_light(job)
                    self._sweep_due = True
                elif len(self._workers) < self._most:
                    self._start_worker(job)
                else:
                    continue
                progress = True
                break
        if self._sweep_due and not self._workers:
            self._sweep_due = False
            self._store.sweep(temporary=False)
        return self._seconds_to_next()

    def _seconds_to_next(self) -> float:
        due = self._store.jobs.next_due()
        if due is None:
            return _LONGEST_WAIT_S
        seconds = (due - self._scheduler.clock()).total_seconds()
        return min(max(seconds, 0.01), _LONGEST_WAIT_S) if seconds > 0 else _LONGEST_WAIT_S

    def _start_worker(self, job: Job) -> None:
        order = self._scheduler.begin_heavy(job)
        if order is None:
            return
        receiving, sending = self._context.Pipe(duplex=False)
        level = logging.getLogger().getEffectiveLevel()
        process = self._context.Process(
            target=main, args=(json.dumps(order), sending, level), name=f"job-{job.id}", daemon=True
        )
        process.start()
        sending.close()
        begun = replace(job, attempt=job.attempt + 1, pid=process.pid)
        self._workers[job.id] = _Worker(
            begun, process, receiving, Path(order["workspace"]), Remaining(time.monotonic)
        )
        with self._store.transaction():
            self._store.jobs.set_pid(job.id, process.pid or 0)
        log.info(
            "job %d (%s), attempt %d: process %s", job.id, job.kind, begun.attempt, process.pid
        )

    def _listen(self, worker: _Worker) -> None:
        try:
            message = json.loads(worker.pipe.recv_bytes())
        except (EOFError, OSError):
            self._ended(worker)
            return
        if "stage" in message:
            with self._store.transaction():
                self._store.jobs.report(worker.job.id, message["stage"], message["share"])
            worker.remaining.told(message["share"])
        else:
            worker.answer = message

    def _ended(self, worker: _Worker) -> None:
        self._sweep_due = True
        answer = worker.answer
        worker.process.join(_END_WAIT_S)
        code = worker.process.exitcode
        self._end(worker)
        if answer is not None:
            self._scheduler.end_heavy(worker.job, answer, worker.workspace)
            return
        how = f"killed by signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        self._scheduler.crashed(worker.job, f"its process ended without an answer ({how})")

    def _end(self, worker: _Worker) -> None:
        del self._workers[worker.job.id]
        worker.pipe.close()
        worker.process.kill()
        worker.process.join(_END_WAIT_S)
        worker.process.close()
        if worker.answer is None:
            self._store.artifacts.discard(worker.workspace)


def _make_context() -> ForkServerContext | SpawnContext:
    # Forked from a small server, workers start in milliseconds; elsewhere than on Linux native
    # libraries do not bear a fork.
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOAD)
    return context
