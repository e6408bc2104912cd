"""What is no UTF-8, as a pattern: Spark 3.5 has no function that tells, and some hide it.

Means the same in Python and ``java.util.regex``. Searched, not matched, so that a long line needs
no stack.
"""

from typing import Final

INVALID_UTF8_PATTERN: Final = "|".join(
    [
        r"[\xc0\xc1\xf5-\xff]",
        r"[\xc2-\xdf](?![\x80-\xbf])",
        r"\xe0(?![\xa0-\xbf][\x80-\xbf])",
        r"[\xe1-\xec\xee\xef](?![\x80-\xbf]{2})",
        r"\xed(?![\x80-\x9f][\x80-\xbf])",
        r"\xf0(?![\x90-\xbf][\x80-\xbf]{2})",
        r"[\xf1-\xf3](?![\x80-\xbf]{3})",
        r"\xf4(?![\x80-\x8f][\x80-\xbf]{2})",
        r"(?<![\xc2-\xf4])(?<![\xe0-\xf4][\x80-\xbf])(?<![\xf0-\xf4][\x80-\xbf]{2})[\x80-\xbf]",
    ]
)
"""Searched in bytes read as Latin-1: a byte that UTF-8 cannot have where it is (RFC 3629)."""
