"""An engine and a local S3 as child processes, with the clients that reach them.

They belong to the process that starts them and end with it, however that ends; unlike the shared
stack of ``personalize_assets.local`` they are nobody else's. Knows no pytest.
"""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from personalize_assets.core.names import LOCAL_ACCOUNT, LOCAL_REGION
from personalize_assets.local.child import Child
from personalize_assets.local.health import ENGINE_HEALTH, S3_HEALTH, read_health
from personalize_assets.local.ports import HOST, listen
from personalize_assets.local.processes import clean_environment
from personalize_assets.testing.control import Clock, Control, FaultInjection

if TYPE_CHECKING:
    from personalize_assets.loopback import Service

START_TIMEOUT_S: Final = 60.0
_POLL_S: Final = 0.01
_STOP_S: Final = 15.0


class StartFailed(RuntimeError):
    """The engine or its S3 did not start; the text is what it said last."""


class LocalPersonalize:
    """One running engine with its own S3.

    Args:
        endpoint_url: Of the engine.
        s3_endpoint_url: Of the S3.
        state_dir: Folder of both; objects are files under ``s3/<bucket>``.

    Attributes:
        endpoint_url: As given.
        s3_endpoint_url: As given.
        state_dir: As given.
        account: Twelve digits: whom the clients act for.
        region: Of the clients.
        clock: May be moved forward.
        faults: What goes wrong on purpose.
    """

    def __init__(self, endpoint_url: str, s3_endpoint_url: str, state_dir: Path) -> None:
        self.endpoint_url = endpoint_url
        self.s3_endpoint_url = s3_endpoint_url
        self.state_dir = state_dir
        self.account = LOCAL_ACCOUNT
        self.region = LOCAL_REGION
        self._control = Control(endpoint_url)
        self.clock = Clock(self._control)
        self.faults = FaultInjection(self._control)

    def client(self, service: "Service", *, account: str = "", region: str = "") -> Any:
        """Make a boto3 client of one of the four services.

        Args:
            service: Name as boto3 knows it.
            account: Twelve digits; by default `account`.
            region: By default `region`.
        """
        # boto3 takes long to import, and pytest loads this module in every project.
        from personalize_assets.loopback import make_client

        endpoint = self.s3_endpoint_url if service == "s3" else self.endpoint_url
        return make_client(
            service, endpoint, account=account or self.account, region=region or self.region
        )

    @cached_property
    def personalize(self) -> Any:
        """boto3 client of personalize."""
        return self.client("personalize")

    @cached_property
    def personalize_runtime(self) -> Any:
        """boto3 client of personalize-runtime."""
        return self.client("personalize-runtime")

    @cached_property
    def personalize_events(self) -> Any:
        """boto3 client of personalize-events."""
        return self.client("personalize-events")

    @cached_property
    def s3(self) -> Any:
        """boto3 client of S3."""
        return self.client("s3")

    @property
    def environment(self) -> dict[str, str]:
        """Variables with which boto3, the AWS CLI and other SDKs reach this engine."""
        services = ("PERSONALIZE", "PERSONALIZE_RUNTIME", "PERSONALIZE_EVENTS")
        return {
            **{f"AWS_ENDPOINT_URL_{service}": self.endpoint_url for service in services},
            "AWS_ENDPOINT_URL_S3": self.s3_endpoint_url,
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
            "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
            "NO_PROXY": "127.0.0.1,localhost",
        }

    def wait_until_idle(self, timeout_s: float = 120) -> None:
        """Wait until the engine has no job to do now; see `Control.wait_until_idle`."""
        self._control.wait_until_idle(timeout_s)

    def info(self) -> dict[str, Any]:
        """Version, settings, resources by kind and status, jobs, clock and faults."""
        return self._control.call("GET", "info")

    def reset(self, *, dataset_group_arn: str | None = None) -> None:
        """Empty the engine and the S3, and set the clock right; or remove one dataset group."""
        if dataset_group_arn is not None:
            self._control.call("POST", "reset", {"dataset_group_arn": dataset_group_arn})
            return
        self._control.call("POST", "reset", {})
        for path in (self.state_dir / "s3").iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def export_state(self, path: Path) -> Path:
        """Write the state of the engine, without S3, into a file such as ``state.tar.gz``."""
        return self._control.export_state(path)

    def import_state(self, path: Path) -> None:
        """Replace the state of the engine with an exported one."""
        self._control.import_state(path)


