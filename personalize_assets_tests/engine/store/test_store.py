from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from personalize_assets.core.arns import Kind, make_arn
from personalize_assets.engine.store import DuplicateResource, Resource, Store, StoreError

NOW = datetime(2024, 1, 1, 12, 0, 0, 125000, tzinfo=UTC)
ACCOUNT = "123456789012"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path)


def make(kind: Kind, *parts: str, **changes: object) -> Resource:
    arn = make_arn(kind, "us-east-1", ACCOUNT, *parts)
    plain = Resource(arn, kind, ACCOUNT, "us-east-1", parts[-1], NOW, NOW, status="ACTIVE")
    return replace(plain, **changes)  # type: ignore[arg-type]


def add(store: Store, resource: Resource) -> Resource:
    with store.transaction():
        store.resources.insert(resource)
    found = store.resources.get(resource.arn)
    assert found is not None
    return found


def test_resources__come_back_as_they_were(store: Store) -> None:
    given = make(
        Kind.DATASET_GROUP,
        "g",
        failure_reason="why",
        body={"domain": "ECOMMERCE", "é": [1, 2.5, None]},
        hidden={"artifact": "x"},
    )
    assert replace(add(store, given), sequence=0) == given
    assert store.resources.get("arn:unknown") is None


def test_resources__survive_closing(tmp_path: Path) -> None:
    first = Store.open(tmp_path)
    kept = add(first, make(Kind.DATASET_GROUP, "g"))
    first.close()
    assert Store.open(tmp_path).resources.get(kept.arn) == kept


def test_resources__arns_are_unique(store: Store) -> None:
    add(store, make(Kind.DATASET_GROUP, "g"))
    with pytest.raises(DuplicateResource):
        add(store, make(Kind.DATASET_GROUP, "g"))


def test_resources__names_of_versions_are_unique_in_a_solution(store: Store) -> None:
    solution = add(store, make(Kind.SOLUTION, "s"))
    other = add(store, make(Kind.SOLUTION, "t"))
    named = {"name": "v", "parent_arn": solution.arn}
    add(store, make(Kind.SOLUTION_VERSION, "s", "00000001", **named))
    with pytest.raises(DuplicateResource):
        add(store, make(Kind.SOLUTION_VERSION, "s", "00000002", **named))
    add(store, make(Kind.SOLUTION_VERSION, "t", "00000003", name="v", parent_arn=other.arn))


def test_resources__find_filters_and_counts(store: Store) -> None:
    group = add(store, make(Kind.DATASET_GROUP, "g"))
    for number, status in enumerate(("ACTIVE", "CREATE PENDING", "ACTIVE", "CREATE FAILED")):
        add(
            store,
            make(
                Kind.SOLUTION,
                f"s{number}",
                status=status,
                parent_arn=group.arn,
                group_arn=group.arn if number else None,
                account=ACCOUNT if number != 3 else "000000000000",
            ),
        )

    def names(**conditions: object) -> list[str]:
        found = store.resources.find(Kind.SOLUTION, **conditions)  # type: ignore[arg-type]
        return [item.name for item in found]

    assert names() == ["s3", "s2", "s1", "s0"]
    assert names(account=ACCOUNT, region="us-east-1") == ["s2", "s1", "s0"]
    assert names(group=group.arn) == ["s3", "s2", "s1"]
    assert names(statuses={"ACTIVE", "CREATE PENDING"}, limit=2) == ["s2", "s1"]
    assert names(parent="arn:else") == []
    before = store.resources.find(Kind.SOLUTION)[1].sequence
    assert names(before=before) == ["s1", "s0"]
    assert store.resources.count(Kind.SOLUTION, statuses={"ACTIVE"}) == 2


def test_resources__merge_adds_replaces_and_removes(store: Store) -> None:
    kept = add(store, make(Kind.SOLUTION, "s", body={"a": 1, "b": 2}, hidden={"x": 1}))
    with store.transaction():
        store.resources.merge(kept.arn, body={"b": 3, "c": 4, "a": None}, hidden={"y": 2})
        store.resources.set_status(kept.arn, "CREATE FAILED", NOW + timedelta(seconds=1), "why")
    found = store.resources.get(kept.arn)
    assert found is not None
    assert (found.body, found.hidden) == ({"b": 3, "c": 4}, {"x": 1, "y": 2})
    assert (found.status, found.failure_reason) == ("CREATE FAILED", "why")
    assert found.updated_at == NOW + timedelta(seconds=1)
    assert found.created_at == NOW


