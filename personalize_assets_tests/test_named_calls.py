"""What the source names, beside the policies: nothing may be missing there, nothing too much."""

from personalize_assets.aws.bootstrap.actions import actions_of
from personalize_assets_tests.named_calls import Named, named_by_operator, named_in
from personalize_assets_tests.recorded_calls import EXCEPTIONS, Principal, granted_to

SOURCE = """
def work(client, bucket):
    client.create_campaign(name="x")
    begin = client.describe_campaign
    for page in client.get_paginator("list_solutions").paginate():
        bucket.upload_file(page)
        bucket.copy(page)
    return ask("glue:GetJob", "glue:Nothing")
"""


def test_named_in__finds_methods_paginators_and_transfers() -> None:
    found = {one.name: one for one in named_in(SOURCE, "aws/some.py")}

    assert found["create_campaign"] == Named(
        "aws/some.py:3", "create_campaign", ("personalize:CreateCampaign",)
    )
    assert found["describe_campaign"].operations == ("personalize:DescribeCampaign",)
    assert found["list_solutions"].place == "aws/some.py:5"
    assert "s3:UploadPart" in found["upload_file"].operations
    assert "copy" not in found
    assert found["glue:GetJob"].operations == ("glue:GetJob",)
    assert "glue:Nothing" not in found


def test_source__names_no_operation_that_the_operator_may_not_call() -> None:
    granted = granted_to(Principal.OPERATOR)
    excepted = EXCEPTIONS[Principal.OPERATOR].not_granted

    refused = [
        f"{one.place}: {one.name}"
        for one in named_by_operator()
        # Spelled out they are actions of policies too; the doctor takes a refusal for an answer.
        if ":" not in one.name
        and not any(
            operation in excepted or granted.issuperset(actions_of(operation))
            for operation in one.operations
        )
    ]

    assert refused == [], "grant it in aws/bootstrap/operator_policy.py, or explain it"


def test_policy__grants_the_operator_nothing_that_the_source_does_not_name() -> None:
    named = {
        action
        for one in named_by_operator()
        for operation in one.operations
        for action in actions_of(operation)
    }
    explained = set(EXCEPTIONS[Principal.OPERATOR].not_called)

    unused = sorted(granted_to(Principal.OPERATOR) - named - explained)

    assert unused == [], "take it out of aws/bootstrap/operator_policy.py, or explain it"
