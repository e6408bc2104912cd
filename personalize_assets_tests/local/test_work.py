from typing import Any

import pytest

from personalize_assets.local import work
from personalize_assets.local.work import describe_work

ARN = "arn:aws:personalize:us-east-1:000000000000:solution/a/1"
JOB = {"resource_arn": ARN, "stage": "transitions", "share": 0.426, "seconds_left": 24.6}


def answer(monkeypatch: pytest.MonkeyPatch, found: dict[str, Any] | None) -> None:
    monkeypatch.setattr(work, "read_object", lambda address, path: found)


@pytest.mark.parametrize(
    ("left", "text"),
    [
        (None, "transitions, 43% of the work is done"),
        (24.6, "transitions, 43% of the work is done, about 25 s left"),
        (400, "transitions, 43% of the work is done, about 7 min left"),
    ],
)
def test_describe_work__of_a_resource(
    left: float | None, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = {**JOB, "resource_arn": "other", "stage": "loading"}
    answer(monkeypatch, {"unfinished": [other, {**JOB, "seconds_left": left}]})
    assert describe_work("http://127.0.0.1:1", ARN) == text


@pytest.mark.parametrize(
    "found", [None, {}, {"unfinished": []}, {"unfinished": [{**JOB, "stage": ""}]}]
)
def test_describe_work__nothing_to_tell(
    found: dict[str, Any] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, found)
    assert describe_work("http://127.0.0.1:1", ARN) is None


def test_describe_work__nobody_there() -> None:
    assert describe_work("http://127.0.0.1:1", ARN) is None
