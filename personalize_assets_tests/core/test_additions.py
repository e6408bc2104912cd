"""Files beside each other: what was added, and where that was not all."""

import io
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalize_assets.core.additions import Additions, read_records, write_additions


def compare(
    old: Sequence[str], new: Sequence[str], *, by_id: bool = False, header: str = "ITEM_ID,TITLE"
) -> tuple[Additions, list[str]]:
    out = io.BytesIO()
    files = [
        io.BytesIO("".join(f"{r}\n" for r in (h, *rows)).encode())
        for h, rows in (("ITEM_ID,TITLE", old), (header, new))
    ]
    found = write_additions(files[0], files[1], out, by_id=by_id)
    return found, out.getvalue().decode().splitlines()


@pytest.mark.parametrize("by_id", [False, True])
def test_write_additions__finds_new_records_wherever_they_stand(by_id: bool) -> None:
    found, written = compare(["2,b", "4,d"], ["1,a", "2,b", "3,c", "4,d", "5,e"], by_id=by_id)

    assert found == Additions(added=3, changed=0, only_added=True)
    assert written == ["ITEM_ID,TITLE", "1,a", "3,c", "5,e"]


def test_write_additions__takes_changed_records_of_the_same_id() -> None:
    old, new = ["1,a", '"2,2",b', "3,c"], ["1,a", '"2,2",B', "3,C", "4,d"]

    found, written = compare(old, new, by_id=True)

    assert found == Additions(added=1, changed=2, only_added=True)
    assert written[1:] == ['"2,2",B', "3,C", "4,d"]
    assert found.records == 3


@pytest.mark.parametrize(
    ("old", "new", "by_id"),
    [
        (["1,a", "2,b"], ["1,a"], False),
        (["1,a", "2,b"], ["1,a"], True),
        (["1,a", "2,b"], ["1,a", "2,c"], False),
        (["1,a", "2,b"], ["2,b", "1,a"], False),
        (["1,a", "2,b"], ["2,b", "1,a"], True),
        (["1,a", "1,a"], ["1,a"], False),
        (["1,a"], [], True),
    ],
)
def test_write_additions__sees_that_more_was_done_than_adding(
    old: list[str], new: list[str], by_id: bool
) -> None:
    assert not compare(old, new, by_id=by_id)[0].only_added


def test_write_additions__takes_other_columns_for_another_file() -> None:
    found, written = compare(["1,a"], ["1,a,x"], header="ITEM_ID,TITLE,GENRES")

    assert (found.only_added, written) == (False, [])


def test_write_additions__keeps_records_with_ends_of_lines_whole() -> None:
    # Line by line, `y"` would be found again in the new file, and all of the old one with it.
    found, written = compare(['1,"x\ny"'], ['1,"x\nz"', '2,"\ny"'])

    assert not found.only_added
    assert written[1:] == ['1,"x', 'z"', '2,"', 'y"']


def test_write_additions__of_equal_files_writes_nothing() -> None:
    found, written = compare(["1,a", "2,b"], ["1,a", "2,b"], by_id=True)

    assert found == Additions(0, 0, only_added=True)
    assert written == ["ITEM_ID,TITLE"]


RECORDS = st.dictionaries(st.integers(0, 30), st.sampled_from(["a", 'say \\"a\\"', "b\nc", "d,e"]))


@given(RECORDS, RECORDS)
def test_write_additions__with_what_was_there_gives_the_new_file(
    old: dict[int, str], new: dict[int, str]
) -> None:
    """Appended to the old records, the written ones make the new file, as an import merges them."""
    files = [
        io.BytesIO(
            b"ID,TEXT\n" + b"".join(b'%d,"%s"\n' % (i, t.encode()) for i, t in sorted(r.items()))
        )
        for r in (old, new)
    ]
    out = io.BytesIO()

    found = write_additions(files[0], files[1], out, by_id=True)

    assert found.only_added == (old.keys() <= new.keys())
    if found.only_added:
        out.seek(0)
        written = {int(r.split(b",")[0]): r for r in list(read_records(out))[1:]}
        files[0].seek(0)
        before = {int(r.split(b",")[0]): r for r in list(read_records(files[0]))[1:]}
        files[1].seek(0)
        assert sorted((before | written).items()) == [
            (int(r.split(b",")[0]), r) for r in list(read_records(files[1]))[1:]
        ]
        assert found.added == len(new.keys() - old.keys())
