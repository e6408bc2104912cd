"""How a request breaks its model, in the words that AWS uses for it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from personalize_assets.engine.errors import InvalidInput

_SHOWN = 300  # characters of a value that a message repeats


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken constraint.

    Attributes:
        path: Where, as AWS writes it: ``tags.1.member.tagKey``.
        value: What stands there; None where nothing does.
        constraint: What should be, beginning with ``Member must``.
        sensitive: The model forbids to repeat the value.
    """

    path: str
    value: Any
    constraint: str
    sensitive: bool = False

    def __str__(self) -> str:
        shown = "" if self.sensitive else f" {_show(self.value)}"
        return f"Value{shown} at '{self.path}' failed to satisfy constraint: {self.constraint}"


def refuse(violations: Sequence[Violation]) -> None:
    """Raise ``InvalidInput`` that lists ``violations``; do nothing if there are none."""
    if not violations:
        return
    count = f"{len(violations)} validation error{'s' if len(violations) > 1 else ''} detected: "
    raise InvalidInput(count + "; ".join(str(violation) for violation in violations))


def join(path: str, name: str) -> str:
    """Path of member ``name`` of the structure at ``path``; the request itself is at ''."""
    return f"{path}.{name}" if path else name


def _show(value: Any) -> str:
    if value is None:
        return "null"
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    # A lone surrogate could not be sent back as UTF-8.
    text = text.encode("utf-8", "replace").decode("utf-8")
    return f"'{text}'" if len(text) <= _SHOWN else f"'{text[:_SHOWN]}...'"
