"""The lines of batch jobs: queries read from JSON Lines, answers written as AWS writes them.

Knows neither S3 nor models nor filters.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from personalize_assets.core.names import MAX_ID_LENGTH, MAX_RESULTS
from personalize_assets.recipes.spec import QueryField

_MAX_ATTRIBUTES: Final = 2_500  # characters, as of a filter expression


_echo = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


@dataclass(frozen=True, slots=True)
class Query:
    """One line of an input file.

    Attributes:
        echo: What the answer repeats as ``input``, as JSON.
        error: Why the line failed; None if it did not.
        user: The ``userId`` asked about.
        item: The ``itemId`` asked about.
        items: The ``itemList`` to rank.
        attributes: The ``itemAttributes`` expression.
        filter_values: Values of the filter's parameters.
    """

    echo: str
    error: str | None = None
    user: str = ""
    item: str = ""
    items: tuple[str, ...] = ()
    attributes: str = ""
    filter_values: Mapping[str, str] = field(default_factory=dict[str, str])
    context: Mapping[str, str] = field(default_factory=dict[str, str])


class LineError(ValueError):
    """A line cannot be answered; the message becomes its ``error``."""


def parse_query(line: str, fields: Sequence[QueryField]) -> Query:
    """Read one line; whatever is wrong with it becomes the error of its answer.

    Args:
        line: Not empty; bytes that are no UTF-8 as half surrogate pairs.
        fields: What the recipe needs.
    """
    if not _is_unicode(line):
        return Query("{}", f"User error: the line is not UTF-8: {_cut(line)}")
    try:
        query = json.loads(line)
        # NaN and 1e999, which Python reads, must not come back in an answer.
        echo = _echo(query)
    except (ValueError, RecursionError) as error:
        return Query("{}", f"User error: the line is not JSON ({error}): {_cut(line)}")
    if not isinstance(query, dict):
        return Query("{}", f"User error: the line is not a JSON object: {_cut(line)}")
    members = cast("dict[str, Any]", query)
    if not _is_unicode(echo):
        echo = json.dumps(members, separators=(",", ":"))
    try:
        return _read_members(echo, members, fields)
    except LineError as error:
        return Query(echo, f"User error: {error}")


def _read_members(echo: str, members: Mapping[str, Any], fields: Sequence[QueryField]) -> Query:
    if not all(members.get(name) for name in fields):
        needed = ", ".join(fields)
        raise LineError(f"Required fields for the provided recipe are {needed}")
    return Query(
        echo,
        user=_text(members, "userId", MAX_ID_LENGTH) if "userId" in fields else "",
        item=_text(members, "itemId", MAX_ID_LENGTH) if "itemId" in fields else "",
        items=_texts(members, "itemList") if "itemList" in fields else (),
        attributes=(
            _text(members, "itemAttributes", _MAX_ATTRIBUTES) if "itemAttributes" in fields else ""
        ),
        filter_values=_values(members.get("filterValues")),
        context=_context(members.get("context")),
    )


def _text(members: Mapping[str, Any], name: str, most: int) -> str:
    value = members[name]
    if not isinstance(value, str) or len(value) > most:
        raise LineError(f"{name} must be a string of at most {most} characters")
    if not _is_unicode(value):
        raise LineError(f"{name} holds half of a surrogate pair")
    return value


def _texts(members: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = members[name]
    if not isinstance(values, list) or len(cast("list[Any]", values)) > MAX_RESULTS:
        raise LineError(f"{name} must be a list of at most {MAX_RESULTS} item ids")
    found = [_text({name: value}, name, MAX_ID_LENGTH) for value in cast("list[Any]", values)]
    return tuple(dict.fromkeys(found))


def _values(values: Any) -> Mapping[str, str]:
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise LineError("filterValues must be an object of strings")
    found = cast("dict[str, Any]", values)
    if not all(isinstance(value, str) for value in found.values()):
        raise LineError("filterValues must be an object of strings")
    return found


def _context(given: Any) -> Mapping[str, str]:
    """The circumstances that a line tells; the guide knows none, so that nothing here is wrong."""
    if not isinstance(given, dict):
        return {}
    found = cast("dict[str, Any]", given)
    return {name: value for name, value in found.items() if isinstance(value, str)}


def format_failure(query: Query, member: str = "recommendedItems") -> str:
    """The answer to a line that failed, without the line end.

    Args:
        query: With an error.
        member: The list that stays empty.
    """
    error = json.dumps(query.error, ensure_ascii=False)
    return f'{{"input":{query.echo},"output":{{"{member}":[]}},"error":{error}}}'


def format_answer(
    query: Query,
    ids: Sequence[str],
    scores: Sequence[float] | None = None,
    *,
    member: str = "recommendedItems",
    more: Mapping[str, Any] | None = None,
) -> str:
    """The answer to a query, without the line end.

    Args:
        query: What was asked.
        ids: Ids as JSON strings, best first.
        scores: One per id, or None where the recipe gives none.
        member: The list that holds the ids.
        more: Further members of the output.
    """
    output = f'"{member}":[{",".join(ids)}]'
    if scores is not None:
        output += f',"scores":[{",".join(map(format_score, scores))}]'
    for name, value in (more or {}).items():
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        output += f",{json.dumps(name)}:{text}"
    return f'{{"input":{query.echo},"output":{{{output}}},"error":null}}'


def format_score(score: float) -> str:
    """Seven decimals at most and no exponent, as in the service's files.

    >>> format_score(0.00734300000001), format_score(1e-9), format_score(0.25)
    ('0.007343', '0.0', '0.25')
    """
    text = f"{score:.7f}".rstrip("0")
    return text + "0" if text.endswith(".") else text


def _is_unicode(text: str) -> bool:
    """Whether a text can be written as UTF-8; JSON escapes can make texts that cannot."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _cut(line: str) -> str:
    return repr(line[:100])
