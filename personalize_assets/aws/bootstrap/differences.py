"""What differs between a resource as it is and as it is to be, property by property.

AWS gives lists in another order than they were sent, one action as a text instead of a list, and
statements of a policy in any order: none of that is a difference. Pure.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

ABSENT: Final = "(absent)"
_NAMES: Final = ("Sid", "Id", "Queue")
"""Members by which the entries of a list are told apart, instead of by their place."""

_SCALAR_OR_LIST: Final = ("Action", "Resource", "NotAction", "NotResource")


@dataclass(frozen=True)
class Change:
    """One thing that is not as it is to be.

    Attributes:
        path: Property, and what is inside of it, from the outside in.
        old: As it is, as JSON; ``(absent)`` where there is nothing.
        new: As it is to be, likewise.
    """

    path: tuple[str, ...]
    old: str
    new: str

    @property
    def property(self) -> str:
        """The outermost property."""
        return self.path[0]

    def __str__(self) -> str:
        return f"{'.'.join(self.path)}: {self.old} -> {self.new}"


def differences(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[Change]:
    """Compare the properties that ``wanted`` names; others are nobody's concern.

    Args:
        current: Properties as they are.
        wanted: Properties as they are to be.

    Returns:
        In the order of ``wanted``'s properties.
    """
    found: list[Change] = []
    for name, value in wanted.items():
        found += _compare((name,), canonical(current.get(name)), canonical(value))
    return found


def tag_differences(current: Mapping[str, str], wanted: Mapping[str, str]) -> list[Change]:
    """Tags that are missing or have another value; what others tagged is left alone."""
    return [
        Change(("Tags", key), current.get(key, ABSENT), value)
        for key, value in sorted(wanted.items())
        if current.get(key) != value
    ]


def canonical(value: Any) -> Any:
    """A value in one of the ways in which AWS may write it: policies with lists, lists in order."""
    if isinstance(value, Mapping):
        members = cast("Mapping[str, Any]", value)
        if "Effect" in members:
            members = _statement(members)
        return {name: canonical(one) for name, one in members.items()}
    if isinstance(value, list | tuple):
        return sorted((canonical(one) for one in cast("list[Any]", value)), key=_text)
    return value


def _statement(statement: Mapping[str, Any]) -> dict[str, Any]:
    """A statement of a policy with every text that may be a list as a list."""
    plain = dict(statement)
    for name in _SCALAR_OR_LIST:
        if name in plain:
            plain[name] = _as_list(plain[name])
    if isinstance(plain.get("Principal"), Mapping):
        principal = {kind: _as_list(one) for kind, one in plain["Principal"].items()}
        plain["Principal"] = "*" if principal == {"AWS": ["*"]} else principal
    if isinstance(plain.get("Condition"), Mapping):
        plain["Condition"] = {
            operator: {key: _as_list(one) for key, one in keys.items()}
            for operator, keys in plain["Condition"].items()
        }
    return plain


def _as_list(value: Any) -> list[Any]:
    return list(cast("list[Any]", value)) if isinstance(value, list | tuple) else [value]


def _compare(path: tuple[str, ...], old: Any, new: Any) -> Iterator[Change]:
    if old == new or (old is None and new == []):
        return
    named = _named(old), _named(new)
    if named[0] is not None and named[1] is not None:
        old, new = named
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        before, after = cast("Mapping[str, Any]", old), cast("Mapping[str, Any]", new)
        for name in [*after, *(one for one in before if one not in after)]:
            yield from _compare((*path, name), before.get(name), after.get(name))
        return
    yield Change(path, _text(old), _text(new))


def _named(value: Any) -> Mapping[str, Any] | None:
    """The entries of a list by their names; None where they have none, or one has it twice."""
    if not isinstance(value, list) or not value:
        return None
    entries = cast("list[Any]", value)
    for member in _NAMES:
        if all(isinstance(one, Mapping) and member in one for one in entries):
            by_name = {str(one[member]): one for one in entries}
            return by_name if len(by_name) == len(entries) else None
    return None


def _text(value: Any) -> str:
    return ABSENT if value is None else json.dumps(value, sort_keys=True, ensure_ascii=False)
