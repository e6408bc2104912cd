"""What the image is made of and runs, without a container engine.

The lines of the Dockerfile are followed in an empty folder and an environment of its own, and the
commands of compose.yaml are run there: the main job, the code server and the REST service.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text().replace("\\\n", " ")
INSTALL_TIMEOUT_S = 900
RUN_TIMEOUT_S = 400


@dataclass(frozen=True)
class Image:
    """The folder that the Dockerfile works in, and the environment that it installs into."""

    workdir: Path
    environment: Path

    @property
    def variables(self) -> dict[str, str]:
        return {
            "PATH": f"{self.environment / 'bin'}:/usr/bin:/bin",
            "HOME": str(self.workdir.parent),
            # Not that of the image, whose instance is in PostgreSQL (test_production has one).
            "DAGSTER_DISABLE_TELEMETRY": "yes",
            "PERSONALIZE_ASSETS_STATE_DIR": str(self.workdir.parent / "state"),
            "PYTHONSAFEPATH": "1",
            "PERSONALIZE_ASSETS_DATA": str(self.workdir / "data"),
            # A proxy or an index of packages that this machine needs.
            **{name: value for name, value in os.environ.items() if name.startswith("PIP_")},
        }

    def run(self, *command: str, timeout_s: float = RUN_TIMEOUT_S) -> str:
        done = subprocess.run(
            command,
            cwd=self.workdir,
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout


def copies() -> Iterator[tuple[Sequence[str], str]]:
    for line in re.findall(r"^COPY (.*)$", DOCKERFILE, re.M):
        *sources, target = line.split()
        yield sources, target


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    base = tmp_path_factory.mktemp("image")
    image = Image(base / "app", base / "environment")
    image.workdir.mkdir()
    (base / "dagster").mkdir()
    for sources, target in copies():
        for name in sources:
            into = base / "dagster" if target.startswith("/opt/dagster") else image.workdir
            copy(ROOT / name, into / Path(name).name)
    subprocess.run([sys.executable, "-m", "venv", str(image.environment)], check=True)
    (install,) = re.findall(r"^RUN (pip install .*)$", DOCKERFILE, re.M)
    image.run(*shlex.split(install), timeout_s=INSTALL_TIMEOUT_S)
    yield image
    image.run("personalize-local", "stop")


def copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


@pytest.fixture(scope="module")
def _ran(image: Image) -> None:
    printed = image.run("personalize-assets", "run")
    assert "recommendations" in printed


@contextmanager
def running(image: Image, *command: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        command,
        cwd=image.workdir,
        env=image.variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def test_image__has_no_tools_of_the_tests(image: Image) -> None:
    installed = {
        one["name"].lower() for one in json.loads(image.run("pip", "list", "--format=json"))
    }

    assert "personalize-assets" in installed
    assert "dagster-postgres" in installed
    assert installed.isdisjoint({"pytest", "moto", "ruff", "playwright", "pyspark"})


@pytest.mark.usefixtures("_ran")
def test_api__answers_by_the_command_of_compose(image: Image) -> None:
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
    command = re.sub(r"\$\{\w+:-(.*?)\}", r"\1", compose["services"]["api"]["command"])
    command = command.replace("--port 3001", "--port 0").replace("0.0.0.0", "127.0.0.1")

    with running(image, *shlex.split(command)) as api:
        assert api.stdout is not None
        address = api.stdout.readline().strip()
        wait_until_ready(f"{address}/ready")
        with urllib.request.urlopen(f"{address}/recommendations?user_id=5") as answer:
            found = json.load(answer)
        with urllib.request.urlopen(f"{address}/page/page.js") as script:
            assert script.status == 200

    assert len(found["items"]) == 10
    assert all(one["title"] for one in found["items"])


def wait_until_ready(url: str, timeout_s: float = 120) -> None:
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10):
                return
        except OSError:
            assert time.monotonic() < deadline, url
            time.sleep(0.5)


@pytest.mark.usefixtures("_ran")
def test_code_server__loads_the_definitions(image: Image) -> None:
    module = "personalize_assets.definitions"
    printed = image.run("dagster", "definitions", "validate", "-m", module)

    assert "All code locations passed validation" in printed or printed == ""
