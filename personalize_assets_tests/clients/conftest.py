"""A running engine and S3, and data to live one life cycle with, for programs that are not ours."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from personalize_assets.aws.deployment import Deployment
from personalize_assets.local.clients import open_clients
from personalize_assets.local.settings import StackOptions
from personalize_assets.local.stack import ensure_stack, stop_stack
from personalize_assets_tests.engine.operations.conftest import interactions_csv

GENRES = ("Crime", "Drama", "Comedy|Crime", "War")
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "123456789012",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@dataclass(frozen=True)
class Place:
    """Where a program finds the API and its data.

    Attributes:
        endpoint: Of all three services.
        s3_endpoint: Of S3.
        bucket: Holds ``interactions.csv`` and ``items.csv``.
    """

    endpoint: str
    s3_endpoint: str
    bucket: str

    @property
    def environment(self) -> Mapping[str, str]:
        """What the programs read."""
        return {"ENDPOINT": self.endpoint, "BUCKET": self.bucket, **CREDENTIALS}


def genres_of(item: str) -> str:
    """The categories of an item such as ``i7``."""
    return GENRES[int(item.removeprefix("i")) % len(GENRES)]


def items_csv() -> str:
    """The Items dataset of the same catalogue as `interactions_csv`."""
    return "ITEM_ID,GENRES\n" + "".join(f"i{n},{genres_of(f'i{n}')}\n" for n in range(80))


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A stack of its own: an account has room for five dataset groups only."""
    state_dir = tmp_path_factory.mktemp("clients")
    deployment = Deployment.from_environment({"PERSONALIZE_ASSETS_STATE_DIR": str(state_dir)})
    found = ensure_stack(state_dir, StackOptions.for_deployment(deployment))
    bucket, s3 = "life-cycles", open_clients(deployment).s3
    s3.create_bucket(Bucket=bucket)
    for key, text in (("interactions.csv", interactions_csv()), ("items.csv", items_csv())):
        s3.put_object(Bucket=bucket, Key=key, Body=text.encode())
    yield Place(found.personalize, found.s3, bucket)
    stop_stack(state_dir)
