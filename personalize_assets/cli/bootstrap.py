"""`personalize-assets bootstrap`: make in an AWS account what the pipeline needs there."""

import os
import re
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from personalize_assets.aws.bootstrap.account import Account
from personalize_assets.aws.bootstrap.apply import apply_plan, settings_of
from personalize_assets.aws.bootstrap.destroy import Removal, destroy, plan_destruction
from personalize_assets.aws.bootstrap.journal import JOURNAL_NAME, Journal
from personalize_assets.aws.bootstrap.keys import is_behind
from personalize_assets.aws.bootstrap.options import DEFAULT_NAME, BootstrapError, Options
from personalize_assets.aws.bootstrap.plan import Plan, Step, make_plan
from personalize_assets.aws.bootstrap.wanted import ROLE_POLICY, SUBSCRIPTION, Resource
from personalize_assets.aws.given import Source
from personalize_assets.aws.sessions import make_session
from personalize_assets.aws.setting_checks import flag
from personalize_assets.aws.setting_checks import tags as checked_tags
from personalize_assets.aws.settings import (
    ASSUME_ROLE_ARN,
    BUCKET,
    DEPLOYMENT,
    GLUE_JOB,
    KMS_KEY_ARN,
    PROFILE,
    QUEUE_URL,
    REGION,
    ROLE_ARN,
    STATE_DIR,
    TAGS,
    TRANSFER_ACCELERATION,
    DeploymentError,
    Setting,
)
from personalize_assets.aws.settings_file import Value, read_settings_file, write_settings_file


@dataclass(frozen=True)
class Chosen:
    """Options of the command line; what is not given comes from the settings."""

    name: str | None
    bucket: str | None
    region: str | None
    kms_key_arn: str | None
    create_kms_key: bool
    transfer_acceleration: bool
    email: str | None
    queue: bool
    glue: bool


@dataclass(frozen=True)
class Work:
    """What a bootstrap works with."""

    console: Console
    account: Account
    options: Options
    journal: Journal
    settings: Path


@click.command()
@click.option("--name", help=f"Begins the name of everything.  [default: {DEFAULT_NAME}]")
@click.option("--bucket", help="Bucket to make.  [default: name, account and region]")
@click.option("--region", help="Region to work in.  [default: that of the settings or of boto3]")
@click.option("--kms-key-arn", help="Encrypt with this key.")
@click.option("--create-kms-key", is_flag=True, help="Make a key, and encrypt with it.")
@click.option("--transfer-acceleration", is_flag=True, help="Let S3 take objects from afar.")
@click.option("--email", help="Address that hears of what happens.")
@click.option("--queue", is_flag=True, help="Have S3 tell a queue of new objects.")
@click.option("--glue", is_flag=True, help="Make the AWS Glue job for `engine: glue`.")
@click.option("--adopt", is_flag=True, help="Take over a bucket of this account.")
@click.option("--dry-run", is_flag=True, help="Only show what would be done.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--destroy", "destroys", is_flag=True, help="Delete what the bootstrap made.")
@click.option("--delete-data", is_flag=True, help="With --destroy: delete the objects as well.")
def bootstrap(
    *, adopt: bool, dry_run: bool, yes: bool, destroys: bool, delete_data: bool, **chosen: object
) -> None:
    """Make bucket, roles, policies and topic in your AWS account, or mend them.

    Shows the plan first and asks. What is there already is compared and repaired; a second run
    changes nothing. Writes the settings file that the aws deployment reads.
    """
    console = Console(width=None if sys.stdout.isatty() else 160)
    if delete_data and not destroys:
        raise click.UsageError("--delete-data goes with --destroy")
    try:
        work = _open(console, os.environ, Chosen(**chosen))  # type: ignore[arg-type]
        if destroys:
            _destroy(work, deletes_data=delete_data, dry_run=dry_run, yes=yes)
        else:
            _bootstrap(work, adopts=adopt, dry_run=dry_run, yes=yes)
    except (BootstrapError, DeploymentError, OSError) as error:
        raise click.ClickException(str(error)) from error
    except ClientError as error:
        raise click.ClickException(_refused(error)) from error
    except BotoCoreError as error:
        raise click.ClickException(f"AWS was not reached: {error}") from error


def _open(console: Console, environ: Mapping[str, str], chosen: Chosen) -> Work:
    source = Source.of({**environ, DEPLOYMENT.name: "aws"})
    session = make_session(
        _text(source, PROFILE),
        chosen.region or _text(source, REGION),
        _text(source, ASSUME_ROLE_ARN),
    )
    account = Account.of(session)
    line = f"account {account.account_id} · region {account.region} · as {account.identity}"
    console.print(line, style="bold", highlight=False, soft_wrap=True)
    options = _options(account, source, chosen)
    state = Path(source.value(STATE_DIR).text).expanduser()
    journal = Journal(state / JOURNAL_NAME, account.account_id)
    return Work(console, account, options, journal, source.file.path)


def _text(source: Source, setting: Setting) -> str | None:
    return source.value(setting).text or None


def _options(account: Account, source: Source, chosen: Chosen) -> Options:
    name = chosen.name or _name_in_settings(account, source) or DEFAULT_NAME
    if chosen.kms_key_arn and chosen.create_kms_key:
        raise click.UsageError("--kms-key-arn and --create-kms-key exclude each other")
    key_arn, creates_key = chosen.kms_key_arn, chosen.create_kms_key
    known = _text(source, KMS_KEY_ARN)
    if known and not key_arn and not creates_key:
        creates_key = is_behind(account, f"alias/{name}", known)
        key_arn = None if creates_key else known
    return Options(
        account_id=account.account_id,
        region=account.region,
        partition=account.partition,
        name=name,
        bucket_name=chosen.bucket or _text(source, BUCKET) or "",
        kms_key_arn=key_arn,
        creates_key=creates_key,
        is_accelerated=chosen.transfer_acceleration or flag(source.value(TRANSFER_ACCELERATION)),
        email=chosen.email,
        has_queue=chosen.queue or _text(source, QUEUE_URL) is not None,
        has_glue=chosen.glue or _text(source, GLUE_JOB) is not None,
        tags=checked_tags(source.value(TAGS)),
    )


