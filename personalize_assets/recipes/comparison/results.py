"""What a comparison found: per line and metric a mean over folds and its standard error.

Only values and their arithmetic; how they are printed is told elsewhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from personalize_assets.recipes.answers import Seen
from personalize_assets.recipes.comparison.folds import N_FOLDS
from personalize_assets.recipes.comparison.methods import Kind


@dataclass(frozen=True)
class Estimate:
    """A mean over folds.

    Attributes:
        mean: The mean.
        error: Its standard error; None where there is a single fold.
    """

    mean: float
    error: float | None


@dataclass(frozen=True)
class Row:
    """How one method did.

    Attributes:
        method: Name of the recipe, baseline or peer.
        seen: What became of items that users met before; None for segments, where nothing does.
        metadata: Whether columns of items and users took part.
        folds: Metrics by name of each fold; Amazon's names and textbook NDCG under its own.
        n_test_users: Tested users of all folds; of segments the mean over folds.
        cpu_s: CPU seconds of a fold, training and answering, on average.
        left_out: Whether a fold was what was left out, as of segments; see ``Folds``.
    """

    method: str
    seen: Seen | None
    metadata: bool
    folds: tuple[Mapping[str, float], ...]
    n_test_users: int
    cpu_s: float
    left_out: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Metrics that every fold has, in the order of the first."""
        return tuple(name for name in self.folds[0] if all(name in fold for fold in self.folds))

    def estimate(self, name: str) -> Estimate:
        """Mean and standard error of one metric.

        Raises:
            KeyError: A fold lacks the metric.
        """
        return _estimate([fold[name] for fold in self.folds], left_out=self.left_out)

    def gain_over(self, other: "Row", name: str) -> Estimate:
        """Mean and standard error of the difference to another row, fold by fold.

        On the same folds this is far more certain than the two means are.

        Raises:
            KeyError: A fold lacks the metric.
            ValueError: The rows have different numbers of folds.
        """
        pairs = zip(self.folds, other.folds, strict=True)
        return _estimate([a[name] - b[name] for a, b in pairs], left_out=self.left_out)


def _estimate(values: Sequence[float], *, left_out: bool) -> Estimate:
    """The usual standard error, or of folds that were left out the jackknife's.

    With ``s`` the standard deviation over ``g`` groups these are ``s / sqrt(g)`` and
    ``s (g - 1) / sqrt(g)`` (Efron 1982, The jackknife, the bootstrap and other resampling plans).
    """
    if len(values) < 2:
        return Estimate(float(np.mean(values)), None)
    error = float(np.std(values, ddof=1) / np.sqrt(N_FOLDS if left_out else len(values)))
    return Estimate(float(np.mean(values)), error * (N_FOLDS - 1) if left_out else error)


@dataclass(frozen=True)
class Comparison:
    """One table: methods that were asked the same on the same folds.

    Attributes:
        kind: What was asked.
        event_type: The only event type that took part; None where all did.
        n_users: Users of the data.
        n_items: Items of the catalogue.
        n_events: Events after merging those with equal user, item and timestamp.
        n_folds: How many of the ten folds were run.
        seed: Of the folds.
        rows: One per method, treatment of seen items, and with or without metadata.
    """

    kind: Kind
    event_type: str | None
    n_users: int
    n_items: int
    n_events: int
    n_folds: int
    seed: int
    rows: tuple[Row, ...]

    def find(self, method: str, *, seen: Seen | None = "served", metadata: bool = False) -> Row:
        """The row of a method.

        Raises:
            KeyError: There is none.
        """
        for row in self.rows:
            if (row.method, row.seen, row.metadata) == (method, seen, metadata):
                return row
        raise KeyError(f"no row of {method!r} with seen={seen!r} and metadata={metadata}")

    def pairs(self) -> tuple[tuple[Row, Row], ...]:
        """Rows without and with metadata that are otherwise the same, in this order."""
        return tuple(
            (without, row)
            for without in self.rows
            for row in self.rows
            if row.metadata
            and not without.metadata
            and (row.method, row.seen) == (without.method, without.seen)
        )
