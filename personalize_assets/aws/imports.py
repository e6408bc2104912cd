"""From a cleaned CSV file in S3 to an imported dataset: schema, dataset and import job in one step.

Only what changed is imported: nothing where the dataset holds the file already, the new records
where the service can merge them, and else all. What the dataset holds is told by its last import
job alone (see ``import_files``). FULL and INCREMENTAL concern what was imported in bulk; events,
items and users that applications sent one by one stay in either case.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from personalize_assets.aws.ensure import (
    Ensured,
    ResourceFailed,
    ensure_dataset,
    ensure_import,
    ensure_schema,
)
from personalize_assets.aws.ensure_data import Domain, newest_import
from personalize_assets.aws.import_files import ImportFiles
from personalize_assets.aws.import_modes import ImportChoice, choose_mode
from personalize_assets.aws.kinds import IMPORT_JOB, describe
from personalize_assets.aws.naming import job_name
from personalize_assets.aws.objects import Bucket
from personalize_assets.aws.waiters import WaitPolicy, wait_until_active
from personalize_assets.core.additions import write_additions
from personalize_assets.core.schemas import schema_digest

if TYPE_CHECKING:
    from types_boto3_personalize import PersonalizeClient


@dataclass(frozen=True)
class ImportRequest:
    """What to import into which dataset.

    Attributes:
        group_name: Name of the dataset group, the beginning of all names.
        group_arn: The group, active.
        dataset_type: ``interactions``, ``items`` or ``users``.
        schema: Avro schema of the file.
        csv_key: Key of the CSV file.
        data_sha256: Digest of the file.
        role_arn: Role that the service reads with.
        copies: Prefix under which imported files are kept, ending in a slash.
        domain: Of the group; None for a custom one.
    """

    group_name: str
    group_arn: str
    dataset_type: str
    schema: Mapping[str, Any]
    csv_key: str
    data_sha256: str
    role_arn: str
    copies: str
    domain: Domain | None = None


@dataclass(frozen=True)
class Imported:
    """An imported dataset.

    Attributes:
        schema_arn: Its schema.
        dataset_arn: The dataset.
        job: The import job that brought the data.
        data_location: ``s3://bucket/key`` of the file that this job read.
        choice: How it was imported, or would have been, and why.
    """

    schema_arn: str
    dataset_arn: str
    job: Ensured
    data_location: str
    choice: ImportChoice


@dataclass(frozen=True)
class _Held:
    """What a dataset holds by its last import job; nothing known where there was none."""

    job: Ensured | None = None
    location: str = ""
    content: str | None = None


def import_dataset(
    personalize: "PersonalizeClient",
    bucket: Bucket,
    request: ImportRequest,
    policy: WaitPolicy,
    *,
    tags: Mapping[str, str] | None = None,
) -> Imported:
    """Make sure that the file is what the dataset holds.

    Args:
        personalize: boto3 client.
        bucket: The pipeline's bucket.
        request: What to import into which dataset.
        policy: Timeout, pace and progress of the waiting.
        tags: Given to what is created.

    Raises:
        ChangedMeanwhile: The file is no longer the one that was cleaned.
        ConfigurationDrift: The dataset exists with another schema.
        ResourceFailed: The import failed; the reason is in the message.
        WaitTimeout: It was not ready in time.
    """
    prefix = f"{request.group_name}-{request.dataset_type}"
    parts = [schema_digest(request.schema), *([request.domain] if request.domain else [])]
    schema = ensure_schema(
        personalize, job_name(prefix, *parts), request.schema, policy, domain=request.domain
    )
    dataset = ensure_dataset(
        personalize,
        request.group_arn,
        request.dataset_type,
        prefix,
        schema.arn,
        policy,
        tags=tags,
    )
    files = ImportFiles(bucket, f"{request.copies}{request.dataset_type}/")
    held = _held(personalize, dataset, files, request.data_sha256, policy)
    if held.job is not None and held.content == request.data_sha256:
        mode = held.job.description.get("importMode", "FULL")
        choice = ImportChoice(mode, "unchanged since this import")
        return Imported(schema.arn, dataset.arn, held.job, held.location, choice)
    choice, key = _stage(files, request, held.content)
    location = bucket.uri(key)
    last_arn = "" if held.job is None else held.job.arn
    job = ensure_import(
        personalize,
        dataset.arn,
        # With the job before it in its name, data that came back is not taken for imported.
        job_name(prefix, choice.mode, location, last_arn),
        location,
        request.role_arn,
        policy,
        import_mode=choice.mode,
        tags=tags,
    )
    files.remove_old(request.data_sha256, datetime.now(UTC))
    return Imported(schema.arn, dataset.arn, job, location, choice)


def _held(
    personalize: "PersonalizeClient",
    dataset: Ensured,
    files: ImportFiles,
    wanted: str,
    policy: WaitPolicy,
) -> _Held:
    """What the dataset holds once no import is at work any more."""
    started = policy.clock()
    while (arn := newest_import(personalize, dataset)) is not None:
        location = str(describe(personalize, IMPORT_JOB, arn)["dataSource"].get("dataLocation"))
        content = files.content_of(location)
        try:
            description = wait_until_active(personalize, IMPORT_JOB, arn, policy)
        except ResourceFailed:
            # That of other data has no say any more, and the one before it counts again.
            if content == wanted or newest_import(personalize, dataset) == arn:
                raise
            continue
        job = Ensured(arn, False, description, policy.clock() - started)
        return _Held(job, location, content)
    return _Held()


def _stage(
    files: ImportFiles, request: ImportRequest, base: str | None
) -> tuple[ImportChoice, str]:
    """Put what has to be imported where the service reads it; how, and the key."""
    with tempfile.TemporaryDirectory() as folder:
        new, old, added = (Path(folder) / name for name in ("new", "old", "added"))
        full_key = files.keep(request.csv_key, request.data_sha256, new)
        if base is None:
            return ImportChoice("FULL", "nothing comparable was imported before"), full_key
        if not files.fetch(base, old):
            return ImportChoice("FULL", "the file imported before is gone"), full_key
        with old.open("rb") as before, new.open("rb") as now, added.open("wb") as out:
            by_id = request.dataset_type != "interactions"
            additions = write_additions(before, now, out, by_id=by_id)
        choice = choose_mode(request.dataset_type, additions, added.stat().st_size)
        if choice.mode == "FULL":
            return choice, full_key
        added_key = files.added_key(base, request.data_sha256)
        files.bucket.put_file(added, added_key)
        return choice, added_key
