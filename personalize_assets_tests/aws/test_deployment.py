"""Settings: defaults of each deployment, and what is refused."""

from pathlib import Path

import pytest

from personalize_assets.aws.deployment import SETTINGS, Deployment, DeploymentError

ROLE = "arn:aws:iam::111122223333:role/service/Reader"
AWS = {
    "PERSONALIZE_ASSETS_DEPLOYMENT": "aws",
    "PERSONALIZE_ASSETS_BUCKET": "films",
    "PERSONALIZE_ASSETS_ROLE_ARN": ROLE,
}
ON_AWS = {name.removeprefix("PERSONALIZE_ASSETS_"): value for name, value in AWS.items()}


def test_from_environment__local_needs_nothing() -> None:
    found = Deployment.from_environment({})

    assert found == Deployment(
        name="local",
        region="us-east-1",
        account_id="123456789012",
        bucket="recommendation-sample-data",
        role_arn="arn:aws:iam::123456789012:role/PersonalizeRole",
        state_dir=Path.cwd() / ".personalize",
    )
    assert found.is_local


def test_from_environment__aws() -> None:
    found = Deployment.from_environment({**AWS, "AWS_REGION": "eu-west-1"})

    assert (found.name, found.region, found.account_id) == ("aws", None, "111122223333")
    assert (found.bucket, found.bucket_owner) == ("films", "111122223333")
    assert not found.is_local


def test_from_environment__every_setting_has_a_say() -> None:
    given = {
        **AWS,
        "PERSONALIZE_ASSETS_SETTINGS": "/dev/null",
        "PERSONALIZE_ASSETS_STATE_DIR": "/var/state",
        "PERSONALIZE_ASSETS_DATA": "/data/ml-25m.zip",
        "PERSONALIZE_ASSETS_BUCKET_OWNER": "444455556666",
        "PERSONALIZE_ASSETS_KMS_KEY_ARN": "arn:aws:kms:eu-west-1:111122223333:key/k",
        "PERSONALIZE_ASSETS_REGION": "eu-west-1",
        "PERSONALIZE_ASSETS_TOPIC_ARN": "arn:aws:sns:eu-west-1:111122223333:films",
        "PERSONALIZE_ASSETS_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/111122223333/films",
        "PERSONALIZE_ASSETS_UI_URL": "https://dagster.example.org",
        "PERSONALIZE_ASSETS_PROFILE": "films",
        "PERSONALIZE_ASSETS_ASSUME_ROLE_ARN": "arn:aws:iam::111122223333:role/Dagster",
        "PERSONALIZE_ASSETS_TRANSFER_CONCURRENCY": "20",
        "PERSONALIZE_ASSETS_TRANSFER_ACCELERATION": "true",
        "PERSONALIZE_ASSETS_GLUE_JOB": "films-clean",
        "PERSONALIZE_ASSETS_LOG_FORMAT": "json",
        "PERSONALIZE_ASSETS_TRACES": "true",
        "PERSONALIZE_ASSETS_TAGS": "team=films, cost-centre = 7 ,",
        "PERSONALIZE_ASSETS_ENGINE_PORT": "4001",
        "PERSONALIZE_ASSETS_S3_PORT": "4002",
        "PERSONALIZE_ASSETS_IDLE_STOP_S": "12.5",
    }
    assert set(given) == {setting.name for setting in SETTINGS}

    assert Deployment.from_environment(given) == Deployment(
        name="aws",
        region="eu-west-1",
        account_id="111122223333",
        bucket="films",
        bucket_owner="444455556666",
        role_arn=ROLE,
        kms_key_arn="arn:aws:kms:eu-west-1:111122223333:key/k",
        topic_arn="arn:aws:sns:eu-west-1:111122223333:films",
        queue_url="https://sqs.eu-west-1.amazonaws.com/111122223333/films",
        ui_url="https://dagster.example.org",
        profile="films",
        assume_role_arn="arn:aws:iam::111122223333:role/Dagster",
        transfer_concurrency=20,
        accelerated=True,
        glue_job="films-clean",
        state_dir=Path("/var/state"),
        data_path=Path("/data/ml-25m.zip"),
        tags={"team": "films", "cost-centre": "7"},
        engine_port=4001,
        s3_port=4002,
        idle_stop_s=12.5,
    )


