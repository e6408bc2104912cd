"""The lines of batch inference: queries read from JSON Lines, answers written as AWS writes them.

Knows neither S3 nor models.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from personalize_assets.core.names import MAX_ID_LENGTH


@dataclass(frozen=True, slots=True)
class Query:
    """One line of an input file.

    Attributes:
        echo: What the answer repeats as ``input``, as JSON.
        id: The user or item asked about; None if the line failed.
        error: Why the line failed; None if it did not.
    """

    echo: str
    id: str | None
    error: str | None


def parse_query(line: str, field: str) -> Query:
    """Read one line; whatever is wrong with it becomes the error of its answer.

    Args:
        line: Not empty; bytes that are no UTF-8 as half surrogate pairs.
        field: What the recipe needs: ``userId`` or ``itemId``.
    """
    if not _is_unicode(line):
        return Query("{}", None, f"User error: the line is not UTF-8: {_cut(line)}")
    try:
        query = json.loads(line)
        # NaN and 1e999, which Python reads, must not come back in an answer.
        echo = json.dumps(query, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError) as error:
        return Query("{}", None, f"User error: the line is not JSON ({error}): {_cut(line)}")
    if not isinstance(query, dict):
        return Query("{}", None, f"User error: the line is not a JSON object: {_cut(line)}")
    members = cast("dict[str, Any]", query)
    if not _is_unicode(echo):
        echo = json.dumps(members, separators=(",", ":"))
    value = members.get(field)
    if not value:
        return Query(echo, None, f"User error: Required fields for the provided recipe are {field}")
    if not isinstance(value, str) or len(value) > MAX_ID_LENGTH:
        return Query(
            echo,
            None,
            f"User error: {field} must be a string of at most {MAX_ID_LENGTH} characters",
        )
    if not _is_unicode(value):
        return Query(echo, None, f"User error: {field} holds half of a surrogate pair")
    return Query(echo, value, None)


def format_failure(query: Query) -> str:
    """The answer to a line that failed, without the line end."""
    error = json.dumps(query.error, ensure_ascii=False)
    return f'{{"input":{query.echo},"output":{{"recommendedItems":[]}},"error":{error}}}'


def format_answer(query: Query, items: Sequence[str], scores: Sequence[float] | None) -> str:
    """The answer to a query, without the line end.

    Args:
        query: What was asked.
        items: Item ids as JSON strings, best first.
        scores: One per item, or None where the recipe gives none.
    """
    output = f'"recommendedItems":[{",".join(items)}]'
    if scores is not None:
        output += f',"scores":[{",".join(map(format_score, scores))}]'
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
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _cut(line: str) -> str:
    return repr(line[:100])
