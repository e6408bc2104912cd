"""A refusal at a quota says which one, its value, and what to do."""

import re
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from personalize_assets import loopback
from personalize_assets.aws.clients import Clients
from personalize_assets.aws.quotas import QUOTAS, Quota, explain_limit, quotas_of
from personalize_assets.core import names


def refusal(
    operation: str, code: str = "LimitExceededException", message: str = "No more."
) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (
            "CreateDatasetImportJob",
            "CreateDatasetImportJob was refused at a quota. Amazon Personalize allows 5 dataset "
            "import jobs that are pending or in progress for each account and region (not "
            "adjustable): it passes when a job that is at work ends. The service said: No more.",
        ),
        (
            "CreateSolution",
            "CreateSolution was refused at a quota. Amazon Personalize allows 10 solutions for "
            "each dataset group (adjustable): delete what is no longer needed, or ask Service "
            "Quotas for a higher value. The service said: No more.",
        ),
        (
            "CreateEventTracker",
            "CreateEventTracker was refused at a quota. Amazon Personalize allows 1 event tracker "
            "for each dataset group (not adjustable): delete what is no longer needed; this quota "
            "cannot be raised. The service said: No more.",
        ),
        (
            "CreateSomethingNew",
            "CreateSomethingNew was refused at a quota. The quotas stand on "
            "https://docs.aws.amazon.com/personalize/latest/dg/limits.html. "
            "The service said: No more.",
        ),
    ],
)
def test_explain_limit(operation: str, expected: str) -> None:
    assert explain_limit(refusal(operation)) == expected


def test_explain_limit__names_all_quotas_of_an_operation() -> None:
    said = explain_limit(refusal("CreateFilter", message=""))

    assert said is not None
    assert "30 filters" in said
    assert "20 distinct dataset fields" in said
    assert said.endswith("The service said: nothing")


def test_explain_limit__other_errors_are_none_of_its_business() -> None:
    assert explain_limit(refusal("CreateSchema", "ThrottlingException")) is None


@pytest.mark.parametrize("quota", QUOTAS, ids=lambda q: f"{q.operation}: {q.what}")
def test_quotas__belong_to_operations_that_exist(quota: Quota, clients: Clients) -> None:
    method = re.sub(r"(?<!^)(?=[A-Z])", "_", quota.operation).lower()

    assert hasattr(clients.personalize, method)
    assert quota in quotas_of(quota.operation)
    assert quota.value >= 1


def test_quotas__are_explained_when_the_engine_refuses(clients: Clients) -> None:
    assert clients.endpoints is not None
    account = f"{uuid.uuid4().int % 10**12:012}"
    client: Any = loopback.make_client(
        "personalize", clients.endpoints.personalize, region="us-east-1", account=account
    )
    for number in range(names.MAX_DATASET_GROUPS):
        client.create_dataset_group(name=f"group-{number}")
    with pytest.raises(ClientError) as refused:
        client.create_dataset_group(name="one-too-many")

    said = explain_limit(refused.value)
    assert said is not None
    assert "5 dataset groups for each account and region (adjustable)" in said
