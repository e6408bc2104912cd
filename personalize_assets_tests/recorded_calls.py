"""Compares what the project may do in AWS with what it was seen doing while tests ran.

A test session with `PERSONALIZE_ASSETS_TESTS_RECORD_CALLS=FILE` appends each call of the package
to the file (`recording/calls_hook.py`). The embedded engine stands for the service, so its calls to
S3 are those that the service makes with the role it is given. Then

    python -m personalize_assets_tests.recorded_calls FILE

holds them against the policies of `bootstrap`: an action that is called must be granted, and one
that is granted must be called, or be explained here. It ends with status 1 where that is not so.
With `--record` it first runs the tests that together call all that the package calls.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from personalize_assets.aws.bootstrap.actions import actions_of
from personalize_assets.aws.bootstrap.operator_policy import operator_policy
from personalize_assets.aws.bootstrap.options import Options
from personalize_assets.aws.bootstrap.policies import service_policy
from personalize_assets_tests.recording import calls_hook

Actions = Callable[[str], Iterable[str]]
"""Gives the IAM actions that an operation such as `s3:HeadObject` needs."""


class Principal(StrEnum):
    """On whose behalf a call is made."""

    OPERATOR = "operator"
    """The identity that runs Dagster and the command line."""

    SERVICE = "service"
    """Amazon Personalize with the role that it is given."""

    BOOTSTRAP = "bootstrap"
    """A person with the rights to make roles and buckets, once."""

    STACK = "stack"
    """The local stack, which has no identity in AWS."""


@dataclass(frozen=True, order=True)
class Call:
    """One operation as it was called.

    Attributes:
        operation: Such as `s3:HeadObject`, in botocore's names.
        modules: Paths in the package of the modules that led to it, innermost first.
    """

    operation: str
    modules: tuple[str, ...]

    @property
    def principal(self) -> Principal:
        """On whose behalf: the engine's, whoever asked it; else bootstrap's, if it takes part."""
        first = self.modules[0]
        if first.startswith("engine/"):
            return Principal.SERVICE
        if first.startswith(("local/", "testing/")):
            return Principal.STACK
        if any(one.startswith(("aws/bootstrap/", "cli/bootstrap")) for one in self.modules):
            return Principal.BOOTSTRAP
        return Principal.OPERATOR


@dataclass(frozen=True)
class Exceptions:
    """What need not agree, and why.

    Attributes:
        not_granted: Operations that are called and need no grant, with the reason.
        not_called: Actions that are granted and never seen as a call, with the reason.
        seldom: Of both, what not every test session calls, with the reason.
    """

    not_granted: Mapping[str, str]
    not_called: Mapping[str, str]
    seldom: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Comparison:
    """One principal's calls beside its policy.

    Attributes:
        principal: Whose.
        called: Actions that calls needed, each with the operations that did.
        granted: Actions that the policy allows.
        missing: Needed, not granted, not explained.
        unused: Granted, not needed, not explained.
        stale: Explained, although there is nothing left to explain.
    """

    principal: Principal
    called: Mapping[str, frozenset[str]]
    granted: frozenset[str]
    missing: frozenset[str]
    unused: frozenset[str]
    stale: frozenset[str]

    @property
    def agrees(self) -> bool:
        """Whether nothing is left open."""
        return not (self.missing or self.unused or self.stale)


def read_calls(path: Path) -> frozenset[Call]:
    """Read what a test session recorded.

    Raises:
        OSError: The file cannot be read.
        ValueError: A line is no call; the message names file and line.
    """
    calls: set[Call] = set()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        operation, tab, modules = line.partition("\t")
        if not tab or operation.count(":") != 1 or not modules:
            raise ValueError(
                f"{path}, line {number}: expected service:Operation, a tab and modules, "
                f"got {line!r}; delete the file and record anew"
            )
        calls.add(Call(operation, tuple(modules.split(" "))))
    return frozenset(calls)


def granted_actions(policy: Mapping[str, Any]) -> frozenset[str]:
    """The actions that a policy document allows, with any wildcards in them.

    Raises:
        ValueError: A statement denies, or names what is not allowed: neither is expected here.
    """
    granted: set[str] = set()
    for statement in policy["Statement"]:
        if statement["Effect"] != "Allow" or "Action" not in statement:
            raise ValueError(f"expected a statement that allows actions, got {statement}")
        actions = statement["Action"]
        granted |= {actions} if isinstance(actions, str) else set(actions)
    return frozenset(granted)


def compare(
    calls: Iterable[Call],
    principal: Principal,
    granted: frozenset[str],
    actions_of: Actions,
    exceptions: Exceptions,
) -> Comparison:
    """Hold the calls of one principal against what it is granted.

    Args:
        calls: Of all principals.
        principal: Whose calls count.
        granted: Actions of its policies; `*` stands for any text.
        actions_of: What an operation needs.
        exceptions: What is explained.
    """
    operations = {call.operation for call in calls if call.principal is principal}
    called: dict[str, set[str]] = {}
    for operation in operations - set(exceptions.not_granted):
        for action in actions_of(operation):
            called.setdefault(action, set()).add(operation)
    allowed = {action for action in called if any(fnmatchcase(action, one) for one in granted)}
    used = {one for one in granted if any(fnmatchcase(action, one) for action in called)}
    unused = granted - used
    stale = set(exceptions.not_granted) - operations | set(exceptions.not_called) - unused
    stale -= set(exceptions.seldom)
    return Comparison(
        principal,
        {action: frozenset(by) for action, by in called.items()},
        granted,
        frozenset(called) - allowed,
        frozenset(unused - set(exceptions.not_called) - set(exceptions.seldom)),
        frozenset(stale),
    )


def describe(comparison: Comparison) -> str:
    """One paragraph: figures, and a line for each thing that is open."""
    called, granted = len(comparison.called), len(comparison.granted)
    lines = [f"{comparison.principal}: {called} actions called, {granted} granted"]
    for action in sorted(comparison.missing):
        by = ", ".join(sorted(comparison.called[action]))
        lines.append(f"  called but not granted: {action} (by {by}); add it to the policy")
    lines += [
        f"  granted but never called: {action}; take it away, or explain it"
        for action in sorted(comparison.unused)
    ]
    lines += [
        f"  explained for nothing: {name}; take the explanation away"
        for name in sorted(comparison.stale)
    ]
    return "\n".join(lines)


EVERYTHING: Final = Options(
    "123456789012",
    "us-east-1",
    creates_key=True,
    is_accelerated=True,
    has_queue=True,
    has_glue=True,
)
"""Options with which the policies hold all that they can."""

_READ_BY_DOCTOR: Final = (
    "iam:GetGroupPolicy",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetUserPolicy",
    "iam:ListAttachedGroupPolicies",
    "iam:ListAttachedUserPolicies",
    "iam:ListGroupPolicies",
    "iam:ListGroupsForUser",
    "iam:ListUserPolicies",
)

EXCEPTIONS: Final[Mapping[Principal, Exceptions]] = {
    Principal.OPERATOR: Exceptions(
        not_granted={
            "s3:CreateBucket": "only in the local deployment; in aws the bucket is bootstrap's",
            **dict.fromkeys(_READ_BY_DOCTOR, "the doctor reads them where it may, or says unknown"),
        },
        not_called={
            "iam:PassRole": "asked for with every call that gives the service a role",
            "kms:Decrypt": "asked for by S3 where the bucket has a key",
            "kms:GenerateDataKey": "asked for by S3 where the bucket has a key",
        },
        seldom={
            "iam:GetGroupPolicy": "only where a policy is written into a group",
            "personalize:StopSolutionVersionCreation": "only where a training is still at work",
            "glue:BatchStopJobRun": "the run of a Glue job is cancelled in the slow tests",
            "servicequotas:ListServiceQuotas": "asked for only where a quota is used up",
        },
    ),
    Principal.SERVICE: Exceptions(
        not_granted={},
        not_called={
            "cloudwatch:PutMetricData": "the engine writes the reports of attribution to S3 alone",
            "kms:Decrypt": "the engine has no keys",
            "kms:DescribeKey": "the engine has no keys",
            "kms:GenerateDataKey": "the engine has no keys",
            "kms:GenerateDataKeyWithoutPlaintext": "the engine has no keys",
            "kms:ListGrants": "the engine has no keys",
        },
    ),
}
"""What need not agree, by principal."""


TESTS: Final = Path(__file__).parent
RECORDED: Final = (
    "contract",
    "aws/doctor",
    "aws/test_economy.py",
    "aws/test_notifications.py",
    "aws/test_objects.py",
    "aws/test_queue.py",
    "aws/test_teardown.py",
    "aws/test_transfers.py",
    "api/test_app.py",
    "cli/test_doctor.py",
    "components/test_glue_launch.py",
)
"""Tests that together call all that the package calls."""


def granted_to(principal: Principal) -> frozenset[str]:
    """The actions of the policies that `bootstrap` makes for a principal."""
    document = {Principal.OPERATOR: operator_policy, Principal.SERVICE: service_policy}[principal]
    return granted_actions(document(EVERYTHING))


def compare_all(calls: Iterable[Call]) -> list[Comparison]:
    """Hold recorded calls against the policies of both principals."""
    recorded = list(calls)
    return [
        compare(recorded, principal, granted_to(principal), actions_of, exceptions)
        for principal, exceptions in EXCEPTIONS.items()
    ]


def record(target: Path) -> int:
    """Run the tests that together call everything, and write their calls anew; pytest's status."""
    target.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not aws"]
    ran = subprocess.run(
        [*command, *(str(TESTS / name) for name in RECORDED)],
        cwd=TESTS.parent,
        env={**os.environ, calls_hook.VARIABLE: str(target.absolute())},
        stdout=sys.stderr,
        check=False,
    )
    return ran.returncode


def main(arguments: Sequence[str] | None = None) -> int:
    """Print how calls and policies compare; 1 where they do not agree."""
    parser = argparse.ArgumentParser(
        prog="python -m personalize_assets_tests.recorded_calls", description=__doc__
    )
    parser.add_argument("file", type=Path, help="what a recording test session wrote")
    parser.add_argument("--record", action="store_true", help="run the tests that write it first")
    asked = parser.parse_args(arguments)
    if asked.record and record(asked.file) != 0:
        sys.stdout.write("a test has failed: what it would have called is not known\n")
        return 1
    comparisons = compare_all(read_calls(asked.file))
    sys.stdout.write("".join(f"{describe(one)}\n" for one in comparisons))
    return 0 if all(one.agrees for one in comparisons) else 1


if __name__ == "__main__":
    sys.exit(main())
