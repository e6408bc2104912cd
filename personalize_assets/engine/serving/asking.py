"""What is asked of a model in real time or by a line of a batch job, and what is answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, NamedTuple

from personalize_assets.core.filters import BoundFilter

PROMOTED: Final = "Promoted item"
EXPLORED: Final = "Exploration"
POPULAR: Final = "Popular item"


@dataclass(frozen=True, slots=True)
class Promotion:
    """Items that are to stand in a list whatever their scores.

    Attributes:
        keep: Which items; None for any.
        percent: Share of the list, from 1 to 100.
        name: Shown beside each promoted item; None for none.
    """

    keep: BoundFilter | None
    percent: int
    name: str | None = None

    def places(self, n_results: int) -> int:
        """How many places of a list it takes: the nearest number, halves up, at least one."""
        return min(n_results, max(1, int(self.percent * n_results / 100 + 0.5)))


@dataclass(frozen=True, slots=True)
class Query:
    """One question for items.

    Attributes:
        n_results: Length of the list, at most.
        user_id: Whom it is for, also one that nothing is known of.
        item_id: What the answers are to be related to.
        keep: Which items may be answered, promoted ones apart; None for all.
        promotion: None for none.
        now: The present moment; what is left to chance stays the same for an hour.
        state: Grows with everything that the engine writes; None if that is not known.
        context: The circumstances that the request tells, by column of the Interactions dataset.
    """

    n_results: int
    user_id: str | None = None
    item_id: str | None = None
    keep: BoundFilter | None = None
    promotion: Promotion | None = None
    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    state: int | None = None
    context: Mapping[str, str] = field(default_factory=dict[str, str])


class Served(NamedTuple):
    """One place of an answer.

    Attributes:
        item_id: Which item.
        score: None where the recipe or the place has none.
        promotion: Name of the promotion that put it there; None for none.
        reason: Why an item stands there that the model would not have put there; None for others.
        explored: Whether it stands there to be tried, also where answers carry no reasons.
    """

    item_id: str
    score: float | None
    promotion: str | None = None
    reason: str | None = None
    explored: bool = False