@contextmanager
def local_personalize(
    state_dir: Path | None = None,
    *,
    status_seconds: float = 0,
    workers: int = 1,
    settings: Mapping[str, str] | None = None,
) -> Iterator[LocalPersonalize]:
    """Run an engine and an S3 of its own, each on a free port, until the context is left.

    Args:
        state_dir: Folder that keeps everything; a temporary one where None.
        status_seconds: PENDING and IN_PROGRESS last at least so long each, on the engine's clock.
        workers: Processes for imports, trainings and batch jobs.
        settings: Further settings of the engine by the name of their flag, such as ``log-level``.

    Raises:
        StartFailed: They did not start.

    >>> with local_personalize() as local:  # doctest: +SKIP
    ...     group = local.personalize.create_dataset_group(name="films")["datasetGroupArn"]
    """
    options = {"status-seconds": str(status_seconds), "workers": str(workers), **(settings or {})}
    with ExitStack() as stack:
        if state_dir is None:
            state_dir = Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="personalize-"))
            )
        state_dir = state_dir.expanduser().resolve()
        s3_root = state_dir / "s3"
        s3_root.mkdir(parents=True, exist_ok=True)
        s3_url, s3 = _start_s3(s3_root, stack)
        engine = _start_engine(state_dir, s3_url, options, stack)
        _wait_for(s3, lambda: read_health(s3_url, S3_HEALTH))
        _wait_for(engine, lambda: engine.first_line)
        _wait_for(engine, lambda: read_health(engine.first_line or "", ENGINE_HEALTH))
        yield LocalPersonalize(engine.first_line or "", s3_url, state_dir)


def _start_s3(root: Path, stack: ExitStack) -> tuple[str, Child]:
    with listen(0, 0) as listener:
        fd = listener.fileno()
        command = [
            *(sys.executable, "-m", "personalize_assets.local.s3"),
            *("--root", str(root), "--fd", str(fd)),
        ]
        address = f"http://{HOST}:{listener.getsockname()[1]}"
        return address, _start("s3", command, root.parent, (fd,), stack)


def _start_engine(
    state_dir: Path, s3_url: str, options: Mapping[str, str], stack: ExitStack
) -> Child:
    flags = [part for name, value in options.items() for part in (f"--{name}", value)]
    command = [
        *(sys.executable, "-m", "personalize_assets.engine", "serve", "--exit-with-parent"),
        *("--host", HOST, "--port", "0"),
        *("--state-dir", str(state_dir), "--s3-endpoint", s3_url),
        *flags,
    ]
    return _start("engine", command, state_dir, (), stack)


def _start(
    name: str, command: list[str], folder: Path, pass_fds: tuple[int, ...], stack: ExitStack
) -> Child:
    try:
        child = Child(
            name,
            command,
            environ=clean_environment(os.environ),
            folder=folder,
            pass_fds=pass_fds,
        )
    except OSError as error:
        raise StartFailed(f"the {name} cannot be started: {error}") from error
    stack.callback(_end, child)
    return child


def _end(child: Child) -> None:
    child.terminate()
    child.wait(_STOP_S)
    child.clear_away()


def _wait_for(child: Child, condition: Any) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not condition():
        if child.exit_code is not None:
            raise StartFailed(f"the {child.name} did not start: {child.complaint()}")
        if time.monotonic() > deadline:
            raise StartFailed(f"the {child.name} was not ready in {START_TIMEOUT_S:g} s")
        time.sleep(_POLL_S)
