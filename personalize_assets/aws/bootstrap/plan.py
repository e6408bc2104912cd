"""What a bootstrap would do: each resource as it is beside what it is to be.

Nothing here changes the account. What is there and not ours is refused, all of it at once.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from personalize_assets.aws.bootstrap.account import Account, found_or_none
from personalize_assets.aws.bootstrap.bucket_policy import BucketPolicyHandler
from personalize_assets.aws.bootstrap.buckets import BucketHandler
from personalize_assets.aws.bootstrap.differences import Change, differences, tag_differences
from personalize_assets.aws.bootstrap.handlers import Found, Handler
from personalize_assets.aws.bootstrap.jobs import GlueJobHandler
from personalize_assets.aws.bootstrap.journal import Journal
from personalize_assets.aws.bootstrap.keys import AliasHandler, KeyHandler, find_key
from personalize_assets.aws.bootstrap.messages import (
    UNCONFIRMED,
    QueueHandler,
    QueuePolicyHandler,
    SubscriptionHandler,
    TopicHandler,
)
from personalize_assets.aws.bootstrap.options import ADOPTED_TAG, BootstrapError, Options
from personalize_assets.aws.bootstrap.policies import missing_key_statements
from personalize_assets.aws.bootstrap.roles import (
    ManagedPolicyHandler,
    RoleHandler,
    RolePolicyHandler,
)
from personalize_assets.aws.bootstrap.wanted import (
    ALIAS,
    BUCKET,
    BUCKET_POLICY,
    GLUE_JOB,
    KEY,
    MANAGED_POLICY,
    QUEUE,
    QUEUE_POLICY,
    ROLE,
    ROLE_POLICY,
    SUBSCRIPTION,
    TOPIC,
    Resource,
    wanted,
)
from personalize_assets.aws.naming import PROJECT_TAG

HANDLERS: Final[Mapping[str, Handler]] = {
    BUCKET: BucketHandler(),
    BUCKET_POLICY: BucketPolicyHandler(),
    ROLE: RoleHandler(),
    ROLE_POLICY: RolePolicyHandler(),
    MANAGED_POLICY: ManagedPolicyHandler(),
    KEY: KeyHandler(),
    ALIAS: AliasHandler(),
    TOPIC: TopicHandler(),
    SUBSCRIPTION: SubscriptionHandler(),
    QUEUE: QueueHandler(),
    QUEUE_POLICY: QueuePolicyHandler(),
    GLUE_JOB: GlueJobHandler(),
}

Action = Literal["create", "change", "unchanged"]
Adoption = Literal["none", "now", "before"]
"""Whether the bucket was somebody's own and is cared for from now on, or since an earlier time."""


@dataclass(frozen=True)
class Step:
    """What happens to one resource.

    Attributes:
        resource: As it is to be.
        action: What happens.
        changes: What is not as it should be; nothing for what is made anew.
    """

    resource: Resource
    action: Action
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What a bootstrap would do.

    Attributes:
        options: With the key that is known by now.
        adoption: Of the bucket.
        steps: In the order in which they are taken.
        notes: What a person has to do or to know.
    """

    options: Options
    adoption: Adoption
    steps: tuple[Step, ...]
    notes: tuple[str, ...]

    @property
    def is_done(self) -> bool:
        """Whether everything is as it should be."""
        return all(step.action == "unchanged" for step in self.steps)

    def resources(self, options: Options) -> tuple[Resource, ...]:
        """What is wanted, with what adoption makes of the bucket."""
        return tuple(_shaped(one, self.adoption) for one in wanted(options))


def make_plan(
    account: Account, options: Options, journal: Journal, *, adopts: bool = False
) -> Plan:
    """Compare the account with what ``options`` ask for.

    Args:
        account: Where to look.
        options: What is to be there.
        journal: What was begun on this machine.
        adopts: Whether a bucket of the account that is not ours may be taken over.

    Raises:
        BootstrapError: Something of these names is there and not ours; says what can be done.
        ClientError: AWS refused to show something.
    """
    options = with_known_key(account, options)
    refusals: list[str] = []
    steps: list[Step] = []
    adoption: Adoption = "none"
    refused: set[str] = set()
    for plain in wanted(options):
        if plain.type == BUCKET_POLICY and BUCKET in refused:
            continue  # nor is the policy of another's bucket for us to read
        resource = _shaped(plain, adoption)
        try:
            found = HANDLERS[resource.type].find(account, resource)
            if resource.type == BUCKET and found is not None:
                adoption = _adoption(resource, found, options, journal, adopts=adopts)
                resource = _shaped(plain, adoption)
            elif found is not None:
                check_ours(resource, found, options, journal)
        except BootstrapError as error:
            refusals.append(str(error))
            refused.add(resource.type)
            continue
        steps.append(compare(resource, found))
    if refusals:
        raise BootstrapError("\n".join(refusals))
    return Plan(options, adoption, tuple(steps), tuple(_notes(account, options)))


def compare(resource: Resource, found: Found | None) -> Step:
    """What has to happen to a resource that is as ``found``."""
    if found is None:
        return Step(resource, "create")
    changes = differences(found.properties, resource.properties)
    changes += tag_differences(found.tags, resource.tags or {})
    return Step(resource, "change" if changes else "unchanged", tuple(changes))


def with_known_key(account: Account, options: Options) -> Options:
    """The options with the ARN of the key that an earlier bootstrap made, if it did."""
    if not options.creates_key:
        return options
    key = find_key(account, options.key_alias, options.name)
    return options if key is None else options.with_key(key["Arn"])


def is_ours(resource: Resource, found: Found, options: Options, journal: Journal) -> bool:
    """Whether tags or this machine's journal say that it was made by the bootstrap of this name."""
    if resource.tags is None:  # goes with what it belongs to
        return True
    mark = found.tags.get(PROJECT_TAG)
    if mark is not None or resource.type == KEY:  # an alias can be moved to anybody's key
        return mark == options.name
    return journal.holds(resource)


