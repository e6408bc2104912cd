"""What a bootstrap made goes again; what is not ours, or still holds data, stays."""

from contextlib import suppress
from typing import Any

import pytest

from personalize_assets.aws.bootstrap.account import Account
from personalize_assets.aws.bootstrap.destroy import Removal, destroy, plan_destruction
from personalize_assets.aws.bootstrap.journal import Journal
from personalize_assets.aws.bootstrap.keys import find_key
from personalize_assets.aws.bootstrap.options import Options
from personalize_assets.aws.bootstrap.plan import HANDLERS, make_plan
from personalize_assets.aws.bootstrap.wanted import wanted
from personalize_assets_tests.aws.bootstrap.accounts import (
    Killed,
    all_options_of,
    bring_about,
    options_of,
    watched,
)


def fates(removals: list[Removal]) -> dict[str, str]:
    return {one.resource.logical: one.fate for one in removals}


def carry_out(
    account: Account, options: Options, removals: list[Removal], journal: Journal
) -> dict[str, None]:
    return destroy(account, options, removals, journal, lambda _: None)


def what_is_there(account: Account, options: Options) -> list[str]:
    return [
        one.logical for one in wanted(options) if HANDLERS[one.type].find(account, one) is not None
    ]


@pytest.mark.slow
def test_destroy__takes_everything_that_was_made(account: Account, journal: Journal) -> None:
    options = all_options_of(account)
    bring_about(account, options, journal)
    iam = account.client("iam")
    iam.create_user(UserName="dagster")
    iam.attach_user_policy(UserName="dagster", PolicyArn=options.operator_policy_arn)

    # Who destroys need not know what was asked for.
    removals = plan_destruction(account, options_of(account), journal)
    lost = carry_out(account, options_of(account), removals, journal)

    assert set(fates(removals).values()) == {"delete"}
    assert removals[0].reason == "taken off user/dagster"
    assert what_is_there(account, options) == []
    assert sorted(lost) == [
        "bucket",
        "glue_job",
        "kms_key_arn",
        "queue_url",
        "role_arn",
        "topic_arn",
        "transfer_acceleration",
    ]
    assert plan_destruction(account, options, journal) == []
    assert all(not journal.holds(one) for one in wanted(options))


@pytest.mark.slow
def test_destroy__keeps_objects_and_the_key_that_they_need(
    account: Account, journal: Journal
) -> None:
    options = all_options_of(account)
    bring_about(account, options, journal)
    s3 = account.client("s3")
    s3.put_object(Bucket=options.bucket, Key="raw/ratings.csv", Body=b"1")

    removals = plan_destruction(account, options, journal)
    lost = carry_out(account, options, removals, journal)

    stay = {one.resource.logical: one.reason for one in removals if one.fate == "stay"}
    assert stay == {
        "Bucket": "it holds objects; --delete-data deletes them too",
        "Key": "objects in the bucket need it to be read",
    }
    assert "bucket" not in lost
    assert "kms_key_arn" not in lost
    assert what_is_there(account, options) == ["Key", "KeyAlias", "Bucket", "BucketPolicy"]
    told = s3.get_bucket_notification_configuration(Bucket=options.bucket)
    assert not told.get("QueueConfigurations")  # the queue is gone

    removals = plan_destruction(account, options, journal, deletes_data=True)
    carry_out(account, options, removals, journal)

    assert fates(removals) == {"Bucket": "delete", "Key": "delete"}
    assert what_is_there(account, options) == []


def test_destroy__leaves_alone_what_is_not_ours(account: Account, journal: Journal) -> None:
    options = options_of(account)
    account.client("sns").create_topic(Name=options.name)
    location: Any = {"LocationConstraint": account.region}
    account.client("s3").create_bucket(Bucket=options.bucket, CreateBucketConfiguration=location)

    removals = plan_destruction(account, options, journal, deletes_data=True)
    with watched(account) as written:
        carry_out(account, options, removals, journal)

    assert fates(removals) == {"Bucket": "stay", "Topic": "stay"}
    assert {one.reason for one in removals} == {"it was not made here"}
    assert written == []


@pytest.mark.slow
def test_destroy__gives_an_adopted_bucket_back_as_it_was(
    account: Account, journal: Journal
) -> None:
    options = options_of(account, has_queue=True)
    s3, at = account.client("s3"), {"Bucket": options.bucket}
    location: Any = {"LocationConstraint": account.region}
    s3.create_bucket(**at, CreateBucketConfiguration=location)
    s3.put_bucket_tagging(**at, Tagging={"TagSet": [{"Key": "mine", "Value": "yes"}]})
    s3.put_object(**at, Key="mine.txt", Body=b"1")
    bring_about(account, options, journal, adopts=True)

    removals = plan_destruction(account, options, journal, deletes_data=True)
    carry_out(account, options, removals, journal)

    assert fates(removals)["Bucket"] == "release"
    assert s3.get_object(**at, Key="mine.txt")["Body"].read() == b"1"
    tags = s3.get_bucket_tagging(**at)["TagSet"]
    assert tags == [{"Key": "mine", "Value": "yes"}]
    assert what_is_there(account, options) == ["Bucket"]
    assert not s3.get_bucket_notification_configuration(**at).get("QueueConfigurations")


@pytest.mark.slow
def test_destroy__goes_on_wherever_it_was_killed(account: Account, journal: Journal) -> None:
    options = all_options_of(account)
    bring_about(account, options, journal)
    account.client("s3").put_object(Bucket=options.bucket, Key="raw/ratings.csv", Body=b"1")
    killed = 0
    for _ in range(40):
        removals = plan_destruction(account, options, journal, deletes_data=True)
        with watched(account, most=1), suppress(Killed):
            carry_out(account, options, removals, journal)
            break
        killed += 1

    assert 8 < killed < 40
    assert what_is_there(account, options) == []
    assert find_key(account, options.key_alias, options.name) is None


@pytest.mark.slow
def test_bootstrap__after_a_destruction_makes_a_new_key(account: Account, journal: Journal) -> None:
    options = options_of(account, creates_key=True)
    bring_about(account, options, journal)
    first = find_key(account, options.key_alias, options.name)
    carry_out(account, options, plan_destruction(account, options, journal), journal)

    bring_about(account, options, journal)

    second = find_key(account, options.key_alias, options.name)
    assert first is not None
    assert second is not None
    assert first["KeyId"] != second["KeyId"]
    assert make_plan(account, options, journal).is_done
