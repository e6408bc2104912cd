"""What ``GET /_personalize/health`` and ``info`` tell of one running engine."""

import os
import time
from collections import Counter, defaultdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from personalize_assets.engine.clock import EngineClock
from personalize_assets.engine.control.answers import iso
from personalize_assets.engine.coverage import coverage
from personalize_assets.engine.faults import Faults
from personalize_assets.engine.fingerprint import code_fingerprint
from personalize_assets.engine.running import RunningEngine
from personalize_assets.engine.settings import EngineSettings
from personalize_assets.engine.store import Job
from personalize_assets.loopback import LOCAL_ACCOUNT


class Health:
    """Reports on one running engine.

    Args:
        engine: Which; made just now.
        settings: Of the engine.
    """

    def __init__(self, engine: RunningEngine, settings: EngineSettings) -> None:
        self._engine = engine
        self._settings = settings
        self._started_s = time.monotonic()  # the engine's own clock may be moved
        self._fingerprint = code_fingerprint()

    def health(self) -> dict[str, Any]:
        """That it lives, which one it is, how busy it is."""
        return {
            "status": "ok",
            "version": _version(),
            "pid": os.getpid(),
            "state_dir": str(self._settings.state_dir.resolve()),
            "account": LOCAL_ACCOUNT,
            "s3_endpoint": self._settings.s3_endpoint,
            "running_jobs": self._engine.jobs.running_count(),
            "last_request_at": iso(self._engine.app.last_request_at),
            "uptime_s": round(time.monotonic() - self._started_s, 3),
            "fingerprint": self._fingerprint,
        }

    def info(self) -> dict[str, Any]:
        """The health with all that a person wants to know besides."""
        rows = coverage()
        return {
            **self.health(),
            "settings": self._settings.model_dump(mode="json"),
            "operations": {"supported": sum(row.supported for row in rows), "total": len(rows)},
            "resources": _by_kind(self._engine.store.resources.statistics()),
            "jobs": report_jobs(self._engine),
            "clock": report_clock(self._engine.clock),
            "faults": report_faults(self._engine.faults),
        }


def report_jobs(engine: RunningEngine) -> dict[str, Any]:
    """Jobs that run or wait, oldest first, and when the next of them may begin."""
    return {
        "running_jobs": engine.jobs.running_count(),
        "next_due": iso(engine.store.jobs.next_due()),
        "unfinished": [
            _report_job(job, engine.jobs.seconds_left(job.id))
            for job in engine.store.jobs.unfinished()
        ],
    }


def report_clock(clock: EngineClock) -> dict[str, Any]:
    """The present moment of the engine and how far it is ahead."""
    return {"now": iso(clock()), "offset_s": clock.offset.total_seconds()}


def report_faults(faults: Faults) -> list[dict[str, Any]]:
    """All rules with their number and how often they have happened."""
    return [
        {"id": number, "happened": happened, **rule.model_dump(exclude_none=True)}
        for number, rule, happened in faults.rules()
    ]


def _report_job(job: Job, seconds_left: float | None) -> dict[str, Any]:
    return {
        "id": job.id,
        "kind": job.kind,
        "resource_arn": job.resource_arn,
        "state": job.state,
        "attempt": job.attempt,
        "stage": job.stage,
        "share": job.share,
        "seconds_left": None if seconds_left is None else round(seconds_left, 1),
        "pid": job.pid,
        "not_before": iso(job.not_before),
        "created_at": iso(job.created_at),
    }


def _by_kind(statistics: Counter[tuple[str, str | None]]) -> dict[str, dict[str, int]]:
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for (kind, status), count in sorted(statistics.items(), key=str):
        found[kind][status or "no status"] = count
    return dict(found)


def _version() -> str:
    try:
        return version("personalize-assets")
    except PackageNotFoundError:
        return "unknown"
