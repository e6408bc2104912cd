"""The role that Amazon Personalize works as: who may assume it, and what it may do.

Also what our own identity may do, which is judged in the same way: by IAM's simulation where that
may be asked, else, of the role, by reading its policies.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote

from personalize_assets.aws.bootstrap.policies import service_policy, trust_policy
from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.doctor.answers import Answer, cannot_tell
from personalize_assets.aws.doctor.evaluation import (
    Document,
    Request,
    Verdict,
    as_list,
    evaluate,
    statements_of,
    without_conditions,
)
from personalize_assets.aws.doctor.findings import Finding, failed, ok, unknown
from personalize_assets.aws.doctor.needs import METRICS_ACTION, PERSONALIZE, Need, options_of
from personalize_assets.aws.settings import ROLE_ARN

POLICY_NAME: Final = "personalize-assets"
_SHOWN: Final = 6


def judge_role(answer: Answer, deployment: Deployment) -> Finding:
    """Whether the role is there.

    Args:
        answer: Of ``iam:GetRole``.
        deployment: With the role's ARN.
    """
    check, arn = "role", deployment.role_arn
    if answer.missing:
        fix = f"personalize-assets bootstrap, or set {ROLE_ARN.name} to a role that exists"
        return failed(check, f"{arn} does not exist", fix)
    if not answer.answered:
        return cannot_tell(check, answer)
    found = str(answer.reply["Role"]["Arn"])
    if found != arn:
        fact = f"the role of that name is {found}, not {arn}"
        return failed(check, fact, f"set {ROLE_ARN.name} to {found}")
    return ok(check, f"{arn} exists")


def trust_context(deployment: Deployment, region: str) -> Mapping[str, str]:
    """What Amazon Personalize says when it assumes the role, or reaches the bucket or key."""
    partition, account = deployment.role_arn.split(":")[1], deployment.account_id
    return {
        "aws:SourceAccount": account,
        "aws:SourceArn": f"arn:{partition}:personalize:{region}:{account}:dataset-import-job/any",
        "aws:SecureTransport": "true",
    }


def judge_trust(policy: Document, deployment: Deployment, region: str) -> Finding:
    """Whether Amazon Personalize may assume the role, for this account and region.

    Args:
        policy: The role's trust policy.
        deployment: With the role's ARN.
        region: Where the work is done.
    """
    check, context = "role trust", trust_context(deployment, region)
    request = Request("sts:AssumeRole", "", ("Service", PERSONALIZE), context)
    verdict = evaluate([policy], request)
    wanted = trust_policy(options_of(deployment, region))
    fix = (
        f"aws iam update-assume-role-policy --role-name {role_name(deployment.role_arn)} "
        f"--policy-document '{json.dumps(wanted, separators=(',', ':'))}'"
    )
    if verdict == "allowed":
        if _is_limited(policy):
            return ok(check, f"{PERSONALIZE} may assume it for {deployment.account_id} alone")
        fact = f"{PERSONALIZE} may assume it, for any account: a condition on the source is advised"
        return ok(check, fact, fix)
    if verdict == "unclear":
        fact = f"whether {PERSONALIZE} may assume it hangs on a condition not known here"
        return unknown(check, fact, fix)
    if verdict == "denied":
        return failed(check, f"a statement keeps {PERSONALIZE} from assuming it", fix)
    if evaluate([without_conditions(policy)], request) == "allowed":
        conditions = _conditions(policy)
        fact = f"{PERSONALIZE} may assume it, but not from here: {conditions}"
        return failed(check, fact, fix)
    return failed(check, f"{PERSONALIZE} may not assume it", fix)


def decisions(answer: Answer) -> dict[str, Verdict]:
    """What the simulation decided of each action.

    Args:
        answer: Of ``iam:SimulatePrincipalPolicy``, answered.
    """
    verdicts: dict[str, Verdict] = {
        "allowed": "allowed",
        "explicitDeny": "denied",
        "implicitDeny": "not allowed",
    }
    return {
        str(one["EvalActionName"]): verdicts.get(str(one["EvalDecision"]), "unclear")
        for one in answer.reply["EvaluationResults"]
    }


def read_decisions(policies: Sequence[Document], need: Need) -> dict[str, Verdict]:
    """The same, from the policies of an identity."""
    context = dict(need.context)
    return {
        action: evaluate(policies, Request(action, need.resource, None, context))
        for action in need.actions
    }


def judge_role_rights(
    verdicts: Mapping[Need, Mapping[str, Verdict]], deployment: Deployment, region: str, how: str
) -> Finding:
    """Whether the role may do what imports, batch jobs, exports and metrics need.

    Args:
        verdicts: What was decided of each action, by need.
        deployment: With the role's ARN.
        region: Where the work is done.
        how: Where the verdicts come from, for the fact.
    """
    check = "role rights"
    wanted = service_policy(options_of(deployment, region))
    fix = (
        f"aws iam put-role-policy --role-name {role_name(deployment.role_arn)} "
        f"--policy-name {POLICY_NAME} "
        f"--policy-document '{json.dumps(wanted, separators=(',', ':'))}'"
    )
    lacking = _lacking(verdicts)
    if list(lacking) == [METRICS_ACTION]:
        fact = f"reads and writes the bucket; lacks {METRICS_ACTION}, for metric attributions"
        return ok(check, f"{fact} ({how})", fix)
    if lacking:
        return failed(check, f"lacks {_shown(lacking)} ({how})", fix)
    if unclear := _with(verdicts, "unclear"):
        return unknown(check, f"hang on conditions not known here: {_shown(unclear)} ({how})", fix)
    return ok(check, f"reads and writes the bucket ({how})")


def judge_operator_rights(
    verdicts: Mapping[Need, Mapping[str, Verdict]], identity: str, how: str
) -> tuple[Finding, Finding]:
    """Whether we may do all that the pipeline does, and give the role to Amazon Personalize.

    Args:
        verdicts: What was decided of each action, by need.
        identity: ARN of the user or role that we are.
        how: Where the verdicts come from, for the fact.

    Returns:
        The findings of the role's passing and of everything else.
    """
    lacking = _lacking(verdicts)
    passed = lacking.pop("iam:PassRole", None)
    fix = f"attach the operator policy that `personalize-assets bootstrap` makes to {identity}"
    passing = (
        ok("pass role", f"the role may be given to {PERSONALIZE} ({how})")
        if passed is None
        else failed("pass role", f"iam:PassRole on {passed} is missing ({how})", fix)
    )
    if lacking:
        return passing, failed("our rights", f"lack {_shown(lacking)} ({how})", fix)
    if unclear := _with(verdicts, "unclear"):
        return passing, unknown("our rights", f"hang on conditions: {_shown(unclear)} ({how})", fix)
    count = sum(len(need.actions) for need in verdicts)
    return passing, ok("our rights", f"all {count} actions of the pipeline are allowed ({how})")


def simulated_identity(arn: str, role_arn: str | None) -> str | None:
    """What IAM can simulate of an identity that STS names; None where there is no such thing.

    Args:
        arn: Of ``sts:GetCallerIdentity``.
        role_arn: Of the role, where the identity is a session of one and its path is known.

    Example:
        >>> simulated_identity("arn:aws:sts::111122223333:assumed-role/Ops/me", None)
        'arn:aws:iam::111122223333:role/Ops'
    """
    if ":assumed-role/" in arn:
        if role_arn is not None:
            return role_arn
        partition, account = arn.split(":")[1], arn.split(":")[4]
        return f"arn:{partition}:iam::{account}:role/{arn.split('/')[1]}"
    return arn if ":user/" in arn and ":iam:" in arn else None


def role_name(role_arn: str) -> str:
    """The name of a role without its path."""
    return role_arn.rpartition("/")[2]


def parse_document(value: Any) -> Document:
    """A policy as boto3 gives it: already parsed, as JSON, or as JSON in a URL's encoding."""
    if isinstance(value, Mapping):
        return dict(value)  # pyright: ignore[reportUnknownArgumentType]
    text = str(value)
    return dict(json.loads(unquote(text) if text.startswith("%") else text))


