"""Sensors that list a bucket of moto's, which takes what plain folders cannot hold."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from personalize_assets.components.sensors import factory
from personalize_assets_tests.components.sensor_bench import USERS, Bench, keys_of

ODD_NAMES = [
    "two  spaces .json",
    " leading and trailing ",
    "a+b&c=d?e#f%2F.json",
    "a...b.json",
    "...in/folder.json",
    "twice//slashed.json",
    "quote\"'<>&.json",
    "back\\slash.json",
    "tab\tbed.json",
    "bell\x07.json",
    "Zoë.json",
    "Zoe\u0308.json",
    "日本.json",
    "😀.json",
    "C:\\con.json",
    "x" * 900,
]
HIDDEN = ["...in/folder.json"]


def test_batch_input__takes_odd_names_once(listing: Bench) -> None:
    names = [listing.put(f"{listing.inputs}{name}") for name in ODD_NAMES]

    requests = listing.requests()
    listing.record(requests)

    expected = {name for name in names if name.removeprefix(listing.inputs) not in HIDDEN}
    assert sorted(keys_of(requests)) == sorted(expected)
    assert "none of them new" in listing.reason()
    listing.restart()
    assert "none of them new" in listing.reason()


def test_batch_input__shows_names_that_cannot_be_shown(listing: Bench) -> None:
    listing.put(f"{listing.inputs}bell\x07.json", b"hello")

    assert r"bell\u0007.json" in listing.reason()


def test_batch_input__sees_a_multipart_upload_once_it_is_complete(listing: Bench) -> None:
    s3: Any = listing.bucket.s3
    place = {"Bucket": listing.bucket.name, "Key": f"{listing.inputs}users.json"}
    upload = {**place, "UploadId": s3.create_multipart_upload(**place)["UploadId"]}
    parts = []
    for number, body in ((1, USERS * 180_000), (2, USERS)):
        part = s3.upload_part(**upload, PartNumber=number, Body=body)
        parts.append({"PartNumber": number, "ETag": part["ETag"]})

        assert "0 objects" in listing.reason()

    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    requests = listing.requests()
    listing.record(requests)

    assert keys_of(requests) == [place["Key"]]
    assert "none of them new" in listing.reason()


@pytest.mark.slow
def test_batch_input__goes_through_more_than_a_thousand_keys(
    listing: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(factory, "MAX_REQUESTS", 400)
    names = [f"{listing.inputs}{number:04}.json" for number in range(1_010)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(listing.put, names))
    asked: list[str] = []

    while isinstance(requests := listing.tick(), list):
        asked += keys_of(requests)
        listing.record(requests)

    assert asked == names
    assert "1,010 objects" in listing.reason()
