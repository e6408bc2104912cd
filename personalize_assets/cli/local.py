"""The command `personalize-local`: the local stack by hand, and the engine alone.

Nobody has to use it, because whatever needs the stack starts it. Imports what a subcommand needs
when it is called, so that each answers at once; Dagster is never among it.
"""

import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import click

from personalize_assets.aws.deployment import DEPLOYMENT, STATE_DIR, Deployment, DeploymentError
from personalize_assets.cli.evaluate import evaluate
from personalize_assets.local.log_file import LOG_NAME, last_lines
from personalize_assets.local.settings import StackError, StackOptions
from personalize_assets.local.stack import (
    StackStatus,
    ensure_stack,
    hold_stopped,
    stack_status,
    stop_stack,
)

EXIT_NOT_RUNNING = 3  # as `systemctl status` has it
_FOLLOW_S = 0.3

state_dir_option = click.option(
    "--state-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help=f"Folder of the stack ({STATE_DIR.name}, else {STATE_DIR.default}).",
)


@click.group()
@click.version_option(package_name="personalize-assets")
def main() -> None:
    """The local Amazon Personalize and S3: they start by themselves and stop when idle."""


main.add_command(evaluate)


@main.command()
@state_dir_option
@click.option("--engine-port", type=click.IntRange(0, 65535), help="Fixed port of the engine.")
@click.option("--s3-port", type=click.IntRange(0, 65535), help="Fixed port of the local S3.")
@click.option("--idle-stop-s", type=click.FloatRange(0), help="Stop when idle so long; 0: never.")
def start(
    state_dir: Path | None, engine_port: int | None, s3_port: int | None, idle_stop_s: float | None
) -> None:
    """Start the stack, unless it runs, and tell where it listens."""
    with _plain_errors():
        deployment = _deployment(state_dir)
        given = {"engine_port": engine_port, "s3_port": s3_port, "idle_stop_s": idle_stop_s}
        options = replace(
            StackOptions.for_deployment(deployment),
            **{name: value for name, value in given.items() if value is not None},
        )
        ensure_stack(deployment.state_dir, options)
        _echo_status(deployment, stack_status(deployment.state_dir))


@main.command()
@state_dir_option
def stop(state_dir: Path | None) -> None:
    """Stop the stack and wait until all its processes are gone."""
    with _plain_errors():
        deployment = _deployment(state_dir)
        found = stop_stack(deployment.state_dir)
    click.echo("stopped" if found else "nothing was running")


@main.command()
@state_dir_option
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def status(state_dir: Path | None, as_json: bool) -> None:  # noqa: FBT001 - a flag of the command
    """Tell whether the stack runs, where and how busy; exit code 3 if it does not."""
    with _plain_errors():
        deployment = _deployment(state_dir)
        found = stack_status(deployment.state_dir)
    if as_json:
        click.echo(json.dumps(_as_json(deployment, found), indent=2))
    else:
        _echo_status(deployment, found)
    if not found.running:
        sys.exit(EXIT_NOT_RUNNING)


@main.command()
@state_dir_option
@click.option("-n", "--lines", default=50, show_default=True, help="Lines to show.")
@click.option("-f", "--follow", is_flag=True, help="Go on until Ctrl-C.")
def logs(state_dir: Path | None, lines: int, follow: bool) -> None:  # noqa: FBT001 - a flag
    """Show the log of the stack: supervisor, engine and S3."""
    with _plain_errors():
        path = _deployment(state_dir).state_dir / LOG_NAME
    if not path.exists() and not follow:
        raise click.ClickException(f"there is no {path}: the stack has never run")
    position = path.stat().st_size if path.exists() else 0
    for line in last_lines(path.parent, lines):
        click.echo(line)
    with suppress(KeyboardInterrupt):
        while follow:
            position = _echo_new(path, position)
            time.sleep(_FOLLOW_S)


