"""Reading a parameter file by path: whatever nobody read, or has another type, is noted.

A node is one object of the file. Reading a member marks it as read; ``note_unread`` then notes the
rest, so that nothing of the file is passed over in silence.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from personalize_assets.core.conversion.notes import Notes

_Any = TypeVar("_Any")

_NAMES: Mapping[type, str] = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    dict: "an object",
    list: "a list",
}


@dataclass
class Node:
    """One object of the file.

    Attributes:
        members: What it holds.
        path: Its place, empty for the whole file.
        notes: Where to say what cannot be read.
        read: Members that were asked for.
        below: Nodes of its members, by path; asked for twice, a member has one node.
    """

    members: Mapping[str, Any]
    path: str
    notes: Notes
    read: set[str] = field(default_factory=set[str])
    below: "dict[str, Node]" = field(default_factory=dict[str, "Node"])

    def place(self, key: str) -> str:
        """Path of a member."""
        return f"{self.path}.{key}" if self.path else key

    def has(self, key: str) -> bool:
        """Whether there is such a member that is not null."""
        return self.members.get(key) is not None

    def raw(self, key: str) -> Any:
        """The member as it is; None where there is none."""
        self.read.add(key)
        return self.members.get(key)

    def text(self, key: str) -> str | None:
        """A member that is text and not empty; None where there is none."""
        return self._typed(key, str) or None

    def flag(self, key: str) -> bool:
        """A member that is true or false; false where there is none."""
        return self._typed(key, bool) or False

    def whole(self, key: str) -> int | None:
        """A member that is a whole number, or one written as text."""
        number = self.number(key)
        if number is not None and number != int(number):
            self._refuse(key, int)
            return None
        return None if number is None else int(number)

    def number(self, key: str) -> float | None:
        """A member that is a number, or one written as text, as the service's maps have them."""
        value = self.raw(key)
        if value is None:
            return None
        try:
            if isinstance(value, bool):
                raise ValueError
            number = float(value)
        except (TypeError, ValueError):
            number = float("nan")
        if abs(number) < float("inf"):
            return number
        self._refuse(key, float)
        return None

    def child(self, key: str) -> "Node":
        """A member that is an object; an empty one where there is none."""
        path = self.place(key)
        if path not in self.below:
            found = cast("dict[str, Any]", self._typed(key, dict) or {})
            self.below[path] = Node(found, path, self.notes)
        return self.below[path]

    def children(self, key: str) -> "Sequence[Node]":
        """A member that is a list of objects; empty where there is none."""
        found: list[Node] = []
        for path, one in self._entries(key):
            if path in self.below:
                found.append(self.below[path])
            elif self._is(path, one, dict):
                found.append(Node(cast("dict[str, Any]", one), path, self.notes))
                self.below[path] = found[-1]
        return found

    def texts(self, key: str) -> Sequence[str]:
        """A member that is a list of texts; empty where there is none."""
        return [one for path, one in self._entries(key) if self._is(path, one, str)]

    def tags(self, key: str = "tags") -> dict[str, str]:
        """Tags as the service has them, as one mapping."""
        found: dict[str, str] = {}
        for tag in self.children(key):
            name, value = tag.text("tagKey"), tag.raw("tagValue")
            if name is not None and isinstance(value, str):
                found[name] = value
        return found

    def note_unread(self) -> None:
        """Note every member that nobody asked for, here and below."""
        for key in self.members:
            if key not in self.read:
                self.notes.leave_out(
                    self.place(key),
                    self.members[key],
                    "no member of this name is known here",
                    "look whether it is misspelt",
                )
        for node in self.below.values():
            node.note_unread()

    def _entries(self, key: str) -> Iterator[tuple[str, Any]]:
        entries = cast("list[Any]", self._typed(key, list) or [])
        for index, one in enumerate(entries):
            yield f"{self.place(key)}[{index}]", one

    def _typed(self, key: str, kind: type[_Any]) -> _Any | None:
        value = self.raw(key)
        return value if value is not None and self._is(self.place(key), value, kind) else None

    def _is(self, path: str, value: Any, kind: type) -> bool:
        fits = isinstance(value, kind)
        if not fits:
            self.notes.leave_out(path, value, f"it must be {_NAMES[kind]}")
        return fits

    def _refuse(self, key: str, kind: type) -> None:
        self.notes.leave_out(self.place(key), self.members[key], f"it must be {_NAMES[kind]}")
