"""`personalize-assets doctor`: all that a run needs, looked at before the first paid call."""

import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape

from personalize_assets.aws.deployment import Deployment, DeploymentError
from personalize_assets.aws.doctor.findings import Finding, Status, failed, has_failed
from personalize_assets.aws.doctor.variables import judge_variables
from personalize_assets.aws.doctor.versions import (
    DISTRIBUTION,
    installed_versions,
    judge_versions,
    required,
)
from personalize_assets.aws.settings import SETTINGS_FILE
from personalize_assets.cli.header import print_header
from personalize_assets.local.stack import stack_status

_STYLES: Mapping[Status, str] = {"ok": "green", "failed": "bold red", "unknown": "yellow"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def doctor(as_json: bool) -> None:  # noqa: FBT001 - a flag of the command
    """Check settings, identity, rights, bucket, quotas and versions; changes nothing."""
    # Nothing is wrapped: a fix is there to be copied.
    console = Console(quiet=as_json, soft_wrap=True, highlight=False)
    found: list[Finding] = []
    for finding in _examine(console, os.environ):
        found.append(finding)
        _show(console, finding)
    counts = {name: sum(one.status == name for one in found) for name in _STYLES}
    if as_json:
        answer = {"findings": [one.as_json() for one in found], **counts}
        click.echo(json.dumps(answer, indent=2))
    console.print(", ".join(f"{count} {name}" for name, count in counts.items()), style="bold")
    if has_failed(found):
        sys.exit(1)


def _examine(console: Console, environ: Mapping[str, str]) -> Iterator[Finding]:
    try:
        deployment = Deployment.from_environment(environ)
    except DeploymentError as error:
        yield failed("settings", str(error), "set what it names, and ask the doctor again")
        yield _versions()
        return
    endpoints = stack_status(deployment.state_dir).endpoints if deployment.is_local else None
    print_header(console, deployment, endpoints)
    yield judge_variables(environ, _source(deployment, environ))
    yield _versions()
    if deployment.is_local:
        from personalize_assets.local.checkup import examine_machine

        yield from examine_machine(deployment, environ)
        return
    # boto3 takes a moment to load, which the lines above need not wait for.
    from personalize_assets.aws.doctor.answers import Asker
    from personalize_assets.aws.doctor.examination import examine_account

    try:
        asker = Asker(deployment)
    except DeploymentError as error:
        yield failed("identity", str(error), "set what it names, and ask the doctor again")
        return
    yield from examine_account(deployment, asker)


def _show(console: Console, finding: Finding) -> None:
    style = _STYLES[finding.status]
    status = f"[{style}]{finding.status:8}[/{style}]"
    console.print(f"{status}{escape(finding.check):18}{escape(finding.fact)}")
    if finding.fix:
        word = "advice" if finding.status == "ok" else "fix"
        console.print(f"{'':8}{word:18}{escape(finding.fix)}", style="dim" if word != "fix" else "")


def _versions() -> Finding:
    distribution = metadata.distribution(DISTRIBUTION)
    requirements = distribution.requires or []
    return judge_versions(
        platform.python_version(),
        str(distribution.metadata["Requires-Python"] or ">=3"),
        requirements,
        installed_versions(required(requirements)),
    )


def _source(deployment: Deployment, environ: Mapping[str, str]) -> str:
    """Where the settings come from, in words."""
    path = environ.get(SETTINGS_FILE.name, "").strip() or SETTINGS_FILE.default
    if deployment.is_local:
        return "of the environment, and defaults"
    if Path(path).expanduser().exists():
        return f"of the environment and {path}"
    return f"of the environment; there is no {path}"
