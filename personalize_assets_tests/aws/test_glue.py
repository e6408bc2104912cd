import json
from typing import Any

import pytest
from botocore.session import get_session
from botocore.validate import validate_parameters

from personalize_assets.aws.glue import (
    SPARK_PREFIX,
    glue_job_properties,
    glue_operator_statements,
    glue_role_statements,
    glue_trust_policy,
)

ROLE_ARN = "arn:aws:iam::123456789012:role/Glue"


def properties(**changes: Any) -> dict[str, Any]:
    given = {"name": "clean", "role_arn": ROLE_ARN, "bucket": "films", "tags": {"team": "films"}}
    return glue_job_properties(**{**given, **changes})


def test_properties__are_what_create_job_takes() -> None:
    shape = get_session().get_service_model("glue").operation_model("CreateJob").input_shape
    assert shape is not None
    validate_parameters(properties(), shape)


def test_properties__name_nothing_that_changes_with_the_package() -> None:
    described = properties()
    assert described["Command"]["ScriptLocation"] == f"s3://films/{SPARK_PREFIX}start.py"
    assert "--extra-py-files" not in described["DefaultArguments"]


def test_properties__refuse_one_worker_and_unknown_workers() -> None:
    with pytest.raises(ValueError, match="workers must be 2 or more"):
        properties(workers=1)
    with pytest.raises(ValueError, match=r"one of G\.1X, .* got Z\.9"):
        properties(worker_type="Z.9")


@pytest.mark.parametrize("kms_key_arn", [None, "arn:aws:kms:us-east-1:123456789012:key/abc"])
def test_role_statements__reach_one_bucket_and_one_key(kms_key_arn: str | None) -> None:
    statements = glue_role_statements(
        bucket="films", region="us-east-1", account_id="123456789012", kms_key_arn=kms_key_arn
    )
    resources = {one for statement in statements for one in statement["Resource"]}
    assert resources == {
        "arn:aws:s3:::films",
        "arn:aws:s3:::films/*",
        "arn:aws:logs:us-east-1:123456789012:log-group:/aws-glue/*",
        "*",  # PutMetricData knows no resources; its namespace is bound instead.
        *([kms_key_arn] if kms_key_arn else []),
    }
    metrics = next(one for one in statements if one["Resource"] == ["*"])
    assert metrics["Action"] == ["cloudwatch:PutMetricData"]
    assert metrics["Condition"] == {"StringEquals": {"cloudwatch:namespace": "Glue"}}


def test_operator_statements__reach_one_job_of_any_partition() -> None:
    statements = glue_operator_statements(
        job_name="clean", region="cn-north-1", account_id="123456789012", partition="aws-cn"
    )
    assert statements[0]["Resource"] == ["arn:aws-cn:glue:cn-north-1:123456789012:job/clean"]
    assert not any("*" in action for one in statements for action in one["Action"])


def test_trust_policy__lets_glue_alone_in() -> None:
    (statement,) = glue_trust_policy()["Statement"]
    assert statement["Principal"] == {"Service": "glue.amazonaws.com"}
    assert json.dumps(glue_trust_policy())
