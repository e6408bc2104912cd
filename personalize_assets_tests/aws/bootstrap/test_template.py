"""The template makes what the bootstrap makes, resource by resource."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from personalize_assets.aws.bootstrap.account import Account
from personalize_assets.aws.bootstrap.apply import settings_of
from personalize_assets.aws.bootstrap.differences import canonical, differences
from personalize_assets.aws.bootstrap.options import Options
from personalize_assets.aws.bootstrap.plan import HANDLERS
from personalize_assets.aws.bootstrap.wanted import (
    BUCKET,
    BUCKET_POLICY,
    GLUE_JOB,
    QUEUE_POLICY,
    SUBSCRIPTION,
    Resource,
    wanted,
)
from personalize_assets_tests.aws.bootstrap.accounts import options_of
from personalize_assets_tests.aws.bootstrap.template import Resolved, read_template

TEMPLATE = Path(__file__).parents[3] / "deploy" / "cloudformation.yaml"
ACCOUNT, NAME = "123456789012", "films-data"
BUCKET_SETTINGS = {
    "BucketEncryption",
    "PublicAccessBlockConfiguration",
    "OwnershipControls",
    "LifecycleConfiguration",
    "NotificationConfiguration",
}
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234"


def pair(
    region: str = "eu-west-1", partition: str = "aws", **chosen: Any
) -> tuple[Options, Resolved]:
    """The options that a person chose, and the template with parameters that say the same."""
    options = Options(ACCOUNT, region, partition, bucket_name=NAME, **chosen)
    if options.creates_key:
        options = options.with_key(KEY)
    given = {
        "Name": options.name,
        "BucketName": NAME,
        "KmsKeyArn": "" if options.creates_key else options.kms_key_arn or "",
        "CreateKmsKey": str(options.creates_key).lower(),
        "TransferAcceleration": str(options.is_accelerated).lower(),
        "Email": options.email or "",
        "WithQueue": str(options.has_queue).lower(),
        "WithGlue": str(options.has_glue).lower(),
    }
    pseudo = {"AWS::AccountId": ACCOUNT, "AWS::Region": region, "AWS::Partition": partition}
    references = {
        "ServiceRole": options.service_role,
        "ServiceRole.Arn": options.service_role_arn,
        "GlueRole": options.glue_role,
        "GlueRole.Arn": options.glue_role_arn,
        "Bucket": NAME,
        "Topic": options.topic_arn,
        # The address of a queue, which the bootstrap looks up by this name.
        "Queue": options.name,
        "Queue.Arn": options.queue_arn,
        "QueuePolicy": "policy",
        "Key.Arn": KEY,
        "GlueJob": options.name,
        "OperatorPolicy": options.operator_policy_arn,
    }
    return options, Resolved(read_template(str(TEMPLATE)), given, pseudo, references)


CHOICES: dict[str, dict[str, Any]] = {
    "bare": {},
    "own key": {"creates_key": True},
    "given key": {"kms_key_arn": KEY},
    "acceleration": {"is_accelerated": True},
    "e-mail": {"email": "films@example.org"},
    "queue": {"has_queue": True},
    "Glue": {"has_glue": True},
    "everything": {
        "name": "films",
        "creates_key": True,
        "is_accelerated": True,
        "email": "films@example.org",
        "has_queue": True,
        "has_glue": True,
    },
    "China": {"region": "cn-north-1", "partition": "aws-cn", "has_glue": True},
}


@pytest.mark.parametrize("chosen", CHOICES.values(), ids=CHOICES)
def test_template__is_the_bootstrap(chosen: dict[str, Any]) -> None:
    options, resolved = pair(**chosen)

    made = {one.logical: one for one in wanted(options)}
    resources = resolved.resources()

    assert resources.keys() == made.keys()
    for name, resource in made.items():
        assert resources[name]["Type"] == resource.type
        assert canonical(resources[name]["Properties"]) == canonical(
            resource.template_properties()
        ), name


@pytest.mark.parametrize("chosen", [CHOICES["bare"], CHOICES["everything"]])
def test_template__outputs_are_the_settings(
    chosen: dict[str, Any], account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    options, resolved = pair(**chosen)
    monkeypatch.setattr(
        "personalize_assets.aws.bootstrap.apply.queue_url", lambda account, name: name
    )

    settings = {
        key: value
        for key, value in settings_of(account, options).items()
        if value is not None and key not in ("transfer_acceleration", "tags")
    }

    template = read_template(str(TEMPLATE))["Outputs"]
    outputs = {
        str(template[name]["Description"]).removesuffix(":"): value
        for name, value in resolved.outputs().items()
        if name != "OperatorPolicyArn"
    }
    assert outputs == settings
    assert resolved.outputs()["OperatorPolicyArn"] == options.operator_policy_arn


@pytest.mark.slow  # loads the models of all resources of AWS
def test_template__is_clean_for_cfn_lint() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "cfn-lint", TEMPLATE], capture_output=True, text=True
    )
    assert (done.stdout, done.returncode) == ("", 0)


def test_template__refuses_the_names_that_the_bootstrap_refuses() -> None:
    parameters = read_template(str(TEMPLATE))["Parameters"]
    name = parameters["Name"]["AllowedPattern"]
    assert [bool(re.fullmatch(name, text)) for text in ("films", "a" * 30, "Films", "a" * 31)] == [
        True,
        True,
        False,
        False,
    ]
    assert "Default" not in parameters["BucketName"]


@pytest.mark.slow  # moto imports half of AWS for its CloudFormation
def test_template__is_made_by_cloudformation_as_far_as_moto_goes(account: Account) -> None:
    # moto can neither make keys here nor leave statements out; the tests above compare those.
    key = f"arn:aws:kms:{account.region}:{account.account_id}:key/1234"
    options = options_of(account, has_queue=True, has_glue=True, kms_key_arn=key)
    parameters = {"WithQueue": "true", "WithGlue": "true", "KmsKeyArn": key}
    parameters["BucketName"] = options.bucket

    account.client("cloudformation").create_stack(
        StackName="films",
        TemplateBody=TEMPLATE.read_text(encoding="utf-8"),
        Parameters=[
            {"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()
        ],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )

    unknown_to_moto = (BUCKET_POLICY, QUEUE_POLICY, GLUE_JOB)
    for resource in wanted(options):
        found = HANDLERS[resource.type].find(account, resource)
        if resource.type in unknown_to_moto:
            assert found is None
            continue
        assert found is not None, resource.logical
        wrong = {one.property for one in differences(found.properties, resource.properties)}
        # Of a bucket, moto's CloudFormation sets little, and half of the encryption.
        allowed = BUCKET_SETTINGS if resource.type == BUCKET else set[str]()
        assert wrong <= allowed, (resource.logical, wrong)


def test_wanted__marks_everything_that_can_bear_tags() -> None:
    options, _ = pair(**CHOICES["everything"])
    untagged = {one.type for one in wanted(options) if one.tags is None}
    assert untagged == {
        "AWS::IAM::Policy",
        "AWS::KMS::Alias",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Subscription",
        "AWS::SQS::QueuePolicy",
    }


def test_template_properties__of_a_glue_job_has_its_tags_as_a_mapping() -> None:
    job = Resource("GlueJob", GLUE_JOB, "", "films", {"Name": "films"}, {"team": "films"})
    assert job.template_properties() == {"Name": "films", "Tags": {"team": "films"}}


def test_template_properties__of_what_has_no_tags() -> None:
    resource = Resource("Subscription", SUBSCRIPTION, "", "a@b.c", {"Protocol": "email"})
    assert resource.template_properties() == {"Protocol": "email"}
