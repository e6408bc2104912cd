"""A small dataset group that answers in every way: campaigns, filters, a tracker, cleaned files."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from personalize_assets.api.declared import DeclaredGroup
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
from personalize_assets.aws.ensure_serving import (
    CampaignConfiguration,
    ensure_campaign,
    ensure_event_tracker,
    ensure_filter,
)
from personalize_assets.aws.naming import job_name
from personalize_assets.aws.objects import Bucket
from personalize_assets_tests.aws.conftest import SCHEMA, interactions_csv

ROLE = "arn:aws:iam::123456789012:role/PersonalizeRole"
GENRES = ("Comedy", "Drama|War", "Horror")
ATTRIBUTES: dict[str, Any] = {
    "name": "shop",
    "prefixes": {"transformed": "shop/transformed/"},
    "solutions": [
        {"name": "mine", "recipe": "aws-user-personalization"},
        {"name": "top", "recipe": "aws-popularity-count"},
        {"name": "like", "recipe": "aws-sims"},
        {"name": "ordered", "recipe": "aws-personalized-ranking"},
        {"name": "later", "recipe": "aws-user-personalization-v2"},
    ],
    "campaigns": [{"solution": name} for name in ("mine", "top", "like", "ordered", "later")],
    "filters": [
        {
            "name": "unseen",
            "expression": 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")',
            "description": "Leaves out what the user has met.",
        },
        {"name": "typed", "expression": "INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($TYPE)"},
    ],
    "event_tracker": True,
}
SHOP = DeclaredGroup.of(ATTRIBUTES, "defs/shop/defs.yaml")
"""All is made but the campaign `later`."""

TYPED: Mapping[str, Any] = {
    **SCHEMA,
    "fields": [*SCHEMA["fields"], {"name": "EVENT_TYPE", "type": "string"}],
}


def make_shop(clients: Clients, policy: WaitPolicy) -> str:
    """Make what the shop declares, and the files of its cleaned items and interactions."""
    api: Any = clients.personalize
    bucket = Bucket.of(clients)
    bucket.ensure(create=True)
    header, *lines = interactions_csv().decode().splitlines()
    rows = [f"{line},{'watch' if line.endswith('0') else 'click'}" for line in lines]
    bucket.write_bytes("shop/raw.csv", "\n".join([f"{header},EVENT_TYPE", *rows]).encode())
    group = ensure_dataset_group(api, SHOP.name, policy).arn
    schema = ensure_schema(api, SHOP.name, TYPED, policy).arn
    dataset = ensure_dataset(api, group, "Interactions", "shop", schema, policy).arn
    ensure_import(api, dataset, "shop", bucket.uri("shop/raw.csv"), ROLE, policy)
    for name, recipe in SHOP.solutions.items():
        if name == "later":
            continue
        arn = f"arn:aws:personalize:::recipe/{recipe}"
        solution = ensure_solution(api, job_name(f"shop-{name}"), group, arn, policy)
        version = ensure_solution_version(api, solution.arn, "first", policy)
        ensure_campaign(api, f"shop-{name}", CampaignConfiguration(version.arn), policy)
    for name, expression in SHOP.filters.items():
        ensure_filter(api, f"shop-{name}", group, expression, policy)
    ensure_event_tracker(api, "shop-events", group, policy)
    write_cleaned(bucket, [row.split(",") for row in rows])
    return group


def write_cleaned(bucket: Bucket, rows: list[list[str]]) -> None:
    """Write the cleaned interactions, and items with titles such as ``Film i3 (1993)``."""
    users, items, times, types = zip(*rows, strict=True)
    interactions = {
        "USER_ID": users,
        "ITEM_ID": items,
        "TIMESTAMP": pa.array(map(int, times), pa.int64()),
        "EVENT_TYPE": types,
    }
    write_items(bucket, {item: f"Film {item}" for item in sorted(set(items))})
    _write(bucket, SHOP.interactions_key, interactions)


def write_items(bucket: Bucket, titles: Mapping[str, str]) -> None:
    """Write the cleaned items anew."""
    numbers = [int(item[1:]) for item in titles]
    columns = {
        "ITEM_ID": list(titles),
        "TITLE": list(titles.values()),
        "GENRES": [GENRES[number % len(GENRES)] for number in numbers],
        "YEAR": pa.array([1990 + number for number in numbers], pa.int32()),
    }
    _write(bucket, SHOP.items_key, columns)


def _write(bucket: Bucket, key: str, columns: Mapping[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.parquet"
        pq.write_table(pa.table(dict(columns)), path)
        bucket.put_file(path, key)
