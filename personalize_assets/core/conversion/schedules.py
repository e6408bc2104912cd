"""From schedules of single solutions to the two schedules of a dataset group."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from personalize_assets.core.conversion.cron import CronError, convert_cron
from personalize_assets.core.conversion.draft import Draft
from personalize_assets.core.conversion.nodes import Node
from personalize_assets.core.conversion.solutions import Converted

_DELETE: Final = "delete"
"""What AWS's solution takes to remove a schedule that exists."""
_OWN_SCHEDULE: Final = "declare a dataset group of its own where a solution needs its own times"


@dataclass(frozen=True)
class _Slot:
    """One solution's schedule."""

    solution: str
    path: str
    expression: str
    cron: str


def convert_schedules(solutions: Sequence[Converted], draft: Draft) -> None:
    """Declare ``retraining``: one schedule of full trainings and one of updates for the group.

    Where solutions had different times, the ones that most of them had count.
    """
    kinds: tuple[Literal["full", "update"], ...] = ("full", "update")
    slots: dict[str, list[_Slot]] = {kind: [] for kind in kinds}
    for one in solutions:
        workflow = one.node.child("workflowConfig")
        note_max_age(workflow)
        schedules = workflow.child("schedules")
        note_max_age(schedules)
        for kind in kinds:
            cron = read_schedule(schedules, kind)
            if cron is not None:
                expression = str(schedules.members[kind])
                slots[kind].append(_Slot(one.name, schedules.place(kind), expression, cron))
    retraining: Mapping[str, Any] = {"after_new_files": False, "timezone": "UTC"}
    for kind in reversed(kinds):
        chosen = _choose(slots[kind])
        if chosen is None:
            continue
        wanted = {kind: chosen.cron, **retraining}
        refusal = draft.accept(retraining=wanted)
        if refusal is not None:
            for slot in slots[kind]:
                solutions[0].node.notes.leave_out(slot.path, slot.expression, refusal)
            continue
        retraining = wanted
        _note_others(slots[kind], chosen, solutions)
        if kind == "full":
            _note_unscheduled(slots[kind], chosen, solutions)
    draft.accept(retraining=retraining)


def read_schedule(node: Node, member: str) -> str | None:
    """Five fields for a schedule of the file; None where there is none or none can say it."""
    expression = node.text(member)
    if expression is None or expression == _DELETE:
        return None
    try:
        return convert_cron(expression)
    except CronError as error:
        node.notes.leave_out(
            node.place(member),
            expression,
            str(error),
            "write a schedule of five fields into retraining",
        )
        return None


def note_max_age(node: Node) -> None:
    """Note the age from which the solution would make something anew."""
    if (age := node.raw("maxAge")) is not None:
        node.notes.leave_out(
            node.place("maxAge"),
            age,
            "nothing is made anew because of its age: what went into it decides",
            "`freshness` marks what is stale; a schedule trains on new data",
        )


def _choose(slots: Sequence[_Slot]) -> _Slot | None:
    counts = Counter(slot.cron for slot in slots)
    # Of equally frequent times the first in the file: max keeps the first it meets.
    return max(slots, key=lambda slot: counts[slot.cron], default=None)


def _note_others(slots: Sequence[_Slot], chosen: _Slot, solutions: Sequence[Converted]) -> None:
    notes = solutions[0].node.notes
    for slot in slots:
        if slot.cron != chosen.cron:
            notes.change(
                slot.path,
                slot.expression,
                f"a dataset group has one such schedule: {slot.solution} goes by {chosen.cron!r}, "
                f"as {chosen.solution} does",
                _OWN_SCHEDULE,
            )


def _note_unscheduled(
    slots: Sequence[_Slot], chosen: _Slot, solutions: Sequence[Converted]
) -> None:
    scheduled = {slot.solution for slot in slots}
    for one in solutions:
        if one.name not in scheduled:
            one.node.notes.change(
                one.path,
                one.label,
                f"has no schedule of full trainings of its own; that of the group, "
                f"{chosen.cron!r}, trains it too",
                _OWN_SCHEDULE,
            )
