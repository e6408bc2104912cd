"""Every change of the store passes a moment at which a test can end the process."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from personalize_assets.core.arns import Kind, make_arn
from personalize_assets.engine.store import Resource, Store, crash_points

NOW = datetime(2024, 1, 1, tzinfo=UTC)
ARN = make_arn(Kind.DATASET, "us-east-1", "123456789012", "g", "ITEMS")


@pytest.fixture
def seen() -> Iterator[list[str]]:
    names: list[str] = []
    crash_points.arm(names.append)
    yield names
    crash_points.arm(None)


def test_reached__each_write_and_commit(tmp_path: Path, seen: list[str]) -> None:
    store = Store.open(tmp_path)
    seen.clear()
    resource = Resource(ARN, Kind.DATASET, "123456789012", "us-east-1", "g", NOW, NOW)
    with store.transaction():
        store.resources.insert(resource)
        store.tags.put(ARN, {"a": "b"})
    assert seen == [
        "database: before write",
        "database: before write",
        "database: before commit",
        "database: after commit",
    ]
    store.close()


def test_reached__each_change_of_files(tmp_path: Path, seen: list[str]) -> None:
    store = Store.open(tmp_path)
    seen.clear()
    folder = store.artifacts.make_temporary("x")
    (folder / "made").write_text("x")
    store.artifacts.place_dataset(folder / "made", ARN, "1")
    store.artifacts.discard(folder)
    store.sweep(temporary=False)
    assert seen == [
        "artifacts: before make",
        "artifacts: after make",
        "artifacts: before rename",
        "artifacts: after rename",
        "artifacts: before discard",
        "artifacts: before remove",
    ]
    store.close()


def test_arm__none_disarms(seen: list[str]) -> None:
    crash_points.arm(None)
    crash_points.reached("anything")
    assert seen == []
