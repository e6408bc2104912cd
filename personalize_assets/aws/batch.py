"""Batch jobs over S3: what to ask for, copied to a place of its own, and the jobs.

The service reads its input by prefix and while it works, so every input is first copied to a key
that holds its digest and nothing else; what people drop or replace elsewhere cannot disturb it.
"""

# pyarrow ships no types.
# pyright: standard, reportAttributeAccessIssue=false

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from personalize_assets.aws.ensure import (
    Ensured,
    ensure_batch_inference,
    ensure_batch_segment,
)
from personalize_assets.aws.naming import digest_of, job_name
from personalize_assets.aws.objects import Bucket
from personalize_assets.aws.waiters import WaitPolicy
from personalize_assets.core.columns import Columns

if TYPE_CHECKING:
    from types_boto3_personalize import PersonalizeClient

DEFAULT_INPUT_NAME = "users.json"
SEGMENT_INPUT_NAME = "items.json"
RANKING_INPUT_NAME = "rankings.json"

Write = Callable[[Path, Path], None]
"""Writes the input that is used where no file was dropped, from a table that is given by path."""


@dataclass(frozen=True)
class StagedInput:
    """A batch input in a place of its own.

    Attributes:
        key: Its key; the folder above is named after its digest.
        sha256: Digest of its content.
        lines: Lines, counting those that cannot be read.
    """

    key: str
    sha256: str
    lines: int


@dataclass(frozen=True)
class BatchRequest:
    """What to ask for in batch.

    Attributes:
        name: Beginning of the job's name.
        version_arn: The solution version, active.
        staged: The input.
        results_prefix: Folder of all results; the job writes into one of its own name.
        num_results: Items for each user, or users for each item.
        role_arn: Role that the service reads and writes with.
        kms_key_arn: Key for input and output, or None.
        filter_arn: Filter for all lines, or None.
        exploration: ``itemExplorationConfig``, or None for the service's own.
    """

    name: str
    version_arn: str
    staged: StagedInput
    results_prefix: str
    num_results: int
    role_arn: str
    kms_key_arn: str | None = None
    filter_arn: str | None = None
    exploration: Mapping[str, str] | None = None

    @property
    def job_name(self) -> str:
        """Name with the digests of all that the answers depend on."""
        parts = [self.version_arn, self.staged.sha256, str(self.num_results)]
        if self.filter_arn is not None or self.exploration:
            parts.append(digest_of([self.filter_arn, dict(self.exploration or {})]))
        return job_name(self.name, *parts)


@dataclass(frozen=True)
class BatchJob:
    """A finished batch job and the key of its output."""

    ensured: Ensured
    output_key: str


def stage_input(
    bucket: Bucket,
    *,
    folder: str,
    input_key: str | None,
    table_key: str,
    default_name: str,
    write_default: Write,
) -> StagedInput:
    """Copy what a person dropped, or else the default, to ``<folder><digest>/<name>``.

    Args:
        bucket: The pipeline's bucket.
        folder: Folder of all staged inputs, ending in a slash.
        input_key: What a person dropped; None for the default.
        table_key: Parquet file that the default is made from.
        default_name: Name of the default.
        write_default: Makes it: gets the path of the table and that of the file to write.

    Raises:
        ObjectNotFound: One of the keys is not there.
    """
    with tempfile.TemporaryDirectory() as work:
        path = Path(work) / default_name
        if input_key is None:
            bucket.get_file(table_key, Path(work) / "table.parquet")
            write_default(Path(work) / "table.parquet", path)
        else:
            bucket.get_file(input_key, path)
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        with path.open("rb") as file:
            lines = sum(1 for line in file if line.strip())
        name = default_name if input_key is None else input_key.rpartition("/")[2]
        key = f"{folder}{sha256[:16]}/{name}"
        bucket.put_file(path, key)
    return StagedInput(key, sha256, lines)


def run_batch_inference(
    personalize: "PersonalizeClient",
    bucket: Bucket,
    request: BatchRequest,
    policy: WaitPolicy,
    *,
    tags: Mapping[str, str] | None = None,
) -> BatchJob:
    """Make sure that the job has been done for this version and this input.

    Raises:
        ResourceFailed: The job failed; the reason is in the message.
        WaitTimeout: It was not ready in time.
    """
    exploration = request.exploration
    ensured = ensure_batch_inference(
        personalize,
        request.job_name,
        request.version_arn,
        bucket.uri(request.staged.key),
        bucket.uri(request.results_prefix),
        request.role_arn,
        policy,
        num_results=request.num_results,
        filter_arn=request.filter_arn,
        job_config={"itemExplorationConfig": dict(exploration)} if exploration else None,
        kms_key_arn=request.kms_key_arn,
        tags=tags,
    )
    return _finished(bucket, request, ensured)