def test_settings__defaults_are_those_of_an_empty_environment() -> None:
    spelled_out = {setting.name: setting.default for setting in SETTINGS}

    assert Deployment.from_environment(spelled_out) == Deployment.from_environment({})
    assert all(setting.help.endswith(".") for setting in SETTINGS)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"DEPLOYMENT": "gcp"}, "DEPLOYMENT must be local or aws, got 'gcp'"),
        ({"DEPLOYMENT": "aws"}, r"needs PERSONALIZE_ASSETS_BUCKET and PERSONALIZE_ASSETS_ROLE_ARN"),
        ({"UI_URL": "dagster"}, r"UI_URL must look like .*, got 'dagster'"),
        ({"ROLE_ARN": "reader"}, r"ROLE_ARN must look like .*, got 'reader'"),
        ({"TAGS": "team"}, "TAGS must be key=value,key=value, got 'team'"),
        ({"S3_PORT": "70000"}, "S3_PORT must be a port between 0 and 65535, got '70000'"),
        ({"ENGINE_PORT": "-1"}, "ENGINE_PORT must be a port"),
        ({"IDLE_STOP_S": "never"}, "IDLE_STOP_S must be a number of seconds >= 0, got 'never'"),
        ({"TRANSFER_CONCURRENCY": "0"}, "must be a whole number from 1 to 100, got '0'"),
        ({"BUCKET": "s3://films"}, "name of a bucket: .* without s3://, got 's3://films' .*bucket"),
        ({"REGION": "Ireland"}, "REGION must be a region such as eu-west-1, got 'Ireland'"),
        ({"KMS_KEY_ARN": "alias/films"}, "an alias does not do.*got 'alias/films'"),
        ({"TAGS": "aws:team=films"}, "no keys that begin with aws:"),
        ({"TAGS": f"team={'x' * 257}"}, "values of 0 to 256 letters"),
        ({"TAGS": "team=a;b"}, "must consist of letters"),
        ({"TAGS": ",".join(f"t{n}=" for n in range(41))}, "must be at most 40 tags, got '41'"),
        ({"LOG_FORMAT": "xml"}, "LOG_FORMAT must be text or json, got 'xml'"),
        ({**ON_AWS, "BUCKET_OWNER": "1234"}, "must be the twelve digits of an account"),
        ({**ON_AWS, "REGION": "cn-north-1"}, "ROLE_ARN must begin with arn:aws-cn: in the region"),
        (
            {
                **ON_AWS,
                "REGION": "eu-west-1",
                "KMS_KEY_ARN": "arn:aws:kms:us-east-1:111122223333:key/k",
            },
            "KMS_KEY_ARN must be a key of the region eu-west-1",
        ),
        (
            {**ON_AWS, "BUCKET": "our.films", "TRANSFER_ACCELERATION": "true"},
            "BUCKET must be a name without dots, which S3 Transfer Acceleration needs",
        ),
        ({**ON_AWS, "TRANSFER_ACCELERATION": "on"}, "must be true or false, got 'on'"),
        ({**ON_AWS, "GLUE_JOB": "arn:aws:glue:eu-west-1:1:job/x"}, "name of a Glue job, no ARN"),
        ({**ON_AWS, "ASSUME_ROLE_ARN": "Dagster"}, "ASSUME_ROLE_ARN must look like"),
    ],
)
def test_from_environment__refusals(given: dict[str, str], message: str) -> None:
    environ = {f"PERSONALIZE_ASSETS_{name}": value for name, value in given.items()}

    with pytest.raises(DeploymentError, match=message):
        Deployment.from_environment(environ)


def test_from_environment__names_the_key_of_the_file_beside_the_variable() -> None:
    with pytest.raises(DeploymentError, match=r"REGION must .*in a settings file: region\)"):
        Deployment.from_environment({"PERSONALIZE_ASSETS_REGION": "Ireland"})
    with pytest.raises(DeploymentError, match=r"`bucket:` into deploy/aws.yaml"):
        Deployment.from_environment({**AWS, "PERSONALIZE_ASSETS_BUCKET": " "})


@pytest.mark.parametrize(
    ("region", "role"),
    [
        ("cn-north-1", "arn:aws-cn:iam::111122223333:role/R"),
        ("us-gov-west-1", "arn:aws-us-gov:iam::111122223333:role/R"),
    ],
)
def test_from_environment__other_partitions(region: str, role: str) -> None:
    environ = {**AWS, "PERSONALIZE_ASSETS_REGION": region, "PERSONALIZE_ASSETS_ROLE_ARN": role}

    found = Deployment.from_environment(environ)

    assert (found.region, found.role_arn, found.account_id) == (region, role, "111122223333")
