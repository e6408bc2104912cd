"""The last stage of cleaning interactions, common to all sources: order, write, account.

Knows events, not where they come from.
"""

# pyarrow ships no types.
# pyright: standard

from dataclasses import dataclass

import numpy as np

from personalize_assets.core.cleaning.blocks import Progress
from personalize_assets.core.cleaning.events import Events, arrange
from personalize_assets.core.cleaning.outputs import StagedOutputs
from personalize_assets.core.cleaning.quarantine import Quarantine
from personalize_assets.core.cleaning.report import Accounts, CleaningReport
from personalize_assets.core.cleaning.writers import event_schema, write_events


@dataclass
class Tally:
    """Rows counted while they are read; see ``report.Accounts``."""

    read: int = 0
    below_rule: int = 0
    not_sampled: int = 0
    extra_events: int = 0


def write_interactions(
    events: Events,
    tally: Tally,
    quarantine: Quarantine,
    stage: StagedOutputs,
    progress: Progress,
) -> CleaningReport:
    """Order the events, drop duplicates, write both files and count everything.

    Args:
        events: Events in the order of their lines; arranged in place.
        tally: Counts of reading.
        quarantine: The closed quarantine.
        stage: Where to write.
        progress: Called with ``sort`` and ``write``.

    Returns:
        The report, but for ``files`` and ``seconds``, which are known when all is in place.
    """
    duplicates = arrange(events)
    progress("sort", len(events))
    preview = write_events(events, stage.csv, stage.parquet, progress)
    has_rows = len(events) > 0
    per_user = np.bincount(events.user)
    return CleaningReport(
        accounts=Accounts(
            read=tally.read,
            written=len(events),
            duplicates=duplicates,
            quarantined=quarantine.total,
            below_rule=tally.below_rule,
            not_sampled=tally.not_sampled,
            extra_events=tally.extra_events,
        ),
        reasons=quarantine.by_reason(),
        files={},
        schema=event_schema(events),
        preview=preview,
        users=int(np.count_nonzero(per_user)),
        items=int(np.count_nonzero(np.bincount(events.item))),
        users_with_two_or_more=int(np.count_nonzero(per_user >= 2)),
        event_counts=_event_counts(events),
        min_timestamp=int(events.timestamp[0]) if has_rows else None,
        max_timestamp=int(events.timestamp[-1]) if has_rows else None,
        seconds=0.0,
    )


def _event_counts(events: Events) -> dict[str, int]:
    if events.event is None:
        return {}
    counts = np.bincount(events.event, minlength=len(events.event_types)).tolist()
    return dict(zip(events.event_types, counts, strict=True))
