"""Brings about what a plan says, and says what to write into the settings file.

Each resource is looked at again when its turn comes, so a bootstrap that was killed goes on where
it stopped, and one that runs twice changes nothing the second time.
"""

from collections.abc import Callable
from typing import Final

from personalize_assets.aws.bootstrap.account import Account
from personalize_assets.aws.bootstrap.handlers import Found, Handler
from personalize_assets.aws.bootstrap.journal import Journal
from personalize_assets.aws.bootstrap.messages import queue_url
from personalize_assets.aws.bootstrap.options import BootstrapError, Options
from personalize_assets.aws.bootstrap.plan import (
    HANDLERS,
    Plan,
    Step,
    compare,
    with_known_key,
)
from personalize_assets.aws.bootstrap.wanted import KEY, Resource
from personalize_assets.aws.settings_file import Value

Tell = Callable[[Step], None]
"""Hears of each step once it is done."""

_LOOKS: Final = 8


def apply_plan(account: Account, plan: Plan, journal: Journal, tell: Tell) -> Options:
    """Make and change what the plan names; return the options with the key that is known now.

    Raises:
        BootstrapError: Something that was made does not show up.
        ClientError: AWS refused; what was done before stays, and the next bootstrap goes on.
    """
    options = plan.options
    names = [step.resource.logical for step in plan.steps if step.action != "unchanged"]
    for logical in names:
        # Described anew: the key's ARN may have become known since.
        resource = next(one for one in plan.resources(options) if one.logical == logical)
        tell(_settle(account, resource, journal))
        if resource.type == KEY:
            options = with_known_key(account, options)
    return options


def settings_of(account: Account, options: Options) -> dict[str, Value | None]:
    """What the settings file has to hold, by key; None for what is not there."""
    return {
        "region": options.region,
        "bucket": options.bucket,
        "role_arn": options.service_role_arn,
        "kms_key_arn": options.kms_key_arn,
        "topic_arn": options.topic_arn,
        "queue_url": queue_url(account, options.name) if options.has_queue else None,
        "glue_job": options.name if options.has_glue else None,
        "transfer_acceleration": True if options.is_accelerated else None,
        "tags": dict(options.tags) or None,
    }


def _settle(account: Account, resource: Resource, journal: Journal) -> Step:
    handler = HANDLERS[resource.type]
    found = handler.find(account, resource)
    first = compare(resource, found)
    if found is None:
        if resource.tags is not None:
            journal.add(resource)
        handler.create(account, resource)
        found = _look_until_there(account, handler, resource)
    changes = compare(resource, found).changes
    if changes:
        handler.change(account, resource, sorted({one.property for one in changes}))
    return first


def _look_until_there(account: Account, handler: Handler, resource: Resource) -> Found:
    """IAM may not show for a moment what it has just made."""
    for pause in range(_LOOKS):
        found = handler.find(account, resource)
        if found is not None:
            return found
        account.sleep(pause)
    raise BootstrapError(
        f"the {resource.label} {resource.id} was made, but AWS does not show it: run it again"
    )
