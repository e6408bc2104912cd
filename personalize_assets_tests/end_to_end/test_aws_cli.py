"""The unmodified AWS CLI against a running engine with trained versions."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from personalize_assets_tests.end_to_end.conftest import Pipeline, run_command

Aws = Callable[..., Any]


@pytest.fixture
def aws(pipeline: Pipeline, first_run: dg.ExecuteInProcessResult, tmp_path: Path) -> Aws:
    assert first_run.success
    endpoints = pipeline.definitions.resources["local_stack"].endpoints()

    def call(*arguments: str) -> Any:
        printed = run_command(
            "aws",
            "--endpoint-url",
            endpoints.personalize,
            "--output",
            "json",
            "personalize",
            *arguments,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "AWS_ACCESS_KEY_ID": "123456789012",
                "AWS_SECRET_ACCESS_KEY": "local",
                "AWS_DEFAULT_REGION": "us-east-1",
            },
        )
        return json.loads(printed)

    return call


def test_list_recipes(aws: Aws) -> None:
    names = {recipe["name"] for recipe in aws("list-recipes")["recipes"]}

    assert {"aws-user-personalization", "aws-popularity-count", "aws-sims"} <= names


def test_describe_solution_version_and_metrics(aws: Aws, pipeline: Pipeline) -> None:
    arn = pipeline.metadata("movielens", "sims", "solution_version")["arn"]

    described = aws("describe-solution-version", "--solution-version-arn", arn)
    metrics = aws("get-solution-metrics", "--solution-version-arn", arn)

    assert described["solutionVersion"]["status"] == "ACTIVE"
    assert described["solutionVersion"]["recipeArn"].endswith("recipe/aws-sims")
    assert metrics["solutionVersionArn"] == arn
    assert 0 < metrics["metrics"]["coverage"] <= 1
