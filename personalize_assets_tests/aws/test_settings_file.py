"""The settings file: what it may hold, how the environment goes with it, how it is written."""

from pathlib import Path

import pytest
import yaml

from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.settings import SETTINGS, DeploymentError
from personalize_assets.aws.settings_file import read_settings_file, write_settings_file

AWS = {"PERSONALIZE_ASSETS_DEPLOYMENT": "aws"}
ROLE = "arn:aws:iam::111122223333:role/Reader"
FULL = f"""\
bucket: films
role_arn: {ROLE}
region: eu-west-1
bucket_owner: 012345678901
profile: films
transfer_concurrency: 20
transfer_acceleration: yes
kms_key_arn:
tags:
  team: films
  "cost, centre": 7
  plan: a=b
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "aws.yaml"


def read(path: Path, text: str, **environ: str) -> Deployment:
    path.write_text(text)
    own = {f"PERSONALIZE_ASSETS_{name}": value for name, value in environ.items()}
    return Deployment.from_environment({**AWS, "PERSONALIZE_ASSETS_SETTINGS": str(path), **own})


def test_file__sets_what_the_environment_does_not(path: Path) -> None:
    tags = "team: films\n  plan: a b"
    found = read(path, FULL.replace('team: films\n  "cost, centre": 7\n  plan: a=b', tags))

    assert (found.bucket, found.role_arn, found.region) == ("films", ROLE, "eu-west-1")
    assert (found.bucket_owner, found.profile) == ("012345678901", "films")
    assert (found.transfer_concurrency, found.accelerated) == (20, True)
    assert found.kms_key_arn is None
    assert found.tags == {"team": "films", "plan": "a b"}


def test_file__the_environment_wins(path: Path) -> None:
    text = f"bucket: films\nrole_arn: {ROLE}\ntags: {{team: films}}\n"
    found = read(path, text, BUCKET="books", TAGS="team=books", REGION="", PROFILE=" ")

    assert (found.bucket, found.tags, found.region) == ("books", {"team": "books"}, None)


def test_file__a_tag_of_the_file_may_hold_what_the_variable_cannot(path: Path) -> None:
    found = read(path, f"bucket: films\nrole_arn: {ROLE}\ntags: {{plan: a=b, count: 7}}\n")

    assert found.tags == {"plan": "a=b", "count": "7"}


def test_file__is_not_read_in_the_local_deployment(path: Path) -> None:
    path.write_text("no: setting\n")

    found = Deployment.from_environment({"PERSONALIZE_ASSETS_SETTINGS": str(path)})

    assert found == Deployment.from_environment({})


def test_file__the_default_one_is_found_in_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DeploymentError, match="needs PERSONALIZE_ASSETS_BUCKET and"):
        Deployment.from_environment(AWS)

    write_settings_file(Path("deploy/aws.yaml"), {"bucket": "films", "role_arn": ROLE})

    assert Deployment.from_environment(AWS).bucket == "films"


def test_file__a_named_one_must_be_there(tmp_path: Path) -> None:
    environ = {**AWS, "PERSONALIZE_ASSETS_SETTINGS": str(tmp_path / "prod.yaml")}

    with pytest.raises(DeploymentError, match=r"SETTINGS names .*prod.yaml, which does not exist"):
        Deployment.from_environment(environ)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("buket: films", r"aws.yaml, line 1: buket is no setting; did you mean bucket\? \(allowed"),
        ("PERSONALIZE_ASSETS_BUCKET: films", r"is no setting; did you mean bucket\?"),
        ("colour: red", r"line 1: colour is no setting \(allowed are state_dir, bucket, .*tags\)"),
        ("bucket: films\nregion: eu-west-1\nbucket: b", "line 3: bucket stands on line 1 already"),
        ("- bucket", "must hold lines such as `bucket: NAME`, not a list"),
        ("bucket", "must hold lines such as `bucket: NAME`, not the text"),
        ("bucket: [films]", r"line 1: bucket \(PERSONALIZE_ASSETS_BUCKET\) must be one value, not"),
        ("bucket: true", "must be a text, got the boolean true; put it in quotes"),
        ("bucket: {films", "is not YAML: line "),
        ("? [a]\n: b", "line 1: a key must be a name, not a list"),
        ("transfer_concurrency: '7'", r"must be a number, without quotes, got '7'"),
        ("transfer_concurrency: many", "must be a number, without quotes, got 'many'"),
        ("transfer_concurrency: 0x_", "must be a number"),
        ("transfer_concurrency: 101", r"line 1: transfer_concurrency .*from 1 to 100, got '101'"),
        ("transfer_acceleration: 1", "must be true or false, got '1'"),
        ("tags: team=films", r"tags must be a mapping such as \{team: films\}"),
        ("tags: {team: [films]}", "must map names to texts"),
        ("tags: {team: a, team: b}", "holds the tag team twice"),
        ("tags: {'aws:team': a}", r"line 1: tags \(PERSONALIZE_ASSETS_TAGS\) must have no keys"),
        ("deployment: aws", "is set by the environment alone, as PERSONALIZE_ASSETS_DEPLOYMENT"),
        ("engine_port: 1", "is set by the environment alone, as PERSONALIZE_ASSETS_ENGINE_PORT"),
        ("aws_secret_access_key: hush", "looks like a credential.*boto3's own chain"),
        ("aws_access_key_id: hush", "looks like a credential.*boto3's own chain"),
        ("session_token: hush", "looks like a credential"),
        ("profile: AKIAABCDEFGHIJKLMNOP", "holds an access key.*boto3's own chain"),
        ("\n\nregion: Ireland", r"line 3: region \(PERSONALIZE_ASSETS_REGION\) must be a region"),
    ],
)
def test_file__refusals(path: Path, text: str, message: str) -> None:
    with pytest.raises(DeploymentError, match=message) as caught:
        read(path, f"{text}\n", BUCKET="" if "bucket" in text else "films", ROLE_ARN=ROLE)
    assert "hush" not in str(caught.value)
    assert "AKIA" not in str(caught.value)


def test_file__unreadable(path: Path) -> None:
    path.write_bytes(b"bucket: \xff\n")
    with pytest.raises(DeploymentError, match="cannot be read"):
        read_settings_file(path)
    path.unlink()
    with pytest.raises(DeploymentError, match="cannot be read: No such file"):
        read_settings_file(path)


def test_file__may_be_empty(path: Path) -> None:
    path.write_text("# nothing yet\n")

    assert read_settings_file(path).values == {}


def test_write__keeps_what_it_does_not_set(path: Path) -> None:
    path.write_text("profile: films\nregion: eu-west-1\nglue_job: old\n")

    write_settings_file(
        path,
        {
            "bucket": "films",
            "bucket_owner": "012345678901",
            "region": "us-east-1",
            "glue_job": None,
            "transfer_acceleration": True,
            "tags": {"team": "films", "plan": "a=b,c"},
        },
    )

    assert read_settings_file(path).values == {
        "bucket": "films",
        "bucket_owner": "012345678901",
        "region": "us-east-1",
        "profile": "films",
        "transfer_acceleration": True,
        "tags": {"team": "films", "plan": "a=b,c"},
    }
    text = path.read_text()
    assert text.startswith("# Settings of the aws deployment")
    assert list(yaml.safe_load(text)) == [
        one.key for one in SETTINGS if one.key in read_settings_file(path).values
    ]


def test_write__twice_gives_the_same_bytes(path: Path) -> None:
    write_settings_file(path, {"bucket": "films", "tags": {"team": "films"}})
    first = path.read_bytes()
    write_settings_file(path, {"bucket": "films"})

    assert path.read_bytes() == first
    assert list(path.parent.iterdir()) == [path]
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"buket": "films"}, "aws.yaml, line .*buket is no setting; did you mean bucket"),
        ({"transfer_concurrency": "7"}, "must be a number"),
        ({"aws_secret_access_key": "hush"}, "looks like a credential"),
    ],
)
def test_write__refusals_leave_the_file_as_it_was(
    path: Path, values: dict[str, str], message: str
) -> None:
    path.write_text("bucket: films\n")

    with pytest.raises(DeploymentError, match=message):
        write_settings_file(path, values)

    assert path.read_text() == "bucket: films\n"
    assert list(path.parent.iterdir()) == [path]
