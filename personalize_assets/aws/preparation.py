"""Cleaning over S3: raw objects in, cleaned objects out, and a manifest that tells what was done.

The manifest names the raw objects, the rules and the engine that the outputs were made of and by,
so that unchanged inputs are not cleaned twice. How they are cleaned is the cleaner's business.
"""

# pyarrow ships no types.
# pyright: standard

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from personalize_assets.aws.cleaners import ArrowCleaner, Cleaner, Cleaning, Dataset, Facts
from personalize_assets.aws.manifests import read_manifest, write_manifest
from personalize_assets.aws.objects import Bucket, StoredFile
from personalize_assets.aws.raw_data import RawFiles
from personalize_assets.core.cleaning import CleaningRules
from personalize_assets.core.cleaning.definitions import Reason
from personalize_assets.core.schemas import derive_schema, parse_dataset_type

ARROW = ArrowCleaner()


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


def prepare_interactions(
    bucket: Bucket,
    raw: RawFiles,
    rules: CleaningRules,
    folder: str,
    items_key: str | None,
    report: Callable[[str], None],
    cleaner: Cleaner = ARROW,
) -> Prepared:
    """Clean the raw interactions.

    Args:
        bucket: The pipeline's bucket.
        raw: The raw files.
        rules: Which rows become which events.
        folder: Prefix of all cleaned files; the outputs lie under ``interactions/``.
        items_key: Parquet file of the cleaned items, whose ids are the known ones; or None.
        report: Told what is going on.
        cleaner: Who cleans.

    Raises:
        RawDataError: The raw file cannot be read at all.
    """
    cleaning = Cleaning(bucket, "interactions", raw, rules, items_key)
    return _prepare(cleaning, folder, report, cleaner)


def prepare_entities(
    bucket: Bucket,
    dataset: Dataset,
    raw: RawFiles,
    folder: str,
    report: Callable[[str], None],
    cleaner: Cleaner = ARROW,
) -> Prepared:
    """Clean the raw items or users; like `prepare_interactions`."""
    return _prepare(Cleaning(bucket, dataset, raw), folder, report, cleaner)


def _prepare(
    cleaning: Cleaning,
    folder: str,
    report: Callable[[str], None],
    cleaner: Cleaner,
) -> Prepared:
    bucket, name = cleaning.bucket, cleaning.dataset
    folder = f"{folder}{name}/"
    manifest_key = f"{folder}manifest.json"
    # The embedded engine has no name here, so that what it made before there were others holds.
    engine = {} if cleaner.engine == ARROW.engine else {"engine": cleaner.engine}
    made_of = {**cleaning.inputs(), **engine}
    done = read_manifest(bucket, manifest_key, made_of, Prepared)
    if done is not None:
        report(f"{name}: unchanged, {done.rows:,} rows")
        return replace(done, unchanged=True)
    started = time.monotonic()
    with cleaner.clean(cleaning) as outcome:
        accounts = outcome.facts.accounts
        report(f"{name}: {accounts.read:,} read, {accounts.written:,} written")
        bucket.delete(manifest_key)
        files = outcome.put(folder)
        prepared = _describe(name, outcome.facts, files, time.monotonic() - started)
        keys = [file.key for file in files.values()]
        write_manifest(bucket, manifest_key, made_of, keys, prepared)
    return prepared


def _describe(
    name: Dataset, facts: Facts, files: Mapping[str, StoredFile], seconds: float
) -> Prepared:
    accounts = facts.accounts
    counts = {
        "rows_read": accounts.read,
        "duplicates": accounts.duplicates,
        "quarantined": accounts.quarantined,
        "below_rule": accounts.below_rule,
        "not_sampled": accounts.not_sampled,
        "extra_events": accounts.extra_events,
        **facts.counts,
    }
    if name == "interactions":
        counts["unknown_items"] = facts.reasons.get(Reason.UNKNOWN_ITEM, 0)
    return Prepared(
        rows=accounts.written,
        csv_key=files["csv"].key,
        csv_sha256=files["csv"].sha256,
        parquet_key=files["parquet"].key,
        quarantine_key=files["quarantine"].key,
        quarantine_sha256=files["quarantine"].sha256,
        schema=derive_schema(facts.schema, parse_dataset_type(name)),
        columns=[(field.name, str(field.type)) for field in facts.schema],
        counts=counts,
        reasons=dict(facts.reasons),
        preview=facts.preview,
        seconds=round(seconds, 3),
    )
