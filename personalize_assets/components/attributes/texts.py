"""Values that are texts on the wire although they look like numbers or truth values in a file.

Dagster reads `"9"` in a YAML file as the number 9, because any text may be a template.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import dagster as dg

_Written = str | int | float | bool


def as_text(context: dg.ResolutionContext, value: Any) -> str | None:
    """Write a value of the file as text: `9`, `0.5`, `True`; texts stay as they stand."""
    if value is None:
        return None
    if isinstance(value, str) and "{{" not in value:
        return value
    return str(context.resolve_value(value))


def _texts_by_name(context: dg.ResolutionContext, value: Any) -> dict[str, str | None]:
    return {name: as_text(context, one) for name, one in dict(value or {}).items()}


def _lists_by_name(context: dg.ResolutionContext, value: Any) -> dict[str, list[str | None]]:
    return {name: [as_text(context, one) for one in of] for name, of in dict(value or {}).items()}


Text = Annotated[
    str | None,
    dg.Resolver(as_text, model_field_type=_Written | None, inject_before_resolve=False),
]
"""A text that may be written as a number."""

TextsByName = Annotated[
    Mapping[str, str], dg.Resolver(_texts_by_name, model_field_type=Mapping[str, _Written])
]
"""Texts by name, each of which may be written as a number or truth value."""

ListsByName = Annotated[
    Mapping[str, Sequence[str]],
    dg.Resolver(_lists_by_name, model_field_type=Mapping[str, Sequence[_Written]]),
]
"""Lists of texts by name, each of which may be written as a number or truth value."""
