"""The workflow against the real engine: clients, a bucket and small files of interactions."""

import json
import uuid
from typing import Any

import pytest

from personalize_assets.aws.clients import Clients
from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.objects import Bucket
from personalize_assets.aws.waiters import WaitPolicy
from personalize_assets.local.clients import open_clients

SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "Interactions",
    "namespace": "com.amazonaws.personalize.schema",
    "fields": [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
    ],
    "version": "1.0",
}


@pytest.fixture(scope="session")
def clients(deployment: Deployment) -> Clients:
    """Clients of the session's stack."""
    return open_clients(deployment)


@pytest.fixture(scope="session")
def bucket(clients: Clients) -> Bucket:
    """The pipeline's bucket, which is there."""
    bucket = Bucket.of(clients)
    bucket.ensure(create=True)
    return bucket


@pytest.fixture(scope="session")
def policy() -> WaitPolicy:
    """Patience enough for a small training on a busy machine."""
    return WaitPolicy(timeout_s=120, min_delay_s=0.05, max_delay_s=0.5)


@pytest.fixture
def unique() -> str:
    """A name that no other test uses."""
    return f"t-{uuid.uuid4().hex[:10]}"


def interactions_csv(users: int = 60, items: int = 40, each: int = 20) -> bytes:
    """A file of ``users * each`` interactions: enough for the service's minima by default."""
    lines = ["USER_ID,ITEM_ID,TIMESTAMP"]
    lines += [
        f"u{user},i{(user * 7 + step * (1 + user % 3)) % items},{1_600_000_000 + user * 60 + step}"
        for user in range(users)
        for step in range(each)
    ]
    return ("\n".join(lines) + "\n").encode()


def users_jsonl(users: int = 5) -> bytes:
    """A batch input that asks for ``users`` users."""
    return "".join(json.dumps({"userId": f"u{user}"}) + "\n" for user in range(users)).encode()