def run_batch_segment(
    personalize: "PersonalizeClient",
    bucket: Bucket,
    request: BatchRequest,
    policy: WaitPolicy,
    *,
    tags: Mapping[str, str] | None = None,
) -> BatchJob:
    """Make sure that the segments have been made with this version for this input.

    Raises:
        ResourceFailed: The job failed; the reason is in the message.
        WaitTimeout: It was not ready in time.
    """
    ensured = ensure_batch_segment(
        personalize,
        request.job_name,
        request.version_arn,
        bucket.uri(request.staged.key),
        bucket.uri(request.results_prefix),
        request.role_arn,
        policy,
        num_results=request.num_results,
        filter_arn=request.filter_arn,
        kms_key_arn=request.kms_key_arn,
        tags=tags,
    )
    return _finished(bucket, request, ensured)


def _finished(bucket: Bucket, request: BatchRequest, ensured: Ensured) -> BatchJob:
    place: str = ensured.description["jobOutput"]["s3DataDestination"]["path"]
    output_folder = place.removeprefix(bucket.uri())
    return BatchJob(ensured, f"{output_folder}{request.staged.key.rpartition('/')[2]}.out")


def write_all_users(interactions: Path, target: Path) -> None:
    """Write one line for each user of the cleaned interactions."""
    users = pq.read_table(interactions, columns=[Columns.USER_ID])[0].unique()
    _write_lines(target, ({"userId": user} for user in _in_order(users.to_pylist())))


def write_all_items(interactions: Path, target: Path) -> None:
    """Write one line for each item of the cleaned interactions."""
    items = pq.read_table(interactions, columns=[Columns.ITEM_ID])[0].unique()
    _write_lines(target, ({"itemId": item} for item in _in_order(items.to_pylist())))


def write_popular_items(interactions: Path, target: Path, *, count: int) -> None:
    """Write one line for each of the items with the most interactions, the most first."""
    _write_lines(target, ({"itemId": item} for item in _popular_items(interactions, count)))


def write_frequent_attributes(items: Path, target: Path, *, column: str, count: int) -> None:
    """Write one line for each of the values that most items have in ``column``, the most first.

    Several values of one item are separated by ``|``.
    """
    values = pq.read_table(items, columns=[column])[0].drop_null()
    counts = pc.value_counts(pc.list_flatten(pc.split_pattern(values, "|")))
    frequent = [str(value) for value in _most(counts) if value][:count]
    _write_lines(
        target,
        (
            {"itemAttributes": f"ITEMS.{column} = {json.dumps(v, ensure_ascii=False)}"}
            for v in frequent
        ),
    )


def write_popular_lists(interactions: Path, target: Path, *, count: int) -> None:
    """Write one line for each user with the items that have the most interactions, to be ranked."""
    users = pq.read_table(interactions, columns=[Columns.USER_ID])[0].unique()
    items = _popular_items(interactions, count)
    lines = ({"userId": user, "itemList": items} for user in _in_order(users.to_pylist()))
    _write_lines(target, lines)


def _popular_items(interactions: Path, count: int) -> list[str]:
    table = pq.read_table(interactions, columns=[Columns.ITEM_ID])
    return _most(pc.value_counts(table[0].combine_chunks()))[:count]


def _most(counts: pa.StructArray) -> list[str]:
    """The values of most rows first; of equal ones, the smaller text first."""
    pairs = zip(counts.field("values").to_pylist(), counts.field("counts").to_pylist(), strict=True)
    return [value for value, _ in sorted(pairs, key=lambda pair: (-pair[1], pair[0]))]


def _write_lines(target: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    with target.open("w", encoding="utf-8", newline="\n") as file:
        for line in lines:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _in_order(users: list[str]) -> list[str]:
    """Numbers by their value, anything else as text."""
    if all(user.isdigit() for user in users):
        return sorted(users, key=int)
    return sorted(users)
