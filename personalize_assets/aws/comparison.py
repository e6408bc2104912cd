"""Recipes compared on prepared interactions: computed here, also where the pipeline runs on AWS.

The same recipes that the embedded engine trains, on the files that the pipeline imports, beside
popularity and chance. A manifest keeps what was found, so that unchanged data are not compared
twice. Knows no Dagster and asks no service but S3.
"""

# pyarrow ships no types.
# pyright: standard

import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from personalize_assets.aws.manifests import read_manifest, write_manifest
from personalize_assets.aws.objects import Bucket
from personalize_assets.core.schemas import Schema, parse_schema
from personalize_assets.recipes.comparison.comparing import Protocol
from personalize_assets.recipes.comparison.formats import as_json
from personalize_assets.recipes.comparison.methods import recipe_method
from personalize_assets.recipes.comparison.questions import Candidate, Tables, compare_candidates
from personalize_assets.recipes.comparison.results import Comparison
from personalize_assets.recipes.comparison.tables import Entities
from personalize_assets.recipes.hyperparameters import parse_hyperparameters
from personalize_assets.recipes.registry import find_recipe

_ACTIONS = "PERSONALIZED_ACTIONS"


@dataclass(frozen=True)
class Compared:
    """What a comparison found; the content of a manifest.

    Attributes:
        comparisons: One for each question that the recipes answer.
        share: Share of the interactions that took part: below 1 where users were drawn.
        json_key: All of it as JSON.
        seconds: Time that it took.
        unchanged: Whether it had been done before.
    """

    comparisons: tuple[Comparison, ...]
    share: float
    json_key: str
    seconds: float
    unchanged: bool = False


@dataclass(frozen=True)
class PreparedFiles:
    """The prepared files to compare on.

    Attributes:
        interactions_key: Parquet.
        items_key: Parquet; None where no items are imported.
        item_schema: Avro schema of the items.
        users_key: Parquet; None where no users are imported.
    """

    interactions_key: str
    items_key: str | None = None
    item_schema: Mapping[str, Any] | None = None
    users_key: str | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """Those that there are."""
        return tuple(k for k in (self.interactions_key, self.items_key, self.users_key) if k)


@dataclass(frozen=True)
class Contender:
    """A solution as far as it matters here; see ``SolutionRequest``."""

    recipe: str
    event_type: str | None = None
    event_value_threshold: str | None = None
    hyperparameters: Mapping[str, str] = field(default_factory=dict)
    feature_transformation_parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ComparisonOptions:
    """How thoroughly to compare.

    Attributes:
        folds: How many of ten folds of users.
        seed: Of the folds.
        max_events: Users are drawn where there are more interactions.
    """

    folds: int
    seed: int
    max_events: int


def compare_prepared(
    bucket: Bucket,
    files: PreparedFiles,
    contenders: Sequence[Contender],
    options: ComparisonOptions,
    folder: str,
    report: Callable[[str], None],
) -> Compared:
    """Compare the recipes of solutions, with and without metadata, on the same folds of users.

    Args:
        bucket: The pipeline's bucket.
        files: What to compare on.
        contenders: What to compare; those that recommend actions are left out.
        options: How thoroughly.
        folder: Prefix of the outputs, ending in a slash.
        report: Told what is going on.

    Raises:
        ObjectNotFound: A file is not there.
        UnfitData: There is too little to train on.
    """
    inputs = {
        "files": {key: found.etag if (found := bucket.head(key)) else None for key in files.keys},
        "contenders": [asdict(contender) for contender in contenders],
        "options": asdict(options),
    }
    manifest_key = f"{folder}manifest.json"
    known = read_manifest(bucket, manifest_key, inputs, Compared)
    if known is not None:
        return replace(known, unchanged=True)
    bucket.delete(manifest_key)
    compared = _compare(bucket, files, contenders, options, f"{folder}comparison.json", report)
    write_manifest(bucket, manifest_key, inputs, [compared.json_key], compared)
    return compared


def _compare(
    bucket: Bucket,
    files: PreparedFiles,
    contenders: Sequence[Contender],
    options: ComparisonOptions,
    json_key: str,
    report: Callable[[str], None],
) -> Compared:
    began = time.perf_counter()
    whole = _tables(bucket, files)
    tables = whole.limited(options.max_events, options.seed)
    candidates = [candidate for one in contenders if (candidate := _candidate(one)) is not None]
    protocol = Protocol(folds=options.folds, seed=options.seed, both=True)

    def told(what: str, share: float) -> None:
        report(f"{what}, {share:.0%} done")

    found = tuple(compare_candidates(candidates, tables, protocol, told=told))
    bucket.write_bytes(json_key, as_json(found).encode())
    return Compared(
        comparisons=found,
        share=round(len(tables.interactions) / max(1, len(whole.interactions)), 4),
        json_key=json_key,
        seconds=round(time.perf_counter() - began, 3),
    )


def _candidate(contender: Contender) -> Candidate | None:
    spec = find_recipe(contender.recipe)
    if spec.recipe_type == _ACTIONS:
        return None
    featurization = contender.feature_transformation_parameters
    method = recipe_method(
        spec,
        config=parse_hyperparameters(spec.config, contender.hyperparameters),
        featurization=parse_hyperparameters(spec.featurization, featurization),
    )
    threshold = contender.event_value_threshold
    return Candidate(method, contender.event_type, None if threshold is None else float(threshold))


def _tables(bucket: Bucket, files: PreparedFiles) -> Tables:
    schema = None
    if files.item_schema is not None:
        schema = parse_schema(json.dumps(files.item_schema), "ITEMS")
    return Tables(
        _read(bucket, files.interactions_key),
        _entities(bucket, files.items_key, schema),
        _entities(bucket, files.users_key, None),
    )


def _entities(bucket: Bucket, key: str | None, schema: Schema | None) -> Entities | None:
    return None if key is None else Entities(_read(bucket, key), schema)


def _read(bucket: Bucket, key: str) -> pa.Table:
    with tempfile.TemporaryDirectory() as work:
        path = Path(work) / "rows.parquet"
        bucket.get_file(key, path)
        return pq.read_table(path)
