"""What assets of batch jobs share: staged inputs, the job, what is made of its output."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg

from personalize_assets.aws.batch import BatchJob, BatchRequest, StagedInput, run_batch_inference
from personalize_assets.aws.results import Results, Rows, transform_results
from personalize_assets.components.assets.listening import filter_key
from personalize_assets.components.attributes import Exploration
from personalize_assets.components.graph import Graph, materialized
from personalize_assets.components.previews import ensured_metadata
from personalize_assets.components.promotion import promoted_key
from personalize_assets.components.service_assets import BATCH_POOL, service_asset
from personalize_assets.resources import PersonalizeResource, S3Resource


@dataclass(frozen=True)
class Batch:
    """One kind of batch job, and the names of its assets.

    Attributes:
        asset: Name of the asset that is the job.
        input_asset: Name of the asset that stages its input.
        results_asset: Name of the asset that is made of its output.
        folder: Folder of its results, ending in a slash, under the prefix of all results.
        rows: What a line of its output is.
        run: Begins the job and waits for it.
    """

    asset: str
    input_asset: str
    results_asset: str
    folder: str
    rows: Rows
    run: Callable[..., BatchJob] = run_batch_inference

    def results_prefix(self, graph: Graph) -> str:
        """Folder of the results in the bucket."""
        return f"{graph.attributes.prefixes.batch_results}{self.folder}"


@dataclass(frozen=True)
class Asked:
    """What a job of some kind is asked for.

    Attributes:
        solution: Name of the solution whose promoted version answers.
        num_results: Items for each user, or users for each item.
        filter: Name of a declared filter, or None.
        exploration: For recipes that explore, or None.
    """

    solution: str
    num_results: int
    filter: str | None = None
    exploration: Exploration | None = None


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


def build_job(graph: Graph, kind: Batch, asked: Asked, description: str) -> dg.AssetsDefinition:
    """The asset that is a batch job, run once for a version and an input."""
    version, staged = promoted_key(graph, asked.solution), graph.key(kind.input_asset)
    through = None if asked.filter is None else filter_key(graph, asked.filter)
    spec = graph.spec(
        kind.asset,
        stage="recommended",
        kinds={"personalize", "json"},
        deps=[version, staged, *([] if through is None else [through])],
        description=description,
    )

    @service_asset(graph, name=f"{graph.id}_{kind.asset}", specs=[spec], pool=BATCH_POOL)
    def batch_job(
        context: dg.AssetExecutionContext, personalize: PersonalizeResource, s3: S3Resource
    ) -> dg.MaterializeResult:
        batch_input = materialized(context, staged)
        request = BatchRequest(
            name=f"{graph.attributes.name}-{asked.solution}",
            version_arn=materialized(context, version)["arn"],
            staged=staged_input(batch_input),
            results_prefix=kind.results_prefix(graph),
            num_results=asked.num_results,
            role_arn=personalize.role_arn,
            kms_key_arn=personalize.kms_key_arn,
            filter_arn=None if through is None else materialized(context, through)["arn"],
            exploration=None if asked.exploration is None else asked.exploration.as_config(),
        )
        job = kind.run(
            personalize.get_client(),
            s3.store(),
            request,
            personalize.wait(context.log.info),
            tags=graph.resource_tags(personalize.tags),
        )
        return job_result(spec.key, job, batch_input["key"], s3)

    return batch_job


def build_results(
    graph: Graph,
    kind: Batch,
    metadata: Callable[[Results, S3Resource], Mapping[str, Any]],
    description: str,
) -> dg.AssetsDefinition:
    """The asset that is made of a job's output: parquet with titles where items are known."""
    items, jobs = graph.key("cleaned_items"), graph.key(kind.asset)
    titled = "items" in graph.attributes.prepared
    interactions = graph.key("cleaned_interactions")
    spec = graph.spec(
        kind.results_asset,
        stage="recommended",
        kinds={"parquet", "s3"},
        deps=[jobs, interactions, *([items] if titled else [])],
        stale_after_h=graph.attributes.freshness.recommendations_h,
        description=description,
    )

    @dg.multi_asset(name=f"{graph.id}_{kind.results_asset}", specs=[spec])
    def results_of_job(
        context: dg.AssetExecutionContext, config: ResultsConfig, s3: S3Resource
    ) -> dg.MaterializeResult:
        job = {} if config.output_key else materialized(context, jobs)
        results = transform_results(
            s3.store(),
            rows=kind.rows,
            output_key=config.output_key or job["output_key"],
            input_key=job.get("input_key"),
            items_key=materialized(context, items)["parquet_key"] if titled else None,
            interactions_key=materialized(context, interactions)["parquet_key"],
            classic_folder=kind.results_prefix(graph),
        )
        return dg.MaterializeResult(
            spec.key,
            metadata=metadata(results, s3),
            data_version=dg.DataVersion(results.sha256),
        )

    return results_of_job
