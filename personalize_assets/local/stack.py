"""The local stack as callers see it: make sure it runs, stop it, look at it.

One supervisor process per state folder keeps the engine and the local S3 running
(``supervisor``). Whoever needs them calls ``ensure_stack``; the lock in the state folder sees to
it that only one is started. Knows neither Dagster nor boto3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.endpoints import Endpoints


class StackError(RuntimeError):
    """The local stack could not be started or reached; the message says why and what to do."""


@dataclass(frozen=True)
class StackOptions:
    """How to run a stack that has to be started.

    Attributes:
        engine_port: Fixed port of the engine; 0 for the last one used, or a free one.
        s3_port: Fixed port of the local S3; 0 likewise.
        idle_stop_s: Seconds without request, job or ``ensure_stack`` after which it stops; 0: never.
        engine_command: Program that serves the engine; host, port, state folder and S3 address
            are appended. Empty for the engine of this package.
    """

    engine_port: int = 0
    s3_port: int = 0
    idle_stop_s: float = 1800
    engine_command: tuple[str, ...] = ()

    @staticmethod
    def for_deployment(deployment: Deployment) -> "StackOptions":
        """The options that the settings of a deployment ask for."""
        raise NotImplementedError


@dataclass(frozen=True)
class StackStatus:
    """What is known of the stack of one state folder.

    Attributes:
        running: Whether engine and S3 answer.
        state: ``ready``, ``starting``, ``stopping``, ``stopped``, ``failed``, ``crashed`` or
            ``absent``.
        endpoints: Addresses, None where nothing runs.
        running_jobs: Jobs of the engine in work.
        uptime_s: Seconds since the engine started.
        error: Why it failed, or empty.
        state_dir: The folder.
    """

    running: bool
    state: str
    endpoints: Endpoints | None
    running_jobs: int
    uptime_s: float
    error: str
    state_dir: Path


def ensure_stack(
    state_dir: Path,
    options: StackOptions = StackOptions(),
    *,
    timeout_s: float = 60,
    environ: Mapping[str, str] | None = None,
) -> Endpoints:
    """Make sure that the stack of ``state_dir`` runs, and tell where.

    Quick (a few milliseconds) where it runs already. Any number of processes may call this at
    once; one stack is started. What was left by a crash is cleared away first. A stack that runs
    older code is replaced, unless it has jobs in work.

    Args:
        state_dir: Folder of the stack; made where missing.
        options: Used only by the call that starts the stack.
        timeout_s: Seconds to wait until both services answer.
        environ: Environment for the stack; the caller's own where None. Variables of AWS and of
            proxies are not handed on.

    Raises:
        StackError: It cannot run: folder not writable, port taken, the engine fails to start.
    """
    raise NotImplementedError


def stop_stack(state_dir: Path, *, timeout_s: float = 30) -> bool:
    """Stop the stack of ``state_dir`` and wait until all its processes are gone.

    Returns:
        Whether there was one to stop.

    Raises:
        StackError: It could not be stopped in time.
    """
    raise NotImplementedError


def stack_status(state_dir: Path) -> StackStatus:
    """Look at the stack of ``state_dir`` without starting, stopping or touching it."""
    raise NotImplementedError
