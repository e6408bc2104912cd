"""Parts become files, in a folder and in S3; what is not as reported is noticed."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from personalize_assets.aws.cleaners import Facts
from personalize_assets.aws.spark_outputs import (
    FolderStore,
    PartFile,
    Parts,
    PartsError,
    PartsStore,
    PrefixStore,
    SparkOutcome,
    join_parquet,
)
from personalize_assets.core.cleaning import Accounts
from personalize_assets_tests.aws_cloud import Cloud, open_cloud, serve_moto

SCHEMA = pa.schema([pa.field("USER_ID", pa.string(), nullable=False), pa.field("AGE", pa.int32())])
CSV = [b"a,1\n", b"b,\nc,3\n"]
ROWS = [[("a", 1)], [("b", None), ("c", 3)]]


def parquet(rows: list[tuple[str | None, int | None]]) -> pa.Table:
    """As Spark writes it: every column may be empty."""
    users, ages = zip(*rows, strict=True) if rows else ((), ())
    return pa.table({"USER_ID": pa.array(users, pa.string()), "AGE": pa.array(ages, pa.int32())})


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with serve_moto() as address, open_cloud(address) as cloud:
        yield cloud


@pytest.fixture(params=["folder", "prefix"])
def store(request: pytest.FixtureRequest, cloud: Cloud, tmp_path: Path) -> PartsStore:
    """What a job left: two parts of each file, and something of its own."""
    for number, (lines, rows) in enumerate(zip(CSV, ROWS, strict=True)):
        (tmp_path / f"part-{number}.txt").write_bytes(lines)
        pq.write_table(parquet(rows), tmp_path / f"part-{number}.parquet")
    (tmp_path / "_SUCCESS").touch()
    if request.param == "folder":
        return FolderStore(tmp_path)
    prefix = f"{request.node.name}/"
    for file in tmp_path.iterdir():
        cloud.bucket.put_file(file, f"{prefix}{file.name}")
    return PrefixStore(cloud.bucket, prefix)


def outcome(cloud: Cloud, store: PartsStore, rows: int = 3, size: int = 4) -> SparkOutcome:
    parquet_sizes = _sizes(store)
    lines = [PartFile("part-0.txt", size), PartFile("part-1.txt", 7)]
    tables = [PartFile(f"part-{n}.parquet", parquet_sizes[n]) for n in range(2)]
    facts = Facts(Accounts(3, rows, 0, 0), {}, SCHEMA, [], {})
    parts = Parts(b"USER_ID,AGE\n", lines, b"line,reason,text\n", [], tables)
    return SparkOutcome(cloud.bucket, "users", facts, parts, store)


def _sizes(store: PartsStore) -> list[int]:
    if isinstance(store, FolderStore):
        return [(store.folder / f"part-{n}.parquet").stat().st_size for n in range(2)]
    assert isinstance(store, PrefixStore)
    found = {one.key: one.size for one in store.bucket.list(store.prefix)}
    return [found[f"{store.prefix}part-{n}.parquet"] for n in range(2)]


def is_there(store: PartsStore) -> bool:
    if isinstance(store, FolderStore):
        return store.folder.exists()
    assert isinstance(store, PrefixStore)
    return any(store.bucket.list(store.prefix))


def test_outcome__is_three_files_and_nothing_else(
    cloud: Cloud, store: PartsStore, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder = f"done/{request.node.name}/"
    files = outcome(cloud, store).put(folder)

    csv = b"USER_ID,AGE\na,1\nb,\nc,3\n"
    assert cloud.bucket.read_bytes(f"{folder}users.csv") == csv
    assert files["csv"].sha256 == hashlib.sha256(csv).hexdigest()
    assert cloud.bucket.read_bytes(f"{folder}users_quarantine.csv") == b"line,reason,text\n"
    cloud.bucket.get_file(f"{folder}users.parquet", tmp_path / "whole.parquet")
    table = pq.read_table(tmp_path / "whole.parquet")
    assert table.schema == SCHEMA
    assert table.to_pylist() == [
        {"USER_ID": user, "AGE": age} for rows in ROWS for user, age in rows
    ]
    assert {found.key for found in cloud.bucket.list(folder)} == {f.key for f in files.values()}
    assert not is_there(store) or isinstance(store, FolderStore)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda cloud, store: outcome(cloud, store, size=5), "has 4 bytes, but .* 5 bytes"),
        (lambda cloud, store: outcome(cloud, store, rows=4), "hold 3 rows, but .* says 4"),
    ],
    ids=["size", "rows"],
)
def test_outcome__that_is_not_as_reported_is_refused(
    cloud: Cloud,
    store: PartsStore,
    change: Callable[[Cloud, PartsStore], SparkOutcome],
    message: str,
) -> None:
    with pytest.raises(PartsError, match=message):
        change(cloud, store).put("refused/")
    assert is_there(store)
    assert not cloud.bucket.exists("refused/users.csv")


def test_store__misses_a_part(cloud: Cloud, store: PartsStore) -> None:
    with pytest.raises(PartsError, match=r"part-9\.txt is missing, but the report"):
        store.join(cloud.bucket, b"", [PartFile("part-9.txt", 1)], "missing.csv")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (parquet([(None, 1)]), "USER_ID"),
        (parquet([("a", 1)]).rename_columns(["USER", "AGE"]), "has the columns USER string, AGE"),
    ],
    ids=["empty", "name"],
)
def test_parquet__of_other_columns_is_refused(
    tmp_path: Path, table: pa.Table, message: str
) -> None:
    pq.write_table(table, tmp_path / "part")
    with pytest.raises(PartsError, match=message):
        join_parquet([tmp_path / "part"], tmp_path / "whole", SCHEMA)


def test_parquet__of_nothing_has_its_columns(tmp_path: Path) -> None:
    assert join_parquet([], tmp_path / "whole", SCHEMA) == 0
    assert pq.read_schema(tmp_path / "whole") == SCHEMA


def test_parquet__has_few_large_groups_of_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("personalize_assets.aws.spark_outputs.CHUNK_ROWS", 10)
    files = [tmp_path / f"part-{number}" for number in range(7)]
    for number, file in enumerate(files):
        pq.write_table(parquet([(f"{number}", row) for row in range(4)]), file)
    assert join_parquet(files, tmp_path / "whole", SCHEMA) == 28
    whole = pq.ParquetFile(tmp_path / "whole")
    sizes = [whole.metadata.row_group(n).num_rows for n in range(whole.num_row_groups)]
    assert sizes == [10, 10, 8]
    assert whole.read().column("AGE").to_pylist() == [0, 1, 2, 3] * 7
