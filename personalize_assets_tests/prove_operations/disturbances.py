"""Faults of the service while the pipeline runs: throttling, limits, failures, lost answers.

The engine makes them on purpose. Each has a shop of its own; the disturbed run may fail with a
reason, the next one completes, and nothing is lost or double.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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


@dataclass
class _Storms:
    """Disturbs one shop after the other."""

    stack: Deployment
    faults: FaultInjection
    reference: Reference
    number: int = 5000

    def disturb(
        self, what: str, rule: dict[str, Any], forgiven: Sequence[str] = (), said: str = ""
    ) -> Verdict:
        """Run a shop under one rule, then without it until it has succeeded."""
        self.number += 1
        shop = Shop(self.stack, self.number).open()
        with self._rule(rule) as happened:
            first = shop.run()
            times = happened()
        found = judge(what, shop, self.reference, forgiven=forgiven)
        lost = list(found.lost)
        if not times:
            lost.append("the fault did not happen")
        if not first.success and not any(said in text for text in first.failures):
            lost.append(f"the failed run does not say {said!r}: {first.failures}")
        runs = found.runs - first.success  # an undisturbed run after a good one is a check alone
        return Verdict(what, 1 + runs, tuple(lost), found.doubled)

    @contextmanager
    def _rule(self, rule: dict[str, Any]) -> Iterator[Callable[[], int]]:
        number = self.faults.add(**rule)
        try:
            yield lambda: self.faults.happened(number)
        finally:
            self.faults.remove(number)


def prove(stack: Deployment, endpoint: str) -> list[Row]:
    """All disturbances, a line for each kind.

    Args:
        stack: Deployment whose stack is shared with nobody.
        endpoint: Of its engine.
    """
    reference = undisturbed(stack, 5000)
    storms = _Storms(stack, FaultInjection(Control(endpoint)), reference)
    called = sorted({call for call in reference.calls if not call.partition(" ")[2]})
    makers = [call for call in called if call.startswith(("Create", "Update"))]
    rows = [
        summed(
            "half of all calls throttled",
            [
                storms.disturb(f"storm {seed}", {**_throttled(seed)}, said="Rate exceeded")
                for seed in range(3)
            ],
        )
    ]
    for kind, said in (
        ("limit", "limit"),
        ("internal", "internal"),
        ("unavailable", "unavailable"),
        ("lost-reply", ""),
    ):
        operations = makers if kind == "limit" else called
        rows.append(
            summed(
                f"{kind}, at each of {len(operations)} operations",
                [
                    storms.disturb(
                        f"{kind} of {call}",
                        {
                            "kind": kind,
                            "operation": call,
                            "count": 5 if kind != "lost-reply" else 1,
                        },
                        said=said,
                    )
                    for call in operations
                ],
            )
        )
    failing = [call for call in makers if call not in {"CreateSchema", "CreateMetricAttribution"}]
    rows.append(
        summed(
            f"CREATE FAILED at each of {len(failing)} stages",
            [
                storms.disturb(
                    f"failed {call}",
                    {"kind": "fail-job", "operation": call, "count": 1, "message": REASON},
                    forgiven=("CREATE FAILED",),
                    said=REASON,
                )
                for call in failing
            ],
        )
    )
    return rows


def _throttled(seed: int) -> dict[str, Any]:
    return {"kind": "throttling", "operation": "*", "probability": 0.5, "seed": seed}
