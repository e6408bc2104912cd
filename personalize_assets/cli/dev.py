"""`personalize-assets dev`: Dagster's webserver and daemon on the local stack, until Ctrl-C.

Both run as `dagster dev` in a process group of their own with default signal handling, so that
they stop in order whether the signal comes from a terminal, a script or a supervisor.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

import click
from rich.console import Console

from personalize_assets.aws.deployment import STATE_DIR, Deployment, DeploymentError
from personalize_assets.aws.endpoints import Endpoints
from personalize_assets.cli.header import print_header
from personalize_assets.cli.instance import prepare_home
from personalize_assets.local.stack import StackError

ROOT = Path(__file__).parent.parent.parent
STOP_TIMEOUT_S = 30
START_TIMEOUT_S = 120


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=3000, show_default=True, help="Port of the UI; 0 for a free one.")
@click.option("--seed/--no-seed", default=True, help="Copy the sample to an empty raw prefix.")
def dev(host: str, port: int, seed: bool) -> None:  # noqa: FBT001 - a flag of the command line
    """Open the Dagster UI: webserver and daemon, with sensors and schedules at work."""
    warnings.simplefilter("ignore")
    console = Console(width=None if sys.stdout.isatty() else 120)
    try:
        deployment = Deployment.from_environment(os.environ)
        endpoints = _start_stack(deployment, console, seed=seed)
    except (DeploymentError, StackError, OSError) as error:
        raise click.ClickException(str(error)) from error
    print_header(console, deployment, endpoints)
    raise SystemExit(_serve(console, deployment, host, port or _free_port(host)))


def _start_stack(deployment: Deployment, console: Console, *, seed: bool) -> Endpoints | None:
    # Dagster is slow to import and not needed to say where things are.
    from personalize_assets.cli.run import seed_declared_groups
    from personalize_assets.resources import LocalStackResource

    endpoints = LocalStackResource.of(deployment).endpoints()
    if seed and deployment.is_local:
        seed_declared_groups(console, deployment)
    return endpoints


def _serve(console: Console, deployment: Deployment, host: str, port: int) -> int:
    if not _is_free(host, port):
        raise click.ClickException(
            f"port {port} of {host} is taken: stop what listens there, or choose another with "
            "--port (0 for a free one)"
        )
    url = f"http://{host}:{port}"
    child = subprocess.Popen(
        _command(host, port),
        env={
            **os.environ,
            "DAGSTER_HOME": str(prepare_home(deployment.state_dir)),
            "DAGSTER_DISABLE_TELEMETRY": "yes",
            STATE_DIR.name: str(deployment.state_dir),
            "PYTHONWARNINGS": "ignore",
        },
        start_new_session=True,
        preexec_fn=_default_signals,
    )
    stop = _Stop(child)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    if _wait_until_ready(url, child):
        console.print(f"[bold]Dagster UI {url}[/bold]  (Ctrl-C stops it)", highlight=False)
        console.print(
            f"Drop files into {deployment.state_dir}/s3/{deployment.bucket}/"
            if deployment.is_local
            else f"Drop files into s3://{deployment.bucket}/",
            highlight=False,
            soft_wrap=True,
        )
    code = child.wait()
    stop.end_group()
    return 0 if stop.asked else code


class _Stop:
    """Passes the wish to stop on to the child, and insists after a while."""

    def __init__(self, child: "subprocess.Popen[bytes]") -> None:
        self.asked = False
        self._child = child

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        if self.asked or self._child.poll() is not None:
            return
        self.asked = True
        signal.signal(signal.SIGALRM, lambda *_: self.end_group())
        signal.alarm(STOP_TIMEOUT_S)
        self._child.send_signal(signal.SIGINT)

    def end_group(self) -> None:
        """Kill whatever is left of the child's process group."""
        signal.alarm(0)
        try:
            os.killpg(self._child.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


def _command(host: str, port: int) -> Sequence[str]:
    workspace = ROOT / "workspace.yaml"
    target = (
        ["-w", str(workspace)] if workspace.exists() else ["-m", "personalize_assets.definitions"]
    )
    return [
        *(sys.executable, "-m", "dagster", "dev", *target),
        *("--host", host, "--port", str(port), "--log-level", "warning"),
    ]


def _default_signals() -> None:
    # A shell starts background programs with SIGINT ignored, and children inherit that.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _wait_until_ready(url: str, child: "subprocess.Popen[bytes]") -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_TIMEOUT_S
    while child.poll() is None and time.monotonic() < deadline:
        try:
            with opener.open(f"{url}/server_info", timeout=5):
                return True
        except OSError:
            time.sleep(0.2)
    return False


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
