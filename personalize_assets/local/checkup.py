"""The doctor of one machine: stack, ports, space and proxies; looks only, and starts nothing."""

import os
import shutil
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.doctor.findings import Finding, failed, ok
from personalize_assets.aws.doctor.variables import judge_proxies
from personalize_assets.aws.settings import ENGINE_PORT, S3_PORT, STATE_DIR
from personalize_assets.engine.coverage import CoverageRow, coverage
from personalize_assets.local.log_file import LOG_NAME
from personalize_assets.local.ports import HOST
from personalize_assets.local.stack import StackStatus, stack_status

MIN_FREE_BYTES: Final = 1024**3
"""Less is not enough for one training on a large release, its data and its model."""


def examine_machine(deployment: Deployment, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Look at all that a run on this machine needs.

    Args:
        deployment: A local deployment.
        environ: Variables that programs see.
    """
    status = stack_status(deployment.state_dir)
    yield judge_stack(status)
    ports = {ENGINE_PORT.name: deployment.engine_port, S3_PORT.name: deployment.s3_port}
    yield judge_ports({name: (port, is_free(port)) for name, port in ports.items()}, status)
    folder = existing_folder(deployment.state_dir)
    free = shutil.disk_usage(folder).free
    yield judge_space(deployment.state_dir, free, os.access(folder, os.W_OK))
    yield judge_api(coverage())
    yield judge_proxies(environ)


def judge_stack(status: StackStatus) -> Finding:
    """Whether engine and S3 run, or could be started."""
    check = "stack"
    if status.running and status.endpoints is not None:
        fact = f"engine {status.endpoints.personalize}, S3 {status.endpoints.s3}"
        return ok(check, f"{fact}, {status.running_jobs} jobs at work")
    log = status.state_dir / LOG_NAME
    if status.state == "failed":
        fact = f"it did not start: {status.error or 'without a reason'}"
        return failed(check, fact, f"read {log}, mend it, then personalize-local start")
    if status.state == "crashed":
        return failed(
            check,
            "its processes have gone without having been stopped",
            f"personalize-local start, which clears away what is left; {log} says what happened",
        )
    if status.state in ("absent", "stopped"):
        return ok(check, "does not run; it starts when it is needed")
    if status.state == "ready":
        fact = "it runs, but engine or S3 does not answer"
        return failed(check, fact, f"personalize-local stop; {log} says what happened")
    return ok(check, f"is {status.state}")


def judge_ports(ports: Mapping[str, tuple[int, bool]], status: StackStatus) -> Finding:
    """Whether the ports that are asked for are the stack's, or free.

    Args:
        ports: By setting: the port, 0 for any, and whether it is free.
        status: Of the stack.
    """
    check = "ports"
    fixed = {name: value for name, value in ports.items() if value[0]}
    if not fixed:
        return ok(check, "any that is free")
    endpoints = status.endpoints
    own = {endpoints.personalize, endpoints.s3} if status.running and endpoints else set[str]()
    taken = {
        name: port
        for name, (port, is_free) in fixed.items()
        if not is_free and f"http://{HOST}:{port}" not in own
    }
    if taken:
        fact = ", ".join(
            f"{port} ({name}) is taken by another program" for name, port in taken.items()
        )
        return failed(check, fact, f"unset {' '.join(taken)}, or choose others")
    return ok(check, ", ".join(str(port) for port, _ in fixed.values()))


def judge_space(state_dir: Path, free_bytes: int, is_writable: bool) -> Finding:  # noqa: FBT001
    """Whether the state folder can be written, and how much fits into it.

    Args:
        state_dir: The folder, which need not exist.
        free_bytes: On its disk.
        is_writable: Whether we may write into it, or into the folder that it will be made in.
    """
    check, free = "disk", f"{free_bytes / 1024**3:,.1f} GiB free for {state_dir}"
    if not is_writable:
        fix = f"chown -R $USER {state_dir}, or set {STATE_DIR.name} to a folder of your own"
        return failed(check, f"{state_dir} cannot be written", fix)
    if free_bytes < MIN_FREE_BYTES:
        fix = f"make room, or set {STATE_DIR.name} to a folder on another disk"
        return failed(check, f"only {free}", fix)
    return ok(check, free)


def judge_api(rows: Sequence[CoverageRow]) -> Finding:
    """Which API the engine speaks: that of the botocore at hand, as far as it is supported.

    Args:
        rows: One an operation.
    """
    supported = sum(row.supported for row in rows)
    strange = [row.operation for row in rows if not row.supported and not row.reason]
    fact = f"the engine answers {supported} of the {len(rows)} operations that botocore knows"
    if strange:
        advice = f"{', '.join(strange)} came with a newer botocore; nothing here calls it"
        return ok("api", fact, advice)
    return ok("api", fact)


def is_free(port: int) -> bool:
    """Whether nobody listens on a port of loopback; 0 always is."""
    if port == 0:
        return True
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.settimeout(2)
        return probe.connect_ex((HOST, port)) != 0


def existing_folder(path: Path) -> Path:
    """The folder itself, or the nearest one above it that exists."""
    return next(one for one in (path, *path.parents) if one.is_dir())
