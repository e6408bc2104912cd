"""The ``properties`` of streamed events and records: a JSON object with values of columns.

Keys are columns in camel case; they are compared without regard to case and underscores, as
schemas do that for their field names. Knows which values fit a column, not where they go.
"""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any, Final, NoReturn, cast

from personalize_assets.core.names import MAX_STRING_LENGTH, MAX_TEXT_LENGTH, MAX_TIMESTAMP
from personalize_assets.core.schemas import Schema, SchemaField

_WHOLE: Final = re.compile(r"-?\d{1,19}")
_DECIMAL: Final = re.compile(r"-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_LARGEST: Final = {
    "int": 2**31 - 1,
    "long": 2**63 - 1,
    "float": 3.4028234e38,
    "double": 1.7976931348623157e308,
}


class PropertiesError(ValueError):
    """Properties cannot be taken; the message says which key, why, and what is allowed."""


def read_properties(
    text: str | None, fields: Mapping[str, SchemaField], forbidden: Collection[str] = ()
) -> dict[str, Any]:
    """Read a JSON object of properties.

    Args:
        text: The JSON; None for no properties.
        fields: What may be given: by column, which need not be one of the schema.
        forbidden: Columns that are given elsewhere and never here.

    Returns:
        Values by column; nulls and empty strings are left out.

    Raises:
        PropertiesError: It is no JSON object, or a key or a value does not fit.
    """
    allowed = {_plain(column): column for column in fields}
    refused = {_plain(column) for column in forbidden}
    values: dict[str, Any] = {}
    seen: dict[str, str] = {}
    for key, value in _load(text):
        plain = _plain(key)
        if plain in refused:
            raise PropertiesError(
                f'"{key}" may not be among the properties: it is given beside them'
            )
        if plain not in allowed:
            raise PropertiesError(
                f'"{key}" fits no column of the schema; the properties may have '
                f"{', '.join(map(camel_case, fields)) or 'no keys'}"
            )
        if plain in seen:
            raise PropertiesError(f'"{seen[plain]}" and "{key}" name the same column')
        seen[plain] = key
        column = allowed[plain]
        converted = _convert(value, fields[column], key)
        if converted is not None:
            values[column] = converted
    return values


def require_columns(values: Mapping[str, Any], schema: Schema, besides: Collection[str]) -> None:
    """Check that every column that may not be empty has a value.

    Args:
        values: By column; None counts as empty.
        schema: Of the dataset.
        besides: Columns that need no value here.

    Raises:
        PropertiesError: One has none; all of them are named.
    """
    missing = [
        f"{camel_case(item.column)} ({item.column})"
        for item in schema.fields
        if not item.nullable and item.column not in besides and values.get(item.column) is None
    ]
    if missing:
        raise PropertiesError(
            f"a value is missing of {', '.join(missing)}: the schema allows no null there"
        )


def camel_case(column: str) -> str:
    """How a column is called among properties.

    >>> camel_case("NUMBER_OF_RATINGS")
    'numberOfRatings'
    """
    first, *others = column.lower().split("_")
    return first + "".join(part.capitalize() for part in others)


def _plain(name: str) -> str:
    return name.replace("_", "").upper()


def _load(text: str | None) -> list[tuple[str, Any]]:
    if text is None:
        return []
    try:
        # Lists of pairs, so that a key that comes twice is noticed.
        loaded = json.loads(text, object_pairs_hook=_Pairs, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise PropertiesError(f"the properties are not JSON: {error}") from None
    if not isinstance(loaded, _Pairs):
        raise PropertiesError("the properties must be a JSON object, as a string")
    return cast("list[tuple[str, Any]]", loaded)


class _Pairs(list[Any]):
    """The members of a JSON object."""


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _convert(value: Any, item: SchemaField, key: str) -> Any:
    """A value as the column's type; None for null and for an empty string."""
    if value is None or value == "":
        if item.nullable:
            return None
        raise PropertiesError(f'"{key}" is null, which the schema does not allow in {item.column}')
    if item.type == "string":
        return _text(value, item, key)
    if item.type == "boolean":
        return _boolean(value, item, key)
    return _number(value, item, key)


def _text(value: Any, item: SchemaField, key: str) -> str:
    if not isinstance(value, str):
        raise _unfit(value, item, key)
    # JSON can spell half of a surrogate pair, which is no character and cannot be stored.
    if any("\ud800" <= each <= "\udfff" for each in value):
        raise PropertiesError(f'"{key}" holds half of a surrogate pair, which is no character')
    if item.textual:
        return value[:MAX_TEXT_LENGTH]
    if len(value) > MAX_STRING_LENGTH:
        raise PropertiesError(
            f'"{key}" has {len(value)} characters, the most for {item.column} is '
            f"{MAX_STRING_LENGTH}"
        )
    return value


def _boolean(value: Any, item: SchemaField, key: str) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise _unfit(value, item, key)


def _number(value: Any, item: SchemaField, key: str) -> int | float:
    """Numbers are taken as strings too: the guide writes ``"numberOfRatings": "12"``."""
    whole = item.type in ("int", "long")
    number: int | float
    if isinstance(value, str):
        if not (_WHOLE if whole else _DECIMAL).fullmatch(value):
            raise _unfit(value, item, key)
        number = int(value) if whole else float(value)
    elif isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _unfit(value, item, key)
    else:
        number = value
    if whole and number != number // 1:
        raise _unfit(value, item, key)
    if abs(number) > _LARGEST[item.type]:
        raise PropertiesError(f'"{key}" is out of the range of {item.column}, type {item.type}')
    if item.column == "CREATION_TIMESTAMP" and number > MAX_TIMESTAMP:
        raise PropertiesError(
            f'"{key}" must be in seconds since 1970-01-01; {number} looks like milliseconds'
        )
    return int(number) if whole else float(number)


def _unfit(value: Any, item: SchemaField, key: str) -> PropertiesError:
    shown = json.dumps(value)[:80]
    return PropertiesError(
        f'"{key}" must be a value of type {item.type} for {item.column}, got {shown}'
    )
