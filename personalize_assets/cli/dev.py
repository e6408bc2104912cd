"""`personalize-assets dev`: Dagster's webserver and daemon, and the API, until Ctrl-C.

Both run as `dagster dev` in a process group of their own with default signal handling, so that
they stop in order whether the signal comes from a terminal, a script or a supervisor.
"""

import ctypes
import errno
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import click
from rich.console import Console

from personalize_assets.aws.deployment import (
    DATA,
    STATE_DIR,
    UI_URL,
    Deployment,
    DeploymentError,
)
from personalize_assets.cli.api_beside import api_beside
from personalize_assets.cli.header import print_header
from personalize_assets.cli.instance import open_instance, prepare_home
from personalize_assets.core.log_format import log_format
from personalize_assets.core.movielens import RawDataError
from personalize_assets.local.stack import StackError

ROOT = Path(__file__).parent.parent.parent
CANCEL_TIMEOUT_S = 15
STOP_TIMEOUT_S = 30
_LOOK_EVERY_S = 0.2
_PR_SET_PDEATHSIG = 1  # prctl(2)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=3000, show_default=True, help="Port of the UI; 0 for a free one.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    envvar=DATA.name,
    help="Folder or zip of a MovieLens release; it replaces what the raw prefix holds.",
)
@click.option("--seed/--no-seed", default=True, help="Copy the sample to an empty raw prefix.")
@click.option(
    "--api-port",
    default=3001,
    show_default=True,
    help="Port of the page and API of recommendations; any free one where it is taken.",
)
@click.option("--api/--no-api", "with_api", default=True, help="Start them too.")
def dev(
    *, host: str, port: int, data: Path | None, seed: bool, api_port: int, with_api: bool
) -> None:
    """Open the Dagster UI: webserver and daemon, with sensors and schedules at work.

    Beside it runs `personalize-assets api`, the page and API of recommendations.
    """
    warnings.simplefilter("ignore")
    console = Console(width=None if sys.stdout.isatty() else 120)
    stop = _Stop()
    stop.listen()
    _refuse_taken_port(host, port)
    try:
        deployment = Deployment.from_environment(os.environ)
        _start_stack(deployment, console, data, seed=seed)
        home = prepare_home(deployment.state_dir)
        with _only_one(home):
            places = _Places(host, port or _free_port(host), api_port if with_api else None)
            code = _serve(console, deployment, home, places, stop)
    except (DeploymentError, RawDataError, StackError, OSError) as error:
        raise click.ClickException(str(error)) from error
    raise SystemExit(code)


