"""Splitting one line of CSV into its fields; of the standard library alone, for Spark's job too."""

import re
from typing import Final

from personalize_assets.core.cleaning.definitions import CSV_FIELD_PATTERN

_FIELDS: Final = {
    delimiter: re.compile(CSV_FIELD_PATTERN.replace(",", delimiter))
    for delimiter in (",", ";", "|", "\t")
}


def split_csv(text: str, delimiter: str = ",") -> list[str] | None:
    """Split a line of RFC 4180 CSV; None where the quotes do not match.

    A quote inside a field that does not begin with one is an ordinary character.

    >>> split_csv('11,"American President, The (1995)",Comedy'), split_csv('1,"open')
    (['11', 'American President, The (1995)', 'Comedy'], None)
    """
    pattern = _FIELDS[delimiter]
    fields: list[str] = []
    at = 0
    while True:
        found = pattern.match(text, at)
        field, at = ("", at) if found is None else (found[0], found.end())
        quoted = field.startswith('"')
        fields.append(field[1:-1].replace('""', '"') if quoted else field)
        if at == len(text):
            return fields
        if text[at] != delimiter:
            return None
        at += 1
