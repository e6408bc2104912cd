"""Dataset groups with one of everything in them, in accounts of their own, ours or somebody's."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.ensure import (
    WaitPolicy,
    ensure_batch_inference,
    ensure_dataset,
    ensure_dataset_group,
    ensure_import,
    ensure_schema,
    ensure_solution,
    ensure_solution_version,
)
from personalize_assets.aws.ensuring import tagging
from personalize_assets.aws.kinds import (
    CAMPAIGN,
    EVENT_TRACKER,
    FILTER,
    METRIC_ATTRIBUTION,
    Kind,
)
from personalize_assets.aws.naming import PROJECT_TAG
from personalize_assets.aws.objects import Bucket
from personalize_assets.aws.waiters import wait_until_active
from personalize_assets.local.clients import open_clients
from personalize_assets_tests.aws.conftest import SCHEMA, interactions_csv, users_jsonl

ROLE = "arn:aws:iam::123456789012:role/PersonalizeRole"
POPULARITY = "arn:aws:personalize:::recipe/aws-popularity-count"
PATIENCE = WaitPolicy(timeout_s=120, min_delay_s=0.02, max_delay_s=0.3)
EVENTS_SCHEMA: dict[str, Any] = {
    **SCHEMA,
    "fields": [*SCHEMA["fields"], {"name": "EVENT_TYPE", "type": "string"}],
}
ITEMS_SCHEMA: dict[str, Any] = {
    **SCHEMA,
    "name": "Items",
    "fields": [
        {"name": "ITEM_ID", "type": "string"},
        {"name": "GENRES", "type": ["null", "string"], "categorical": True},
    ],
}
_accounts = itertools.count(700_000_000_000)


def new_account() -> str:
    """Twelve digits that no other test of this process acts for."""
    return str(next(_accounts))


def aws_environment(deployment: Deployment) -> dict[str, str]:
    """Variables of the aws deployment, whose services are those of a local one's stack."""
    endpoints = open_clients(deployment).endpoints
    assert endpoints is not None
    return {
        "AWS_ENDPOINT_URL_PERSONALIZE": endpoints.personalize,
        "AWS_ENDPOINT_URL_S3": endpoints.s3,
        "AWS_ACCESS_KEY_ID": deployment.account_id,
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
        "PERSONALIZE_ASSETS_DEPLOYMENT": "aws",
        "PERSONALIZE_ASSETS_BUCKET": deployment.bucket,
        "PERSONALIZE_ASSETS_REGION": str(deployment.region),
        "PERSONALIZE_ASSETS_ROLE_ARN": f"arn:aws:iam::{deployment.account_id}:role/PersonalizeRole",
    }


@dataclass
class Estate:
    """One dataset group, made bit by bit.

    Attributes:
        client: boto3 client of personalize.
        bucket: With the files.
        name: Of the group.
        tags: Of everything that can carry some.
    """

    client: Any
    bucket: Bucket
    name: str
    tags: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def ours(client: Any, bucket: Bucket, name: str) -> "Estate":
        """One that the project made."""
        return Estate(client, bucket, name, {PROJECT_TAG: name})

    def somebody(self) -> "Estate":
        """The same group in the hands of somebody else."""
        return Estate(self.client, self.bucket, self.name, {"owner": "somebody"})

    def group(self) -> str:
        return ensure_dataset_group(self.client, self.name, PATIENCE, tags=self.tags).arn

    def dataset(self, kind: str = "Interactions", schema: Mapping[str, Any] = EVENTS_SCHEMA) -> str:
        made = ensure_schema(self.client, f"{self.name}-{kind.lower()}", schema, PATIENCE)
        return ensure_dataset(
            self.client,
            self.group(),
            kind,
            f"{self.name}-{kind}",
            made.arn,
            PATIENCE,
            tags=self.tags,
        ).arn

    def data(self) -> str:
        """A dataset of interactions that are imported."""
        self.bucket.write_bytes("estates/interactions.csv", clicks_csv())
        dataset, location = self.dataset(), self.bucket.uri("estates/interactions.csv")
        job = f"{self.name}-import"
        ensure_import(self.client, dataset, job, location, ROLE, PATIENCE, tags=self.tags)
        return dataset

    def solution(self, name: str = "popular") -> str:
        full = f"{self.name}-{name}"
        return ensure_solution(
            self.client, full, self.group(), POPULARITY, PATIENCE, tags=self.tags
        ).arn

    def version(self, solution: str) -> str:
        return ensure_solution_version(self.client, solution, "v", PATIENCE, tags=self.tags).arn

    def campaign(self, version: str, name: str = "popular", tps: int = 1) -> str:
        arn = self.client.create_campaign(
            name=f"{self.name}-{name}",
            solutionVersionArn=version,
            minProvisionedTPS=tps,
            **tagging(self.tags),
        )["campaignArn"]
        return self._ready(CAMPAIGN, arn)

    def filter(self, name: str = "comedies") -> str:
        """A filter; needs the dataset of items."""
        arn = self.client.create_filter(
            name=f"{self.name}-{name}",
            datasetGroupArn=self.group(),
            filterExpression='INCLUDE ItemID WHERE Items.GENRES IN ("Comedy")',
            **tagging(self.tags),
        )["filterArn"]
        return self._ready(FILTER, arn)

    def items(self) -> str:
        """An empty dataset of items."""
        return self.dataset("Items", ITEMS_SCHEMA)

    def tracker(self) -> str:
        arn = self.client.create_event_tracker(
            name=f"{self.name}-events", datasetGroupArn=self.group(), **tagging(self.tags)
        )["eventTrackerArn"]
        return self._ready(EVENT_TRACKER, arn)

    def attribution(self) -> str:
        arn = self.client.create_metric_attribution(
            name=f"{self.name}-attribution",
            datasetGroupArn=self.group(),
            metrics=[{"eventType": "click", "metricName": "clicks", "expression": "SAMPLECOUNT()"}],
            metricsOutputConfig={"roleArn": ROLE},
        )["metricAttributionArn"]
        return self._ready(METRIC_ATTRIBUTION, arn)

    def batch(self, version: str) -> str:
        self.bucket.write_bytes("estates/users.json", users_jsonl())
        return ensure_batch_inference(
            self.client,
            f"{self.name}-batch",
            version,
            self.bucket.uri("estates/users.json"),
            self.bucket.uri("estates/results/"),
            ROLE,
            PATIENCE,
            tags=self.tags,
        ).arn

    def everything(self) -> "Estate":
        """One of each kind."""
        self.data()
        self.items()
        version = self.version(self.solution())
        self.campaign(version)
        self.filter()
        self.tracker()
        self.attribution()
        self.batch(version)
        return self

    def _ready(self, kind: Kind, arn: str) -> str:
        wait_until_active(self.client, kind, arn, PATIENCE)
        return arn


def clicks_csv() -> bytes:
    """Interactions enough to train on, all of them clicks."""
    head, *lines = interactions_csv().decode().split()
    return "\n".join([f"{head},EVENT_TYPE", *(f"{line},click" for line in lines)]).encode()
