"""Who cleans: the seam between preparing a dataset and the engine that does the work.

A cleaner takes one raw file and the rules, and gives an outcome: what it found, and a way to put
its files where they belong. `ArrowCleaner` works in this process; the launchers of Spark are in
``components``, since Dagster starts and watches what they start. All give the same files.
"""

# pyarrow ships no types.
# pyright: standard

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from personalize_assets.aws.objects import Bucket, StoredFile
from personalize_assets.aws.raw_data import RawFiles
from personalize_assets.core import preparing
from personalize_assets.core.cleaning import (
    Accounts,
    CleaningReport,
    CleaningRules,
    EntitiesReport,
    OutputPaths,
)
from personalize_assets.core.cleaning.outputs import OutputFile
from personalize_assets.core.columns import Columns
from personalize_assets.core.tables import TableSource

Dataset = Literal["interactions", "items", "users"]


@dataclass(frozen=True)
class Cleaning:
    """One file to clean.

    Attributes:
        bucket: The pipeline's bucket.
        dataset: What the file holds.
        raw: The raw files.
        rules: Which rows become which events; for interactions.
        items_key: Parquet file of the cleaned items, whose ids are the known ones; None where any
            item will do, and for all but interactions.
    """

    bucket: Bucket
    dataset: Dataset
    raw: RawFiles
    rules: CleaningRules = field(default_factory=CleaningRules)
    items_key: str | None = None

    def inputs(self) -> dict[str, Any]:
        """What the outputs depend on, JSON-like: raw object, its meaning, rules, known items."""
        file, source = self.raw.file(self.dataset), self.raw.source
        meaning = source.model_dump(mode="json") if isinstance(source, TableSource) else None
        raw = {"key": file.key, "etag": file.etag, "size": file.size, "tables": meaning}
        if self.dataset != "interactions":
            return {"raw": raw}
        items = None if self.items_key is None else self.bucket.head(self.items_key)
        return {
            "raw": raw,
            "rules": self.rules.digest(),
            "items": None if items is None else items.etag,
        }

    def download(self, work: Path) -> Path:
        """Copy the raw file under ``work``, with its own name."""
        key = self.raw.file(self.dataset).key
        path = work / "raw" / key.rpartition("/")[2]
        self.bucket.get_file(key, path)
        return path


@dataclass(frozen=True)
class Facts:
    """What a cleaning found, whoever did it.

    Attributes:
        accounts: Where every row went.
        reasons: Lines in quarantine by reason, the most frequent first.
        schema: Columns of the parquet file; ``nullable`` tells where empty values may be.
        preview: The first rows, as text.
        counts: Of interactions: users, items, events by type, the oldest and the newest time.
    """

    accounts: Accounts
    reasons: Mapping[str, int]
    schema: pa.Schema
    preview: Sequence[Sequence[str | None]]
    counts: Mapping[str, int]


class Outcome(Protocol):
    """A cleaning that is done; its files are not in their places yet."""

    @property
    def facts(self) -> Facts:
        """What was found."""
        ...

    def put(self, folder: str) -> Mapping[str, StoredFile]:
        """Put the files under ``folder``: ``csv``, ``parquet``, ``quarantine``.

        Args:
            folder: Prefix, ending in a slash.
        """
        ...


class Cleaner(Protocol):
    """An engine that cleans."""

    @property
    def engine(self) -> str:
        """Its name in the settings: ``arrow``, ``spark`` or ``glue``."""
        ...

    def clean(self, cleaning: Cleaning) -> AbstractContextManager[Outcome]:
        """Clean one file; what the outcome needs is there until the block ends.

        Raises:
            RawDataError: The raw file cannot be read at all.
        """
        ...


@dataclass(frozen=True)
class ArrowCleaner:
    """Cleans in this process, through files of a temporary folder."""

    engine: str = "arrow"

    @contextmanager
    def clean(self, cleaning: Cleaning) -> Iterator[Outcome]:
        """Clean one file; see ``Cleaner``."""
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder)
            out = OutputPaths.in_folder(work / "out", cleaning.dataset)
            cleaned = _clean(cleaning, cleaning.download(work), work, out)
            yield _Files(cleaning.bucket, _facts(cleaned), cleaned.files)


@dataclass(frozen=True)
class _Files:
    bucket: Bucket
    facts: Facts
    files: Mapping[str, OutputFile]

    def put(self, folder: str) -> Mapping[str, StoredFile]:
        return {
            name: self.bucket.put_file(file.path, f"{folder}{file.path.name}")
            for name, file in self.files.items()
        }


def _clean(
    cleaning: Cleaning, raw: Path, work: Path, out: OutputPaths
) -> CleaningReport | EntitiesReport:
    source = cleaning.raw.source
    if cleaning.dataset == "items":
        return preparing.prepare_items(raw, source, out)
    if cleaning.dataset == "users":
        return preparing.prepare_users(raw, source, out)
    known = None
    if cleaning.items_key is not None:
        cleaning.bucket.get_file(cleaning.items_key, work / "items.parquet")
        known = pq.read_table(work / "items.parquet", columns=[Columns.ITEM_ID])[0]
    return preparing.prepare_interactions(raw, source, known, cleaning.rules, out)


def _facts(cleaned: CleaningReport | EntitiesReport) -> Facts:
    counts: dict[str, int] = {}
    if isinstance(cleaned, CleaningReport):
        counts = interaction_counts(
            users=cleaned.users,
            items=cleaned.items,
            users_with_two_or_more=cleaned.users_with_two_or_more,
            event_counts=cleaned.event_counts,
            oldest=cleaned.min_timestamp,
            newest=cleaned.max_timestamp,
        )
    rows = (row.values() for row in cleaned.preview.to_pylist())
    return Facts(cleaned.accounts, cleaned.reasons, cleaned.schema, preview_texts(rows), counts)


def interaction_counts(
    *,
    users: int,
    items: int,
    users_with_two_or_more: int,
    event_counts: Mapping[str, int],
    oldest: int | None,
    newest: int | None,
) -> dict[str, int]:
    """Counts of interactions by name; times in epoch seconds, left out where there are no rows."""
    times = {"oldest_event": oldest, "newest_event": newest}
    return {
        "users": users,
        "items": items,
        "users_with_two_or_more": users_with_two_or_more,
        **{f"events_{event}": count for event, count in event_counts.items()},
        **{name: time for name, time in times.items() if time is not None},
    }


def preview_texts(rows: Any) -> list[list[str | None]]:
    """Rows of any values as rows of text; None stays None."""
    return [[None if value is None else str(value) for value in row] for row in rows]
