"""What a conversion has to say: what was left out, what changed, what has another name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

NoteKind = Literal["left out", "changed", "renamed"]


@dataclass(frozen=True)
class Note:
    """One place of the parameter file that is not carried over as it stands.

    Attributes:
        kind: ``left out``: nothing stands for it; ``changed``: something else stands for it;
            ``renamed``: the same under another name.
        path: Place in the file, such as ``solutions[0].serviceConfig.name``.
        value: What stands there, as JSON has it.
        reason: Why; for ``renamed`` the new name.
        instead: What to do about it; empty where nothing is to be done.
    """

    kind: NoteKind
    path: str
    value: Any
    reason: str
    instead: str = ""

    def as_json(self) -> dict[str, Any]:
        """The note for machines, all members always there."""
        return {
            "kind": self.kind,
            "path": self.path,
            "value": self.value,
            "reason": self.reason,
            "instead": self.instead,
        }


@dataclass
class Notes:
    """Gathers notes; ``in_order`` gives them as their places stand in the file."""

    gathered: list[Note] = field(default_factory=list[Note])

    def leave_out(self, path: str, value: Any, reason: str, instead: str = "") -> None:
        """Say that nothing stands for ``value``."""
        self.gathered.append(Note("left out", path, value, reason, instead))

    def change(self, path: str, value: Any, reason: str, instead: str = "") -> None:
        """Say that something else stands for ``value``."""
        self.gathered.append(Note("changed", path, value, reason, instead))

    def rename(self, path: str, value: str, name: str, instead: str = "") -> None:
        """Say that ``value`` is called ``name``; nothing where that is the same."""
        if value != name:
            self.gathered.append(Note("renamed", path, value, name, instead))

    def in_order(self, config: Any) -> tuple[Note, ...]:
        """All notes, in the order of their places in ``config``."""
        places = {path: place for place, path in enumerate(_paths(config, ""))}
        last = len(places)
        return tuple(sorted(self.gathered, key=lambda note: places.get(note.path, last)))


def _paths(value: Any, path: str) -> Iterator[str]:
    yield path
    if isinstance(value, Mapping):
        for key, one in cast("Mapping[str, Any]", value).items():
            yield from _paths(one, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, one in enumerate(cast("list[Any]", value)):
            yield from _paths(one, f"{path}[{index}]")
