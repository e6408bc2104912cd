"""Takes away what a bootstrap made, and nothing else; says what stays and why.

Objects stay unless their deletion is asked for, with the bucket and the key that they need. A
bucket that was adopted stays in any case; only what the bootstrap put on it goes.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

from personalize_assets.aws.bootstrap.account import Account
from personalize_assets.aws.bootstrap.buckets import empty, is_empty, leave, stop_telling
from personalize_assets.aws.bootstrap.handlers import Found
from personalize_assets.aws.bootstrap.journal import Journal
from personalize_assets.aws.bootstrap.keys import WAITING_DAYS
from personalize_assets.aws.bootstrap.options import ADOPTED_TAG, BootstrapError, Options
from personalize_assets.aws.bootstrap.plan import HANDLERS, is_ours, with_known_key
from personalize_assets.aws.bootstrap.roles import who_has
from personalize_assets.aws.bootstrap.wanted import (
    ALIAS,
    BUCKET,
    BUCKET_POLICY,
    KEY,
    MANAGED_POLICY,
    Resource,
    wanted,
)

Fate = Literal["delete", "release", "stay"]
"""``release``: it stays, without what the bootstrap put on it."""

_SETTINGS: Final = {
    "ServiceRole": ("role_arn",),
    "Key": ("kms_key_arn",),
    "Topic": ("topic_arn",),
    "Queue": ("queue_url",),
    "Bucket": ("bucket", "transfer_acceleration"),
    "GlueJob": ("glue_job",),
}
"""Keys of the settings file that name a resource, by its logical name."""


@dataclass(frozen=True)
class Removal:
    """What becomes of one resource.

    Attributes:
        resource: Which one.
        arn: Its ARN.
        fate: What becomes of it.
        is_ours: Whether the bootstrap made it or cares for it.
        reason: Why it stays, or what goes with it; empty where there is nothing to say.
    """

    resource: Resource
    arn: str
    fate: Fate
    is_ours: bool = True
    reason: str = ""


def plan_destruction(
    account: Account, options: Options, journal: Journal, *, deletes_data: bool = False
) -> list[Removal]:
    """Find all that a bootstrap of this name ever made here, in the order of its deletion.

    Raises:
        ClientError: AWS refused to show something.
    """
    options = with_known_key(account, options.everything())
    removals: list[Removal] = []
    bucket: Removal | None = None
    for resource in reversed(wanted(options)):
        if resource.tags is None:
            continue  # goes with what it belongs to
        try:
            found = HANDLERS[resource.type].find(account, resource)
        except BootstrapError:
            continue  # another account's
        if found is None:
            continue
        removal = Removal(resource, found.arn, "delete")
        if not is_ours(resource, found, options, journal):
            removal = Removal(
                resource, found.arn, "stay", is_ours=False, reason="it was not made here"
            )
        elif resource.type == BUCKET:
            removal = bucket = _fate_of_bucket(account, removal, found, deletes_data=deletes_data)
        elif resource.type == KEY:
            removal = _fate_of_key(removal, bucket)
        elif resource.type == MANAGED_POLICY and (holders := who_has(account, found.arn)):
            removal = replace(removal, reason=f"taken off {', '.join(holders)}")
        removals.append(removal)
    return removals


def destroy(
    account: Account,
    options: Options,
    removals: list[Removal],
    journal: Journal,
    tell: Callable[[Removal], None],
) -> dict[str, None]:
    """Carry out ``removals``; return the keys that the settings file should lose.

    Args:
        account: Where.
        options: As they were planned with.
        removals: What to do.
        journal: Forgets what is gone.
        tell: Hears of each step once it is done.

    Raises:
        BootstrapError: An object cannot be deleted.
        ClientError: AWS refused; the next try goes on.
    """
    lost: dict[str, None] = {}
    for removal in removals:
        resource = removal.resource
        if removal.fate == "delete":
            _delete(account, options, resource)
            journal.remove(resource)
            lost |= dict.fromkeys(_SETTINGS.get(resource.logical, ()))
        elif removal.fate == "release":
            _release(account, options, resource)
        elif resource.type == BUCKET and removal.is_ours:
            stop_telling(account, resource)
        tell(removal)
    return lost


def _fate_of_bucket(
    account: Account, removal: Removal, found: Found, *, deletes_data: bool
) -> Removal:
    if ADOPTED_TAG in found.tags:
        reason = "it was there before; policy, rules, notification and tags of ours are taken off"
        return replace(removal, fate="release", reason=reason)
    if deletes_data:
        return replace(removal, reason="with all objects in it")
    if is_empty(account, removal.resource.id):
        return removal
    return replace(removal, fate="stay", reason="it holds objects; --delete-data deletes them too")


def _fate_of_key(removal: Removal, bucket: Removal | None) -> Removal:
    if bucket is not None and bucket.fate != "delete":
        return replace(removal, fate="stay", reason="objects in the bucket need it to be read")
    return replace(removal, reason=f"in {WAITING_DAYS} days, until then it can be had back")


def _delete(account: Account, options: Options, resource: Resource) -> None:
    if resource.type == BUCKET:
        empty(account, resource.id)
    if resource.type == KEY:
        # Without its alias the key is still found, by its mark.
        alias = next(one for one in wanted(options.everything()) if one.type == ALIAS)
        if HANDLERS[ALIAS].find(account, alias) is not None:
            HANDLERS[ALIAS].delete(account, alias)
    HANDLERS[resource.type].delete(account, resource)


def _release(account: Account, options: Options, resource: Resource) -> None:
    policy = next(one for one in wanted(options) if one.type == BUCKET_POLICY)
    HANDLERS[BUCKET_POLICY].delete(account, replace(policy, is_shared=True))
    leave(account, resource)
