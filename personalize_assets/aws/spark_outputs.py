"""What a Spark job leaves becomes what the pipeline reads: three files of the bucket.

A job writes each file as parts. Those of CSV and quarantine are joined with their header before
them: on this machine by copying, in S3 by S3 (`joining`). Those of parquet are read and written
again as one file with the writer of the embedded engine, since parquet has its end in every part.
"""

# pyarrow ships no types.
# pyright: standard

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from personalize_assets.aws.cleaners import Facts
from personalize_assets.aws.joining import join_objects
from personalize_assets.aws.objects import Bucket, ObjectInfo, StoredFile
from personalize_assets.core.cleaning import OutputPaths
from personalize_assets.core.cleaning.writers import CHUNK_ROWS, parquet_writer

_COPY_BYTES: Final = 1 << 20


class PartsError(OSError):
    """What a job left is not what its report says; the message names the file."""


@dataclass(frozen=True)
class PartFile:
    """One part: its name below the job's output folder, such as ``csv/part-00000``, and bytes."""

    name: str
    size: int


@dataclass(frozen=True)
class Parts:
    """What a job wrote, in order.

    Attributes:
        csv_header: First line of the CSV file, with its end.
        csv: Parts of the rest.
        quarantine_header: First line of the quarantine file, with its end.
        quarantine: Parts of the rest.
        parquet: Parquet files of the same rows.
    """

    csv_header: bytes
    csv: Sequence[PartFile]
    quarantine_header: bytes
    quarantine: Sequence[PartFile]
    parquet: Sequence[PartFile]


class PartsStore(Protocol):
    """Where a job wrote."""

    def join(self, bucket: Bucket, head: bytes, parts: Sequence[PartFile], key: str) -> StoredFile:
        """Write ``head`` and the parts as the object ``key``."""
        ...

    def open_each(self, parts: Sequence[PartFile]) -> Iterator[Path]:
        """Give each part as a file, which may be gone when the next is asked for."""
        ...

    def discard(self) -> None:
        """Delete all that the job left."""
        ...


@dataclass(frozen=True)
class SparkOutcome:
    """A cleaning that a job did; see ``cleaners.Outcome``.

    Attributes:
        bucket: The pipeline's bucket.
        dataset: What was cleaned.
        facts: What the job found.
        parts: What it wrote.
        store: Where it wrote.
    """

    bucket: Bucket
    dataset: str
    facts: Facts
    parts: Parts
    store: PartsStore

    def put(self, folder: str) -> Mapping[str, StoredFile]:
        """Join the parts under ``folder`` and delete them.

        Raises:
            PartsError: What is there is not what the report says.
            JoinError: It was changed while it was joined.
        """
        names = OutputPaths.in_folder(Path(), self.dataset)
        parts, store, bucket = self.parts, self.store, self.bucket
        files = {
            "quarantine": store.join(
                bucket,
                parts.quarantine_header,
                parts.quarantine,
                f"{folder}{names.quarantine.name}",
            ),
            "parquet": self._put_parquet(f"{folder}{names.parquet.name}"),
            "csv": store.join(bucket, parts.csv_header, parts.csv, f"{folder}{names.csv.name}"),
        }
        store.discard()
        return files

    def _put_parquet(self, key: str) -> StoredFile:
        with tempfile.TemporaryDirectory() as folder:
            whole = Path(folder) / "whole.parquet"
            rows = join_parquet(self.store.open_each(self.parts.parquet), whole, self.facts.schema)
            if rows != self.facts.accounts.written:
                raise PartsError(
                    f"the parquet files of {self.dataset} hold {rows:,} rows, but the report of "
                    f"the job says {self.facts.accounts.written:,}: clean anew"
                )
            return self.bucket.put_file(whole, key)