def _start_stack(
    deployment: Deployment, console: Console, data: Path | None, *, seed: bool
) -> None:
    # Dagster is slow to import and not needed to say where things are.
    from personalize_assets.cli.run import seed_declared_groups
    from personalize_assets.resources import LocalStackResource

    print_header(console, deployment, LocalStackResource.of(deployment).endpoints())
    if data is not None or (seed and deployment.is_local):
        seed_declared_groups(console, deployment, data)


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """Hold the lock of Dagster's home: two daemons would both work on its runs."""
    with (home / "dev.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise click.ClickException(
                f"another `personalize-assets dev` (process {file.read() or 'unknown'}) works on "
                f"{home}: stop it first, or choose another state folder ({STATE_DIR.name})"
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


@dataclass(frozen=True)
class _Places:
    """Where to listen.

    Attributes:
        host: Of both.
        port: Of the Dagster UI.
        api_port: Of page and API; None where they are not wanted.
    """

    host: str
    port: int
    api_port: int | None

    @property
    def url(self) -> str:
        """Address of the Dagster UI."""
        return f"http://{self.host}:{self.port}"


def _serve(
    console: Console, deployment: Deployment, home: Path, places: _Places, stop: "_Stop"
) -> int:
    # Dagster is slow to import; see _start_stack.
    from personalize_assets.cli.unfinished import cancel_unfinished, settle_abandoned

    environment = {
        **os.environ,
        "DAGSTER_HOME": str(home),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        STATE_DIR.name: str(deployment.state_dir),
        UI_URL.name: deployment.ui_url or places.url,
        "PYTHONWARNINGS": "ignore",
        # Else a file in this folder that is named like a library takes its place.
        "PYTHONSAFEPATH": "1",
    }
    with open_instance(deployment.state_dir) as instance, ExitStack() as beside:
        settle_abandoned(instance)
        stop.may_raise = False
        api = None
        if places.api_port is not None:
            log = home / "api.log"
            api = beside.enter_context(api_beside(places.host, places.api_port, environment, log))
        child = subprocess.Popen(
            _command(places.host, places.port),
            env=environment,
            start_new_session=True,
            preexec_fn=_default_signals,
        )
        try:
            if _wait_until_ready(places.url, child, stop):
                _print_places(console, deployment, places.url)
            while child.poll() is None and not stop.asked:
                if api is not None and api.has_settled:
                    console.print(api.describe(), highlight=False, soft_wrap=True, markup=False)
                    api = None
                time.sleep(_LOOK_EVERY_S)
            if child.poll() is None:
                console.print("Stopping; Ctrl-C again kills.", highlight=False)
                cancel_unfinished(instance, CANCEL_TIMEOUT_S)
                child.send_signal(signal.SIGINT)
                if not _ends_in_time(child, stop):
                    console.print("Dagster did not stop by itself and is killed.")
        finally:
            _end_group(child)
            settle_abandoned(instance)
    return 0 if stop.asked else child.returncode or 1


def _print_places(console: Console, deployment: Deployment, url: str) -> None:
    console.print(f"[bold]Dagster UI {url}[/bold]  (Ctrl-C stops it)", highlight=False)
    place = f"{deployment.bucket_folder}/" if deployment.is_local else f"s3://{deployment.bucket}/"
    console.print(f"Drop files into {place}", highlight=False, soft_wrap=True)


class _Stop:
    """Remembers how often somebody asked for the end."""

    def __init__(self) -> None:
        self.asked = 0
        self.may_raise = True

    def listen(self) -> None:
        """Take over the signals that mean the end, also those that a script left ignored."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self)
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as `nohup` wants it
            signal.signal(signal.SIGHUP, self)

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        self.asked += 1
        if self.may_raise:
            raise SystemExit(0)


def _ends_in_time(child: "subprocess.Popen[bytes]", stop: _Stop) -> bool:
    deadline, asked = time.monotonic() + STOP_TIMEOUT_S, stop.asked
    while child.poll() is None and time.monotonic() < deadline and stop.asked == asked:
        time.sleep(_LOOK_EVERY_S)
    return child.poll() is not None


def _end_group(child: "subprocess.Popen[bytes]") -> None:
    """Kill whatever is left of the child's process group."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _command(host: str, port: int) -> Sequence[str]:
    workspace = ROOT / "workspace.yaml"
    target = (
        ["-w", str(workspace)] if workspace.exists() else ["-m", "personalize_assets.definitions"]
    )
    return [
        *(sys.executable, "-m", "dagster", "dev", *target),
        *("--host", host, "--port", str(port), "--log-level", "warning"),
        *(("--log-format", "json") if log_format(os.environ) == "json" else ()),
    ]


def _default_signals() -> None:
    # A shell starts background programs with SIGINT ignored, and children inherit that.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":  # so that nothing stays behind when this process is killed
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _wait_until_ready(url: str, child: "subprocess.Popen[bytes]", stop: _Stop) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while child.poll() is None and not stop.asked:
        try:
            with opener.open(f"{url}/server_info", timeout=5):
                return True
        except OSError:
            time.sleep(_LOOK_EVERY_S)
    return False


def _refuse_taken_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise click.ClickException(
                    f"cannot listen on port {port} of {host}: {error.strerror or error}"
                ) from error
            raise click.ClickException(
                f"port {port} of {host} is taken: stop what listens there, or choose another with "
                "--port (0 for a free one)"
            ) from error


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
