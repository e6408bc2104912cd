"""What the fields of users mean."""

import pytest

from personalize_assets.core.movielens.users import User, parse_user


@pytest.mark.parametrize(
    ("fields", "kind", "user"),
    [
        (["1", "F", "1", "10", "48067"], "dat", User(1, "F", "K-12 student")),
        (["2", "M", "56", "0", "70072"], "dat", User(56, "M", "other")),
        (["1", "24", "M", "technician", "85711"], "u", User(24, "M", "technician")),
        (["1", "F", "1", "21", "48067"], "dat", None),
        (["1", "F", "1", "x", "48067"], "dat", None),
        (["1", "X", "1", "10", "48067"], "dat", None),
        (["1", "-4", "M", "artist", "85711"], "u", None),
        (["1", "24", "M", "", "85711"], "u", None),
    ],
)
def test_parse_user__rows(fields: list[str], kind: str, user: User | None) -> None:
    assert parse_user(fields, "dat" if kind == "dat" else "u") == user
