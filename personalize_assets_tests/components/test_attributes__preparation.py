from collections.abc import Mapping
from typing import Any

import pytest
from dagster.components.resolved.errors import ResolutionException
from pydantic import ValidationError

from personalize_assets.components import PersonalizeDatasetGroup
from personalize_assets.components.attributes import Preparation, SparkSettings


def test_preparation__is_arrow_by_default() -> None:
    assert Preparation().engine_of("interactions") == "arrow"


def test_preparation__cleans_what_it_names() -> None:
    preparation = Preparation(engine="spark", datasets=["interactions"])
    assert [preparation.engine_of(name) for name in ("interactions", "items")] == ["spark", "arrow"]
    assert Preparation(engine="glue").engine_of("items") == "glue"


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"engine": "pandas"}, "'arrow', 'spark' or 'glue'"),
        ({"engine": "arrow", "datasets": ["items"]}, "engine arrow cleans all datasets"),
        ({"engine": "spark", "datasets": ["actions"]}, "'interactions', 'items' or 'users'"),
        ({"spark": {"conf": {"fs.s3a.endpoint": "x"}}}, "must begin with `spark.`"),
        (
            {"spark": {"conf": {"spark.hadoop.fs.s3a.secret.key": "x"}}},
            "spark.hadoop.fs.s3a.secret.key looks like a secret",
        ),
        (
            {"spark": {"conf": {"spark.hadoop.fs.s3a.access.key": "x"}}},
            "looks like a secret",
        ),
        ({"spark": {"conf": {"spark.submit.deployMode": "cluster"}}}, "must be client"),
        ({"spark": {"memory": "lots"}}, "String should match pattern"),
        ({"glue": {"workers": 4}}, "worker_type and workers go together"),
        ({"glue": {"worker_type": "G.1X", "workers": 1}}, "greater than or equal to 2"),
    ],
)
def test_preparation__refuses_what_cannot_be(attributes: Mapping[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Preparation(**attributes)


@pytest.mark.parametrize(
    ("master", "is_here"),
    [("local", True), ("local[*]", True), ("local[2,3]", True), ("yarn", False)],
)
def test_spark__knows_whether_it_is_here(master: str, is_here: bool) -> None:
    assert SparkSettings(master=master).is_here is is_here


def group(preparation: Mapping[str, Any], events: str = "events.csv") -> Any:
    """A group of tables of one's own, with items in CSV."""
    ids = {"USER_ID": "u", "ITEM_ID": "i", "TIMESTAMP": "t"}
    tables = {
        "interactions": {"file": events, "columns": ids},
        "items": {"file": "items.csv", "columns": {"ITEM_ID": "i", "GENRE": "g"}},
    }
    return PersonalizeDatasetGroup.resolve_from_dict(
        {
            "name": "shop",
            "source": {"type": "table", "prefix": "shop/raw_data/", "tables": tables},
            "prefixes": {
                "transformed": "shop/transformed/",
                "batch_input": "shop/batch/input/",
                "batch_results": "shop/batch/results/",
            },
            "solutions": [{"name": "personal", "recipe": "aws-user-personalization"}],
            "preparation": preparation,
        }
    )


def test_group__takes_texts_of_spark_as_they_stand() -> None:
    conf = {"spark.executor.cores": 2, "spark.ui.enabled": False}
    loaded = group({"engine": "spark", "spark": {"conf": conf}})
    assert loaded.preparation.spark.conf == {
        "spark.executor.cores": "2",
        "spark.ui.enabled": "False",
    }


@pytest.mark.parametrize(
    ("preparation", "events", "message"),
    [
        (
            {"engine": "glue"},
            "events.parquet",
            "engine glue cannot clean interactions: events.parquet: .*`datasets: .items.`",
        ),
        ({"engine": "spark", "datasets": ["users"]}, "events.csv", "users of this group is not"),
    ],
)
def test_group__refuses_what_spark_does_not_clean(
    preparation: Mapping[str, Any], events: str, message: str
) -> None:
    with pytest.raises((ResolutionException, ValidationError), match=message):
        group(preparation, events)


def test_group__leaves_parquet_to_arrow() -> None:
    loaded = group({"engine": "spark", "datasets": ["items"]}, "events.parquet")
    assert loaded.preparation.engine_of("interactions") == "arrow"
