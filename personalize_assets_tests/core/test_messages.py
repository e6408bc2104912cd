"""Notices: subjects that SNS takes, texts for people, and the same id for the same happening."""

from dataclasses import replace

import pytest

from personalize_assets.core.messages import (
    MAX_SUBJECT,
    MAX_TEXT_BYTES,
    Happening,
    format_subject,
    write_notice,
)

FINISHED = Happening(
    event="batch_finished",
    group="films",
    run_id="1f0c",
    about="recommendations",
    headline="16,775 rows of recommendations are there",
    facts={
        "job": "films_batch",
        "started by": None,
        "users": 671,
        "share": 0.01234,
        "failed lines": 0,
        "unchanged": False,
        "transformed": "s3://bucket/results/transformed.parquet",
    },
    links={"run page": "http://127.0.0.1:3000/runs/1f0c"},
)


def test_write_notice__says_what_ran_the_numbers_and_where() -> None:
    notice = write_notice(FINISHED)

    assert notice.subject == "films: 16,775 rows of recommendations are there"
    assert notice.text == (
        "16,775 rows of recommendations are there\n"
        "\n"
        "dataset group  films\n"
        "run            1f0c\n"
        "job            films_batch\n"
        "users          671\n"
        "share          0.01234\n"
        "failed lines   0\n"
        "unchanged      no\n"
        "transformed    s3://bucket/results/transformed.parquet\n"
        "\n"
        "run page  http://127.0.0.1:3000/runs/1f0c\n"
        "\n"
        f"notice {notice.id}\n"
    )


def test_write_notice__lists_reasons() -> None:
    failed = replace(FINISHED, event="run_failed", reasons=["films_import: no such role"], links={})

    assert "\n- films_import: no such role\n\nnotice " in write_notice(failed).text


def test_id__is_that_of_the_happening_however_it_is_told() -> None:
    same = replace(FINISHED, headline="done", facts={}, links=None)
    others = [
        replace(FINISHED, event="run_failed"),
        replace(FINISHED, group="books"),
        replace(FINISHED, run_id="2f0c"),
        replace(FINISHED, about="rankings"),
    ]

    assert same.id == FINISHED.id
    assert len({one.id for one in (FINISHED, *others)}) == 5
    assert len(FINISHED.id) == 32


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("films: done", "films: done"),
        ("  two\nlines\tand a tab ", "two lines and a tab"),
        ("Käse, Ångström", "Kase, Angstrom"),
        ("日本 films", "?? films"),
        ("a\x07b", "ab"),
        ("", "notice"),
        ("x" * 99, "x" * 99),
        ("x" * 100, "x" * 96 + "..."),
    ],
)
def test_format_subject(text: str, expected: str) -> None:
    subject = format_subject(text)

    assert subject == expected
    assert subject.isascii()
    assert len(subject) <= MAX_SUBJECT


def test_write_notice__is_bounded() -> None:
    reasons = ["ä" * 5_000] * 1_000

    text = write_notice(replace(FINISHED, reasons=reasons)).text

    assert len(text.encode()) <= MAX_TEXT_BYTES
    assert text.endswith("...\n")
