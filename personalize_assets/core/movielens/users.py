"""What the fields of a user mean: age, gender, occupation. Only ml-1m and ml-100k know their users.

Works on fields that are already split and decoded. The zip code is left out: no recipe needs it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from personalize_assets.core.movielens.formats import OCCUPATIONS_1M, USERS
from personalize_assets.core.movielens.layouts import LayoutKind


@dataclass(frozen=True)
class User:
    """What is known of one user.

    Attributes:
        age: Years; in ml-1m the lower end of a bracket (1 means under 18).
        gender: ``F`` or ``M``.
        occupation: Name of the occupation; codes of ml-1m are written out.
    """

    age: int
    gender: str
    occupation: str


def parse_user(fields: Sequence[str], kind: LayoutKind) -> User | None:
    """Read the fields of a line of users, in the order of ``formats.USERS[kind]``.

    Returns:
        None where age, gender or occupation is none that the release can have.
    """
    values = dict(zip(USERS[kind].columns, fields, strict=True))
    occupation = _occupation(values["occupation"], kind)
    age = values["age"]
    if occupation is None or values["gender"] not in {"F", "M"} or not _is_age(age):
        return None
    return User(age=int(age), gender=values["gender"], occupation=occupation)


def _is_age(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 3


def _occupation(text: str, kind: LayoutKind) -> str | None:
    if kind == "u":
        return text or None
    known = text.isascii() and text.isdigit() and len(text) <= 2 and int(text) < len(OCCUPATIONS_1M)
    return OCCUPATIONS_1M[int(text)] if known else None
