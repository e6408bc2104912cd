"""Names: deterministic, within the service's rules, different for different inputs."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalize_assets.aws.naming import attempt_name, clean_name, digest_of, job_name

PATTERN = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-_]*")


@given(st.text(), st.lists(st.text(), max_size=3))
def test_job_name__obeys_the_service(prefix: str, digests: list[str]) -> None:
    name = job_name(f"a{prefix}", *digests)

    assert PATTERN.fullmatch(name)
    assert len(attempt_name(name, 99)) <= 63
    assert name == job_name(f"a{prefix}", *digests)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("a", "x"), ("a", "y")),
        (("a", "x", "y"), ("a", "xy")),
        (("a", "x", "y"), ("a", "y", "x")),
        (("a" * 70, "x"), ("a" * 71, "x")),
        (("films!", "x"), ("films?", "x")),
    ],
)
def test_job_name__tells_inputs_apart(first: tuple[str, ...], second: tuple[str, ...]) -> None:
    assert job_name(*first) != job_name(*second)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a b/c", "a-b-c"), ("--x_", "x"), ("Ünit", "nit"), ("a" * 70, "a" * 63)],
)
def test_clean_name__table(text: str, expected: str) -> None:
    assert clean_name(text) == expected


def test_clean_name__nothing_left() -> None:
    with pytest.raises(ValueError, match="'--é' holds no letter or digit"):
        clean_name("--é")


def test_attempt_name__bounds() -> None:
    assert attempt_name("job", 1) == "job"
    assert attempt_name("job", 2) == "job-2"
    with pytest.raises(ValueError, match="attempts count from 1, got 0"):
        attempt_name("job", 0)
    with pytest.raises(ValueError, match="is longer than 63 characters"):
        attempt_name("a" * 62, 2)


def test_digest_of__order_of_keys_does_not_matter() -> None:
    assert digest_of({"a": 1, "b": [2]}) == digest_of({"b": [2], "a": 1})
    assert digest_of({"a": 1}) != digest_of({"a": 1.5})
    # echo -n '{"a":1}' | sha256sum
    assert digest_of({"a": 1}).startswith("015abd7f5cc57a2d")
