"""The bootstrap against moto: made once, found again, repaired, refused, and gone on with."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from personalize_assets.aws.bootstrap.account import Account
from personalize_assets.aws.bootstrap.apply import apply_plan, settings_of
from personalize_assets.aws.bootstrap.journal import Journal
from personalize_assets.aws.bootstrap.keys import find_key
from personalize_assets.aws.bootstrap.options import ADOPTED_TAG, BootstrapError
from personalize_assets.aws.bootstrap.plan import make_plan
from personalize_assets_tests.aws.bootstrap.accounts import (
    REGION,
    Killed,
    all_options_of,
    bring_about,
    open_account,
    options_of,
    watched,
    wrong,
)

NewAccount = Callable[[], Account]
OPEN_STATEMENT = {"Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}


def test_bootstrap__makes_everything_and_the_second_time_nothing(
    account: Account, journal: Journal
) -> None:
    options = all_options_of(account)

    first = bring_about(account, options, journal)
    second = make_plan(account, options, journal)
    with watched(account) as written:
        apply_plan(account, second, journal, lambda _: None)

    assert {step.action for step in first.steps} == {"create"}
    assert {step.action for step in second.steps} == {"unchanged"}
    assert written == []
    assert make_plan(account, options, Journal(Path("/nowhere"), "0")).is_done  # tags tell


@pytest.mark.slow
def test_bootstrap__makes_a_bucket_that_is_encrypted_closed_and_tidied(
    account: Account, journal: Journal
) -> None:
    options = all_options_of(account)
    bring_about(account, options, journal)

    s3, name = account.client("s3"), options.bucket
    key = find_key(account, options.key_alias, options.name)
    assert key is not None
    encryption = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]
    assert encryption["Rules"][0]["ApplyServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "aws:kms",
        "KMSMasterKeyID": key["Arn"],
    }
    public = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    assert set(public.values()) == {True}
    assert s3.get_bucket_accelerate_configuration(Bucket=name)["Status"] == "Enabled"
    told = s3.get_bucket_notification_configuration(Bucket=name)["QueueConfigurations"]
    assert [one["QueueArn"] for one in told] == [options.queue_arn]
    rules = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert {rule["ID"] for rule in rules} == {
        "personalize-assets-abandoned-uploads",
        "personalize-assets-temporary-files",
    }
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=name)["TagSet"]}
    assert tags == {"personalize-assets": "personalize-assets", "team": "films"}
    location = s3.get_bucket_location(Bucket=name)["LocationConstraint"]
    assert location == REGION


@pytest.mark.slow
def test_bootstrap__asks_for_no_more_than_was_asked_for(account: Account, journal: Journal) -> None:
    plan = bring_about(account, options_of(account), journal)

    assert [step.resource.logical for step in plan.steps] == [
        "ServiceRole",
        "ServicePolicy",
        "Topic",
        "Bucket",
        "BucketPolicy",
        "OperatorPolicy",
    ]
    assert make_plan(account, options_of(account), journal).is_done


@pytest.mark.slow
def test_bootstrap__works_in_the_region_that_has_no_location(
    moto: str, new_account: NewAccount, tmp_path: Path
) -> None:
    account = open_account("us-east-1")
    journal = Journal(tmp_path / "bootstrap.json", account.account_id)

    bring_about(account, options_of(account), journal)

    assert make_plan(account, options_of(account), journal).is_done


@pytest.mark.slow
def test_settings_of__names_what_was_made(account: Account, journal: Journal) -> None:
    options = all_options_of(account)
    plan = make_plan(account, options, journal)
    known = apply_plan(account, plan, journal, lambda _: None)

    settings = settings_of(account, known)

    key = find_key(account, options.key_alias, options.name)
    assert key is not None
    queue_url = settings.pop("queue_url")
    assert str(queue_url).endswith(f"/{account.account_id}/personalize-assets")
    assert settings == {
        "region": REGION,
        "bucket": f"personalize-assets-{account.account_id}-{REGION}",
        "role_arn": f"arn:aws:iam::{account.account_id}:role/personalize-assets-service-{REGION}",
        "kms_key_arn": key["Arn"],
        "topic_arn": f"arn:aws:sns:{REGION}:{account.account_id}:personalize-assets",
        "glue_job": "personalize-assets",
        "transfer_acceleration": True,
        "tags": {"team": "films"},
    }


@pytest.mark.slow
def test_bootstrap__shows_and_repairs_whatever_was_changed(
    account: Account, journal: Journal
) -> None:
    options = all_options_of(account)
    bring_about(account, options, journal)
    tamper(account, options)

    plan = bring_about(account, options, journal)

    assert wrong(plan) == {
        "ServiceRole": [
            "AssumeRolePolicyDocument.Statement",
            "Description",
            "ManagedPolicyArns",
        ],
        "Key": ["EnableKeyRotation", "KeyPolicy.Statement"],
        "KeyAlias": ["TargetKeyId"],
        "ServicePolicy": [],
        "Topic": ["KmsMasterKeyId", "Tags.team"],
        "Queue": ["SqsManagedSseEnabled", "VisibilityTimeout"],
        "QueuePolicy": ["PolicyDocument.Statement"],
        "Bucket": [
            "BucketEncryption.ServerSideEncryptionConfiguration",
            "LifecycleConfiguration.Rules",
            "NotificationConfiguration",
            "PublicAccessBlockConfiguration",
            "Tags.personalize-assets",
            "Tags.team",
        ],
        "BucketPolicy": ["PolicyDocument.Statement"],
        "GlueJob": ["Tags.team"],
        "OperatorPolicy": ["PolicyDocument.Statement"],
    }
    assert wrong(make_plan(account, options, journal)) == {}
    rules = account.client("s3").get_bucket_lifecycle_configuration(Bucket=options.bucket)["Rules"]
    assert "of-others" in {rule["ID"] for rule in rules}


def tamper(account: Account, options: Any) -> None:
    """Change something about everything that was made."""
    tamper_with_bucket(account, options)
    tamper_with_rights(account, options)
    kms, sns, sqs = (account.client(one) for one in ("kms", "sns", "sqs"))
    key = find_key(account, options.key_alias, options.name)
    assert key is not None
    policy = json.loads(kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"])
    policy["Statement"][1]["Action"].append("kms:Encrypt")
    kms.put_key_policy(KeyId=key["KeyId"], PolicyName="default", Policy=json.dumps(policy))
    kms.disable_key_rotation(KeyId=key["KeyId"])
    other = kms.create_key()["KeyMetadata"]
    kms.update_alias(AliasName=options.key_alias, TargetKeyId=other["KeyId"])
    sns.set_topic_attributes(
        TopicArn=options.topic_arn, AttributeName="KmsMasterKeyId", AttributeValue="alias/aws/sns"
    )
    sns.untag_resource(ResourceArn=options.topic_arn, TagKeys=["team"])
    url = sqs.get_queue_url(QueueName=options.name)["QueueUrl"]
    statement = {**OPEN_STATEMENT, "Action": "sqs:*", "Resource": "*"}
    opened = {"Version": "2012-10-17", "Statement": [statement]}
    attributes = {"Policy": json.dumps(opened), "VisibilityTimeout": "30"}
    sqs.set_queue_attributes(
        QueueUrl=url, Attributes={**attributes, "SqsManagedSseEnabled": "false"}
    )
    # moto cannot change jobs otherwise; see test_jobs.py.
    account.client("glue").untag_resource(ResourceArn=options.glue_job_arn, TagsToRemove=["team"])


def tamper_with_bucket(account: Account, options: Any) -> None:
    s3, at = account.client("s3"), {"Bucket": options.bucket}
    s3.delete_public_access_block(**at)
    s3.delete_bucket_tagging(**at)
    s3.put_bucket_notification_configuration(**at, NotificationConfiguration={})
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(**at, ServerSideEncryptionConfiguration={"Rules": [default]})
    (rule, *_) = s3.get_bucket_lifecycle_configuration(**at)["Rules"]
    rules = [{**rule, "ID": "of-others", "Filter": {"Prefix": "logs/"}}, rule]
    s3.put_bucket_lifecycle_configuration(**at, LifecycleConfiguration={"Rules": rules})
    policy = json.loads(s3.get_bucket_policy(**at)["Policy"])
    policy["Statement"].append({**OPEN_STATEMENT, "Resource": f"{options.bucket_arn}/*"})
    s3.put_bucket_policy(**at, Policy=json.dumps(policy))


def tamper_with_rights(account: Account, options: Any) -> None:
    iam, role = account.client("iam"), options.service_role
    trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    trust["Statement"][0]["Condition"]["StringEquals"]["aws:SourceAccount"] = "999999999999"
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(trust))
    iam.update_role(RoleName=role, Description="mine")
    everything = {"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
    policy = iam.create_policy(PolicyName="more", PolicyDocument=document)
    iam.attach_role_policy(RoleName=role, PolicyArn=policy["Policy"]["Arn"])
    iam.delete_role_policy(RoleName=role, PolicyName=f"{role}-policy")
    for _ in range(4):  # with the first these are all that a policy may have
        iam.create_policy_version(
            PolicyArn=options.operator_policy_arn,
            PolicyDocument=document,
            SetAsDefault=True,
        )


def test_bootstrap__refuses_a_bucket_of_another_account(
    account: Account, new_account: NewAccount, journal: Journal
) -> None:
    other = new_account()
    name = f"films-{other.account_id}"
    location: Any = {"LocationConstraint": REGION}
    other.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=location)

    for adopts in (False, True):
        with pytest.raises(BootstrapError, match=r"another account.*choose another with --bucket"):
            make_plan(account, options_of(account, bucket_name=name), journal, adopts=adopts)


def test_bootstrap__refuses_a_bucket_of_another_region(
    account: Account, journal: Journal, moto: str
) -> None:
    elsewhere = open_account("us-east-1", account.account_id)
    name = f"films-{account.account_id}"
    elsewhere.client("s3").create_bucket(Bucket=name)

    with pytest.raises(BootstrapError, match=r"is in us-east-1, .* --region us-east-1"):
        make_plan(account, options_of(account, bucket_name=name), journal)


def test_bootstrap__refuses_what_was_not_made_here_all_at_once(
    account: Account, journal: Journal
) -> None:
    options = options_of(account, has_queue=True)
    make_bucket(account, options.bucket)
    account.client("sns").create_topic(Name=options.name)
    account.client("sqs").create_queue(QueueName=options.name)
    account.client("iam").create_role(RoleName=options.service_role, AssumeRolePolicyDocument="{}")

    with pytest.raises(BootstrapError) as refused:
        make_plan(account, options, journal)

    lines = str(refused.value).splitlines()
    assert [line.split(" arn:")[0] for line in lines] == [
        "the role of Amazon Personalize",
        "the topic for notices",
        "the queue of new objects",
        "the bucket",
    ]
    assert "--adopt takes it over" in lines[3]
    assert all("choose another --name" in line for line in lines[:3])


@pytest.mark.slow
def test_bootstrap__refuses_what_another_name_made(account: Account, journal: Journal) -> None:
    name = f"films-{account.account_id}"
    bring_about(account, options_of(account, name="first", bucket_name=name), journal)

    options = options_of(account, name="second", bucket_name=name)
    with pytest.raises(BootstrapError, match=r"it belongs to --name first\): choose another"):
        make_plan(account, options, journal, adopts=True)


def test_bootstrap__adopts_a_bucket_and_leaves_what_others_set(
    account: Account, journal: Journal, tmp_path: Path
) -> None:
    options = options_of(account)
    make_bucket(account, options.bucket)
    s3, at = account.client("s3"), {"Bucket": options.bucket}
    mine = {**OPEN_STATEMENT, "Sid": "Mine", "Resource": f"{options.bucket_arn}/*"}
    mine["Principal"] = {"AWS": f"arn:aws:iam::{account.account_id}:root"}
    s3.put_bucket_policy(**at, Policy=json.dumps({"Version": "2012-10-17", "Statement": [mine]}))
    s3.put_bucket_tagging(**at, Tagging={"TagSet": [{"Key": "mine", "Value": "yes"}]})

    plan = bring_about(account, options, journal, adopts=True)

    assert "PolicyDocument.Statement" not in wrong(plan)["BucketPolicy"]  # only ours are added
    elsewhere = Journal(tmp_path / "another-machine.json", account.account_id)
    assert make_plan(account, options, elsewhere).is_done
    statements = json.loads(s3.get_bucket_policy(**at)["Policy"])["Statement"]
    assert statements[0]["Sid"] == "Mine"
    assert len(statements) == 4
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(**at)["TagSet"]}
    assert tags == {"mine": "yes", "personalize-assets": "personalize-assets", ADOPTED_TAG: "true"}


def make_bucket(account: Account, name: str) -> None:
    location: Any = {"LocationConstraint": account.region}
    account.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=location)


@pytest.mark.slow
def test_bootstrap__finds_a_key_that_never_got_its_alias(
    account: Account, journal: Journal
) -> None:
    options = options_of(account, creates_key=True)
    plan = make_plan(account, options, journal)
    with watched(account, most=2) as written, pytest.raises(Killed):
        apply_plan(account, plan, journal, lambda _: None)
    assert written == ["CreateRole", "CreateKey"]

    bring_about(account, options, journal)

    assert len(account.client("kms").list_keys()["Keys"]) == 1
    assert make_plan(account, options, journal).is_done


def test_bootstrap__refuses_a_key_that_somebody_else_gave_the_alias(
    account: Account, journal: Journal
) -> None:
    options = options_of(account, creates_key=True)
    kms = account.client("kms")
    kms.create_alias(
        AliasName=options.key_alias, TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"]
    )

    with pytest.raises(BootstrapError, match=r"the key for encryption arn:.* was not made here"):
        make_plan(account, options, journal)


@pytest.mark.slow
def test_bootstrap__goes_on_with_a_bucket_that_never_got_its_tags(
    account: Account, journal: Journal
) -> None:
    options = options_of(account)
    plan = make_plan(account, options, journal)
    with watched(account, most=4) as written, pytest.raises(Killed):
        apply_plan(account, plan, journal, lambda _: None)
    assert written[-1] == "CreateBucket"

    bring_about(account, options, journal)

    assert make_plan(account, options, journal).is_done


@pytest.mark.slow
def test_bootstrap__goes_on_wherever_it_was_killed(account: Account, journal: Journal) -> None:
    options = all_options_of(account)
    killed = 0
    for _ in range(60):
        plan = make_plan(account, options, journal)
        with watched(account, most=1), suppress(Killed):
            apply_plan(account, plan, journal, lambda _: None)
            break
        killed += 1

    assert 15 < killed < 60
    assert make_plan(account, options, journal).is_done
    assert len(account.client("kms").list_keys()["Keys"]) == 1


def test_plan__says_what_the_policy_of_a_given_key_lacks(
    account: Account, journal: Journal
) -> None:
    key = account.client("kms").create_key()["KeyMetadata"]["Arn"]

    plan = make_plan(account, options_of(account, kms_key_arn=key), journal)

    assert [note.partition(":")[0] for note in plan.notes] == [
        "the policy of arn",
        "the policy of arn",
    ]
    assert "ServiceRoleUsesKey" in plan.notes[0]
    assert "kms:CreateGrant" in plan.notes[1]
    assert "Key" not in wrong(plan)


def test_plan__changes_nothing(account: Account, journal: Journal) -> None:
    with watched(account) as written:
        make_plan(account, all_options_of(account), journal)
    assert written == []
