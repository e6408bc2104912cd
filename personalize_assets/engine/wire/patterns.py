r"""The regular expressions of botocore's models, matched as the services do: in Java's dialect.

Differences that matter: a pattern must match the whole value, ``\d`` and ``\w`` mean ASCII, a dot
matches no line terminator of any kind, and ``\p{L}`` names a Unicode category, which Python does
not know.
"""

import re
import string
import unicodedata
from functools import lru_cache

_ASCII = "".join(map(chr, range(128)))
_TOKEN = re.compile(r"\\p\{(\w+)\}|\\.|\[\^?|\]|\.", re.DOTALL)
_POSIX = {
    "ASCII": _ASCII,
    "Alpha": string.ascii_letters,
    "Digit": string.digits,
    "Alnum": string.ascii_letters + string.digits,
    "Punct": string.punctuation,
}


def matches(pattern: str, value: str) -> bool:
    r"""Tell whether the whole of ``value`` matches ``pattern``.

    Raises:
        ValueError: The pattern uses a property that is not known here.

    >>> matches(r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$", "größe 12")
    True
    >>> matches(r"^[a-z]*$", "abc\n")
    False
    """
    exotic = ""
    if r"\p{" in pattern and not value.isascii():
        exotic = "".join(sorted({character for character in value if character > "\x7f"}))
    return _compile(pattern, exotic).fullmatch(value) is not None


@lru_cache(maxsize=512)
def _compile(pattern: str, exotic: str) -> re.Pattern[str]:
    """Translate ``pattern``, right for values of ASCII and the characters in ``exotic``.

    A category has up to 130,000 characters; only those that occur in the value can matter.
    """
    in_class = False

    def translate(token: re.Match[str]) -> str:
        nonlocal in_class
        text = token[0]
        if token[1] is not None:
            members = "".join(map(_escape, _members(token[1], _ASCII + exotic)))
            return members if in_class else f"[{members}]"
        if text == "." and not in_class:
            return r"[^\n\r\u0085\u2028\u2029]"
        if text.startswith("["):
            in_class = True
        elif text == "]":
            in_class = False
        return text

    return re.compile(_TOKEN.sub(translate, pattern), re.ASCII)


def _members(name: str, alphabet: str) -> str:
    if name in _POSIX:
        return _POSIX[name]
    if not re.fullmatch(r"[CLMNPSZ][a-z]?", name):
        raise ValueError(f"unknown property \\p{{{name}}} in a pattern of the service model")
    return "".join(c for c in alphabet if unicodedata.category(c).startswith(name))


def _escape(character: str) -> str:
    return f"\\U{ord(character):08x}"
