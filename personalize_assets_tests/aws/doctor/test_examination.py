"""A good and a broken account, looked at from end to end: moto and the engine answer."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner

from personalize_assets.aws.bootstrap.operator_policy import operator_policy
from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.doctor import answers, examination
from personalize_assets.aws.doctor.answers import Answer, Asker
from personalize_assets.aws.doctor.findings import Finding
from personalize_assets.aws.doctor.needs import Need, options_of
from personalize_assets.aws.doctor.rights import Decided, decide
from personalize_assets.cli.main import main
from personalize_assets.local.clients import open_clients
from personalize_assets_tests.aws.doctor.places import ACCOUNT, REGION, ROLE, TOPIC, Place
from personalize_assets_tests.aws_cloud import serve_moto

READING = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:ListBucket", "cloudwatch:*", "kms:*"],
            "Resource": "*",
        }
    ],
}


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with serve_moto() as address:
        yield address


@pytest.fixture(scope="module")
def place(moto: str, deployment: Deployment) -> Place:
    endpoints = open_clients(deployment).endpoints
    assert endpoints is not None
    return Place(moto, endpoints.personalize, "films-of-the-doctor")


@pytest.fixture(scope="module")
def furnished(place: Place) -> dict[str, str]:
    return place.furnish()


@pytest.fixture(scope="module")
def session() -> boto3.Session:
    """One session for all: to read the service models is most of the work."""
    return boto3.Session(region_name=REGION)


@pytest.fixture(autouse=True)
def _own_environment(
    clean_environment: None, session: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "session_of", lambda _: session)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)


def examine(place: Place, monkeypatch: pytest.MonkeyPatch, **settings: str) -> dict[str, Finding]:
    environment = place.environment(**settings)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    deployment = Deployment.from_environment(environment)
    found = list(examination.examine_account(deployment, Asker(deployment)))
    return {one.check: one for one in found}


def test_good(place: Place, furnished: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    found = examine(place, monkeypatch, **furnished)

    assert {one.check: one.fact for one in found.values() if one.status == "failed"} == {}
    # moto simulates no policies, and names us as nobody that IAM knows.
    assert [check for check, one in found.items() if one.status == "unknown"] == ["our rights"]
    assert found["role rights"].fact == "reads and writes the bucket (as its policies say)"
    assert found["role trust"].fact.endswith(f"may assume it for {ACCOUNT} alone")
    assert list(found) == [
        *("identity", "clock", "region", "personalize"),
        *("role", "role trust", "role rights", "our rights"),
        *("bucket", "bucket encryption", "public access", "bucket policy", "acceleration"),
        *("key", "key policy", "topic", "queue", "bucket events", "glue job", "quotas"),
    ]


def test_good__as_the_operator(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user with the operator's policy may do all; one who reads only, and of a group, may not."""
    named = options_of(place.deployment, REGION)
    settings = {
        "role_arn": named.service_role_arn,
        "topic_arn": named.topic_arn,
        "queue_url": f"{place.moto}/{ACCOUNT}/{named.name}",
        "glue_job": named.name,
    }
    deployment = Deployment.from_environment(place.environment(**settings))
    text = json.dumps(operator_policy(options_of(deployment, REGION)))
    iam = place.client("iam")
    for user in ("operator", "reader"):
        iam.create_user(UserName=user)
    iam.put_user_policy(UserName="operator", PolicyName="inline", PolicyDocument=text)
    iam.create_group(GroupName="readers")
    iam.add_user_to_group(GroupName="readers", UserName="reader")
    arn = iam.create_policy(PolicyName="readers", PolicyDocument=json.dumps(READING))["Policy"][
        "Arn"
    ]
    iam.attach_group_policy(GroupName="readers", PolicyArn=arn)
    for name, value in place.environment().items():
        monkeypatch.setenv(name, value)

    def look(user: str) -> dict[str, Finding]:
        user_arn = f"arn:aws:iam::{ACCOUNT}:user/{user}"
        found = examination._our_rights(deployment, Asker(deployment), user_arn)
        return {one.check: one for one in found}

    operator, reader = look("operator"), look("reader")

    assert {one.status for one in operator.values()} == {"ok"}, operator
    assert operator["our rights"].fact.endswith("pipeline are allowed (as its policies say)")
    lacking = f"iam:PassRole on {named.service_role_arn} is missing (as its policies say)"
    assert reader["pass role"].fact == lacking
    assert "personalize:Create" in reader["our rights"].fact
    assert "s3:GetObject" not in reader["our rights"].fact


