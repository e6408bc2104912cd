"""The pattern behind every ``ensure_*``: look, create, and if another was quicker, look again.

Holds no knowledge of a single resource; those stand in ``ensure_data``, ``ensure_training`` and
``ensure_batch``.
"""

import contextlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict, cast

from botocore.exceptions import ClientError

from personalize_assets.aws.kinds import (
    ACTIVE,
    DELETE_STATUSES,
    FAILED_STATUSES,
    Kind,
    error_code,
    find,
)
from personalize_assets.aws.naming import PROJECT_TAG, attempt_name
from personalize_assets.aws.waiters import (
    ResourceFailed,
    WaitPolicy,
    call_patiently,
    wait_until_active,
    wait_until_gone,
)

if TYPE_CHECKING:
    from types_boto3_personalize import PersonalizeClient
    from types_boto3_personalize.type_defs import S3DataConfigTypeDef, TagTypeDef

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 10
_MAX_NAMES = 99  # what the suffix of ``attempt_name`` has room for


class ConfigurationDrift(ValueError):
    """A resource of the wanted name exists, but is not what is wanted; it is left untouched."""


@dataclass(frozen=True)
class Ensured:
    """A resource that is there and ready.

    Attributes:
        arn: Its ARN.
        created: Whether this call created it; False where it was found.
        description: What the service's describe operation says of it.
        waited_s: Seconds from the call until it was ready.
    """

    arn: str
    created: bool
    description: dict[str, Any]
    waited_s: float


class Tagging(TypedDict, total=False):
    """The optional ``tags`` argument of a create operation."""

    tags: "list[TagTypeDef]"


def tagging(tags: Mapping[str, str] | None) -> Tagging:
    """Turn a mapping into the argument that create operations take; nothing for no tags."""
    if not tags:
        return {}
    return {"tags": [{"tagKey": key, "tagValue": value} for key, value in tags.items()]}


def s3_data(path: str, kms_key_arn: str | None) -> "S3DataConfigTypeDef":
    """A place in S3 as jobs take it, with the key that encrypts what lies there, or without."""
    if kms_key_arn is None:
        return {"path": path}
    return {"path": path, "kmsKeyArn": kms_key_arn}


def ensure_present(
    client: "PersonalizeClient",
    kind: Kind,
    find_arn: Callable[[], str | None],
    create: Callable[[], str],
    policy: WaitPolicy,
    what: str,
    tags: Mapping[str, str] | None = None,
) -> Ensured:
    """Find the resource or create it, then wait until it is active.

    One whose creation had failed before this call is deleted and created anew: nothing hangs on
    it, and it would keep its name for ever. One that fails while this call waits is an error.

    Args:
        client: boto3 client of personalize.
        kind: Kind of the resource.
        find_arn: Gives the ARN of the existing resource, or None.
        create: Creates it and gives its ARN.
        policy: Timeout, pace and progress.
        what: For messages, such as ``dataset group movielens``.
        tags: Given also to what was found, if the project made it, where they are declared later
            or with another value.

    Raises:
        ResourceFailed: It ended in a failed status.
        WaitTimeout: It was not ready in time.
        ClientError: The service refused.
    """
    started = policy.clock()
    arn, created = _find_or_create(client, kind, find_arn, create, policy, what)
    description = wait_until_active(client, kind, arn, policy)
    if tags and not created:
        _ensure_tags(client, arn, tags, policy)
    return Ensured(arn, created, description, policy.clock() - started)


def _ensure_tags(
    client: "PersonalizeClient", arn: str, tags: Mapping[str, str], policy: WaitPolicy
) -> None:
    """Give a resource the tags that it lacks; what others made is left as it is.

    Tags that are no longer declared stay: somebody else may have set them.
    """
    answer = call_patiently(
        lambda: client.list_tags_for_resource(resourceArn=arn), policy, f"list tags of {arn}"
    )
    found = {tag["tagKey"]: tag["tagValue"] for tag in answer.get("tags", [])}
    if PROJECT_TAG not in found or found[PROJECT_TAG] != tags.get(PROJECT_TAG):
        return
    lacking = {key: value for key, value in tags.items() if found.get(key) != value}
    given = tagging(lacking).get("tags")
    if given:
        call_patiently(
            lambda: client.tag_resource(resourceArn=arn, tags=given), policy, f"tag {arn}"
        )


