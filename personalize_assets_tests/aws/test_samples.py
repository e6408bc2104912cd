"""Known users and items, from files of several row groups in a real S3."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from personalize_assets.aws import samples
from personalize_assets.aws.objects import Bucket
from personalize_assets.aws.samples import sample_known

ROWS = {
    "USER_ID": ["old", "old", "u1", "u2", "u2", "u3"],
    "ITEM_ID": ["o", "o", "a", "b", "a", "c"],
    "EVENT_TYPE": ["click", "click", "watch", "watch", "watch", "click"],
}


@pytest.fixture
def files(bucket: Bucket, tmp_path: Path, unique: str) -> tuple[str, str]:
    """Interactions in three row groups, oldest first, and items."""
    pq.write_table(pa.table(ROWS), tmp_path / "i.parquet", row_group_size=2)
    items = {"ITEM_ID": ["a", "b", "new"], "TITLE": ["A", "B", None], "GENRES": ["x|y", "", None]}
    pq.write_table(pa.table(items), tmp_path / "items.parquet")
    keys = (f"samples/{unique}/i.parquet", f"samples/{unique}/items.parquet")
    bucket.put_file(tmp_path / "i.parquet", keys[0])
    bucket.put_file(tmp_path / "items.parquet", keys[1])
    return keys


def test_sample__knows_all_items_and_counts_the_most_met(
    bucket: Bucket, files: tuple[str, str]
) -> None:
    sample = sample_known(bucket, *files, users=10, seed="x")

    assert set(sample.users) == {"old", "u1", "u2", "u3"}
    assert sample.items == ("a", "o", "b", "c")
    assert sample.all_items == {"a", "b", "c", "o", "new"}
    assert sample.titles.titles.to_pylist() == ["A", "B", "new"]


def test_sample__is_the_same_for_the_same_seed(bucket: Bucket, files: tuple[str, str]) -> None:
    drawn = {
        seed: {sample_known(bucket, *files, users=2, seed=seed).users for _ in range(2)}
        for seed in ("a", "b", "c", "d", "e")
    }

    assert all(len(users) == 1 for users in drawn.values())
    assert len(set.union(*drawn.values())) > 1


def test_sample__looks_at_one_event_type(bucket: Bucket, files: tuple[str, str]) -> None:
    sample = sample_known(bucket, *files, users=10, seed="x", event_type="watch")

    assert set(sample.users) == {"u1", "u2"}
    assert sample.items == ("a", "b")


def test_sample__of_a_large_file_takes_the_newest_rows(
    bucket: Bucket, files: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "MAX_SAMPLED_ROWS", 4)

    sample = sample_known(bucket, files[0], None, users=10, seed="x")

    assert set(sample.users) == {"u1", "u2", "u3"}
    assert "o" in sample.all_items
