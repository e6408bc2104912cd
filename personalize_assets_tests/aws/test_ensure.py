"""``ensure_*`` against the real engine: created once, found again, drift refused."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from personalize_assets.aws.clients import Clients
from personalize_assets.aws.ensure import (
    ConfigurationDrift,
    Ensured,
    ResourceFailed,
    WaitPolicy,
    ensure_batch_inference,
    ensure_dataset,
    ensure_dataset_group,
    ensure_import,
    ensure_schema,
    ensure_solution,
    ensure_solution_version,
    get_metrics,
)
from personalize_assets.aws.objects import Bucket
from personalize_assets.loopback import make_client
from personalize_assets.testing.control import Control, FaultInjection
from personalize_assets_tests.aws.conftest import SCHEMA, interactions_csv, users_jsonl

ROLE = "arn:aws:iam::123456789012:role/PersonalizeRole"
POPULARITY = "arn:aws:personalize:::recipe/aws-popularity-count"

EVENT_TYPE = {"name": "EVENT_TYPE", "type": "string"}
WIDER_SCHEMA = {**SCHEMA, "fields": [*SCHEMA["fields"], EVENT_TYPE]}


@dataclass(frozen=True)
class Pipeline:
    """A small dataset group with data, made once for all tests of this file."""

    group: Ensured
    schema: Ensured
    dataset: Ensured
    imported: Ensured
    location: str


@pytest.fixture(scope="module")
def pipeline(clients: Clients, bucket: Bucket, policy: WaitPolicy) -> Pipeline:
    """Group, schema, dataset and import."""
    personalize = clients.personalize
    bucket.write_bytes("ensure/interactions.csv", interactions_csv())
    location = bucket.uri("ensure/interactions.csv")
    group = ensure_dataset_group(personalize, "ensure", policy)
    schema = ensure_schema(personalize, "ensure", SCHEMA, policy)
    dataset = ensure_dataset(personalize, group.arn, "Interactions", "ensure", schema.arn, policy)
    imported = ensure_import(personalize, dataset.arn, "ensure-1", location, ROLE, policy)
    return Pipeline(group, schema, dataset, imported, location)


def test_ensure__makes_anew_what_had_failed(clients: Clients, policy: WaitPolicy) -> None:
    assert clients.endpoints is not None
    faults = FaultInjection(Control(clients.endpoints.personalize))
    rule = faults.add("fail-job", "CreateDatasetGroup", count=1, message="no capacity")
    # An account of its own: the five groups of this one are taken.
    personalize = make_client("personalize", clients.endpoints.personalize, account="210987654321")
    try:
        with pytest.raises(ResourceFailed, match="no capacity"):
            ensure_dataset_group(personalize, "unlucky", policy)
    finally:
        faults.remove(rule)

    group = ensure_dataset_group(personalize, "unlucky", policy)

    assert group.created
    assert group.description["status"] == "ACTIVE"
    assert len(personalize.list_dataset_groups()["datasetGroups"]) == 1


def twice_at_once(ensure: Callable[[], Ensured]) -> tuple[Ensured, Ensured]:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(ensure), pool.submit(ensure)
        return first.result(), second.result()


def test_ensure__creates_once(
    clients: Clients, bucket: Bucket, policy: WaitPolicy, pipeline: Pipeline
) -> None:
    personalize = clients.personalize
    group = ensure_dataset_group(personalize, "ensure", policy)
    schema = ensure_schema(personalize, "ensure", json.dumps(SCHEMA, indent=1), policy)
    dataset = ensure_dataset(
        personalize, group.arn, "INTERACTIONS", "other name", schema.arn, policy
    )
    imported = ensure_import(personalize, dataset.arn, "ensure-1", pipeline.location, ROLE, policy)

    for first, again in (
        (pipeline.group, group),
        (pipeline.schema, schema),
        (pipeline.dataset, dataset),
        (pipeline.imported, imported),
    ):
        assert (first.created, again.created) == (True, False)
        assert again.arn == first.arn
        assert again.description == first.description


def test_ensure__arns_are_those_of_the_service(pipeline: Pipeline) -> None:
    base = "arn:aws:personalize:us-east-1:123456789012"

    assert pipeline.group.arn == f"{base}:dataset-group/ensure"
    assert pipeline.dataset.arn == f"{base}:dataset/ensure/INTERACTIONS"
    assert pipeline.imported.arn == f"{base}:dataset-import-job/ensure-1"
    assert pipeline.imported.description["status"] == "ACTIVE"


def test_ensure_dataset_group__race(clients: Clients, policy: WaitPolicy, unique: str) -> None:
    first, second = twice_at_once(lambda: ensure_dataset_group(clients.personalize, unique, policy))

    assert first.arn == second.arn
    assert {first.created, second.created} == {True, False}


def test_ensure_dataset_group__tags_and_drift(
    clients: Clients, policy: WaitPolicy, unique: str
) -> None:
    personalize = clients.personalize
    group = ensure_dataset_group(personalize, unique, policy, tags={"team": "films"})

    tags = personalize.list_tags_for_resource(resourceArn=group.arn)["tags"]
    assert tags == [{"tagKey": "team", "tagValue": "films"}]
    with pytest.raises(ConfigurationDrift, match='domain is null, wanted "ECOMMERCE"'):
        ensure_dataset_group(personalize, unique, policy, domain="ECOMMERCE")


def test_ensure_schema__drift(clients: Clients, policy: WaitPolicy, pipeline: Pipeline) -> None:
    with pytest.raises(ConfigurationDrift, match="schema ensure exists with another text"):
        ensure_schema(clients.personalize, "ensure", WIDER_SCHEMA, policy)


def test_ensure_dataset__drift(
    clients: Clients, policy: WaitPolicy, pipeline: Pipeline, unique: str
) -> None:
    personalize = clients.personalize
    other = ensure_schema(personalize, unique, WIDER_SCHEMA, policy)

    with pytest.raises(ConfigurationDrift, match=r"dataset ensure/INTERACTIONS.*schemaArn"):
        ensure_dataset(personalize, pipeline.group.arn, "Interactions", "x", other.arn, policy)


def test_ensure_import__drift(clients: Clients, policy: WaitPolicy, pipeline: Pipeline) -> None:
    with pytest.raises(ConfigurationDrift, match=r"dataset import job ensure-1 .*other\.csv"):
        ensure_import(
            clients.personalize,
            pipeline.dataset.arn,
            "ensure-1",
            pipeline.location.replace("interactions.csv", "other.csv"),
            ROLE,
            policy,
        )


def test_ensure_import__failed_attempts_get_successors(
    clients: Clients, bucket: Bucket, policy: WaitPolicy, pipeline: Pipeline, unique: str
) -> None:
    key = f"ensure/{unique}.csv"
    bucket.write_bytes(key, b"USER_ID,ITEM_ID\nu1,i1\n")

    def ensure() -> Ensured:
        return ensure_import(
            clients.personalize, pipeline.dataset.arn, unique, bucket.uri(key), ROLE, policy
        )

    for _ in range(2):
        with pytest.raises(ResourceFailed, match="TIMESTAMP") as failure:
            ensure()
        assert failure.value.status == "CREATE FAILED"
    bucket.write_bytes(key, interactions_csv())

    assert ensure().arn.endswith(f"dataset-import-job/{unique}-3")
    assert ensure().created is False


def test_ensure_import__data_that_came_back_is_imported_again(
    clients: Clients, bucket: Bucket, policy: WaitPolicy, unique: str
) -> None:
    assert clients.endpoints is not None
    personalize = make_client("personalize", clients.endpoints.personalize, account="111122223333")
    bucket.write_bytes(f"ensure/{unique}.csv", interactions_csv())
    location = bucket.uri(f"ensure/{unique}.csv")
    group = ensure_dataset_group(personalize, unique, policy)
    schema = ensure_schema(personalize, unique, SCHEMA, policy)
    dataset = ensure_dataset(personalize, group.arn, "Interactions", unique, schema.arn, policy)

    jobs = [
        ensure_import(personalize, dataset.arn, f"{unique}-{data}", location, ROLE, policy)
        for data in ("a", "b", "a", "a")
    ]

    assert [job.arn.rpartition("/")[2] for job in jobs] == [
        f"{unique}-a",
        f"{unique}-b",
        f"{unique}-a-2",
        f"{unique}-a-2",
    ]
    assert [job.created for job in jobs] == [True, True, True, False]


def test_ensure_solution__drift_and_no_training_by_itself(
    clients: Clients, policy: WaitPolicy, pipeline: Pipeline, unique: str
) -> None:
    personalize = clients.personalize
    solution = ensure_solution(personalize, unique, pipeline.group.arn, POPULARITY, policy)
    again = ensure_solution(personalize, unique, pipeline.group.arn, POPULARITY, policy)

    assert (solution.created, again.created) == (True, False)
    assert solution.description["performAutoTraining"] is False
    with pytest.raises(ConfigurationDrift, match=f"solution {unique} .*eventType"):
        ensure_solution(
            personalize, unique, pipeline.group.arn, POPULARITY, policy, event_type="watch"
        )


def test_ensure_solution_version__trains_once_then_infers(
    clients: Clients, bucket: Bucket, policy: WaitPolicy, pipeline: Pipeline, unique: str
) -> None:
    personalize = clients.personalize
    bucket.write_bytes("ensure/users.json", users_jsonl())
    solution = ensure_solution(personalize, unique, pipeline.group.arn, POPULARITY, policy)

    version, same = twice_at_once(
        lambda: ensure_solution_version(personalize, solution.arn, f"{unique}-v", policy)
    )
    assert version.arn == same.arn
    assert sorted((version.created, same.created)) == [False, True]
    assert version.arn.startswith(f"{solution.arn}/")
    assert get_metrics(personalize, version.arn, policy)["precision_at_5"] >= 0

    def infer() -> Ensured:
        return ensure_batch_inference(
            personalize,
            f"{unique}-b",
            version.arn,
            bucket.uri("ensure/users.json"),
            bucket.uri("ensure/results/"),
            ROLE,
            policy,
            num_results=3,
        )

    job, found = infer(), infer()
    assert (job.created, found.created) == (True, False)
    output = job.description["jobOutput"]["s3DataDestination"]["path"]
    assert output == bucket.uri(f"ensure/results/{unique}-b/")
    lines = bucket.read_bytes(f"ensure/results/{unique}-b/users.json.out").splitlines()
    assert len(lines) == 5


def test_ensure_batch_inference__prefix_must_be_a_folder(
    clients: Clients, policy: WaitPolicy
) -> None:
    with pytest.raises(ValueError, match="output_prefix must end with '/', got 's3://b/x'"):
        ensure_batch_inference(
            clients.personalize, "x", "arn:x", "s3://b/in", "s3://b/x", ROLE, policy
        )
