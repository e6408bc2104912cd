"""The quarantine file."""

import csv
from pathlib import Path

from personalize_assets.core.cleaning.definitions import Reason
from personalize_assets.core.cleaning.quarantine import Fault, Quarantine


def test_quarantine__bytes_counts_and_order(tmp_path: Path) -> None:
    path = tmp_path / "quarantine.csv"
    with Quarantine(path) as quarantine:
        quarantine.add(
            [
                Fault(9, Reason.MISSING, b",2"),
                Fault(3, Reason.USER_ID, b'"1,\xff\0'),
            ]
        )
        quarantine.add([])
        quarantine.add([Fault(12, Reason.MISSING, b"")])
    assert path.read_bytes() == (
        b"line,reason,text\n"
        b'3,user id is not a valid id,"""1,\xff\0"\n'
        b'9,missing value,",2"\n'
        b'12,missing value,""\n'
    )
    assert quarantine.total == 3
    assert quarantine.by_reason() == {"missing value": 2, "user id is not a valid id": 1}
    assert quarantine.describe() == (
        "3 in quarantine, 2 of them because: missing value; the first is line 3, "
        "user id is not a valid id: '\"1,\ufffd\\x00'"
    )


def test_quarantine__any_csv_reader_gets_the_text_back(tmp_path: Path) -> None:
    path = tmp_path / "quarantine.csv"
    texts = ['say "hi"', "a\rb", "", "\\", '""', "1,2"]
    with Quarantine(path) as quarantine:
        quarantine.add(
            Fault(line, Reason.FIELD_COUNT, text.encode()) for line, text in enumerate(texts, 2)
        )
    with path.open(newline="") as stream:
        assert [row["text"] for row in csv.DictReader(stream)] == texts


def test_describe__nothing(tmp_path: Path) -> None:
    with Quarantine(tmp_path / "q") as quarantine:
        assert quarantine.describe() == "nothing was in quarantine"
