"""Which object versions are done: those with a run in Dagster's storage, and what was refused."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

import dagster as dg

from personalize_assets.aws.arrivals import Look, arrival_id
from personalize_assets.aws.objects import ObjectInfo

ARRIVAL_TAG = "personalize/arrival"
"""Tag of a run: the id of the object version, or set of them, that it was made for."""

MAX_KNOWN = 50_000
"""Versions that a sensor keeps in mind; of others it asks the ledger again."""

_LEDGER_CHUNK = 500


def ids_with_run(
    instance: dg.DagsterInstance, job_names: Collection[str], ids: Sequence[str]
) -> set[str]:
    """Those of ``ids`` that a run of one of the jobs carries, whatever became of it.

    A run that was made and never handed on does not count: to ask for it again starts that one.
    """
    found: set[str] = set()
    for first in range(0, len(ids), _LEDGER_CHUNK):
        chunk = list(ids[first : first + _LEDGER_CHUNK])
        runs = instance.get_runs(dg.RunsFilter(tags={ARRIVAL_TAG: chunk}))
        found.update(
            run.tags[ARRIVAL_TAG]
            for run in runs
            if run.job_name in job_names and run.status is not dg.DagsterRunStatus.NOT_STARTED
        )
    return found


@dataclass
class Memory:
    """What this process knows already of the ledger, and what it refused.

    Attributes:
        known: By key: the version, and why it got no run if it did not.
        waiting: Keys that were put off, and why; others come before them.
    """

    known: dict[str, tuple[str, str | None]] = field(
        default_factory=dict[str, tuple[str, str | None]]
    )
    waiting: dict[str, str] = field(default_factory=dict[str, str])

    def knows(self, entry: ObjectInfo) -> bool:
        """Whether this version is done or refused."""
        return self.known.get(entry.key, ("", None))[0] == arrival_id(entry)

    def remember(self, entry: ObjectInfo, refused: str | None = None) -> None:
        """Keep in mind that this version is done, or why it gets no run."""
        self.known.pop(entry.key, None)
        self.known[entry.key] = (arrival_id(entry), refused)
        if len(self.known) > MAX_KNOWN:
            del self.known[next(iter(self.known))]

    def forget_deleted(self, look: Look, before: str) -> None:
        """Drop the keys that this look would have shown, were they still there."""
        there = {entry.key for entry in look.settled}
        self.known = {
            key: known
            for key, known in self.known.items()
            if key in there or key <= before or (look.after and key > look.after)
        }

    def refused(self) -> list[str]:
        """Keys that got no run, with the reason."""
        return [f"{key}: {reason}" for key, (_, reason) in self.known.items() if reason]

    def without_run(
        self,
        instance: dg.DagsterInstance,
        job_names: Collection[str],
        entries: Iterable[ObjectInfo],
    ) -> list[ObjectInfo]:
        """The versions that the ledger does not hold and that were not refused."""
        fresh = [entry for entry in entries if not self.knows(entry)]
        with_run = ids_with_run(instance, job_names, [arrival_id(entry) for entry in fresh])
        for entry in fresh:
            if arrival_id(entry) in with_run:
                self.remember(entry)
        return [entry for entry in fresh if arrival_id(entry) not in with_run]
