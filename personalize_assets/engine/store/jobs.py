"""The table of jobs: the queue of asynchronous work, which survives the engine.

Knows the states of a job and their order, not what any kind of job does.
"""

from collections.abc import Collection
from datetime import datetime

from personalize_assets.engine.store.database import Database
from personalize_assets.engine.store.records import Job, job_of


class JobTable:
    """Jobs of all resources.

    Args:
        database: Where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, kind: str, resource_arn: str, exclusive: str, now: datetime, not_before: datetime
    ) -> None:
        """Queue a job that may begin at ``not_before``."""
        self._database.write(
            "INSERT INTO jobs (kind, resource_arn, exclusive, state, attempt, stage, share,"
            " not_before, created_at) VALUES (?, ?, ?, 'pending', 0, '', 0, ?, ?)",
            kind,
            resource_arn,
            exclusive,
            not_before.timestamp(),
            now.timestamp(),
        )

    def due(self, now: datetime) -> list[Job]:
        """Pending jobs that may begin, oldest first, without those whose exclusion is taken."""
        rows = self._database.query(
            "SELECT * FROM jobs WHERE state = 'pending' AND not_before <= ?"
            " AND NOT EXISTS (SELECT 1 FROM jobs AS other WHERE other.state = 'running'"
            " AND other.exclusive = jobs.exclusive AND other.exclusive <> '')"
            " ORDER BY id",
            now.timestamp(),
        )
        return [job_of(row) for row in rows]

    def next_due(self) -> datetime | None:
        """When the earliest pending job may begin; None if there is none."""
        rows = self._database.query(
            "SELECT * FROM jobs WHERE state = 'pending' ORDER BY not_before LIMIT 1"
        )
        return job_of(rows[0]).not_before if rows else None

    def of(self, resource_arn: str, states: Collection[str] = ("pending", "running")) -> list[Job]:
        """Jobs of a resource in some states, oldest first."""
        rows = self._database.query(
            "SELECT * FROM jobs WHERE resource_arn = ? ORDER BY id", resource_arn
        )
        return [job for job in map(job_of, rows) if job.state in states]

    def in_state(self, state: str) -> list[Job]:
        """All jobs in one state, oldest first."""
        rows = self._database.query("SELECT * FROM jobs WHERE state = ? ORDER BY id", state)
        return [job_of(row) for row in rows]

    def unfinished(self) -> list[Job]:
        """All jobs that run or wait, oldest first."""
        rows = self._database.query(
            "SELECT * FROM jobs WHERE state IN ('pending', 'running') ORDER BY id"
        )
        return [job_of(row) for row in rows]

    def count_unfinished(self, until: datetime) -> int:
        """How many jobs run, or wait and may begin by ``until``."""
        rows = self._database.query(
            "SELECT count(*) FROM jobs WHERE state = 'running'"
            " OR (state = 'pending' AND not_before <= ?)",
            until.timestamp(),
        )
        return int(rows[0][0])

    def begin(self, job_id: int, now: datetime) -> None:
        """Mark a job as running, one attempt more."""
        self._database.write(
            "UPDATE jobs SET state = 'running', attempt = attempt + 1, started_at = ?, stage = '',"
            " share = 0 WHERE id = ?",
            now.timestamp(),
            job_id,
        )

    def set_pid(self, job_id: int, pid: int) -> None:
        """Record which process works on a job."""
        self._database.write("UPDATE jobs SET pid = ? WHERE id = ?", pid, job_id)

    def report(self, job_id: int, stage: str, share: float) -> None:
        """Record how far a job is."""
        self._database.write(
            "UPDATE jobs SET stage = ?, share = ? WHERE id = ?", stage, share, job_id
        )

    def put_back(self, job_id: int, not_before: datetime, *, forgive: bool = False) -> None:
        """Make a job pending again.

        Args:
            job_id: Which.
            not_before: When it may begin.
            forgive: Whether the attempt that ended is not counted.
        """
        self._database.write(
            "UPDATE jobs SET state = 'pending', pid = NULL, not_before = ?, attempt = attempt - ?"
            " WHERE id = ?",
            not_before.timestamp(),
            int(forgive),
            job_id,
        )

    def hasten(self, resource_arn: str, now: datetime) -> None:
        """Let the pending jobs of a resource begin now."""
        self._database.write(
            "UPDATE jobs SET not_before = min(not_before, ?)"
            " WHERE resource_arn = ? AND state = 'pending'",
            now.timestamp(),
            resource_arn,
        )

    def finish(self, job_id: int, now: datetime, *, failed: bool) -> None:
        """Mark a job as done or failed."""
        self._database.write(
            "UPDATE jobs SET state = ?, pid = NULL, finished_at = ? WHERE id = ?",
            "failed" if failed else "done",
            now.timestamp(),
            job_id,
        )