def _is_limited(policy: Document) -> bool:
    keys = {key.lower() for one in statements_of(policy) for key in _keys(one)}
    return bool(keys & {"aws:sourceaccount", "aws:sourcearn"})


def _keys(statement: Mapping[str, Any]) -> list[str]:
    return [key for keys in statement.get("Condition", {}).values() for key in keys]


def _conditions(policy: Document) -> str:
    """The conditions of the policy, as `key = value`."""
    found = [
        f"{key} must be {' or '.join(str(value) for value in as_list(values))}"
        for one in statements_of(policy)
        for keys in one.get("Condition", {}).values()
        for key, values in keys.items()
    ]
    return "; ".join(found)


def _lacking(verdicts: Mapping[Need, Mapping[str, Verdict]]) -> dict[str, str]:
    return {**_with(verdicts, "not allowed"), **_with(verdicts, "denied")}


def _with(verdicts: Mapping[Need, Mapping[str, Verdict]], wanted: Verdict) -> dict[str, str]:
    """Resource by action."""
    return {
        action: need.on
        for need, decided in verdicts.items()
        for action, verdict in decided.items()
        if verdict == wanted
    }


def _shown(lacking: Mapping[str, str]) -> str:
    by_resource: dict[str, list[str]] = {}
    for action, resource in lacking.items():
        by_resource.setdefault(resource, []).append(action)
    parts: list[str] = []
    for resource, actions in by_resource.items():
        more = f" and {len(actions) - _SHOWN} more" if len(actions) > _SHOWN else ""
        parts.append(f"{', '.join(actions[:_SHOWN])}{more} on {resource}")
    return "; ".join(parts)
