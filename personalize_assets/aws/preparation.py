"""Cleaning over S3: raw objects in, cleaned objects out, and a manifest that tells what was done.

Files pass through a temporary folder. The manifest names the raw objects and the rules that the
outputs were made of, so that unchanged inputs are not cleaned twice.
"""

# pyarrow ships no types.
# pyright: standard

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from personalize_assets.aws.manifests import read_manifest, write_manifest
from personalize_assets.aws.objects import Bucket
from personalize_assets.aws.raw_data import RawFiles
from personalize_assets.core import preparing
from personalize_assets.core.cleaning import (
    CleaningReport,
    CleaningRules,
    EntitiesReport,
    OutputPaths,
)
from personalize_assets.core.cleaning.definitions import Reason
from personalize_assets.core.columns import Columns
from personalize_assets.core.schemas import derive_schema, parse_dataset_type
from personalize_assets.core.tables import TableSource


@dataclass(frozen=True)
class Prepared:
    """Cleaned files in S3 and what is known of them; the content of a manifest.

    Attributes:
        rows: Rows of the CSV file.
        csv_key: Key of the CSV file that Amazon Personalize imports.
        csv_sha256: Its digest.
        parquet_key: The same rows as parquet.
        quarantine_key: Rows that were refused.
        quarantine_sha256: Digest of that file.
        schema: Avro schema of the CSV file.
        columns: Name and type of each column.
        counts: Numbers by name: where every row went, users, items, and in epoch seconds the
            oldest and the newest event.
        reasons: Quarantined rows by reason.
        preview: The first rows, as text.
        seconds: Time that the cleaning took.
        unchanged: Whether it had been done before.
    """

    rows: int
    csv_key: str
    csv_sha256: str
    parquet_key: str
    quarantine_key: str
    quarantine_sha256: str
    schema: Mapping[str, Any]
    columns: Sequence[tuple[str, str]]
    counts: Mapping[str, int]
    reasons: Mapping[str, int]
    preview: Sequence[Sequence[str | None]]
    seconds: float
    unchanged: bool = False


@dataclass(frozen=True)
class _Task:
    """One cleaning: its inputs by digest, and the function that does it."""

    name: str
    folder: str
    inputs: Mapping[str, Any]
    clean: Callable[[Path, OutputPaths], CleaningReport | EntitiesReport]


def prepare_interactions(
    bucket: Bucket,
    raw: RawFiles,
    rules: CleaningRules,
    folder: str,
    items_key: str | None,
    report: Callable[[str], None],
) -> Prepared:
    """Clean the raw interactions.

    Args:
        bucket: The pipeline's bucket.
        raw: The raw files.
        rules: Which rows become which events.
        folder: Prefix of all cleaned files; the outputs lie under ``interactions/``.
        items_key: Parquet file of the cleaned items, whose ids are the known ones; or None.
        report: Told what is going on.

    Raises:
        RawDataError: The raw file cannot be read at all.
    """
    items = None if items_key is None else bucket.head(items_key)
    inputs = {"rules": rules.digest(), "items": None if items is None else items.etag}

    def clean(work: Path, out: OutputPaths) -> CleaningReport:
        source = _download(bucket, raw, "interactions", work)
        known = None
        if items_key is not None:
            bucket.get_file(items_key, work / "items.parquet")
            known = pq.read_table(work / "items.parquet", columns=[Columns.ITEM_ID])[0]
        return preparing.prepare_interactions(source, raw.source, known, rules, out)

    return _prepare(bucket, _task("interactions", folder, raw, inputs, clean), report)


def prepare_items(
    bucket: Bucket, raw: RawFiles, folder: str, report: Callable[[str], None]
) -> Prepared:
    """Clean the raw items; like `prepare_interactions`."""

    def clean(work: Path, out: OutputPaths) -> EntitiesReport:
        return preparing.prepare_items(_download(bucket, raw, "items", work), raw.source, out)

    return _prepare(bucket, _task("items", folder, raw, {}, clean), report)


