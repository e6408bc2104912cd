"""What an identity may do: as IAM simulates it, or where that is refused, as its policies say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from personalize_assets.aws.doctor import roles
from personalize_assets.aws.doctor.answers import Answer, Asker
from personalize_assets.aws.doctor.evaluation import Document, Verdict
from personalize_assets.aws.doctor.needs import Need


@dataclass(frozen=True)
class Decided:
    """What was decided of each action.

    Attributes:
        verdicts: By need.
        how: Where they come from, in words.
    """

    verdicts: Mapping[Need, Mapping[str, Verdict]]
    how: str


@dataclass(frozen=True)
class _Kind:
    """How the policies of one kind of identity are read."""

    parameter: str
    list_inline: str
    get_inline: str
    list_attached: str


_ROLE = _Kind(
    "RoleName", "iam:ListRolePolicies", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies"
)
_USER = _Kind(
    "UserName", "iam:ListUserPolicies", "iam:GetUserPolicy", "iam:ListAttachedUserPolicies"
)
_GROUP = _Kind(
    "GroupName", "iam:ListGroupPolicies", "iam:GetGroupPolicy", "iam:ListAttachedGroupPolicies"
)


class _Refused(Exception):
    """A policy may not be read."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.operation)
        self.answer = answer


def decide(asker: Asker, arn: str, needs: Sequence[Need]) -> Decided | Answer:
    """Find out whether an identity may do what is needed.

    The simulation knows what reading leaves out: boundaries, and policies of the organization.

    Args:
        asker: Of the account.
        arn: Of a role or a user.
        needs: What it must be able to do.

    Returns:
        What was decided, or the refusal that kept it from being known.
    """
    simulated = _simulate(asker, arn, needs)
    if not isinstance(simulated, Answer):
        return Decided(simulated, "as IAM simulates it")
    try:
        policies = _policies_of(asker, arn)
    except _Refused as refused:
        return simulated if simulated.denied else refused.answer
    read = {need: roles.read_decisions(policies, need) for need in needs}
    return Decided(read, "as its policies say")


def _simulate(
    asker: Asker, arn: str, needs: Sequence[Need]
) -> dict[Need, dict[str, Verdict]] | Answer:
    verdicts: dict[Need, dict[str, Verdict]] = {}
    for need in needs:
        context = [
            {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
            for key, value in need.context
        ]
        answer = asker.ask(
            "iam:SimulatePrincipalPolicy",
            PolicySourceArn=arn,
            ActionNames=list(need.actions),
            ResourceArns=[need.resource],
            ContextEntries=context,
            MaxItems=1000,
        )
        if not answer.answered:
            return answer
        verdicts[need] = roles.decisions(answer)
    return verdicts


def _policies_of(asker: Asker, arn: str) -> list[Document]:
    """All policies of a role, or of a user with those of the user's groups."""
    name = roles.role_name(arn)
    if ":role/" in arn:
        return _of_kind(asker, _ROLE, name)
    groups = _ask(asker, "iam:ListGroupsForUser", UserName=name)["Groups"]
    found = _of_kind(asker, _USER, name)
    for group in groups:
        found += _of_kind(asker, _GROUP, group["GroupName"])
    return found


def _of_kind(asker: Asker, kind: _Kind, name: str) -> list[Document]:
    """Inline and attached policies of a role, user or group."""
    who = {kind.parameter: name}
    inline = _ask(asker, kind.list_inline, **who)["PolicyNames"]
    attached = _ask(asker, kind.list_attached, **who)["AttachedPolicies"]
    documents = [
        _ask(asker, kind.get_inline, **who, PolicyName=policy)["PolicyDocument"]
        for policy in inline
    ]
    documents += [_managed(asker, policy["PolicyArn"]) for policy in attached]
    return [roles.parse_document(document) for document in documents]


def _managed(asker: Asker, arn: str) -> Any:
    version = _ask(asker, "iam:GetPolicy", PolicyArn=arn)["Policy"]["DefaultVersionId"]
    found = _ask(asker, "iam:GetPolicyVersion", PolicyArn=arn, VersionId=version)
    return found["PolicyVersion"]["Document"]


def _ask(asker: Asker, operation: str, **parameters: Any) -> Mapping[str, Any]:
    answer = asker.ask(operation, **parameters)
    if not answer.answered:
        raise _Refused(answer)
    return answer.reply
