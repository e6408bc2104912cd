"""Whether a new solution version may take the place of the one in service: a pure decision.

Compares offline metrics, number by number. Knows no service, no history and no Dagster.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["promoted", "unchanged", "forced", "refused"]
"""What became of a version: takes over, is in service already, was forced by a person, or not."""

Metrics = Mapping[str, float]

_ROUNDING = 1e-9  # of the floor: metrics themselves come with four decimals


@dataclass(frozen=True)
class Rule:
    """One metric that a new version has to hold.

    Attributes:
        metric: Amazon's own name.
        max_drop: Share by which it may be below that of the version in service, in [0, 1].
    """

    metric: str
    max_drop: float


@dataclass(frozen=True)
class Judged:
    """One metric with all that it was held against.

    Attributes:
        metric: Amazon's own name.
        candidate: Of the new version; None where the service told none.
        in_service: Of the version in service; None where there is none.
        floor: The least that the version in service allows; None where there is none.
        baseline: What has to be beaten; None where nothing is comparable.
        refusals: Why it does not hold, in words with both numbers; empty where it does.
    """

    metric: str
    candidate: float | None
    in_service: float | None
    floor: float | None
    baseline: float | None
    refusals: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against the version in this metric."""
        return not self.refusals

    def numbers(self) -> str:
        """Each number in one line, such as ``x 0.2000 (in service 0.2100, at least 0.1785)``."""
        held = [
            f"{label} {value:.4f}"
            for label, value in (
                ("in service", self.in_service),
                ("at least", self.floor),
                ("baseline", self.baseline),
            )
            if value is not None
        ]
        shown = "missing" if self.candidate is None else f"{self.candidate:.4f}"
        return f"{self.metric} {shown}" + (f" ({', '.join(held)})" if held else "")


@dataclass(frozen=True)
class Decision:
    """What was decided about a version, with every number.

    Attributes:
        promote: Whether it may take over.
        reasons: Why not, one sentence each; empty where it may.
        numbers: One entry for each metric that was looked at.
        notes: What was not compared, and why; sentences.
    """

    promote: bool
    reasons: tuple[str, ...]
    numbers: tuple[Judged, ...]
    notes: tuple[str, ...] = ()

    def sentence(self) -> str:
        """The decision in one line: every reason or else every number, then the notes."""
        said = self.reasons or tuple(judged.numbers() for judged in self.numbers)
        head = "holds" if self.promote else "refused"
        return f"{head}: {'; '.join((*said, *self.notes))}"


@dataclass(frozen=True)
class Standing:
    """What a new version is held against.

    Attributes:
        in_service: Metrics of the version in service; None where there is none yet.
        baseline: Metrics of what has to be beaten; None where nothing is comparable.
        baseline_name: What the baseline is called in messages.
        notes: Why one of them is None, where that should be told.
    """

    in_service: Metrics | None = None
    baseline: Metrics | None = None
    baseline_name: str = "the baseline"
    notes: tuple[str, ...] = field(default=())


def decide(candidate: Metrics, standing: Standing, rules: Sequence[Rule]) -> Decision:
    """Decide whether a version may take over.

    It has to reach, in every metric of ``rules``, the value in service less the tolerated share,
    and to be above the baseline. A metric that is missing or not a number refuses; one that only
    the version in service or the baseline lacks is not compared with it, and noted.

    Args:
        candidate: Metrics of the new version by Amazon's names.
        standing: What it is held against.
        rules: At least one, or the decision is a refusal: nothing would have been looked at.
    """
    judged = tuple(_judge(rule, candidate, standing) for rule in rules)
    reasons = tuple(reason for one in judged for reason in one.refusals)
    if not judged:
        reasons = ("no metric is declared that this recipe has, so nothing was compared",)
    return Decision(not reasons, reasons, judged, (*standing.notes, *_gaps(rules, standing)))


def applicable_rules(rules: Sequence[Rule], known: Iterable[str], *, segments: bool) -> list[Rule]:
    """The declared rules, or for user segments, whose metrics have other names, rules for theirs.

    Args:
        rules: As declared, about ranked lists.
        known: Names of the candidate's metrics.
        segments: Whether the recipe names users for items.

    Returns:
        For segments, one rule for each known metric but coverage, with the tightest tolerance of
        the declared ones; else the declared rules, known or not.
    """
    if not segments or not rules:
        return list(rules)
    tightest = min(rule.max_drop for rule in rules)
    return [Rule(name, tightest) for name in sorted(known) if name != "coverage"]


def _judge(rule: Rule, candidate: Metrics, standing: Standing) -> Judged:
    value = _number(candidate, rule.metric)
    served = _number(standing.in_service or {}, rule.metric)
    baseline = _number(standing.baseline or {}, rule.metric)
    floor = None if served is None else served * (1 - rule.max_drop)
    refusals: list[str] = []
    if value is None:
        refusals.append(f"{rule.metric} is missing or not a number")
    if value is not None and floor is not None and served is not None and value < floor - _ROUNDING:
        refusals.append(
            f"{rule.metric} {value:.4f} is below {floor:.4f}, which is {served:.4f} of the version "
            f"in service less {rule.max_drop:.0%}"
        )
    if value is not None and baseline is not None and value <= baseline:
        refusals.append(
            f"{rule.metric} {value:.4f} is not above {baseline:.4f} of {standing.baseline_name}"
        )
    return Judged(rule.metric, value, served, floor, baseline, tuple(refusals))


def _gaps(rules: Sequence[Rule], standing: Standing) -> Iterable[str]:
    """Metrics that one side of a comparison lacks."""
    sides = (
        ("the version in service", standing.in_service),
        (standing.baseline_name, standing.baseline),
    )
    for label, metrics in sides:
        missing = [r.metric for r in rules if metrics is not None and not _has(metrics, r.metric)]
        if missing:
            yield f"not compared with {label}, which has no {', '.join(missing)}"


def _has(metrics: Metrics, name: str) -> bool:
    return _number(metrics, name) is not None


def _number(metrics: Metrics, name: str) -> float | None:
    value = metrics.get(name)
    return None if value is None or not math.isfinite(value) else float(value)
