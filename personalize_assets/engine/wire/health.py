"""What ``GET /_personalize/health`` tells: that the engine lives, which one it is, how busy."""

import os
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from personalize_assets.engine.context import Clock
from personalize_assets.engine.fingerprint import code_fingerprint
from personalize_assets.engine.settings import EngineSettings
from personalize_assets.loopback import LOCAL_ACCOUNT

if TYPE_CHECKING:
    from personalize_assets.engine.jobs import JobRunner

HEALTH_PATH = "/_personalize/health"


class Health:
    """Reports on one running engine.

    Args:
        settings: Of the engine.
        jobs: Knows how many jobs run.
        clock: The present moment; the first call marks the start.
    """

    def __init__(self, settings: EngineSettings, jobs: "JobRunner", clock: Clock) -> None:
        self._settings = settings
        self._jobs = jobs
        self._clock = clock
        self._started_at = clock()
        self._fingerprint = code_fingerprint()

    def report(self, last_request_at: datetime | None) -> dict[str, Any]:
        """Make the report.

        Args:
            last_request_at: When the last API call came; None if none did. Health checks are none.
        """
        return {
            "status": "ok",
            "version": _version(),
            "pid": os.getpid(),
            "state_dir": str(self._settings.state_dir.resolve()),
            "account": LOCAL_ACCOUNT,
            "s3_endpoint": self._settings.s3_endpoint,
            "running_jobs": self._jobs.running_count(),
            "last_request_at": last_request_at.isoformat() if last_request_at else None,
            "uptime_s": round((self._clock() - self._started_at).total_seconds(), 3),
            "fingerprint": self._fingerprint,
        }


def _version() -> str:
    try:
        return version("personalize-assets")
    except PackageNotFoundError:
        return "unknown"
