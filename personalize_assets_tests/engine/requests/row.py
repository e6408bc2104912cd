"""What a row of the table of valid requests is. Knows no operation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from personalize_assets_tests.engine.requests.opening import Request

LONG_NAME: Final = "n" + "A9-_" * 15 + "zz"  # 63 characters
TAGS: Final = [
    {"tagKey": f"{number:02}" + "ké .:/=+-@_9" * 10 + "abcdef", "tagValue": "ß =/" * 64}
    for number in range(50)
]
"""As many and as long as they may be."""


def as_sent(value: Any) -> Any:
    """What is shown as it was sent."""
    return value


@dataclass(frozen=True)
class Row:
    """Valid requests of one operation in the prepared world.

    Attributes:
        operation: Its name.
        minimal: Only what it needs.
        maximal: Requests that together give every member that the model has; members that exclude
            each other are in different ones.
        impossible: Members that no valid request has, with the reason.
        shown: How a member is shown, where that is not as it was sent.
    """

    operation: str
    minimal: Request
    maximal: tuple[Request, ...]
    impossible: Mapping[str, str] = field(default_factory=dict[str, str])
    shown: Mapping[str, Callable[[Any], Any]] = field(
        default_factory=dict[str, Callable[[Any], Any]]
    )

    @property
    def target(self) -> str:
        """The member that names what is worked on: the first one."""
        return next(iter(self.minimal))

    @property
    def requests(self) -> tuple[Request, ...]:
        """All of them, the minimal one first."""
        return (self.minimal, *self.maximal)
