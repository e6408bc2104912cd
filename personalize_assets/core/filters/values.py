"""The strings that requests pass for the parameters of a filter, and those that data hold.

``filterValues`` has one string per parameter: quoted values, separated by commas. Knows no filter.
"""

import math
import re
from collections.abc import Iterator
from typing import Final

from personalize_assets.core.filters.entities import SEPARATOR
from personalize_assets.core.filters.errors import FilterError
from personalize_assets.core.filters.tokens import NUMBER, QUOTED, unquote

_NUMBER: Final = re.compile(rf"\s*{NUMBER}\s*", re.ASCII)
_VALUE: Final = re.compile(
    rf"\s*(?:(?P<quoted>{QUOTED})|(?P<bare>{NUMBER}))\s*(?P<comma>,|$)", re.ASCII | re.DOTALL
)


def parse_values(name: str, text: str) -> tuple[str, ...]:
    r"""The values that a request passes for one parameter, at least one.

    Args:
        name: Of the parameter.
        text: Strings in double or single quotation marks, in which a backslash escapes quotation
            marks and itself; numbers may also be bare.

    Raises:
        FilterError: The text is of another form.

    >>> parse_values("GENRE", '"Sci-Fi, old", "Drama"')
    ('Sci-Fi, old', 'Drama')
    """
    return tuple(_values(name, text))


def _values(name: str, text: str) -> Iterator[str]:
    at, more = 0, True
    while more:
        match = _VALUE.match(text, at)
        if match is None:
            raise FilterError(
                f"The value of filter parameter {name} must be quoted strings, separated by "
                f"commas, or numbers, such as {_example(text)}; got {text} (see character "
                f"{at + 1})"
            )
        yield match["bare"] if match["quoted"] is None else unquote(match["quoted"])
        at, more = match.end(), match["comma"] == ","


def _example(text: str) -> str:
    plain = text.strip().strip("\"'").replace('"', "")
    return f'"{plain}"' if plain else '"a","b"'


def parse_number(text: str) -> float | None:
    """The finite number that a text writes; None if it is none.

    >>> parse_number("2e1"), parse_number("nan")
    (20.0, None)
    """
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    return value if math.isfinite(value) else None


def categories_of(value: str) -> frozenset[str]:
    """What one value of a column matches: the parts between bars, and the whole.

    >>> sorted(categories_of("Action|Crime"))
    ['Action', 'Action|Crime', 'Crime']
    """
    return frozenset((value, *value.split(SEPARATOR)))
