"""Tests of `shop` with the fixtures of personalize-assets: no AWS account, no network, no mocks."""

from typing import Any

import pytest
from shop import ShopFailed, is_stale, open_shop


@pytest.mark.usefixtures("personalize_environment")
def test_open_shop() -> None:
    """The program's own boto3 clients find the engine."""
    assert open_shop("books") == "arn:aws:personalize:us-east-1:123456789012:dataset-group/books"


def test_each_test_has_an_empty_engine(personalize_client: Any, personalize_s3_client: Any) -> None:
    """Nothing is left of the test before."""
    assert personalize_client.list_dataset_groups()["datasetGroups"] == []
    assert personalize_s3_client.list_buckets()["Buckets"] == []


@pytest.mark.usefixtures("personalize_environment")
def test_open_shop__survives_throttling(personalize_faults: Any) -> None:
    """boto3 asks again by itself."""
    rule = personalize_faults.add("throttling", "CreateDatasetGroup", count=2)
    open_shop("books")
    assert personalize_faults.happened(rule) == 2


@pytest.mark.usefixtures("personalize_environment")
def test_open_shop__says_why_it_failed(personalize_faults: Any) -> None:
    """The reason of the service reaches the user."""
    personalize_faults.add("fail-job", "CreateDatasetGroup", message="no shelf left")
    with pytest.raises(ShopFailed, match="books: no shelf left"):
        open_shop("books")


@pytest.mark.usefixtures("personalize_environment")
def test_is_stale__after_a_month(personalize_client: Any, personalize_clock: Any) -> None:
    """A month passes at once."""
    arn = open_shop("books")
    assert not is_stale(personalize_client, arn, personalize_clock.now())
    personalize_clock.advance(days=31)
    assert is_stale(personalize_client, arn, personalize_clock.now())
