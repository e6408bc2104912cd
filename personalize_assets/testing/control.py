"""The control paths of an engine as Python: its clock, its faults, its jobs and its state.

Speaks plain HTTP to loopback, past every proxy. Knows no boto3 and starts nothing.
"""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import IO, Any, Literal
from urllib.parse import urlsplit

from personalize_assets.local.health import is_local_origin

FaultKind = Literal[
    "throttling", "limit", "internal", "unavailable", "slow", "lost-reply", "fail-job"
]
_POLL_S = 0.02


class ControlRefused(RuntimeError):
    """The engine refused a control request; the text is its own."""


class Control:
    """Sends control requests to one engine.

    Args:
        endpoint_url: Where it listens, on loopback.
        timeout_s: Seconds to wait for an answer.

    Raises:
        ValueError: ``endpoint_url`` is not on this machine.
    """

    def __init__(self, endpoint_url: str, timeout_s: float = 120) -> None:
        if not is_local_origin(endpoint_url):
            raise ValueError(f"{endpoint_url} is not on this machine")
        parts = urlsplit(endpoint_url)
        self._host, self._port = parts.hostname or "", parts.port
        self._timeout_s = timeout_s

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request with a JSON body and give the JSON answer.

        Raises:
            ControlRefused: The engine says no.
        """
        data = None if body is None else json.dumps(body).encode()
        with self._send(method, path, data) as answer:
            return json.loads(answer.read())

    def export_state(self, path: Path) -> Path:
        """Write the state of the engine into a file."""
        with self._send("GET", "state", None) as answer, path.open("wb") as file:
            shutil.copyfileobj(answer, file)
        return path

    def import_state(self, path: Path) -> None:
        """Replace the state of the engine with that of a file."""
        with path.open("rb") as file, self._send("PUT", "state", file) as answer:
            answer.read()

    @contextmanager
    def _send(
        self, method: str, path: str, data: bytes | IO[bytes] | None
    ) -> Iterator[HTTPResponse]:
        connection = HTTPConnection(self._host, self._port, timeout=self._timeout_s)
        try:
            connection.request(method, f"/_personalize/{path}", data)
            answer = connection.getresponse()
            if answer.status != 200:
                text = answer.read().decode(errors="replace")
                raise ControlRefused(f"{method} {path}: {_error_of(text)}")
            yield answer
        finally:
            connection.close()

    def wait_until_idle(self, timeout_s: float = 120) -> None:
        """Wait until no job runs and none is due within the next minute of the engine's clock.

        Raises:
            TimeoutError: Jobs are still at work; the text names them.
        """
        deadline = time.monotonic() + timeout_s
        while (jobs := self.call("GET", "jobs"))["running_jobs"]:
            if time.monotonic() > deadline:
                names = [f"{job['kind']} of {job['resource_arn']}" for job in jobs["unfinished"]]
                raise TimeoutError(f"after {timeout_s:g} s there still are {', '.join(names)}")
            time.sleep(_POLL_S)


class Clock:
    """The clock of an engine, which tests may move forward.

    Args:
        control: Of the engine.
    """

    def __init__(self, control: Control) -> None:
        self._control = control

    def now(self) -> datetime:
        """The present moment of the engine, aware, in UTC."""
        return datetime.fromisoformat(self._control.call("GET", "clock")["now"])

    def advance(
        self, *, days: float = 0, hours: float = 0, seconds: float = 0, wait: bool = True
    ) -> datetime:
        """Let time pass at once.

        Args:
            days: So many days,
            hours: so many hours
            seconds: and so many seconds.
            wait: Whether to wait until the jobs that became due are done.

        Returns:
            The new present moment.
        """
        passed = timedelta(days=days, hours=hours, seconds=seconds).total_seconds()
        self._control.call("POST", "clock", {"advance_seconds": passed})
        if wait:
            self._control.wait_until_idle()
        return self.now()

    def set(self, moment: datetime, *, wait: bool = True) -> datetime:
        """Make an aware ``moment`` the present one; an earlier one only in an empty engine."""
        self._control.call("POST", "clock", {"set": moment.isoformat()})
        if wait:
            self._control.wait_until_idle()
        return self.now()


class FaultInjection:
    """The faults of an engine that happen on purpose.

    Args:
        control: Of the engine.
    """

    def __init__(self, control: Control) -> None:
        self._control = control

    def add(
        self,
        kind: FaultKind,
        operation: str = "*",
        *,
        count: int | None = None,
        probability: float | None = None,
        seed: int = 0,
        delay_ms: float | None = None,
        message: str | None = None,
    ) -> int:
        """Have a fault happen from now on.

        Args:
            kind: What happens.
            operation: To which calls: an operation such as ``CreateSolution``, a service such as
                ``personalize-runtime``, or ``*``. For ``fail-job`` the operation that begins the
                job, such as ``CreateSolutionVersion``.
            count: At most so often; None for no end.
            probability: To this share of the calls; None for all.
            seed: Of the chance.
            delay_ms: How long answers are held back, for ``slow``.
            message: Text of the error or failure reason.

        Returns:
            The number of the rule, for `remove`.
        """
        rule = {
            "kind": kind,
            "operation": operation,
            "count": count,
            "probability": probability,
            "seed": seed,
            "delay_ms": delay_ms,
            "message": message,
        }
        return int(self._control.call("POST", "faults", rule)["ids"][0])

    def remove(self, number: int) -> None:
        """Take one rule away."""
        self._control.call("DELETE", f"faults/{number}")

    def clear(self) -> None:
        """Take all rules away."""
        self._control.call("DELETE", "faults")

    def happened(self, number: int) -> int:
        """How often the fault of a rule has happened."""
        rules = self._control.call("GET", "faults")["rules"]
        return next((rule["happened"] for rule in rules if rule["id"] == number), 0)


def _error_of(text: str) -> str:
    try:
        return str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return text