def check_ours(resource: Resource, found: Found, options: Options, journal: Journal) -> None:
    """Let nobody's resource be touched that was not made here.

    Raises:
        BootstrapError: It is not ours; says what can be done.
    """
    if is_ours(resource, found, options, journal):
        return
    mark = found.tags.get(PROJECT_TAG)
    whose = f"it belongs to --name {mark}" if mark else f"it has no tag {PROJECT_TAG}"
    what = f"the {resource.label} {found.arn} is there, but was not made here ({whose})"
    if resource.type != BUCKET:
        raise BootstrapError(f"{what}: choose another --name, or delete it if nobody needs it")
    if mark:
        raise BootstrapError(f"{what}: choose another --bucket")
    raise BootstrapError(
        f"{what}: if it is yours, --adopt takes it over (its encryption, public access and "
        "ownership are set, its objects and what others set stay, and it is never deleted); "
        "else choose another --bucket"
    )


def _adoption(
    resource: Resource, found: Found, options: Options, journal: Journal, *, adopts: bool
) -> Adoption:
    if is_ours(resource, found, options, journal):
        return "before" if ADOPTED_TAG in found.tags else "none"
    if adopts and PROJECT_TAG not in found.tags:
        return "now"
    check_ours(resource, found, options, journal)
    return "none"


def _shaped(resource: Resource, adoption: Adoption) -> Resource:
    if adoption == "none" or resource.type not in (BUCKET, BUCKET_POLICY):
        return resource
    tags = resource.tags
    if tags is not None and adoption == "now":
        tags = {**tags, ADOPTED_TAG: "true"}
    return replace(resource, tags=tags, is_shared=True)


def _notes(account: Account, options: Options) -> list[str]:
    notes: list[str] = []
    if options.kms_key_arn is not None and not options.creates_key:
        notes += _notes_on_key(account, options, options.kms_key_arn)
    if options.email is not None:
        found = HANDLERS[SUBSCRIPTION].find(account, _subscription(options))
        if found is None or found.arn == UNCONFIRMED:
            notes.append("notices come by e-mail once the link in the e-mail of SNS is clicked")
    if options.creates_key and options.kms_key_arn is None:
        notes.append(
            "a key of one's own is billed by the month; https://aws.amazon.com/kms/pricing"
        )
    return notes


def _subscription(options: Options) -> Resource:
    return next(one for one in wanted(options) if one.type == SUBSCRIPTION)


def _notes_on_key(account: Account, options: Options, key_arn: str) -> list[str]:
    """What the policy of a key that was made elsewhere lacks; it is not for us to change it."""
    kms = account.client("kms")
    codes = ("AccessDeniedException", "NotFoundException")
    answer: Any = found_or_none(
        lambda: kms.get_key_policy(KeyId=key_arn, PolicyName="default"), *codes
    )
    if answer is None:
        return [f"the policy of {key_arn} cannot be read here: have it allow what the doctor says"]
    missing = missing_key_statements(json.loads(answer["Policy"]), options)
    return [
        f"the policy of {key_arn} lacks a statement; have its owner add {json.dumps(one)}"
        for one in missing
    ]
