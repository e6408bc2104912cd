"""Imports against the real engine: in full or only what was added, and nothing twice."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from personalize_assets.aws.ensure import (
    WaitPolicy,
    ensure_dataset_group,
    ensure_solution,
    ensure_solution_version,
    get_metrics,
)
from personalize_assets.aws.import_files import KEPT, ChangedMeanwhile, ImportFiles
from personalize_assets.aws.import_modes import choose_mode
from personalize_assets.aws.imports import Imported, ImportRequest, import_dataset
from personalize_assets.aws.kinds import EXPORT_JOB
from personalize_assets.aws.objects import Bucket, ObjectInfo
from personalize_assets.aws.waiters import wait_until_active
from personalize_assets.core.additions import Additions
from personalize_assets.testing import LocalPersonalize
from personalize_assets_tests.aws.conftest import SCHEMA

ROLE = "arn:aws:iam::123456789012:role/PersonalizeRole"
ITEMS_SCHEMA: dict[str, Any] = {
    **SCHEMA,
    "name": "Items",
    "fields": [
        {"name": "ITEM_ID", "type": "string"},
        {"name": "GENRES", "type": "string", "categorical": True},
    ],
}


def rows_of(start: int, stop: int) -> list[str]:
    """Interactions number ``start`` to ``stop`` in the order of time, as cleaning writes them."""
    return [
        f"u{number % 60},i{(number * number + number % 7) % 90},{1_600_000_000 + number}"
        for number in range(start, stop)
    ]


def items_of(genres: Mapping[int, str]) -> list[str]:
    return [f"i{item},{genre}" for item, genre in sorted(genres.items())]


@dataclass
class Shop:
    """One dataset group, and a cleaned file of it that changes."""

    engine: LocalPersonalize
    bucket: Bucket
    policy: WaitPolicy
    name: str
    group_arn: str
    dataset_type: str = "interactions"

    @property
    def key(self) -> str:
        return f"{self.name}/cleaned/{self.dataset_type}.csv"

    def holding(self, rows: Sequence[str]) -> ImportRequest:
        """The request to import ``rows``, which are what the cleaned file holds now."""
        interactions = self.dataset_type == "interactions"
        header = "USER_ID,ITEM_ID,TIMESTAMP" if interactions else "ITEM_ID,GENRES"
        self.bucket.write_bytes(self.key, "".join(f"{row}\n" for row in (header, *rows)).encode())
        return ImportRequest(
            group_name=self.name,
            group_arn=self.group_arn,
            dataset_type=self.dataset_type,
            schema=SCHEMA if interactions else ITEMS_SCHEMA,
            csv_key=self.key,
            data_sha256=sha256_of(self.bucket, self.key),
            role_arn=ROLE,
            copies=f"{self.name}/imported/",
        )

    def take(self, request: ImportRequest) -> Imported:
        return import_dataset(self.engine.personalize, self.bucket, request, self.policy)

    def bring(self, rows: Sequence[str]) -> Imported:
        return self.take(self.holding(rows))

    @property
    def n_jobs(self) -> int:
        pages = self.engine.personalize.get_paginator("list_dataset_import_jobs").paginate()
        names = [str(job.get("jobName")) for page in pages for job in page["datasetImportJobs"]]
        return sum(name.startswith(f"{self.name}-{self.dataset_type}-") for name in names)


def sha256_of(bucket: Bucket, key: str) -> str:
    return hashlib.sha256(bucket.read_bytes(key)).hexdigest()


OpenShop = Callable[..., Shop]


@pytest.fixture
def open_shop(
    personalize_session: LocalPersonalize, policy: WaitPolicy, unique: str
) -> Iterator[OpenShop]:
    """Opens shops, which are closed after the test: an account may have five groups."""
    engine = personalize_session
    bucket = Bucket(engine.s3, "shops")
    bucket.ensure(create=True)
    opened: list[str] = []

    def open_one(suffix: str = "", dataset_type: str = "interactions") -> Shop:
        name = f"{unique}{suffix}"
        group = ensure_dataset_group(engine.personalize, name, policy)
        opened.append(group.arn)
        return Shop(engine, bucket, policy, name, group.arn, dataset_type)

    yield open_one
    for arn in opened:
        engine.reset(dataset_group_arn=arn)


@pytest.mark.slow
def test_import__takes_in_only_what_was_added(open_shop: OpenShop) -> None:
    shop = open_shop()

    first = shop.bring(rows_of(0, 3000))
    # The latest thousand, and two hundred that came late: they stand in the midst of the others.
    second = shop.bring(rows_of(-200, 4000))
    again = shop.bring(rows_of(-200, 4000))

    assert [one.choice.mode for one in (first, second, again)] == [
        "FULL",
        "INCREMENTAL",
        "INCREMENTAL",
    ]
    assert second.choice.reason == "only 1,200 new interactions"
    assert [one.job.created for one in (first, second, again)] == [True, True, False]
    assert again.choice.reason == "unchanged since this import"
    assert shop.bucket.read_bytes(_key(second)).count(b"\n") == 1201
    assert shop.n_jobs == 2


def _key(imported: Imported) -> str:
    return imported.data_location.removeprefix("s3://").partition("/")[2]


@pytest.mark.slow
def test_import__in_parts_gives_the_models_of_an_import_in_full(open_shop: OpenShop) -> None:
    parts, whole = open_shop("-parts"), open_shop("-whole")
    for until in (2000, 3500, 5000):
        last = parts.bring(rows_of(0, until))
    only = whole.bring(rows_of(0, 5000))

    metrics = [train(shop) for shop in (parts, whole)]

    assert [last.choice.mode, only.choice.mode] == ["INCREMENTAL", "FULL"]
    assert metrics[0] == metrics[1]
    assert metrics[0]["coverage"] > 0


def train(shop: Shop) -> dict[str, float]:
    personalize, policy = shop.engine.personalize, shop.policy
    recipe = "arn:aws:personalize:::recipe/aws-sims"
    solution = ensure_solution(personalize, shop.name, shop.group_arn, recipe, policy)
    version = ensure_solution_version(personalize, solution.arn, shop.name, policy)
    return get_metrics(personalize, version.arn, policy)


@pytest.mark.parametrize(
    ("then", "reason"),
    [
        ((0, 2500), "500 new interactions, an INCREMENTAL import takes at least 1,000"),
        ((10, 5000), "interactions were removed or changed, not only added"),
    ],
)
def test_import__is_in_full_where_the_service_could_not_merge(
    open_shop: OpenShop, then: tuple[int, int], reason: str
) -> None:
    shop = open_shop()
    shop.bring(rows_of(0, 2000))

    second = shop.bring(rows_of(*then))

    assert (second.choice.mode, second.choice.reason) == ("FULL", reason)
    assert second.job.created


def test_import__brings_data_back_that_another_import_replaced(open_shop: OpenShop) -> None:
    """Names are told by what came before, or the second A would be taken for the first."""
    shop = open_shop()
    versions = [rows_of(0, 1500), rows_of(100, 1600)]

    taken = [shop.bring(versions[turn % 2]) for turn in range(4)]

    assert [one.job.created for one in taken] == [True] * 4
    assert len({one.job.arn for one in taken}) == 4


def test_import__of_items_takes_new_and_changed_ones(open_shop: OpenShop) -> None:
    shop = open_shop(dataset_type="items")
    genres = dict.fromkeys(range(10, 30), "Drama")
    shop.bring(items_of(genres))

    more = shop.bring(items_of(genres | {12: "Comedy", 31: "War"}))
    fewer = shop.bring(items_of(genres))

    assert (more.choice.mode, more.choice.reason) == (
        "INCREMENTAL",
        "only 1 new and 1 changed items",
    )
    assert (fewer.choice.mode, fewer.choice.reason) == (
        "FULL",
        "items were removed or changed, not only added",
    )


def test_import__leaves_events_that_applications_sent(open_shop: OpenShop) -> None:
    """FULL replaces what was imported in bulk; single events stay, and count in training."""
    shop = open_shop()
    shop.bring(rows_of(0, 2000))
    personalize = shop.engine.personalize
    tracker = personalize.create_event_tracker(name=shop.name, datasetGroupArn=shop.group_arn)
    event: Any = {"eventType": "click", "itemId": "i-sent", "sentAt": 1_700_000_000}
    shop.engine.personalize_events.put_events(
        trackingId=tracker["trackingId"], userId="u1", sessionId="s", eventList=[event]
    )

    full = shop.bring(rows_of(100, 2100))

    assert full.choice.mode == "FULL"
    exported = export(shop, full.dataset_arn)
    assert exported.count(b"i-sent") == 1
    assert exported.count(b"\n") == 2002


def export(shop: Shop, dataset_arn: str) -> bytes:
    personalize = shop.engine.personalize
    arn = personalize.create_dataset_export_job(
        jobName=shop.name,
        datasetArn=dataset_arn,
        ingestionMode="ALL",
        roleArn=ROLE,
        jobOutput={"s3DataDestination": {"path": shop.bucket.uri(f"{shop.name}/exports/")}},
    )["datasetExportJobArn"]
    wait_until_active(personalize, EXPORT_JOB, arn, shop.policy)
    keys = [entry.key for entry in shop.bucket.list(f"{shop.name}/exports/")]
    return b"".join(shop.bucket.read_bytes(key) for key in keys if key.endswith(".csv"))


def test_import__takes_no_file_that_was_replaced_after_cleaning(open_shop: OpenShop) -> None:
    shop = open_shop()
    request = shop.holding(rows_of(0, 2000))
    shop.holding(rows_of(0, 3000))

    with pytest.raises(ChangedMeanwhile, match="clean it again"):
        shop.take(request)

    assert shop.n_jobs == 0
    assert list(shop.bucket.list(request.copies)) == []


def test_import__is_in_full_where_its_own_files_are_gone(open_shop: OpenShop) -> None:
    shop = open_shop()
    first = shop.bring(rows_of(0, 2000))
    shop.bucket.delete(_key(first))

    second = shop.bring(rows_of(0, 4000))

    assert (second.choice.mode, second.choice.reason) == (
        "FULL",
        "the file imported before is gone",
    )


def test_import__follows_one_by_hand_in_full(open_shop: OpenShop) -> None:
    shop = open_shop()
    first = shop.bring(rows_of(0, 2000))
    by_hand = replace(shop, name=f"{shop.name}-hand")
    request = by_hand.holding(rows_of(50, 1500))
    arn = shop.engine.personalize.create_dataset_import_job(
        jobName=by_hand.name,
        datasetArn=first.dataset_arn,
        dataSource={"dataLocation": shop.bucket.uri(request.csv_key)},
        roleArn=ROLE,
    )["datasetImportJobArn"]

    back = shop.bring(rows_of(0, 2000))

    assert back.job.created
    assert (back.choice.mode, back.job.arn != arn) == ("FULL", True)
    assert back.choice.reason == "nothing comparable was imported before"


def test_import__waits_for_the_same_import_of_a_run_that_was_killed(open_shop: OpenShop) -> None:
    """Killed after the job was created: the next run finds it, by its data location."""
    shop = open_shop()
    request = shop.holding(rows_of(0, 2000))
    first = shop.take(request)
    shop.bucket.delete(request.csv_key)

    assert shop.take(request).job.arn == first.job.arn


def test_remove_old__keeps_the_present_content_and_what_is_young(
    bucket: Bucket, unique: str
) -> None:
    files = ImportFiles(bucket, f"{unique}/")
    keys = [files.full_key("a" * 64), files.full_key("b" * 64), files.added_key("a" * 64, "b" * 64)]
    for key in keys:
        bucket.write_bytes(key, b"USER_ID\n")
    now = datetime.now(UTC)

    assert files.remove_old("b" * 64, now) == 0
    assert files.remove_old("b" * 64, now + KEPT + timedelta(minutes=1)) == 1
    left: list[ObjectInfo] = list(bucket.list(f"{unique}/"))
    assert sorted(entry.key for entry in left) == sorted(keys[1:])


@pytest.mark.parametrize(
    ("location", "content"),
    [
        ("full_key", "b" * 64),
        ("s3://bucket/other/interactions.csv", None),
        ("", None),
    ],
)
def test_content_of__knows_own_files_only(
    bucket: Bucket, location: str, content: str | None
) -> None:
    files = ImportFiles(bucket, "some.where/")
    full = bucket.uri(files.full_key("b" * 64))

    assert files.content_of(full if location == "full_key" else location) == content
    assert files.content_of(full.replace("some.where", "someXwhere")) is None
    assert files.content_of(bucket.uri(files.added_key("a" * 64, "b" * 64))) == "b" * 64


@pytest.mark.parametrize(
    ("dataset_type", "additions", "size", "mode"),
    [
        ("interactions", Additions(1000, 0, only_added=True), 1_000_000_000, "INCREMENTAL"),
        ("interactions", Additions(1000, 0, only_added=True), 1_000_000_001, "FULL"),
        ("interactions", Additions(999, 0, only_added=True), 1, "FULL"),
        ("items", Additions(0, 1, only_added=True), 1, "INCREMENTAL"),
        ("users", Additions(5, 0, only_added=False), 1, "FULL"),
    ],
)
def test_choose_mode__keeps_to_the_quotas(
    dataset_type: str, additions: Additions, size: int, mode: str
) -> None:
    assert choose_mode(dataset_type, additions, size).mode == mode