def ensure_job(
    client: "PersonalizeClient",
    kind: Kind,
    name: str,
    find_arn: Callable[[str], str | None],
    create: Callable[[str], str],
    policy: WaitPolicy,
    is_current: Callable[[str], bool] = lambda _: True,
) -> Ensured:
    """Find the job ``name`` or run it; failed and superseded ones get a successor.

    A job that failed before this call is followed by ``<name>-2``, ``<name>-3`` and so on, ten
    failures at most; so is one whose work a later job has undone. A job that fails while this call
    waits for it is an error.

    Args:
        client: boto3 client of personalize.
        kind: Kind of the job.
        name: Name of the first attempt.
        find_arn: Gives the ARN of the job of a name, or None.
        create: Creates the job of a name and gives its ARN.
        policy: Timeout, pace and progress.
        is_current: Whether what the job of this ARN did still holds.

    Raises:
        ResourceFailed: The job failed, or ten attempts have failed before.
        WaitTimeout: It was not ready in time.
        ClientError: The service refused.
    """
    started = policy.clock()
    arn, status, reason, failures = "", "", "", 0
    for attempt in range(1, _MAX_NAMES + 1):
        candidate = attempt_name(name, attempt)
        what = f"{kind.label} {candidate}"
        arn, created = _find_or_create(
            client,
            kind,
            lambda wanted=candidate: find_arn(wanted),
            lambda wanted=candidate: create(wanted),
            policy,
            what,
        )
        found = None if created else find(client, kind, arn)
        if found is not None and found.get("status") in FAILED_STATUSES:
            status, reason = str(found["status"]), str(found.get("failureReason"))
            log.warning("%s had failed: %s", what, reason)
            failures += 1
            if failures == MAX_ATTEMPTS:
                break
            continue
        if found is not None and found.get("status") == ACTIVE and not is_current(arn):
            log.info("%s was followed by another: doing it again", what)
            continue
        description = wait_until_active(client, kind, arn, policy)
        return Ensured(arn, created, description, policy.clock() - started)
    raise ResourceFailed(
        arn, status, f"{MAX_ATTEMPTS} attempts have failed, the last with: {reason}"
    )


def refuse_drift(what: str, wanted: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """Compare what is wanted with what a describe operation says, member by member.

    Args:
        what: For the message, such as ``solution movielens-sims``.
        wanted: Members as they were asked for; None, empty and absent are the same.
        found: The description.

    Raises:
        ConfigurationDrift: A member differs; the message names it with both values.
    """
    differences = [
        f"{member} is {_show(found.get(member))}, wanted {_show(value)}"
        for member, value in wanted.items()
        if prune(found.get(member)) != prune(value)
    ]
    if differences:
        raise ConfigurationDrift(f"{what} exists with another configuration: {differences[0]}")


def find_undrifted(
    client: "PersonalizeClient", kind: Kind, arn: str, wanted: Mapping[str, Any]
) -> str | None:
    """Give ``arn`` back if it is there and what is wanted, None if it is not there.

    Args:
        client: boto3 client of personalize.
        kind: Kind of the resource.
        arn: ARN of the resource.
        wanted: As ``refuse_drift`` takes it.

    Raises:
        ConfigurationDrift: It is there and differs.
    """
    found = find(client, kind, arn)
    if found is None:
        return None
    refuse_drift(f"{kind.label} {arn.rpartition('/')[2]}", wanted, found)
    return arn


def prune(value: Any) -> Any:
    """Drop empty and absent members at every level, so that only what was said is compared.

    The service leaves out what was not given and may answer ``False`` or ``{}`` in its place.
    """
    if isinstance(value, Mapping):
        members = cast("Mapping[str, Any]", value)
        pruned = {key: prune(member) for key, member in members.items()}
        return {key: member for key, member in pruned.items() if member is not None} or None
    if value is None or value is False or value == "" or value == []:
        return None
    return value


def _show(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _find_or_create(
    client: "PersonalizeClient",
    kind: Kind,
    find_arn: Callable[[], str | None],
    create: Callable[[], str],
    policy: WaitPolicy,
    what: str,
) -> tuple[str, bool]:
    arn = find_arn()
    if arn is not None and _is_leaving(client, kind, arn, policy):
        wait_until_gone(client, kind, arn, policy)
        arn = None
    if arn is not None:
        return arn, False
    try:
        return call_patiently(create, policy, f"create {what}"), True
    except ClientError as error:
        # Another process, or a first try whose answer was lost, has created it meanwhile.
        if error_code(error) != "ResourceAlreadyExistsException":
            raise
        arn = find_arn()
        if arn is None:
            raise
    return arn, False


def _is_leaving(client: "PersonalizeClient", kind: Kind, arn: str, policy: WaitPolicy) -> bool:
    """Whether a resource goes away, as one does that had failed: this begins its deletion."""
    description = find(client, kind, arn)
    if description is None:
        return True  # gone since it was found
    status = description.get("status")
    if status == "CREATE FAILED" and (delete := kind.delete) is not None:
        reason = description.get("failureReason", "no reason given")
        log.warning("%s had failed and is made anew: %s", arn, reason)
        with contextlib.suppress(client.exceptions.ResourceNotFoundException):
            call_patiently(lambda: delete(client, arn), policy, f"delete {arn}")
        return True
    return status in DELETE_STATUSES
