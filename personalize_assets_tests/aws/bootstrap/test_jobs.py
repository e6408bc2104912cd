"""A Glue job that was changed is put right: moto cannot change jobs, so botocore's stub answers."""

from typing import Any

import boto3
from botocore.stub import Stubber

from personalize_assets.aws.bootstrap.account import Account
from personalize_assets.aws.bootstrap.jobs import GlueJobHandler
from personalize_assets.aws.bootstrap.options import Options
from personalize_assets.aws.bootstrap.plan import compare
from personalize_assets.aws.bootstrap.wanted import GLUE_JOB, Resource, wanted

OPTIONS = Options("123456789012", "eu-west-1", name="films", has_glue=True)
ARN = "arn:aws:glue:eu-west-1:123456789012:job/films"


def stubbed() -> tuple[Account, Stubber]:
    """An account whose Glue answers as it is told."""
    glue = boto3.client(
        "glue", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    account = Account(None, "123456789012", "eu-west-1", "aws", "me", lambda _: None)
    account._clients["glue"] = glue
    return account, Stubber(glue)


def job() -> Resource:
    return next(one for one in wanted(OPTIONS) if one.type == GLUE_JOB)


def test_change__gives_the_whole_job() -> None:
    account, stub = stubbed()
    properties: dict[str, Any] = {**job().properties, "WorkerType": "G.8X", "MaxCapacity": 10.0}
    stub.add_response("get_job", {"Job": properties}, {"JobName": "films"})
    stub.add_response("get_tags", {"Tags": {"personalize-assets": "films"}}, {"ResourceArn": ARN})
    update = {name: value for name, value in job().properties.items() if name != "Name"}
    stub.add_response("update_job", {}, {"JobName": "films", "JobUpdate": update})

    with stub:
        found = GlueJobHandler().find(account, job())
        step = compare(job(), found)
        GlueJobHandler().change(account, job(), {one.property for one in step.changes})

    assert [str(change) for change in step.changes] == ['WorkerType: "G.8X" -> "G.1X"']
    stub.assert_no_pending_responses()


def test_create__waits_until_glue_knows_the_role() -> None:
    account, stub = stubbed()
    stub.add_client_error("create_job", "InvalidInputException", "Role should be assumable")
    stub.add_response("create_job", {"Name": "films"})

    with stub:
        GlueJobHandler().create(account, job())

    stub.assert_no_pending_responses()