def test_resources__delete_takes_tags_and_jobs_along(store: Store) -> None:
    kept = add(store, make(Kind.SOLUTION, "s"))
    with store.transaction():
        store.tags.put(kept.arn, {"a": "1"})
        store.jobs.add("activate", kept.arn, "", NOW, NOW)
        store.resources.delete(kept.arn)
    assert store.tags.get(kept.arn) == {}
    assert store.jobs.count_unfinished(NOW) == 0


def test_artifacts__orphans_go_and_what_is_used_stays(store: Store, tmp_path: Path) -> None:
    dataset = add(store, make(Kind.DATASET, "g", "ITEMS"))
    version = add(store, make(Kind.SOLUTION_VERSION, "s", "00000001"))
    work = store.artifacts.make_temporary("job-1-1")
    paths = []
    for number in ("1", "2"):
        (work / "data").write_text(number)
        paths.append(store.artifacts.place_dataset(work / "data", dataset.arn, number))
    (work / "model").mkdir()
    (work / "model" / "file").write_text("m")
    model = store.artifacts.place_model(work / "model", version.arn)
    assert paths[1] == "datasets/123456789012/us-east-1/g/ITEMS/bulk-2.parquet"
    assert model == "models/123456789012/us-east-1/s/00000001"
    with store.transaction():
        store.resources.merge(dataset.arn, hidden={"artifact": paths[1]})
        store.resources.merge(version.arn, hidden={"artifact": model})
    assert store.sweep(temporary=False) == 1
    assert not store.artifacts.path(paths[0]).exists()
    assert store.artifacts.path(paths[1]).read_text() == "2"
    assert work.exists()
    with store.transaction():
        store.resources.delete(version.arn)
    assert store.sweep(temporary=True) == 2
    assert not store.artifacts.path(model).exists()
    assert not work.exists()


def test_artifacts__a_model_placed_again_replaces_the_first(store: Store) -> None:
    arn = make_arn(Kind.SOLUTION_VERSION, "us-east-1", ACCOUNT, "s", "00000001")
    for text in ("first", "second"):
        made = store.artifacts.make_temporary("job") / "model"
        made.mkdir()
        (made / f"{text}.txt").write_text(text)
        placed = store.artifacts.place_model(made, arn)
    assert [path.name for path in store.artifacts.path(placed).iterdir()] == ["second.txt"]


def test_open__a_file_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "engine").write_text("")
    with pytest.raises(
        StoreError, match=r"cannot write to the state folder .*/engine: File exists"
    ):
        Store.open(tmp_path)


def test_jobs__queue(store: Store) -> None:
    for name in ("a", "b", "c"):
        add(store, make(Kind.SOLUTION, name))
    arns = [item.arn for item in reversed(store.resources.find(Kind.SOLUTION))]
    with store.transaction():
        for arn, exclusive in zip(arns, ("x", "x", ""), strict=True):
            store.jobs.add("train", arn, exclusive, NOW, NOW)
    first, second, third = store.jobs.due(NOW)
    assert [job.resource_arn for job in (first, second, third)] == arns
    assert store.jobs.due(NOW - timedelta(seconds=1)) == []
    with store.transaction():
        store.jobs.begin(first.id, NOW)
    assert [job.id for job in store.jobs.due(NOW)] == [third.id]  # the second is excluded
    assert [job.attempt for job in store.jobs.in_state("running")] == [1]
    with store.transaction():
        store.jobs.put_back(first.id, NOW + timedelta(seconds=9))
        store.jobs.finish(third.id, NOW, failed=False)
    assert [job.id for job in store.jobs.due(NOW)] == [second.id]
    assert store.jobs.next_due() == NOW
    with store.transaction():
        store.jobs.finish(second.id, NOW, failed=True)
    assert store.jobs.next_due() == NOW + timedelta(seconds=9)
    with store.transaction():
        store.jobs.hasten(first.resource_arn, NOW)
    assert [(job.id, job.attempt) for job in store.jobs.due(NOW)] == [(first.id, 1)]
    assert store.jobs.count_unfinished(NOW) == 1
