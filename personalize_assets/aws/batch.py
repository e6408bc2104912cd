"""Batch inference over S3: the users to ask for, copied to a place of their own, and the job.

The service reads its input by prefix and while it works, so every input is first copied to a key
that holds its digest and nothing else; what people drop or replace elsewhere cannot disturb it.
"""

# pyarrow ships no types.
# pyright: standard

import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from personalize_assets.aws.ensure import Ensured, ensure_batch_inference
from personalize_assets.aws.naming import job_name
from personalize_assets.aws.objects import Bucket
from personalize_assets.aws.waiters import WaitPolicy
from personalize_assets.core.columns import Columns

if TYPE_CHECKING:
    from types_boto3_personalize import PersonalizeClient

DEFAULT_INPUT_NAME = "users.json"


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
        num_results: Items for each user.
        role_arn: Role that the service reads and writes with.
        kms_key_arn: Key for input and output, or None.
    """

    name: str
    version_arn: str
    staged: StagedInput
    results_prefix: str
    num_results: int
    role_arn: str
    kms_key_arn: str | None = None


@dataclass(frozen=True)
class BatchJob:
    """A finished batch inference job and the key of its output."""

    ensured: Ensured
    output_key: str


def stage_batch_input(
    bucket: Bucket, *, folder: str, input_key: str | None, interactions_key: str
) -> StagedInput:
    """Copy the batch input to ``<folder><digest>/<name>``.

    Args:
        bucket: The pipeline's bucket.
        folder: Folder of all staged inputs, ending in a slash.
        input_key: What a person dropped; None for all users of ``interactions_key``.
        interactions_key: Parquet file of cleaned interactions.

    Raises:
        ObjectNotFound: One of the keys is not there.
    """
    with tempfile.TemporaryDirectory() as work:
        path = Path(work) / DEFAULT_INPUT_NAME
        if input_key is None:
            bucket.get_file(interactions_key, Path(work) / "interactions.parquet")
            _write_all_users(Path(work) / "interactions.parquet", path)
        else:
            bucket.get_file(input_key, path)
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        with path.open("rb") as file:
            lines = sum(1 for line in file if line.strip())
        name = DEFAULT_INPUT_NAME if input_key is None else input_key.rpartition("/")[2]
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
    staged = request.staged
    ensured = ensure_batch_inference(
        personalize,
        job_name(request.name, request.version_arn, staged.sha256, str(request.num_results)),
        request.version_arn,
        bucket.uri(staged.key),
        bucket.uri(request.results_prefix),
        request.role_arn,
        policy,
        num_results=request.num_results,
        kms_key_arn=request.kms_key_arn,
        tags=tags,
    )
    place: str = ensured.description["jobOutput"]["s3DataDestination"]["path"]
    output_folder = place.removeprefix(bucket.uri())
    return BatchJob(ensured, f"{output_folder}{staged.key.rpartition('/')[2]}.out")


def _write_all_users(interactions: Path, target: Path) -> None:
    users = pq.read_table(interactions, columns=[Columns.USER_ID])[0].unique()
    with target.open("w", encoding="utf-8", newline="\n") as file:
        for user in _in_order(users.to_pylist()):
            file.write(json.dumps({"userId": user}, ensure_ascii=False) + "\n")


def _in_order(users: list[str]) -> list[str]:
    """Numbers by their value, anything else as text."""
    if all(user.isdigit() for user in users):
        return sorted(users, key=int)
    return sorted(users)