def join_parquet(files: Iterable[Path], target: Path, schema: pa.Schema) -> int:
    """Write the rows of ``files`` as one parquet file; return how many there are.

    Args:
        files: Parquet files in order, each looked at before the next is asked for.
        target: Where the whole goes.
        schema: Its columns; types must be those of the files.

    Raises:
        PartsError: A file has other columns, or nothing where there must be something.
    """
    total, waiting = 0, schema.empty_table()
    with parquet_writer(target, schema) as writer:
        for file in files:
            with pq.ParquetFile(file) as source:
                for batch in source.iter_batches(CHUNK_ROWS):
                    waiting = pa.concat_tables([waiting, _fit(batch, schema, file)])
                    total += batch.num_rows
                    while waiting.num_rows >= CHUNK_ROWS:
                        writer.write_table(waiting.slice(0, CHUNK_ROWS))
                        waiting = waiting.slice(CHUNK_ROWS)
        if waiting.num_rows:
            writer.write_table(waiting)
    return total


def _fit(batch: pa.RecordBatch, schema: pa.Schema, file: Path) -> pa.Table:
    if batch.schema.names != schema.names or batch.schema.types != schema.types:
        found = ", ".join(f"{field.name} {field.type}" for field in batch.schema)
        needed = ", ".join(f"{field.name} {field.type}" for field in schema)
        raise PartsError(f"{file.name} has the columns {found}; the report says {needed}")
    try:
        # Spark writes every column as one that may be empty; casting checks that none is.
        return pa.Table.from_batches([batch]).cast(schema)
    except ValueError as error:
        raise PartsError(f"{file.name}: {error}") from error


@dataclass(frozen=True)
class FolderStore:
    """Parts in a folder of this machine."""

    folder: Path

    def join(self, bucket: Bucket, head: bytes, parts: Sequence[PartFile], key: str) -> StoredFile:
        """Copy them into one file and store it; see ``PartsStore``."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            whole = Path(folder) / "whole"
            with whole.open("wb") as target:
                target.write(head)
                for file in self.open_each(parts):
                    with file.open("rb") as source:
                        shutil.copyfileobj(source, target, _COPY_BYTES)
            return bucket.put_file(whole, key)

    def open_each(self, parts: Sequence[PartFile]) -> Iterator[Path]:
        """The files themselves; see ``PartsStore``."""
        for part in parts:
            path = self.folder / part.name
            found = path.stat().st_size if path.is_file() else None
            _check_size(str(path), part, found)
            yield path

    def discard(self) -> None:
        """Delete the folder; see ``PartsStore``."""
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True)
class PrefixStore:
    """Parts under a prefix of the bucket, ending in a slash."""

    bucket: Bucket
    prefix: str

    def join(self, bucket: Bucket, head: bytes, parts: Sequence[PartFile], key: str) -> StoredFile:
        """Have S3 copy them; see ``PartsStore``."""
        sources = [self._found(part) for part in parts]
        return join_objects(bucket, head, sources, key, bucket.transfers.concurrency)

    def open_each(self, parts: Sequence[PartFile]) -> Iterator[Path]:
        """Download one after the other; see ``PartsStore``."""
        for part in parts:
            found = self._found(part)
            with _downloaded(self.bucket, found) as path:
                yield path

    def discard(self) -> None:
        """Delete the objects; see ``PartsStore``."""
        for found in list(self.bucket.list(self.prefix)):
            self.bucket.delete(found.key)

    def _found(self, part: PartFile) -> ObjectInfo:
        found = self.bucket.head(f"{self.prefix}{part.name}")
        _check_size(f"{self.bucket.uri(self.prefix)}{part.name}", part, found and found.size)
        assert found is not None
        return found


@contextmanager
def _downloaded(bucket: Bucket, found: ObjectInfo) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / found.key.rpartition("/")[2]
        bucket.get_file(found.key, path)
        yield path


def _check_size(where: str, part: PartFile, found: int | None) -> None:
    if found != part.size:
        there = "is missing" if found is None else f"has {found:,} bytes"
        raise PartsError(
            f"{where} {there}, but the report of the job says {part.size:,} bytes: clean anew"
        )
