"""What IAM policy documents allow: a small evaluator for those that the doctor reads.

Knows statements, wildcards, principals and the usual condition operators. What it does not know it
calls ``unclear`` rather than guessing. Pure: documents in, a verdict out.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast

Verdict = Literal["allowed", "denied", "not allowed", "unclear"]
"""``denied`` is what a statement forbids; ``not allowed`` is what no statement allows."""

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Request:
    """Something that somebody wants to do.

    Attributes:
        action: Such as ``s3:GetObject``.
        resource: ARN; empty for what has none, such as assuming the role that the policy is of.
        principal: Kind and name, such as ``("Service", "personalize.amazonaws.com")``; None for
            the policies of an identity, which name nobody.
        context: Values of condition keys; a key that is not in it is not in the request either.
    """

    action: str
    resource: str = ""
    principal: tuple[str, str] | None = None
    context: Mapping[str, str] = field(default_factory=dict[str, str])


def evaluate(documents: Iterable[Document], request: Request) -> Verdict:
    """What the policies together say of ``request``.

    Example:
        >>> policy = {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}
        >>> evaluate([policy], Request("s3:GetObject", "arn:aws:s3:::films/a"))
        'allowed'
        >>> evaluate([policy], Request("sqs:SendMessage", "arn:aws:sqs:eu-west-1:1:films"))
        'not allowed'
    """
    statements = [one for document in documents for one in statements_of(document)]
    outcomes = [(one.get("Effect"), _applies(one, request)) for one in statements]
    if ("Deny", True) in outcomes:
        return "denied"
    if ("Deny", None) in outcomes:
        return "unclear"
    if ("Allow", True) in outcomes:
        return "allowed"
    return "unclear" if ("Allow", None) in outcomes else "not allowed"


def statements_of(document: Document) -> list[Mapping[str, Any]]:
    """The statements of a policy, also of one that holds a single one."""
    return [cast("Mapping[str, Any]", one) for one in as_list(document.get("Statement", []))]


def as_list(value: Any) -> list[Any]:
    """``value`` where it is a list, else a list of it alone, as policies may be written."""
    return cast("list[Any]", value) if isinstance(value, list) else [value]


def without_conditions(document: Document) -> Document:
    """The same policy with every allowance unconditional: tells whether a condition is at fault."""
    statements = [
        {k: v for k, v in one.items() if k != "Condition" or one.get("Effect") == "Deny"}
        for one in statements_of(document)
    ]
    return {**document, "Statement": statements}


def _applies(statement: Mapping[str, Any], request: Request) -> bool | None:
    """Whether a statement is about the request; None where that cannot be told."""
    certain = (
        _action_matches(statement, request.action)
        and _resource_matches(statement, request.resource)
        and _principal_matches(statement, request.principal)
    )
    if not certain:
        return False
    outcomes = [
        _condition(operator, key, [str(value) for value in as_list(values)], request.context)
        for operator, keys in statement.get("Condition", {}).items()
        for key, values in keys.items()
    ]
    if False in outcomes:
        return False
    return None if None in outcomes else True


def _action_matches(statement: Mapping[str, Any], action: str) -> bool:
    if "NotAction" in statement:
        return not any(_like(one, action, re.I) for one in as_list(statement["NotAction"]))
    return any(_like(one, action, re.I) for one in as_list(statement.get("Action", [])))


def _resource_matches(statement: Mapping[str, Any], resource: str) -> bool:
    if "NotResource" in statement:
        return not any(_like(one, resource) for one in as_list(statement["NotResource"]))
    if "Resource" not in statement:
        return True  # of a trust policy
    return any(_like(one, resource) for one in as_list(statement["Resource"]))


def _principal_matches(statement: Mapping[str, Any], principal: tuple[str, str] | None) -> bool:
    if principal is None:
        return True
    if "NotPrincipal" in statement:
        return not _is_among(principal, statement["NotPrincipal"])
    return _is_among(principal, statement.get("Principal", {}))


def _is_among(principal: tuple[str, str], named: Any) -> bool:
    if not isinstance(named, Mapping):
        return named == "*"
    kind, name = principal
    names = as_list(cast("Mapping[str, Any]", named).get(kind, []))
    # An account stands for whoever its own policies let act.
    account = name.split(":")[4] if kind == "AWS" and name.count(":") > 4 else ""
    root = f"{name.partition(':iam:')[0]}:iam::{account}:root"
    return any(one in ("*", name) or (account and one in (account, root)) for one in names)


_COMPARISONS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "StringEquals": lambda wanted, got: wanted == got,
    "StringEqualsIgnoreCase": lambda wanted, got: wanted.lower() == got.lower(),
    "StringLike": lambda wanted, got: _like(wanted, got),
    "ArnEquals": lambda wanted, got: _like(wanted, got),
    "ArnLike": lambda wanted, got: _like(wanted, got),
    "Bool": lambda wanted, got: wanted.lower() == got.lower(),
}
_NEGATED: Final = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}


def _condition(
    operator: str, key: str, wanted: list[str], context: Mapping[str, str]
) -> bool | None:
    """Whether a condition holds; None for an operator that is not known here."""
    if_exists = operator.endswith("IfExists")
    operator = operator.removesuffix("IfExists")
    got = {name.lower(): value for name, value in context.items()}.get(key.lower())
    if operator == "Null":
        return (got is None) == (wanted[0].lower() == "true")
    negated = operator in _NEGATED
    compare = _COMPARISONS.get(_NEGATED.get(operator, operator))
    if compare is None:
        return None
    if got is None:
        return if_exists or negated
    return any(compare(one, got) for one in wanted) != negated


def _like(pattern: str, text: str, flags: int = 0) -> bool:
    """Whether ``text`` matches a pattern with ``*`` and ``?``."""
    parts = (".*" if c == "*" else "." if c == "?" else re.escape(c) for c in str(pattern))
    return re.fullmatch("".join(parts), text, flags | re.S) is not None
