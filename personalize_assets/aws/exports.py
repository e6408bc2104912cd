"""From a dataset of the service back to CSV files in S3, counted and looked at."""

import csv
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from personalize_assets.aws.ensure_jobs import ensure_export
from personalize_assets.aws.ensuring import Ensured
from personalize_assets.aws.naming import job_name
from personalize_assets.aws.objects import Bucket
from personalize_assets.aws.waiters import WaitPolicy

if TYPE_CHECKING:
    from types_boto3_personalize import PersonalizeClient

PREVIEW_ROWS = 5


@dataclass(frozen=True)
class ExportRequest:
    """What to export, and where to.

    Attributes:
        name: Beginning of the job's name, such as ``movielens-interactions``.
        dataset_arn: The dataset, active.
        request_id: What tells this export from others of the same dataset; the same id finds the
            same job again.
        prefix: Folder of all exports of this dataset, ending in a slash.
        role_arn: Role that the service writes with.
        kms_key_arn: Key for the output, or None.
    """

    name: str
    dataset_arn: str
    request_id: str
    prefix: str
    role_arn: str
    kms_key_arn: str | None = None


@dataclass(frozen=True)
class Exported:
    """What an export wrote.

    Attributes:
        job: The export job.
        folder: Folder of its files, ending in a slash.
        keys: The CSV files.
        size: Bytes in all.
        rows: Rows in all, without headers.
        columns: The header.
        preview: The first rows.
    """

    job: Ensured
    folder: str
    keys: tuple[str, ...]
    size: int
    rows: int
    columns: tuple[str, ...]
    preview: tuple[tuple[str, ...], ...]


def export_dataset(
    personalize: "PersonalizeClient",
    bucket: Bucket,
    request: ExportRequest,
    policy: WaitPolicy,
    *,
    tags: Mapping[str, str] | None = None,
) -> Exported:
    """Write all that a dataset holds, imported in bulk or sent one by one, to a folder of its own.

    Raises:
        ResourceFailed: The export failed; the reason is in the message.
        WaitTimeout: It was not ready in time.
    """
    job = ensure_export(
        personalize,
        request.dataset_arn,
        job_name(f"{request.name}-export", request.dataset_arn, request.request_id),
        bucket.uri(request.prefix),
        request.role_arn,
        policy,
        kms_key_arn=request.kms_key_arn,
        tags=tags,
    )
    path: str = job.description["jobOutput"]["s3DataDestination"]["path"]
    folder = path.removeprefix(bucket.uri())
    found = [entry for entry in bucket.list(folder) if entry.key.endswith(".csv")]
    rows = 0
    columns: tuple[str, ...] = ()
    preview: list[tuple[str, ...]] = []
    with tempfile.TemporaryDirectory() as work:
        local = Path(work) / "part.csv"
        for entry in found:
            bucket.get_file(entry.key, local)
            header, first, count = _read(local, PREVIEW_ROWS - len(preview))
            columns, rows = columns or header, rows + count
            preview += first
    keys = tuple(entry.key for entry in found)
    size = sum(entry.size for entry in found)
    return Exported(job, folder, keys, size, rows, columns, tuple(preview))


def _read(path: Path, wanted: int) -> tuple[tuple[str, ...], list[tuple[str, ...]], int]:
    """Header, first rows and number of rows of an exported file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file, escapechar="\\", doublequote=False)
        header = tuple(cell for row in islice(lines, 1) for cell in row)
        first = [tuple(row) for row in islice(lines, max(0, wanted))]
        return header, first, len(first) + sum(1 for _ in lines)
