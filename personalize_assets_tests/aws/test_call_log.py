"""Each call of a service in the log: level, request id, attempts, and nothing of its content."""

import logging
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from personalize_assets import loopback
from personalize_assets.aws import call_log
from personalize_assets.aws.call_log import Call, is_call, log_calls
from personalize_assets.aws.clients import Clients

CALL = Call("personalize", "CreateSolution", "1f0c", 200, None, 35.2, 2, 0.0)


@pytest.fixture
def calls() -> Iterator[list[Call]]:
    seen: list[Call] = []
    call_log.observers.append(seen.append)
    yield seen
    call_log.observers.remove(seen.append)


@pytest.mark.parametrize(
    ("operation", "status", "error", "level"),
    [
        ("CreateSolution", 200, None, logging.INFO),
        ("PutObject", 200, None, logging.INFO),
        ("StopSolutionVersionCreation", 200, None, logging.INFO),
        ("DescribeSolution", 200, None, logging.DEBUG),
        ("GetRecommendations", 200, None, logging.DEBUG),
        ("ListObjectsV2", 200, None, logging.DEBUG),
        ("UploadPart", 200, None, logging.DEBUG),
        ("PutEvents", 200, None, logging.DEBUG),
        ("HeadObject", 404, "404", logging.DEBUG),
        ("HeadObject", 403, "403", logging.INFO),
        ("UploadPart", 500, "InternalError", logging.INFO),
        ("DescribeSolution", None, "ReadTimeoutError", logging.INFO),
    ],
)
def test_call__level(operation: str, status: int | None, error: str | None, level: int) -> None:
    assert Call("s3", operation, "r", status, error, 1, 1, 0.0).level == level


def test_call__text() -> None:
    assert str(CALL) == "personalize CreateSolution: 200, 35 ms, request 1f0c, 2 attempts"
    failed = Call("s3", "PutObject", None, None, "ReadTimeoutError", 60_000, 1, 0.0)
    assert str(failed) == "s3 PutObject: no answer, ReadTimeoutError, 60000 ms"
    assert is_call(str(CALL))
    assert is_call(str(failed))
    assert not is_call("sent 35% of 2.40 GB to s3://films/a.csv, 80 MB/s")


def test_log_calls__of_the_deployments_clients(
    clients: Clients, unique: str, caplog: pytest.LogCaptureFixture, calls: list[Call]
) -> None:
    log_calls(clients.personalize)  # a second time changes nothing
    with caplog.at_level(logging.INFO, call_log.__name__):
        created = clients.personalize.create_dataset_group(name=unique)
        clients.personalize.list_dataset_groups()
        with pytest.raises(ClientError):
            clients.personalize.create_dataset_group(name=unique)

    request_id = created["ResponseMetadata"]["RequestId"]
    first, second = caplog.records
    facts = vars(first)["facts"]
    assert first.getMessage().startswith("personalize CreateDatasetGroup: 200, ")
    assert (facts["request_id"], facts["http_status"], facts["attempts"]) == (request_id, 200, 1)
    assert "ResourceAlreadyExistsException" in second.getMessage()
    assert [call.operation for call in calls] == [
        "CreateDatasetGroup",
        "ListDatasetGroups",
        "CreateDatasetGroup",
    ]
    assert unique not in caplog.text


def test_log_calls__nobody_answers(calls: list[Call]) -> None:
    client = loopback.make_client("s3", "http://127.0.0.1:9")
    log_calls(client)
    with pytest.raises(EndpointConnectionError):
        client.head_bucket(Bucket="films")

    assert [(call.error, call.http_status, call.attempts) for call in calls] == [
        ("EndpointConnectionError", None, 4)
    ]
