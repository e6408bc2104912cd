"""Use cases of a domain dataset group behind the same endpoints."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from personalize_assets.api.app import make_app
from personalize_assets.api.declared import DeclaredGroup
from personalize_assets.api.services import Services
from personalize_assets.aws.clients import Clients
from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.ensure import (
    WaitPolicy,
    ensure_dataset,
    ensure_dataset_group,
    ensure_import,
    ensure_schema,
)
from personalize_assets.aws.ensure_recommenders import RecommenderConfiguration, ensure_recommender
from personalize_assets.aws.objects import Bucket
from personalize_assets.local.clients import open_clients
from personalize_assets_tests.api.shop import ROLE, TYPED
from personalize_assets_tests.aws.conftest import interactions_csv

ATTRIBUTES: dict[str, Any] = {
    "name": "videos",
    "prefixes": {"transformed": "videos/transformed/"},
    "recommenders": [
        {"name": "top", "recipe": "aws-vod-most-popular"},
        {"name": "because", "recipe": "aws-vod-because-you-watched-x"},
    ],
}


@pytest.mark.slow
def test_recommenders__answer_as_campaigns_do(deployment: Deployment, clients: Clients) -> None:
    patient = open_clients(deployment)
    make_videos(patient.personalize, Bucket.of(patient))
    services = Services.make(DeclaredGroup.of(ATTRIBUTES, "defs.yaml"), clients)
    with TestClient(make_app(services), base_url="http://127.0.0.1") as api:
        top = api.get("/recommendations", params={"user_id": "u5", "num_results": 3}).json()
        asked = {"user_id": "u5", "item_id": "i7", "recommender": "because"}
        because = api.get("/similar", params=asked).json()
        alone = api.get("/similar", params={"item_id": "i7"})
        listed = api.get("/campaigns").json()["campaigns"]

        assert api.get("/ready").status_code == 200
    assert top["answered_by"] == {
        "kind": "recommender",
        "name": "top",
        "recipe": "aws-vod-most-popular",
    }
    assert len(top["items"]) == 3
    assert because["about"]["item_id"] == "i7"
    assert because["items"]
    assert alone.status_code == 400
    assert alone.json()["error"]["message"] == (
        "user_id is required: the recommender because (aws-vod-because-you-watched-x) answers "
        "nothing without it"
    )
    assert [(one["answers"], one["needs"], one["status"]) for one in listed] == [
        ("recommendations", ["user_id"], "ACTIVE"),
        ("similar", ["user_id", "item_id"], "ACTIVE"),
    ]


def make_videos(personalize: Any, bucket: Bucket) -> None:
    """Make a domain dataset group in which everybody watched something."""
    policy = WaitPolicy(timeout_s=120, min_delay_s=0.05, max_delay_s=0.3)
    bucket.ensure(create=True)
    header, *lines = interactions_csv().decode().splitlines()
    rows = [f"{header},EVENT_TYPE", *(f"{line},Watch" for line in lines)]
    bucket.write_bytes("videos/raw.csv", "\n".join(rows).encode())
    domain = "VIDEO_ON_DEMAND"
    group = ensure_dataset_group(personalize, "videos", policy, domain=domain).arn
    schema = ensure_schema(personalize, "videos", TYPED, policy, domain=domain).arn
    dataset = ensure_dataset(personalize, group, "Interactions", "videos", schema, policy).arn
    ensure_import(personalize, dataset, "videos", bucket.uri("videos/raw.csv"), ROLE, policy)
    for one in ATTRIBUTES["recommenders"]:
        wanted = RecommenderConfiguration(one["recipe"])
        ensure_recommender(personalize, f"videos-{one['name']}", group, wanted, policy)
