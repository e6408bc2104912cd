"""A dataset group with a few trained versions in an account of its own, for tests of serving."""

from dataclasses import dataclass
from typing import Any

from personalize_assets.aws.clients import Clients
from personalize_assets.aws.ensure import (
    WaitPolicy,
    ensure_dataset,
    ensure_dataset_group,
    ensure_import,
    ensure_schema,
    ensure_solution,
    ensure_solution_version,
)
from personalize_assets.aws.objects import Bucket
from personalize_assets.loopback import make_client
from personalize_assets_tests.aws.conftest import SCHEMA, interactions_csv

EVENT_TYPE = {"name": "EVENT_TYPE", "type": "string"}
TYPED_SCHEMA = {**SCHEMA, "fields": [*SCHEMA["fields"], EVENT_TYPE]}
ROLE = "arn:aws:iam::123456789012:role/PersonalizeRole"


@dataclass(frozen=True)
class TrainedGroup:
    """Clients of the account and the ARN of the group; both know how to train."""

    personalize: Any
    runtime: Any
    bucket: Bucket
    policy: WaitPolicy
    group_arn: str
    dataset_arn: str

    def import_items(self, prefix: str) -> None:
        """Replace the interactions by the same ones with items whose ids begin otherwise."""
        key = f"serving/{prefix}.csv"
        header, *lines = interactions_csv().decode().splitlines()
        rows = [f"{line},watch" for line in lines]
        text = "\n".join([f"{header},EVENT_TYPE", *rows]).replace(",i", f",{prefix}")
        self.bucket.write_bytes(key, text.encode())
        ensure_import(
            self.personalize,
            self.dataset_arn,
            f"serving-{prefix}",
            self.bucket.uri(key),
            ROLE,
            self.policy,
        )

    def train(self, solution: str, version: str, recipe: str = "aws-popularity-count") -> str:
        """Train a version on what is imported and return its ARN."""
        found = ensure_solution(
            self.personalize,
            solution,
            self.group_arn,
            f"arn:aws:personalize:::recipe/{recipe}",
            self.policy,
        )
        return ensure_solution_version(self.personalize, found.arn, version, self.policy).arn


def make_group(clients: Clients, bucket: Bucket, policy: WaitPolicy, account: str) -> TrainedGroup:
    """Make a group with interactions of the items i0 to i39 in ``account``."""
    assert clients.endpoints is not None
    engine = clients.endpoints.personalize
    personalize = make_client("personalize", engine, account=account)
    group = ensure_dataset_group(personalize, "serving", policy)
    schema = ensure_schema(personalize, "serving", TYPED_SCHEMA, policy)
    dataset = ensure_dataset(personalize, group.arn, "Interactions", "serving", schema.arn, policy)
    made = TrainedGroup(
        personalize,
        make_client("personalize-runtime", engine, account=account),
        bucket,
        policy,
        group.arn,
        dataset.arn,
    )
    made.import_items("i")
    return made
