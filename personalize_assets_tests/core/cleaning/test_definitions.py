"""Definitions of values: the traps, and that the README says the same as the code."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalize_assets.core.cleaning import definitions
from personalize_assets.core.cleaning.definitions import Reason, format_micros
from personalize_assets.core.cleaning.sampling import ITEM_FACTOR, MODULUS, USER_FACTOR
from personalize_assets.core.movielens.movies import YEAR_PATTERN

README = (Path(definitions.__file__).parent / "README.md").read_text()


@pytest.mark.parametrize("text", ["0", "7", "10", "999999999999999999"])
def test_id_pattern__valid(text: str) -> None:
    assert re.fullmatch(definitions.ID_PATTERN, text, re.ASCII)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 7",
        "7 ",
        "+7",
        "-7",
        "7.0",
        "0x1F",
        "1e3",
        "007",
        "00",
        "1_000",
        "1,0",
        "\u0667",
        "7\n",
    ],
)
def test_id_pattern__traps(text: str) -> None:
    assert re.fullmatch(definitions.ID_PATTERN, text, re.ASCII) is None


@pytest.mark.parametrize("text", ["4", "4.0", "0.5", "04", "123456789.123456"])
def test_decimal_pattern__valid(text: str) -> None:
    assert re.fullmatch(definitions.DECIMAL_PATTERN, text, re.ASCII)


@pytest.mark.parametrize(
    "text",
    ["", ".5", "5.", "+4", "-4", "1e3", "NaN", "inf", "4,0", " 4", "0.1234567", "1234567890"],
)
def test_decimal_pattern__traps(text: str) -> None:
    assert re.fullmatch(definitions.DECIMAL_PATTERN, text, re.ASCII) is None


@pytest.mark.parametrize("text", ["-1", "1.0", "01", "12345678901", "1e9", ""])
def test_timestamp_pattern__traps(text: str) -> None:
    assert re.fullmatch(definitions.TIMESTAMP_PATTERN, text, re.ASCII) is None


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (4_000_000, "4.0"),
        (250_000, "0.25"),
        (0, "0.0"),
        (1, "0.000001"),
        (-500_000, "-0.5"),
        (999_999_999_999_999, "999999999.999999"),
    ],
)
def test_format_micros__texts(micros: int, text: str) -> None:
    assert format_micros(micros) == text


@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_format_micros__matches_its_pattern_and_reads_back(micros: int) -> None:
    text = format_micros(micros)
    assert re.fullmatch(definitions.SIGNED_DECIMAL_PATTERN, text, re.ASCII)
    assert round(float(text) * 1e6) == micros


@pytest.mark.parametrize("name", [name for name in vars(definitions) if name.endswith("_PATTERN")])
def test_readme__holds_every_pattern(name: str) -> None:
    assert vars(definitions)[name] in README.replace(r"0\|", "0|"), name


def test_readme__holds_year_pattern_and_sampling_constants() -> None:
    assert YEAR_PATTERN.replace("\u2013", r"\u2013") in README
    for number in (MODULUS, USER_FACTOR, ITEM_FACTOR, definitions.MAX_TIMESTAMP):
        assert str(number) in README


def test_readme__lists_the_reasons_in_order() -> None:
    listed = re.findall(r"^\d+\. `(.*)`$", README, re.MULTILINE)
    assert listed == [reason.value for reason in Reason]
