"""What the assets of all batch jobs share: configuration, and the metadata of input and job."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from personalize_assets.aws.batch import BatchJob, StagedInput
from personalize_assets.components.previews import ensured_metadata
from personalize_assets.resources import S3Resource


class ResultsConfig(dg.Config):
    """Which result to transform."""

    output_key: str | None = None
    """Key in the bucket of an `.out` file; that of the batch job if empty."""


def staged_result(
    key: dg.AssetKey, staged: StagedInput, origin: str, s3: S3Resource
) -> dg.MaterializeResult:
    """Result of staging an input.

    Args:
        key: Of the asset.
        staged: The input in its own place.
        origin: Where it came from, in words or as an address.
        s3: Where it lies.
    """
    return dg.MaterializeResult(
        key,
        metadata={
            "key": staged.key,
            "s3_uri": s3.uri(staged.key),
            "open": s3.link(staged.key),
            "sha256": staged.sha256,
            "from": origin,
            "dagster/row_count": staged.lines,
        },
        data_version=dg.DataVersion(staged.sha256),
    )


def staged_input(metadata: Mapping[str, Any]) -> StagedInput:
    """The staged input that the metadata of its asset tell of."""
    return StagedInput(metadata["key"], metadata["sha256"], metadata["dagster/row_count"])


def job_result(
    key: dg.AssetKey, job: BatchJob, input_key: str, s3: S3Resource
) -> dg.MaterializeResult:
    """Result of a batch job that is done."""
    return dg.MaterializeResult(
        key,
        metadata={
            **ensured_metadata(job.ensured),
            "output_key": job.output_key,
            "s3_uri": s3.uri(job.output_key),
            "open": s3.link(job.output_key),
            "input_key": input_key,
        },
        data_version=dg.DataVersion(job.ensured.arn),
    )
