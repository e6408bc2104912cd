"""A program that uses Amazon Personalize, for the example of how to test one."""

import time
from datetime import datetime, timedelta
from typing import Any

import boto3


class ShopFailed(RuntimeError):
    """Amazon Personalize said no."""


def open_shop(name: str, *, poll_s: float = 0.05) -> str:
    """Make a dataset group, wait until it can be used and give its ARN."""
    personalize = boto3.client("personalize")
    arn = personalize.create_dataset_group(name=name)["datasetGroupArn"]
    while True:
        group = personalize.describe_dataset_group(datasetGroupArn=arn)["datasetGroup"]
        if group["status"] == "ACTIVE":
            return arn
        if group["status"] == "CREATE FAILED":
            raise ShopFailed(f"{name}: {group['failureReason']}")
        time.sleep(poll_s)


def is_stale(personalize: Any, arn: str, now: datetime) -> bool:
    """Tell whether a shop was opened more than 30 days ago."""
    group = personalize.describe_dataset_group(datasetGroupArn=arn)["datasetGroup"]
    return now - group["creationDateTime"] > timedelta(days=30)
