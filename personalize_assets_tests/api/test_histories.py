"""What users did, held in memory."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalize_assets.api.histories import Histories, Met, SentEvents, TooManyInteractions
from personalize_assets.api.id_index import IdIndex

TABLE = pa.table(
    {
        "USER_ID": ["5", "50", "5", "51", "5", "500"],
        "ITEM_ID": ["a", "a", "b", "c", "a", "a"],
        "TIMESTAMP": [300, 100, 100, 100, 200, 100],
        "EVENT_TYPE": ["click", "watch", "watch", "watch", "watch", "click"],
        "EVENT_VALUE": pa.array([2.0, 4.5, None, 5, 3.5, 1], pa.float32()),
    }
)


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@pytest.fixture
def histories() -> Histories:
    return Histories(TABLE)


def test_of__newest_first(histories: Histories) -> None:
    assert histories.of("5", 10) == [
        Met("a", "click", 2.0, at(300)),
        Met("a", "watch", 3.5, at(200)),
        Met("b", "watch", None, at(100)),
    ]
    assert [one.at for one in histories.of("5", 1)] == [at(300)]
    assert [one.item_id for one in histories.of("5", 10, "watch")] == ["a", "b"]
    assert histories.of("5", 10, "sold") == histories.of("nobody", 10) == []


def test_users_beginning__short_ids_first(histories: Histories) -> None:
    assert histories.users_beginning("5", 3) == [("5", 3), ("50", 1), ("51", 1)]
    assert histories.users_beginning("50", 9) == [("50", 1), ("500", 1)]
    assert histories.users_beginning("", 1) == [("5", 3)]
    assert histories.users_beginning("x", 9) == []


def test_met_by__and_how_often(histories: Histories) -> None:
    assert histories.met_by("5", ["b", "c", "unknown"]) == {"b"}
    assert histories.met_by("nobody", ["a"]) == frozenset()
    assert histories.times_met(["a", "c", "unknown"]) == [4, 1, 0]
    assert (len(histories), histories.users, histories.event_types) == (6, 4, ["click", "watch"])


def test_from_file__only_what_is_required(tmp_path: Path) -> None:
    path = tmp_path / "i.parquet"
    pq.write_table(TABLE.select(["USER_ID", "ITEM_ID", "TIMESTAMP"]), path)
    histories = Histories.from_file(path)

    assert histories.of("51", 5) == [Met("c", None, None, at(100))]
    assert histories.event_types == []


def test_from_file__refuses(tmp_path: Path) -> None:
    path = tmp_path / "i.parquet"
    pq.write_table(TABLE, path)
    with pytest.raises(TooManyInteractions, match="6 interactions, of which at most 5"):
        Histories.from_file(path, max_rows=5)
    pq.write_table(TABLE.select(["USER_ID"]), path)
    with pytest.raises(ValueError, match="no column ITEM_ID, TIMESTAMP; found USER_ID"):
        Histories.from_file(path)


def test_empty() -> None:
    empty = Histories.empty()

    assert (len(empty), empty.of("1", 5), empty.users_beginning("", 5)) == (0, [], [])
    assert not empty.knows("1")


def test_memory__eighteen_bytes_an_interaction() -> None:
    count = 10_000
    ids = [str(number % 100) for number in range(count)]
    times = pa.array(np.arange(count))
    histories = Histories(pa.table({"USER_ID": ids, "ITEM_ID": ids, "TIMESTAMP": times}))

    assert histories.nbytes == 18 * count


@given(st.lists(st.text(max_size=5), unique=True, max_size=60), st.lists(st.text(max_size=5)))
def test_id_index__finds_the_row_of_each_id(ids: list[str], wanted: list[str]) -> None:
    index = IdIndex(pa.array(ids, pa.string()))

    assert index.rows(ids) == list(range(len(ids)))
    assert index.rows(wanted) == [ids.index(one) if one in ids else -1 for one in wanted]


def test_id_index__texts_of_one_hash_are_told_apart() -> None:
    index = IdIndex(pa.array(["a", "b", "c"]))
    index._hashes, index._rows = np.zeros(3, np.int64), np.arange(3)

    assert [index._row(text, 0, 0) for text in ("c", "a", "d")] == [2, 0, -1]


def test_sent_events__are_bounded_and_one_sent_again_stays_one() -> None:
    sent = SentEvents(users=2, per_user=2)
    for seconds in (1, 3, 3, 2):
        sent.add("a", Met("x", "watch", None, at(seconds), sent_here=True))

    assert [one.at for one in sent.of("a")] == [at(3), at(2)]
    assert sent.of("a", "click") == []
    for user in ("b", "c"):
        sent.add(user, Met("x", "watch", None, at(1), sent_here=True))
    assert (sent.of("a"), sent.users_beginning("")) == ([], [("b", 1), ("c", 1)])
