"""Run methods over the same folds of users and collect what they reach.

Each fold trains and measures as a solution version does: the trials and ``measure`` are those
behind ``GetSolutionMetrics``. Knows nothing of files, of commands or of how results are printed.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from personalize_assets.recipes.answers import Seen
from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.comparison.folds import N_FOLDS, Folds
from personalize_assets.recipes.comparison.methods import Method, baselines
from personalize_assets.recipes.comparison.results import Comparison, Row
from personalize_assets.recipes.minima import check_needs
from personalize_assets.recipes.trials import Metrics

log = logging.getLogger(__name__)

Clock = Callable[[], float]
Told = Callable[[str, float], None]
"""Called before each training with what begins and the share of all trainings that is done."""


@dataclass(frozen=True)
class Protocol:
    """How methods are compared.

    Attributes:
        folds: How many of the ten folds are run, from 1.
        seed: Of the folds, of ties of time and of every training.
        seen: What becomes of items that users met before; each makes rows of its own.
        both: Whether methods that use metadata run without it too.
        cpu_clock: Tells CPU seconds.
    """

    folds: int = N_FOLDS
    seed: int = 0
    seen: tuple[Seen, ...] = ("served",)
    both: bool = False
    cpu_clock: Clock = time.process_time


@dataclass(frozen=True)
class _Run:
    """What one training on one fold came to, by treatment of seen items."""

    metrics: dict[Seen | None, Metrics]
    n_test_users: int
    cpu_s: float


def compare(
    methods: Sequence[Method],
    data: TrainingData,
    protocol: Protocol,
    *,
    event_type: str | None = None,
    told: Told = lambda what, share: None,
) -> Comparison:
    """Train each method on each fold's other users and measure it on the fold.

    Popularity and chance are always among the rows; they stand last.

    Args:
        methods: At least one, all of one kind.
        data: All events that take part, already filtered.
        protocol: How to compare.
        event_type: The event type that ``data`` was filtered by.
        told: Told of the progress.

    Raises:
        ValueError: There is no method, they are of two kinds, or ``protocol.folds`` is not 1 to 10.
        TooLittleData: The data are below Amazon's minima, or there are fewer than ten users to
            test.
    """
    kinds = {method.kind for method in methods}
    if len(kinds) != 1:
        raise ValueError(f"a comparison is of one kind of methods, not of {sorted(kinds)}")
    if not 1 <= protocol.folds <= N_FOLDS:
        raise ValueError(f"folds must be 1 to {N_FOLDS}, got {protocol.folds}")
    named = {method.name for method in methods}
    methods = (*methods, *(m for m in baselines(methods[0]) if m.name not in named))
    for method in methods:
        check_needs(method.spec, data, event_type)
    drawn = Folds.draw(data, protocol.seed)
    lines = [(m, uses) for m in methods for uses in _variants(m, data, both=protocol.both)]
    runs: list[list[_Run]] = [[] for _ in lines]
    for number in range(protocol.folds):
        for at, (method, uses) in enumerate(lines):
            share = (number * len(lines) + at) / (protocol.folds * len(lines))
            told(f"fold {number + 1} of {protocol.folds}, {method.name}", share)
            runs[at].append(_run(method, drawn, number, protocol, metadata=uses))
    rows = [row for line, done in zip(lines, runs, strict=True) for row in _rows(line, done)]
    return Comparison(
        kind=methods[0].kind,
        event_type=event_type,
        n_users=data.n_users,
        n_items=data.n_items,
        n_events=len(drawn.histories.items),
        n_folds=protocol.folds,
        seed=protocol.seed,
        rows=tuple(rows),
    )


def _variants(method: Method, data: TrainingData, *, both: bool) -> tuple[bool, ...]:
    """Whether metadata take part in the method's lines."""
    there = data.item_features is not None or data.user_features is not None
    if not method.uses_metadata or not there:
        return (False,)
    return (False, True) if both and not method.needs_metadata else (True,)


def without_metadata(data: TrainingData) -> TrainingData:
    """The same events and the same catalogue, but nothing is known of items and users."""
    return replace(data, item_features=None, user_features=None, item_schema=None)


def _run(method: Method, folds: Folds, number: int, protocol: Protocol, *, metadata: bool) -> _Run:
    data = folds.data if metadata else without_metadata(folds.data)
    rng = np.random.default_rng(protocol.seed)
    began = protocol.cpu_clock()
    if method.kind != "items":
        trial = folds.segment_trial(method.spec, data, number)
        model = method.fit(trial.data, trial.train, rng)
        found, _ = trial.measure(model)
        metrics: dict[Seen | None, Metrics] = {None: found}
        cpu_s = protocol.cpu_clock() - began
    else:
        trial = folds.item_trial(method.spec, data, number)
        model = method.fit(trial.data, trial.train, rng)
        metrics = {}
        trained_s = protocol.cpu_clock() - began
        for seen in protocol.seen:
            ours, textbook = trial.measure(model, seen)
            metrics[seen] = {**ours, **textbook}
        answered_s = protocol.cpu_clock() - began - trained_s
        cpu_s = trained_s + answered_s / len(protocol.seen)
    log.info("%s on fold %d took %.2f CPU s", method.name, number + 1, cpu_s)
    return _Run(metrics, trial.n_test_users, cpu_s)


def _rows(line: tuple[Method, bool], runs: Sequence[_Run]) -> Iterator[Row]:
    method, metadata = line
    segments = method.kind != "items"
    tested = sum(run.n_test_users for run in runs)
    for seen in runs[0].metrics:
        yield Row(
            method=method.name,
            seen=seen,
            metadata=metadata,
            folds=tuple(run.metrics[seen] for run in runs),
            n_test_users=round(tested / len(runs)) if segments else tested,
            cpu_s=round(sum(run.cpu_s for run in runs) / len(runs), 3),
            left_out=segments,
        )
