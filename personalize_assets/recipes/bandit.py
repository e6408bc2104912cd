"""Which new items are worth a try: Thompson sampling over what is known of their success.

An item's success is how often it is taken against what an ordinary new item with such metadata
would be. Before anything is known it follows a gamma distribution of mean 1, whose spread is that
of earlier new items; every interaction and every showing narrows it (Thompson 1933; Chapelle and
Li, An Empirical Evaluation of Thompson Sampling, NIPS 2011; the gamma prior of Poisson counts as
in Agarwal, Chen and Elango, Explore/Exploit Schemes for Web Content Optimization, ICDM 2009).
Knows neither files nor lists nor requests.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, special

from personalize_assets.recipes.histories import BoolArray, FloatArray, LongArray

DoubleArray = NDArray[np.float64]

EARLY_DAYS: Final = 30
"""What items do within so many days of being met tells what new ones may be expected to do."""
_DAY_S: Final = 86_400
_SHAPES: Final = (0.1, 10.0)
_LEAST_HOPE: Final = 0.05
_RESHAPED: Final = 4.0
_ORDINARY_ITEMS: Final = np.float32(10)


@dataclass(frozen=True)
class Record:
    """What the data say of each item; all arrays have the shape ``(n,)``.

    Attributes:
        first_met: Time of the oldest interaction with it, epoch seconds; `newest` where there is
            none: nothing is expected of what may not have been seen anywhere.
        events: Interactions with it.
        early_events: Those within `EARLY_DAYS` of the first that no list led to.
        shown: Lists that it is known to have stood in.
        taken: Lists in which it was taken.
        newest: Time of the newest interaction of all, epoch seconds.
    """

    first_met: LongArray
    events: LongArray
    early_events: LongArray
    shown: LongArray
    taken: LongArray
    newest: int


@dataclass(frozen=True)
class Evidence:
    """What is known of the success of some items.

    Attributes:
        events: Interactions with each, shape ``(n,)``.
        expected: Interactions that an ordinary item would have by now, shape ``(n,)``.
        shape: Of the gamma prior, whose mean is 1: the smaller, the more unlike items are.
    """

    events: LongArray
    expected: DoubleArray
    shape: float

    def draw(self, rng: np.random.Generator) -> FloatArray:
        """A success of each item as it may be, shape ``(n,)``: what is unsure differs most.

        From a gamma distribution with the posterior's mean and a quarter of its variance: what
        categories promise differs by user already, so that less chance finds as much and costs
        less (posterior reshaping, Chapelle and Li, section 3).
        """
        drawn = rng.gamma(_RESHAPED * (self.shape + self.events))
        return (drawn / (_RESHAPED * (self.shape + self.expected))).astype(np.float32)

    def hopeful(self) -> BoolArray:
        """Which items may yet do better than an ordinary one, shape ``(n,)``.

        Others are not tried any more: the probability is under a twentieth.
        """
        better = special.gammaincc(self.shape + self.events, self.shape + self.expected)
        return np.asarray(better >= _LEAST_HOPE)


def weigh(record: Record) -> Evidence:
    """Set what items did against what an ordinary new item does in the time and when shown.

    The ordinary item is the mean of all in the data: of their first days, for interactions that
    no list led to, and of the young ones among those shown. How unlike items are is the negative
    binomial's estimate by moments from their first days.
    """
    days = np.clip((record.newest - record.first_met) / _DAY_S, 0, EARLY_DAYS)
    by_time = days * (record.early_events.sum() / max(days.sum(), 1e-9))
    by_lists = record.shown * _rate_of_young(record, days)
    return Evidence(record.events, by_time + by_lists, _shape(record.early_events, by_time))


def _rate_of_young(record: Record, days: DoubleArray) -> float:
    """How often young items are taken where they are shown; one event of all items is added."""
    shown, taken = int(record.shown.sum()), int(record.taken.sum())
    if not taken:
        return 0.0
    young = days < EARLY_DAYS
    return float((record.taken[young].sum() + 1) / (record.shown[young].sum() + shown / taken))


def _shape(events: LongArray, expected: DoubleArray) -> float:
    """Variance of a negative binomial count is ``m + m * m / shape`` at mean ``m``."""
    squares = float((expected**2).sum())
    excess = float(((events - expected) ** 2 - expected).sum())
    if squares <= 0:
        return 1.0
    return float(np.clip(squares / max(excess, 1e-9), *_SHAPES))


class Promise:
    """What the categories of new items promise to a user, from known items that suit the user.

    Args:
        known: What the categories of the items that a model knows weigh, not negative; shape
            ``(n_known, n_categories)``.
        new: The same of the new items, shape ``(n, n_categories)``.
    """

    def __init__(self, known: sparse.csr_array, new: sparse.csr_array) -> None:
        self._known = known
        sizes = np.asarray(known.sum(axis=0)).ravel() + _ORDINARY_ITEMS
        weights = np.asarray(new.sum(axis=1)).ravel()
        self._has_categories = weights > 0
        scaled = sparse.diags_array(1 / np.where(weights > 0, weights, 1)) @ new
        self._means = (scaled @ sparse.diags_array(1 / sizes)).astype(np.float32).tocsr()

    def to(self, items: LongArray, shares: FloatArray) -> FloatArray:
        """How much likelier than an ordinary item each new one is taken by a user.

        Args:
            items: Known items that suit the user, shape ``(m,)``.
            shares: How much each does; only their ratios count. Shape ``(m,)``.

        Returns:
            Shape ``(n,)``, the weighted mean over an item's categories of the mean share of the
            known items in it, ten ordinary items added to each; 1 for an item without categories,
            and where no known item suits the user.
        """
        total = shares.sum()
        if not total > 0:
            return np.ones(len(self._has_categories), dtype=np.float32)
        weights = (shares * (self._known.shape[0] / total)).astype(np.float32)
        shares_of = self._sum(items, weights) + _ORDINARY_ITEMS
        return np.where(self._has_categories, self._means @ shares_of, np.float32(1))

    def _sum(self, items: LongArray, weights: FloatArray) -> FloatArray:
        """Weighted sum of rows; scipy takes several times as long to pick some hundred rows."""
        starts = self._known.indptr[items]
        lengths = self._known.indptr[items + 1] - starts
        ends = np.cumsum(lengths)
        at = np.arange(lengths.sum()) + np.repeat(starts - (ends - lengths), lengths)
        values = self._known.data[at] * np.repeat(weights, lengths)
        columns = self._known.indices[at]
        return np.bincount(columns, values, self._known.shape[1]).astype(np.float32)
