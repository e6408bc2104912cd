"""Lists of users who want to be forgotten."""

import pytest

from personalize_assets.aws.deletion import UserListError, format_users, read_users


def test_format_users__sorted_and_each_once() -> None:
    assert format_users(["b", "a", 'odd "id", x', "b"]) == (b'USER_ID\na\nb\n"odd \\"id\\", x"\n')


def test_users__come_back_as_they_were_written() -> None:
    users = ["1", "a,b", 'c"d', "e\\f", "ü"]

    assert read_users(format_users(users), "users.csv") == sorted(users)


def test_read_users__as_json_lines() -> None:
    assert read_users(b'{"userId": "1"}\n\n{"userId": "2"}\n', "users.json") == ["1", "2"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"user,age\n1,2\n", "users.x must have the one column USER_ID.*USER, AGE"),
        (b"", "columns none"),
        (b'{"userId": 1}\n', "line 1: no userId that is a text"),
        (b'{"userId": "1"}\nnonsense\n', "line 2: not JSON"),
        (b"\xff\xfe", "not UTF-8 at byte 1"),
    ],
)
def test_read_users__refused(content: bytes, message: str) -> None:
    with pytest.raises(UserListError, match=message):
        read_users(content, "users.x")


@pytest.mark.parametrize(
    ("users", "message"),
    [([], "no user is listed"), ([" "], "1 of 1 ids are empty"), (["x" * 257], "longer than 256")],
)
def test_format_users__refused(users: list[str], message: str) -> None:
    with pytest.raises(UserListError, match=message):
        format_users(users)