def prepare_users(
    bucket: Bucket, raw: RawFiles, folder: str, report: Callable[[str], None]
) -> Prepared:
    """Clean the raw users; like `prepare_interactions`."""

    def clean(work: Path, out: OutputPaths) -> EntitiesReport:
        return preparing.prepare_users(_download(bucket, raw, "users", work), raw.source, out)

    return _prepare(bucket, _task("users", folder, raw, {}, clean), report)


def _task(
    name: str,
    folder: str,
    raw: RawFiles,
    inputs: Mapping[str, Any],
    clean: Callable[[Path, OutputPaths], CleaningReport | EntitiesReport],
) -> _Task:
    file = raw.file(name)
    meaning = raw.source.model_dump(mode="json") if isinstance(raw.source, TableSource) else None
    identity = {"key": file.key, "etag": file.etag, "size": file.size, "tables": meaning}
    return _Task(name, f"{folder}{name}/", {"raw": identity, **inputs}, clean)


def _download(bucket: Bucket, raw: RawFiles, dataset: str, work: Path) -> Path:
    key = raw.file(dataset).key
    path = work / "raw" / key.rpartition("/")[2]
    bucket.get_file(key, path)
    return path


def _prepare(bucket: Bucket, task: _Task, report: Callable[[str], None]) -> Prepared:
    manifest_key = f"{task.folder}manifest.json"
    done = read_manifest(bucket, manifest_key, task.inputs, Prepared)
    if done is not None:
        report(f"{task.name}: unchanged, {done.rows:,} rows")
        return replace(done, unchanged=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        cleaned = task.clean(work, OutputPaths.in_folder(work / "out", task.name))
        report(f"{task.name}: {cleaned.accounts.read:,} read, {cleaned.accounts.written:,} written")
        bucket.delete(manifest_key)
        keys = {name: f"{task.folder}{file.path.name}" for name, file in cleaned.files.items()}
        for name, file in cleaned.files.items():
            bucket.put_file(file.path, keys[name])
    prepared = _describe(task.name, cleaned, keys, time.monotonic() - started)
    write_manifest(bucket, manifest_key, task.inputs, keys.values(), prepared)
    return prepared


def _describe(
    name: str, cleaned: CleaningReport | EntitiesReport, keys: Mapping[str, str], seconds: float
) -> Prepared:
    accounts = cleaned.accounts
    counts = {
        "rows_read": accounts.read,
        "duplicates": accounts.duplicates,
        "quarantined": accounts.quarantined,
        "below_rule": accounts.below_rule,
        "not_sampled": accounts.not_sampled,
        "extra_events": accounts.extra_events,
    }
    if isinstance(cleaned, CleaningReport):
        counts |= {
            "users": cleaned.users,
            "items": cleaned.items,
            "users_with_two_or_more": cleaned.users_with_two_or_more,
            "unknown_items": cleaned.reasons.get(Reason.UNKNOWN_ITEM, 0),
            **{f"events_{event}": count for event, count in cleaned.event_counts.items()},
        }
        times = {"oldest_event": cleaned.min_timestamp, "newest_event": cleaned.max_timestamp}
        counts |= {name: time for name, time in times.items() if time is not None}
    return Prepared(
        rows=accounts.written,
        csv_key=keys["csv"],
        csv_sha256=cleaned.files["csv"].sha256,
        parquet_key=keys["parquet"],
        quarantine_key=keys["quarantine"],
        quarantine_sha256=cleaned.files["quarantine"].sha256,
        schema=derive_schema(cleaned.schema, parse_dataset_type(name)),
        columns=[(field.name, str(field.type)) for field in cleaned.schema],
        counts=counts,
        reasons=dict(cleaned.reasons),
        preview=[
            [None if value is None else str(value) for value in row.values()]
            for row in cleaned.preview.to_pylist()
        ],
        seconds=round(seconds, 3),
    )
