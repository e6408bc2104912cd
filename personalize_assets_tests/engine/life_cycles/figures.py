"""What a run of the machine counts."""

from collections import Counter
from dataclasses import dataclass, field
from time import process_time


@dataclass
class Figures:
    """Counts over all examples.

    Attributes:
        steps: Rules that were run.
        examples: Engines that were made.
        operations: Calls by operation.
        outcomes: Calls by exception; those that were accepted under ``accepted``.
        works: Ends of jobs by kind.
    """

    steps: int = 0
    examples: int = 0
    operations: Counter[str] = field(default_factory=Counter[str])
    outcomes: Counter[str] = field(default_factory=Counter[str])
    works: Counter[str] = field(default_factory=Counter[str])

    def called(self, operation: str, code: str | None) -> None:
        """Count a call."""
        self.operations[operation] += 1
        self.outcomes[(code or "accepted").removesuffix("Exception")] += 1

    def line(self, seconds: float) -> str:
        """All figures in one line."""
        refused = ", ".join(
            f"{name} {count:,}" for name, count in self.outcomes.most_common() if name != "accepted"
        )
        calls = sum(self.operations.values())
        return (
            f"{self.steps:,} steps in {self.examples:,} lives: {calls:,} calls of "
            f"{len(self.operations)} operations, {self.outcomes['accepted']:,} accepted, refused: "
            f"{refused or 'none'}; {sum(self.works.values()):,} jobs of {len(self.works)} kinds; "
            f"{seconds:.0f} s ({process_time():.0f} s of CPU), {self.steps / seconds:,.0f} steps a "
            "second"
        )


FIGURES = Figures()
"""Of this process."""