def simulated(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Have IAM simulate that everything is allowed; what it is asked is noted."""
    asked: list[dict[str, Any]] = []

    def ask(_: Asker, operation: str, **parameters: Any) -> Answer:
        asked.append(parameters)
        results = [
            {"EvalActionName": name, "EvalDecision": "allowed"}
            for name in parameters["ActionNames"]
        ]
        return Answer(operation, {"EvaluationResults": results})

    monkeypatch.setattr(Asker, "ask", ask)
    return asked


def test_decide__asks_for_each_need(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = simulated(monkeypatch)
    needs = (Need(("iam:PassRole",), ROLE, (("iam:PassedToService", "x"),)), Need(("a:B",), "*"))
    found = decide(Asker(place.deployment), "arn:me", needs)

    assert isinstance(found, Decided)
    assert found.verdicts == {needs[0]: {"iam:PassRole": "allowed"}, needs[1]: {"a:B": "allowed"}}
    assert found.how == "as IAM simulates it"
    assert [one["ResourceArns"] for one in asked] == [[ROLE], ["*"]]
    assert asked[0]["ContextEntries"] == [
        {
            "ContextKeyName": "iam:PassedToService",
            "ContextKeyValues": ["x"],
            "ContextKeyType": "string",
        }
    ]


def test_decide__neither_to_be_simulated_nor_read(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(_: Asker, operation: str, **__: Any) -> Answer:
        return Answer(operation, code="AccessDenied")

    monkeypatch.setattr(Asker, "ask", ask)
    found = decide(Asker(place.deployment), ROLE, [Need(("a:B",), "*")])

    assert isinstance(found, Answer)
    assert found.operation == "iam:SimulatePrincipalPolicy"


def test_broken(place: Place, furnished: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Place(place.moto, place.engine, "films-that-are-broken")
    spoil(broken, furnished["kms_key_arn"])
    found = examine(
        broken,
        monkeypatch,
        role_arn=ROLE.replace("PersonalizeRole", "Careless"),
        kms_key_arn=furnished["kms_key_arn"].rpartition("/")[0] + "/there-is-none",
        topic_arn=TOPIC.replace("films", "books"),
        queue_url=furnished["queue_url"],
        glue_job="books",
        transfer_acceleration="true",
    )

    failed = {check: one.fact for check, one in found.items() if one.status == "failed"}
    assert list(failed) == [
        *("role trust", "role rights"),
        *("bucket encryption", "public access", "bucket policy", "acceleration"),
        *("key", "topic", "queue", "bucket events", "glue job"),
    ]
    assert failed["role trust"] == "personalize.amazonaws.com may not assume it"
    assert "lacks s3:PutObject on arn:aws:s3:::films-that-are-broken/*" in failed["role rights"]
    assert failed["bucket policy"].endswith("may not s3:PutObject: no statement allows it")
    assert all(one.fix for one in found.values() if one.status != "ok")


def spoil(place: Place, key: str) -> None:
    """A role for somebody else that may only read, and a bucket that lets too many in."""
    iam, s3, name = place.client("iam"), place.client("s3"), place.bucket
    service = {"Service": "lambda.amazonaws.com"}
    trust = {"Effect": "Allow", "Principal": service, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam.create_role(RoleName="Careless", AssumeRolePolicyDocument=document)
    policy = iam.create_policy(PolicyName="reading", PolicyDocument=json.dumps(READING))["Policy"]
    iam.attach_role_policy(RoleName="Careless", PolicyArn=policy["Arn"])
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules = [{"ApplyServerSideEncryptionByDefault": default}]
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})
    public = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["s3:GetObject", "s3:ListBucket"],
        "Resource": "*",
    }
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Statement": [public]}))


def test_nothing_is_there(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    found = examine(
        place,
        monkeypatch,
        bucket="films-of-nobody",
        role_arn=ROLE.replace("PersonalizeRole", "Nobody"),
    )

    failed = {check: one.fact for check, one in found.items() if one.status == "failed"}
    assert list(failed) == ["role", "bucket"]
    assert failed["bucket"] == "films-of-nobody does not exist"
    assert "role trust" not in found
    assert "bucket policy" not in found


def test_another_account_is_refused_by_what_is_sent(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, dict[str, Any]] = {}

    def ask(_: Asker, operation: str, **parameters: Any) -> Answer:
        asked[operation] = parameters
        return Answer(operation, code="403" if operation == "s3:HeadBucket" else "")

    monkeypatch.setattr(Asker, "ask", ask)
    deployment = replace(place.deployment, bucket_owner="999999999999")
    (finding,) = examination._bucket(deployment, Asker(deployment))

    assert (finding.check, finding.status) == ("bucket", "failed")
    assert "is not owned by 999999999999" in finding.fact
    assert asked["s3:HeadBucket"]["ExpectedBucketOwner"] == "999999999999"


def test_nobody_knows_us(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment = place.deployment

    def ask(_: Asker, operation: str, **__: Any) -> Answer:
        return Answer(operation, code="ExpiredToken", text="The security token has expired")

    monkeypatch.setattr(Asker, "ask", ask)
    found = list(examination.examine_account(deployment, Asker(deployment)))

    assert [(one.check, one.status) for one in found] == [
        ("identity", "failed"),
        ("clock", "unknown"),
        ("the rest", "unknown"),
    ]


def test_asker__what_is_not_reached_is_an_answer(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
    ticks = itertools.count(100.0)

    answer = Asker(place.deployment, lambda: next(ticks)).ask("sts:GetCallerIdentity")

    assert (answer.code, answer.asked_at) == ("EndpointConnectionError", 100.0)
    assert not (answer.answered)
    assert not (answer.denied)
    assert not (answer.missing)
    assert not (answer.headers)


def test_command__broken(place: Place, furnished: dict[str, str]) -> None:
    environment = dict(place.environment(bucket="films-of-nobody"))
    broken = CliRunner().invoke(main, ["doctor", "--json"], env=environment)

    assert broken.exit_code == 1
    answer = json.loads(broken.output)
    (bucket,) = [one for one in answer["findings"] if one["check"] == "bucket"]
    assert bucket == {
        "check": "bucket",
        "status": "failed",
        "fact": "films-of-nobody does not exist",
        "fix": f"personalize-assets bootstrap --bucket films-of-nobody --region {REGION}",
    }
    failed = [one["check"] for one in answer["findings"] if one["status"] == "failed"]
    assert failed == ["role rights", "bucket"]  # the role's rights are on the other bucket
    assert (answer["failed"], answer["unknown"]) == (2, 1)


@pytest.mark.slow
def test_command__after_the_bootstrap(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bootstrap writes the settings file; one setting more, and the doctor is content."""
    monkeypatch.chdir(tmp_path)
    environment = {
        **{name: value for name, value in place.environment().items() if name.startswith("AWS_")},
        "AWS_DEFAULT_REGION": REGION,
    }
    options = ("--yes", "--name", "doctor", "--queue", "--glue", "--create-kms-key")
    made = CliRunner().invoke(main, ["bootstrap", *options], env=environment)
    assert made.exit_code == 0, made.output

    environment["PERSONALIZE_ASSETS_DEPLOYMENT"] = "aws"
    result = CliRunner().invoke(main, ["doctor"], env=environment)

    assert result.exit_code == 0, result.output
    assert result.output.startswith(
        f"deployment aws · account {ACCOUNT} · region {REGION} · bucket"
    )
    assert "of the environment and deploy/aws.yaml" in result.output
    assert result.output.splitlines()[-1] == "20 ok, 0 failed, 1 unknown"

    s3 = place.client("s3")
    s3.delete_public_access_block(Bucket=f"doctor-{ACCOUNT}-{REGION}")
    broken = CliRunner().invoke(main, ["doctor"], env=environment)
    assert broken.exit_code == 1
    assert "failed  public access     not blocked" in broken.output
    assert CliRunner().invoke(main, ["bootstrap", "--yes"], env=environment).exit_code == 0
    assert CliRunner().invoke(main, ["doctor"], env=environment).exit_code == 0
