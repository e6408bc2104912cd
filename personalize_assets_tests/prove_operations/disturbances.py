"""Faults of the service while the pipeline runs: throttling, limits, failures, lost answers.

The engine makes them on purpose. Each has a shop of its own; the disturbed run may fail with a
reason, the next one completes, and nothing is lost or double.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from personalize_assets.aws.deployment import Deployment
from personalize_assets.testing.control import Control, FaultInjection
from personalize_assets_tests.prove_operations.pipeline_kills import (
    Reference,
    Verdict,
    judge,
    summed,
    undisturbed,
)
from personalize_assets_tests.prove_operations.rows import Row
from personalize_assets_tests.prove_operations.shops import Shop

REASON = "as the proof wants it"

WITHOUT_REASON = {"CreateDataset", "CreateEventTracker", "CreateSolution"}
"""Their describe operations have no ``failureReason``."""

Rule = dict[str, Any]
"""Arguments of ``FaultInjection.add``."""


@dataclass
class _Storms:
    """Disturbs one shop after the other."""

    stack: Deployment
    faults: FaultInjection
    reference: Reference
    number: int = 5000

    def disturb(
        self, what: str, rules: Sequence[Rule], forgiven: Sequence[str] = (), said: str = ""
    ) -> Verdict:
        """Run a shop under some rules until it has succeeded, and compare what is there.

        Args:
            what: For messages.
            rules: Faults, all of which have to happen.
            forgiven: Statuses that may be there beside, such as that of a failed attempt.
            said: What each failed run has to say.
        """
        self.number += 1
        shop = Shop(self.stack, self.number).open()
        numbers = [self.faults.add(**rule) for rule in rules]
        lost: list[str] = []
        runs, ended = 0, None
        try:
            while runs < 1 + len(rules) and (ended is None or not ended.success):
                ended, runs = shop.run(), runs + 1
                if not ended.success and not any(said in text for text in ended.failures):
                    told = [text[-200:] for text in ended.failures]
                    lost.append(f"a failed run does not say {said!r}: {told}")
            lost += [
                f"{rule['kind']} of {rule.get('operation', '*')} did not happen"
                for rule, number in zip(rules, numbers, strict=True)
                if not self.faults.happened(number)
            ]
        finally:
            self.faults.clear()
        found = judge(what, shop, self.reference, forgiven=forgiven)
        runs += found.runs - 1  # the run of a good judgement is a check alone
        return Verdict(what, runs, (*lost, *found.lost), found.doubled)


def prove(stack: Deployment, endpoint: str) -> list[Row]:
    """All disturbances, a line for each kind.

    Args:
        stack: Deployment whose stack is shared with nobody.
        endpoint: Of its engine.
    """
    reference = undisturbed(stack, 5000)
    storms = _Storms(stack, FaultInjection(Control(endpoint)), reference)
    called = sorted({call for call in reference.calls if " " not in call})
    makers = [call for call in called if call.startswith(("Create", "Update"))]
    stages = [call for call in makers if call != "CreateSchema"]
    rows = [
        _row(
            "half of all calls throttled",
            [
                storms.disturb(f"storm {seed}", [_throttled(seed)], said="Rate exceeded")
                for seed in range(3)
            ],
        )
    ]
    for kind, times in (("internal", 5), ("unavailable", 5), ("lost-reply", 1)):
        rules = [{"kind": kind, "operation": call, "count": times} for call in called]
        found = storms.disturb(f"{kind} everywhere", rules)
        what = f"{kind}, {times} times at each of {len(called)} operations"
        rows.append(replace(_row(what, [found]), points=len(called)))
    rows.append(
        _row(
            f"LimitExceededException at each of {len(makers)} operations",
            [
                storms.disturb(
                    f"limit of {call}",
                    [{"kind": "limit", "operation": call, "count": 5}],
                    said="limit",
                )
                for call in makers
            ],
        )
    )
    rows.append(
        _row(
            f"CREATE FAILED at each of {len(stages)} stages",
            [
                storms.disturb(
                    f"failed {call}",
                    [{"kind": "fail-job", "operation": call, "count": 1, "message": REASON}],
                    forgiven=("CREATE FAILED",),
                    said="gave no reason" if call in WITHOUT_REASON else REASON,
                )
                for call in stages
            ],
        )
    )
    return rows


def _row(what: str, verdicts: Sequence[Verdict]) -> Row:
    row = summed(what, verdicts)
    print(f"  {row}", flush=True)
    return row


def _throttled(seed: int) -> Rule:
    return {"kind": "throttling", "operation": "*", "probability": 0.5, "seed": seed}
