"""`local_personalize` as another program uses it, and the getting-started example on it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from personalize_assets.testing import (
    ControlRefused,
    LocalPersonalize,
    StartFailed,
    local_personalize,
    plugin,
)

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPersonalize]:
    """As the fixture ``personalize_session`` makes it."""
    options = {"settings": {"log-level": "WARNING"}}
    yield from plugin._run(tmp_path_factory.mktemp("local"), options)


@pytest.fixture(autouse=True)
def _empty(local: LocalPersonalize) -> None:
    local.reset()


def test_local_personalize__clients_and_environment(
    local: LocalPersonalize, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = local.personalize.create_dataset_group(name="g")["datasetGroupArn"]
    local.wait_until_idle()
    for name, value in local.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    group = boto3.client("personalize").describe_dataset_group(datasetGroupArn=arn)
    assert group["datasetGroup"]["status"] == "ACTIVE"
    boto3.client("s3").create_bucket(Bucket="bucket")
    local.s3.put_object(Bucket="bucket", Key="k", Body=b"x")
    assert (local.state_dir / "s3" / "bucket" / "k").read_bytes() == b"x"
    other = local.client("personalize", account="000000000007", region="eu-west-1")
    assert other.list_dataset_groups()["datasetGroups"] == []
    local.reset()
    assert local.info()["resources"] == {}
    assert local.s3.list_buckets()["Buckets"] == []


def test_wait_until_idle__names_what_it_waits_for(local: LocalPersonalize) -> None:
    arn = local.personalize.create_dataset_group(name="g")["datasetGroupArn"]
    local.wait_until_idle()
    local.personalize.delete_dataset_group(datasetGroupArn=arn)
    with pytest.raises(TimeoutError, match=f"delete-group of {arn}"):
        local.wait_until_idle(timeout_s=0)


def test_control_refused__is_the_engines_own_text(local: LocalPersonalize) -> None:
    with pytest.raises(ControlRefused, match="DELETE faults/77: there is no rule '77'"):
        local.faults.remove(77)


def test_local_personalize__says_why_it_does_not_start(tmp_path: Path) -> None:
    wrong = local_personalize(tmp_path, status_seconds=-1)
    with pytest.raises(StartFailed, match=r"status_seconds=.*greater than or equal to 0"):
        wrong.__enter__()


def write_ratings(folder: Path, n_users: int = 40, n_each: int = 40, n_movies: int = 150) -> None:
    """Ratings of users with a taste for the odd or the even movies; all odd ones are animated."""
    ratings = ["userId,movieId,rating,timestamp"]
    for user in range(n_users):
        for step in range(n_each):
            movie = (2 * (user * 5 + step) + user % 2) % n_movies
            ratings.append(f"{user},{movie},{1 + step % 5},{1_600_000_000 + 3_600 * step + user}")
    movies = ["movieId,title,genres"]
    movies += [f"{n},Movie {n},{'Animation' if n % 2 else 'Drama|War'}" for n in range(n_movies)]
    (folder / "ratings.csv").write_text("\n".join(ratings), encoding="utf-8")
    (folder / "movies.csv").write_text("\n".join(movies), encoding="utf-8")


@pytest.mark.slow
def test_getting_started__walks_through_all_of_it(local: LocalPersonalize, tmp_path: Path) -> None:
    write_ratings(tmp_path)
    done = subprocess.run(
        [sys.executable, EXAMPLES / "getting_started.py", tmp_path],
        env={**os.environ, **local.environment, "GETTING_STARTED_POLL_S": "0.05"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    shown = [line.strip().partition(": ") for line in done.stderr.splitlines()]
    lists = {what: set(titles.split(", ")) for what, _, titles in shown if "Movie" in titles}
    assert [len(titles) for titles in lists.values()] == [10, 10, 10, 10]
    first, later = (
        lists["of the genre Animation, not seen yet"],
        lists["of the genre Animation now"],
    )
    assert all(int(title.split()[1]) % 2 for title in first | later)
    assert len(first & later) <= 5  # five of them are watched now
    assert [what for what, _, status in shown if status == "gone"] == [
        *("campaign", "solution", "event tracker", "filter"),
        *("dataset", "dataset", "dataset", "dataset group"),
    ]
    assert local.info()["resources"] == {}
