"""`personalize-assets run` as a person types it, in an environment full of traps.

Proxy, profile, endpoint and accelerate settings all point at a listener that must stay unvisited.
"""

import os
import re
import shutil
import socket
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from personalize_assets.local.stack import stop_stack
from personalize_assets_tests.conftest import SAMPLE
from personalize_assets_tests.end_to_end.conftest import run_command

pytestmark = pytest.mark.slow

FEW_USERS = 60


class Trap:
    """Listens on loopback and counts who comes."""

    def __init__(self) -> None:
        self.visits = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.visits += 1
            connection.close()

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(scope="module")
def trap() -> Iterator[Trap]:
    trap = Trap()
    yield trap
    trap.close()


@pytest.fixture(scope="module")
def environment(
    trap: Trap, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, str]]:
    folder = tmp_path_factory.mktemp("traps")
    config = folder / "config"
    config.write_text(
        "[profile trap]\nregion = eu-north-1\n"
        f"endpoint_url = {trap.address}\n"
        "s3 =\n  use_accelerate_endpoint = true\n  addressing_style = virtual\n"
    )
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "PERSONALIZE_"))}
    kept.pop("DAGSTER_HOME", None)
    state_dir = folder / "state"
    yield {
        **kept,
        "PERSONALIZE_ASSETS_STATE_DIR": str(state_dir),
        "AWS_PROFILE": "trap",
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "trap",
        "AWS_ENDPOINT_URL": trap.address,
        "AWS_ENDPOINT_URL_S3": trap.address,
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_USE_DUALSTACK_ENDPOINT": "true",
        **{name: trap.address for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy")},
        "NO_PROXY": "",
    }
    stop_stack(state_dir)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release with the first users of the sample, so that nobody waits for its trainings."""
    folder = tmp_path_factory.mktemp("release")
    header, *rows = (SAMPLE / "ratings.csv").read_text().splitlines()
    few = [row for row in rows if int(row.partition(",")[0]) <= FEW_USERS]
    (folder / "ratings.csv").write_text("\n".join([header, *few]) + "\n")
    shutil.copy(SAMPLE / "movies.csv", folder)
    return folder


@pytest.fixture(scope="module")
def printed(environment: Mapping[str, str], release: Path) -> str:
    return run_command("personalize-assets", "run", "--data", str(release), env=environment)


def test_run__never_meets_a_trap(printed: str, trap: Trap) -> None:
    assert printed
    assert trap.visits == 0


def test_run__begins_with_where_it_works(printed: str) -> None:
    first = printed.splitlines()[0]

    assert "deployment local" in first
    assert "account 123456789012" in first
    assert re.search(r"personalize http://127\.0\.0\.1:\d+", first)


def test_run__prints_the_metrics_of_all_versions(printed: str) -> None:
    for solution in ("user-personalization", "popularity-count", "sims"):
        assert re.search(rf"{solution}\s+│(\s+0\.\d{{4}} [│])+", printed), printed


def test_run__prints_titles_beside_what_users_liked(printed: str) -> None:
    users = re.findall(r"^\s*User (\d+)", printed, re.M)
    titles = re.findall(r"\(\d{4}\) \(\w[\w-]*\)", printed)

    assert len(users) == 3
    assert len(titles) > 30


def test_run__says_where_the_files_lie(printed: str) -> None:
    (place,) = re.findall(r"(/\S+/transformed\.parquet)", printed)

    assert Path(place).is_file()


def test_run__makes_the_folder_to_drop_files_into(
    printed: str, environment: Mapping[str, str]
) -> None:
    bucket = Path(environment["PERSONALIZE_ASSETS_STATE_DIR"]) / "s3" / "recommendation-sample-data"

    assert printed
    assert (bucket / "movie-lens" / "batch" / "input").is_dir()


def test_run__again_says_that_nothing_changed(
    printed: str, environment: Mapping[str, str], release: Path
) -> None:
    assert "Nothing changed" not in printed
    assert "Nothing changed" in run_command(
        "personalize-assets", "run", "--data", str(release), env=environment
    )
