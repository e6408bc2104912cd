"""What runs in a worker process: one order, from its text to an answer.

The process speaks to the engine through one pipe, in JSON: progress now and then, one answer at
the end. When the engine ends, however that happens, the process ends too, so that two engines
never work on the same job.
"""

import json
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Final, cast

from personalize_assets.core.log_format import configure_logging
from personalize_assets.engine.jobs.kinds import HeavyKind, JobFailed, Json, Kind

log = logging.getLogger(__name__)

_REPORT_EVERY_S: Final = 1.0
_NICENESS: Final = 10  # answers in real time go first where processors are short


def work(order: Json, kinds: Mapping[str, Kind], report: Callable[[str, float], None]) -> Json:
    """Do what an order says and give the answer: ``{"done": ...}`` or ``{"failed": reason}``."""
    kind = cast(HeavyKind, kinds[order["kind"]])
    started = time.perf_counter()
    try:
        result = kind.run(order, Path(order["workspace"]), report)
    except JobFailed as error:
        return {"failed": str(error)}
    except Exception as error:
        log.exception("%s failed", kind.name)
        return {"failed": f"Internal error: {type(error).__name__}: {error}"}
    log.info("%s took %.2f s", kind.name, time.perf_counter() - started)
    return {"done": result}


def main(order_text: str, pipe: "Connection[Any, Any]", log_level: int) -> None:
    """Entry point of a worker process."""
    configure_logging(
        os.environ,
        "%(asctime)s %(levelname)s %(name)s [worker %(process)d] %(message)s",
        log_level,
    )
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the engine, which ends workers
    os.nice(_NICENESS)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    from personalize_assets.engine.jobs.registry import KINDS

    reporter = _Reporter(pipe)
    answer = work(json.loads(order_text), KINDS, reporter)
    pipe.send_bytes(json.dumps(answer).encode())
    pipe.close()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


class _Reporter:
    """Sends progress at most every second, but every new stage."""

    def __init__(self, pipe: "Connection[Any, Any]") -> None:
        self._pipe = pipe
        self._stage = ""
        self._sent_at = 0.0

    def __call__(self, stage: str, share: float) -> None:
        now = time.monotonic()
        if stage == self._stage and now - self._sent_at < _REPORT_EVERY_S:
            return
        self._stage, self._sent_at = stage, now
        log.info("%s: %.0f %%", stage, 100 * share)
        self._pipe.send_bytes(json.dumps({"stage": stage, "share": share}).encode())
