from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from personalize_assets.aws.cleaners import ArrowCleaner
from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.objects import Bucket
from personalize_assets.aws.preparation import Prepared, prepare_entities, prepare_interactions
from personalize_assets.aws.raw_data import RawFiles, find_raw_files, seed_raw_data
from personalize_assets.core.cleaning import CleaningRules
from personalize_assets.local.clients import open_clients
from personalize_assets_tests.conftest import SAMPLE

RAW, OUT = "cleaners/raw/", "cleaners/out/"


@dataclass(frozen=True)
class OtherCleaner(ArrowCleaner):
    """The same work under another name."""

    engine: str = "spark"


@pytest.fixture(scope="module")
def bucket(deployment: Deployment) -> Iterator[Bucket]:
    bucket = Bucket.of(open_clients(deployment))
    bucket.ensure(create=True)
    seed_raw_data(bucket, RAW, SAMPLE, replace=False)
    yield bucket
    for found in list(bucket.list("cleaners/")):
        bucket.delete(found.key)


@pytest.fixture(scope="module")
def raw(bucket: Bucket) -> RawFiles:
    return find_raw_files(bucket, RAW, None)


def clean(bucket: Bucket, raw: RawFiles, items_key: str, cleaner: ArrowCleaner) -> Prepared:
    told: list[str] = []
    return prepare_interactions(bucket, raw, CleaningRules(), OUT, items_key, told.append, cleaner)


def test_prepare__is_done_once_for_each_engine_with_one_result(
    bucket: Bucket, raw: RawFiles
) -> None:
    told: list[str] = []
    items = prepare_entities(bucket, "items", raw, OUT, told.append)
    first = clean(bucket, raw, items.parquet_key, ArrowCleaner())
    again = clean(bucket, raw, items.parquet_key, ArrowCleaner())
    assert (first.unchanged, again.unchanged) == (False, True)
    assert replace(again, unchanged=False) == first
    other = clean(bucket, raw, items.parquet_key, OtherCleaner())
    assert not other.unchanged
    assert replace(other, seconds=first.seconds) == first
    assert clean(bucket, raw, items.parquet_key, OtherCleaner()).unchanged
    assert told == [f"items: {items.counts['rows_read']:,} read, {items.rows:,} written"]


def test_prepare__without_its_manifest_nothing_counts_as_done(
    bucket: Bucket, raw: RawFiles
) -> None:
    prepare_entities(bucket, "items", raw, OUT, lambda _: None)
    bucket.delete(f"{OUT}items/manifest.json")
    assert not prepare_entities(bucket, "items", raw, OUT, lambda _: None).unchanged
