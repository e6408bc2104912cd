"""The judge of messages: what the model does not allow is named with its path."""

from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from personalize_assets_tests.contract.shapes import complaints, shape_of

MODEL = ServiceModel(Loader().load_service_model("personalize", "service-2"), "personalize")
GROUP = "arn:aws:personalize:us-east-1:123456789012:dataset-group/films"


@pytest.mark.parametrize(
    ("operation", "request_", "said"),
    [
        ("CreateDatasetGroup", {"name": "films", "domain": "MUSIC"}, ".domain is none of"),
        ("CreateDatasetGroup", {"name": "-films"}, ".name does not match"),
        ("CreateDatasetGroup", {"name": "f" * 64}, ".name is above 63"),
        ("CreateDatasetGroup", {}, ".name is missing"),
        ("CreateDatasetGroup", {"name": 7}, ".name is int, expected string"),
        ("CreateDatasetGroup", {"name": "films", "size": 1}, ".size is not in the model"),
        ("ListCampaigns", {"maxResults": 101}, ".maxResults is above 100"),
        ("ListCampaigns", {"maxResults": True}, ".maxResults is bool"),
        ("DescribeDatasetGroup", {"datasetGroupArn": "films"}, ".datasetGroupArn does not match"),
        (
            "TagResource",
            {"resourceArn": GROUP, "tags": [{"tagKey": "a", "tagValue": "b#"}]},
            ".tags[0].tagValue does not match",
        ),
    ],
)
def test_complaints__name_what_the_model_refuses(
    operation: str, request_: dict[str, Any], said: str
) -> None:
    (complaint,) = complaints(MODEL.operation_model(operation).input_shape, request_)

    assert complaint.startswith(said)


def test_complaints__has_none_of_a_good_request() -> None:
    request = {
        "name": "films",
        "domain": "VIDEO_ON_DEMAND",
        "tags": [{"tagKey": "team: größe", "tagValue": ""}],
    }

    assert list(complaints(MODEL.operation_model("CreateDatasetGroup").input_shape, request)) == []


def test_shape_of__holds_paths_and_types_alone() -> None:
    answer = {
        "solutionVersionArn": f"{GROUP}/secret",
        "metrics": {"coverage": 0.5, "precision_at_5": 0.25},
    }
    listed = {"tags": [{"tagKey": "a", "tagValue": "b"}]}

    assert shape_of(MODEL.operation_model("GetSolutionMetrics").output_shape, answer) == {
        "metrics": "map",
        "metrics.*": "number",
        "solutionVersionArn": "string",
    }
    assert shape_of(MODEL.operation_model("ListTagsForResource").output_shape, listed) == {
        "tags": "list",
        "tags[]": "object",
        "tags[].tagKey": "string",
        "tags[].tagValue": "string",
    }
