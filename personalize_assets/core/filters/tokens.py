"""From the text of an expression to words, numbers, strings and signs, each with its position."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, cast

from personalize_assets.core.filters.errors import refuse

TokenKind = Literal["word", "number", "text", "parameter", "sign", "end"]

QUOTED: Final = r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'"""
NUMBER: Final = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_TOKEN: Final = re.compile(
    rf"(?P<text>{QUOTED})|(?P<number>{NUMBER})|(?P<word>[A-Za-z_]\w*)|(?P<parameter>\$\w+)"
    r"|(?P<sign><=|>=|!=|[=<>(),.|*])|(?P<space>\s+)",
    re.ASCII | re.DOTALL,
)
_ESCAPED: Final = re.compile(r"\\([\\\"'])")
_UNCLOSED: Final = "a string begins here that no second quotation mark closes"
_HINTS: Final = {
    '"': _UNCLOSED,
    "'": _UNCLOSED,
    "\u201c": 'straight quotation marks are needed: "',
    "\u201d": 'straight quotation marks are needed: "',
    "\u2018": "straight quotation marks are needed: '",
    "\u2019": "straight quotation marks are needed: '",
    "$": "the name of a parameter must follow the dollar sign: letters, digits and underscores",
}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of an expression.

    Attributes:
        kind: What it is.
        text: As written.
        at: Where it begins, from 0.
    """

    kind: TokenKind
    text: str
    at: int

    @property
    def word(self) -> str:
        """A word in upper case, a sign as it is; empty for what is neither."""
        return self.text.upper() if self.kind in ("word", "sign") else ""

    def __str__(self) -> str:
        return "the end" if self.kind == "end" else self.text


def tokenize(text: str) -> list[Token]:
    """Cut a text into pieces; the last is always the end.

    Raises:
        FilterError: A character begins no piece.
    """
    return list(_tokens(text))


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            refuse(at, _HINTS.get(text[at], f"{text[at]!r} has no meaning here"))
        if match.lastgroup != "space":
            yield Token(cast(TokenKind, match.lastgroup), match[0], at)
        at = match.end()
    yield Token("end", "", at)


def unquote(text: str) -> str:
    r"""What a quoted string holds; a backslash escapes quotation marks and itself.

    >>> print(unquote(r'"12\" vinyl"'))
    12" vinyl
    """
    return _ESCAPED.sub(r"\1", text[1:-1])