@main.command()
@state_dir_option
@click.option("--all", "everything", is_flag=True, help="Dagster's history and the logs too.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(state_dir: Path | None, everything: bool, yes: bool) -> None:  # noqa: FBT001 - flags
    """Stop the stack and delete its datasets, models and objects."""
    with _plain_errors():
        folder = _deployment(state_dir).state_dir
        names = ["engine", "s3", *(["dagster"] if everything else [])]
        doomed = [folder / name for name in names if (folder / name).exists()]
        if not doomed:
            click.echo(f"nothing to delete in {folder}")
            return
        if not yes:
            click.confirm(f"Delete {', '.join(map(str, doomed))}?", abort=True)
        lock = hold_stopped(folder)
        try:
            for path in doomed:
                shutil.rmtree(path)
                click.echo(f"deleted {path}")
            if everything:
                for path in (folder / LOG_NAME, folder / f"{LOG_NAME}.1"):
                    path.unlink(missing_ok=True)
        except OSError as error:
            raise click.ClickException(
                f"cannot delete {error.filename}: {error.strerror}"
            ) from error
        finally:
            lock.close()


@main.command()
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
)
def coverage(style: str) -> None:
    """List the 79 operations of Amazon Personalize and which of them the engine answers."""
    from personalize_assets.engine import coverage as table

    formats = {
        "text": table.format_text,
        "markdown": table.format_markdown,
        "json": table.format_json,
    }
    click.echo(formats[style](table.coverage()))


class _ServeCommand(click.Command):
    """A command whose options are the engine's settings, declared there once."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        from personalize_assets.engine.settings import EngineSettings

        self.params = [_engine_option(n, f) for n, f in EngineSettings.model_fields.items()]
        self.params.append(
            click.Option(
                ["--exit-with-parent"],
                is_flag=True,
                help="End when standard input is closed, as it is when the parent dies.",
            )
        )
        return super().get_params(ctx)


@main.command(cls=_ServeCommand)
def serve(*, exit_with_parent: bool, **given: Any) -> None:
    """Run the engine alone, in the foreground; its address is the first line of output.

    Each option has a variable too, such as PERSONALIZE_ENGINE_PORT.
    """
    from personalize_assets.engine.settings import SettingsError, load_settings
    from personalize_assets.local.processes import exit_with_parent as watch_parent

    if exit_with_parent:
        watch_parent()
    try:
        settings = load_settings(given, os.environ)
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
    # There is a worker for each processor; threads of the linear algebra on top of that hinder all.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from personalize_assets.engine import server  # a second, which a bad option need not wait

    sys.exit(server.serve(settings))


def _engine_option(name: str, field: Any) -> click.Option:
    flag = f"--{name.replace('_', '-')}"
    text = field.description or ""
    if field.annotation is bool:
        return click.Option([flag], is_flag=True, default=None, help=text)
    kind: Any = str
    if field.annotation in (int, float):
        kind = field.annotation
    elif get_origin(field.annotation) is Literal:
        kind = click.Choice(get_args(field.annotation))
    default = field.get_default(call_default_factory=True)
    return click.Option([flag], type=kind, help=f"{text}  [default: {default}]")


def _deployment(state_dir: Path | None) -> Deployment:
    # What is set for the aws deployment does not keep anybody from looking at the local stack.
    environ = {**os.environ, DEPLOYMENT.name: "local"}
    if state_dir is not None:
        environ[STATE_DIR.name] = str(state_dir)
    return Deployment.from_environment(environ)


@contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except (StackError, DeploymentError) as error:
        raise click.ClickException(str(error)) from error


def _as_json(deployment: Deployment, found: StackStatus) -> dict[str, Any]:
    endpoints = found.endpoints
    return {
        "deployment": deployment.name,
        "account": deployment.account_id,
        "region": deployment.region,
        "state_dir": str(found.state_dir),
        "state": found.state,
        "running": found.running,
        "personalize": endpoints.personalize if endpoints else None,
        "s3": endpoints.s3 if endpoints else None,
        "pid": endpoints.pid if endpoints else None,
        "running_jobs": found.running_jobs,
        "uptime_s": found.uptime_s,
        "error": found.error or None,
    }


def _echo_status(deployment: Deployment, found: StackStatus) -> None:
    values = _as_json(deployment, found)
    for name, value in values.items():
        if value is not None:
            click.echo(f"{name.replace('_', ' '):<13}{value}")


def _echo_new(path: Path, position: int) -> int:
    """Show what was appended after ``position``; a shorter file was begun anew."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(position if size >= position else 0)
            click.echo(file.read().decode(errors="replace"), nl=False)
            return file.tell()
    except FileNotFoundError:
        return 0
