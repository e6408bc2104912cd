"""Comparing on prepared files in a bucket."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from personalize_assets.aws.comparison import (
    ComparisonOptions,
    Contender,
    PreparedFiles,
    compare_prepared,
)
from personalize_assets.aws.objects import Bucket
from personalize_assets.core.schemas import derive_schema
from personalize_assets_tests.recipe_contract import walks

POPULARITY = Contender("aws-popularity-count")
OPTIONS = ComparisonOptions(folds=1, seed=0, max_events=1_000_000)
FOLDER = "compared/comparison/"


@pytest.fixture
def files(bucket: Bucket, tmp_path: Path) -> PreparedFiles:
    events = walks(np.random.default_rng(7))
    ids = sorted(set(events["ITEM_ID"].to_pylist()))
    items = pa.table({"ITEM_ID": ids, "COLOUR": [str(len(name) % 2) for name in ids]})
    for name, table in (("interactions", events), ("items", items)):
        pq.write_table(table, tmp_path / name)
        bucket.put_file(tmp_path / name, f"compared/{name}.parquet")
    return PreparedFiles(
        "compared/interactions.parquet",
        "compared/items.parquet",
        derive_schema(items.schema, "ITEMS"),
    )


def test_compare_prepared__once_for_the_same(bucket: Bucket, files: PreparedFiles) -> None:
    told: list[str] = []
    contenders = [Contender("aws-user-personalization"), Contender("aws-next-best-action")]
    first, again = (
        compare_prepared(bucket, files, contenders, OPTIONS, FOLDER, told.append) for _ in range(2)
    )
    assert (first.unchanged, again.unchanged) == (False, True)
    assert again.comparisons == first.comparisons
    # Actions are not compared; what was told comes from the first call alone.
    (found,) = first.comparisons
    assert [(row.method, row.metadata) for row in found.rows] == [
        ("aws-user-personalization", False),
        ("aws-user-personalization", True),
        ("aws-popularity-count", False),
        ("random", False),
    ]
    assert told[1] == "fold 1 of 1, aws-user-personalization, 25% done"
    assert len(told) == 4
    assert json.loads(bucket.read_bytes(first.json_key))["format_version"] == 1


@pytest.mark.parametrize(
    ("contender", "options"),
    [
        (Contender("aws-trending-now"), OPTIONS),
        (POPULARITY, ComparisonOptions(folds=2, seed=0, max_events=1_000_000)),
    ],
    ids=["another_recipe", "other_options"],
)
def test_compare_prepared__anew_for_others(
    bucket: Bucket, files: PreparedFiles, contender: Contender, options: ComparisonOptions
) -> None:
    compare_prepared(bucket, files, [POPULARITY], OPTIONS, "compared/anew/", print)
    made = compare_prepared(bucket, files, [contender], options, "compared/anew/", print)
    assert not made.unchanged


def test_compare_prepared__draws_users_of_many_events(bucket: Bucket, files: PreparedFiles) -> None:
    options = ComparisonOptions(folds=1, seed=0, max_events=1_500)
    made = compare_prepared(bucket, files, [POPULARITY], options, "compared/few/", print)
    (found,) = made.comparisons
    assert 1_400 < found.n_events <= 1_500
    assert made.share == pytest.approx(
        found.n_events / len(walks(np.random.default_rng(7))), abs=1e-4
    )


def test_compare_prepared__options_of_the_solution(bucket: Bucket, files: PreparedFiles) -> None:
    plain, strict = (
        compare_prepared(
            bucket,
            files,
            [Contender("aws-sims", hyperparameters={"min_cointeraction_count": count})],
            OPTIONS,
            f"compared/{count}/",
            print,
        )
        for count in ("0", "10")
    )
    assert plain.comparisons[0].rows[0].folds != strict.comparisons[0].rows[0].folds
