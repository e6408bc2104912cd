"""What a proof of operations found, a line for each kind of disturbance."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of a table of disturbances.

    Attributes:
        what: What was disturbed, and how.
        points: How many places or times it was disturbed at.
        runs: How many runs the end of all was reached with.
        lost: Things that should have been made and were not.
        doubled: Things that were made twice.
    """

    what: str
    points: int
    runs: int
    lost: int
    doubled: int