def _name_in_settings(account: Account, source: Source) -> str | None:
    """The name that an earlier bootstrap worked under, as the role in the settings tells.

    Raises:
        BootstrapError: The settings are those of another account.
    """
    given = source.value(ROLE_ARN)
    found = re.fullmatch(r"arn:[a-z\d-]+:iam::(\d{12}):role/(\S+)", given.text)
    if found is None:
        return None
    if found.group(1) != account.account_id:
        raise BootstrapError(
            f"{given.place or ROLE_ARN.name} names a role of account {found.group(1)}, but you are "
            f"signed in to {account.account_id}: choose another profile with {PROFILE.name}, or "
            "another settings file with PERSONALIZE_ASSETS_SETTINGS"
        )
    named = re.fullmatch(rf"(.+)-service-{re.escape(account.region)}", found.group(2))
    return None if named is None else named.group(1)


def _bootstrap(work: Work, *, adopts: bool, dry_run: bool, yes: bool) -> None:
    plan = make_plan(work.account, work.options, work.journal, adopts=adopts)
    _show_plan(work.console, plan)
    if dry_run:
        return
    options = plan.options
    if plan.is_done:
        work.console.print("Everything is as it should be.", highlight=False)
    else:
        if not yes:
            click.confirm(f"Do this in account {options.account_id}?", abort=True)
        options = apply_plan(work.account, plan, work.journal, lambda one: _tell(work, one))
    _write_settings(work, settings_of(work.account, options))
    _show_next(work.console, options)


def _show_plan(console: Console, plan: Plan) -> None:
    for step in plan.steps:
        _print(console, f"{step.action:<9}  {step.resource.label:<31}  {_shown(step.resource)}")
        for change in step.changes:
            _print(console, f"             {change}")
    for note in plan.notes:
        _print(console, f"note: {note}")
    counts = Counter(step.action for step in plan.steps)
    words = ("create", "change", "unchanged")
    _print(
        console,
        ", ".join(f"{counts[one]} {'' if one == words[2] else 'to '}{one}" for one in words),
    )


def _shown(resource: Resource) -> str:
    """Its name; of an e-mail address only as much as tells whose it is."""
    if resource.type != SUBSCRIPTION:
        return resource.id.rpartition("/")[2] if resource.type == ROLE_POLICY else resource.id
    name, _, host = resource.id.partition("@")
    return f"{name[0]}***@{host}"


def _print(console: Console, text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)


def _tell(work: Work, step: Step) -> None:
    done = {"create": "created", "change": "changed", "unchanged": "is there"}[step.action]
    _print(work.console, f"{done}: {step.resource.label} {_shown(step.resource)}")


def _write_settings(work: Work, values: Mapping[str, Value | None]) -> None:
    before = dict(read_settings_file(work.settings).values) if work.settings.exists() else {}
    if all(before.get(key) == value for key, value in values.items()):
        return
    write_settings_file(work.settings, values)
    _print(work.console, f"wrote {work.settings}")


def _show_next(console: Console, options: Options) -> None:
    _print(console, "\nGive the policy to whoever runs Dagster, with one of")
    for kind in ("role", "user"):
        command = f"aws iam attach-{kind}-policy --{kind}-name NAME"
        _print(console, f"  {command} --policy-arn {options.operator_policy_arn}")
    _print(
        console, f"then\n  export {DEPLOYMENT.name}=aws\n  personalize-assets doctor\n  make run"
    )


def _destroy(work: Work, *, deletes_data: bool, dry_run: bool, yes: bool) -> None:
    removals = plan_destruction(work.account, work.options, work.journal, deletes_data=deletes_data)
    if not removals:
        _print(work.console, f"Nothing of {work.options.name} is there.")
        return
    for removal in removals:
        _print(work.console, _fate(removal))
    _print(
        work.console, "note: first delete what is in Amazon Personalize, with the command teardown"
    )
    if dry_run or all(one.fate == "stay" for one in removals):
        return
    if not yes:
        _ask(work.options)
    lost = destroy(
        work.account,
        work.options,
        removals,
        work.journal,
        lambda one: _print(work.console, f"done: {_fate(one)}"),
    )
    if not work.settings.exists():
        return
    if named := sorted(lost.keys() & read_settings_file(work.settings).values.keys()):
        write_settings_file(work.settings, dict.fromkeys(named))
        _print(work.console, f"took {', '.join(named)} out of {work.settings}")


def _fate(removal: Removal) -> str:
    reason = f" ({removal.reason})" if removal.reason else ""
    return f"{removal.fate:<9}  {removal.resource.label:<31}  {removal.resource.id}{reason}"


def _ask(options: Options) -> None:
    """Have the name typed.

    Raises:
        click.Abort: Something else was typed.
    """
    question = f"Type {options.name} to delete this in account {options.account_id}"
    if click.prompt(question, default="", show_default=False) != options.name:
        raise click.Abort


def _refused(error: ClientError) -> str:
    response = error.response
    message = response.get("Error", {}).get("Message") or response.get("Error", {}).get("Code", "")
    return (
        f"AWS refused {error.operation_name}: {message}\nWhat was made so far stays; once this is "
        "mended, run it again and it goes on from here."
    )
