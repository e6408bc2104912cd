"""Fixtures that several parts share: snapshots, and one local stack for the whole session."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from personalize_assets.aws.deployment import Deployment
from personalize_assets.local.stack import StackOptions, ensure_stack, stop_stack
from personalize_assets_tests.recording import calls_hook

SNAPSHOTS = Path(__file__).parent / "snapshots"
SHARED = ("end_to_end", "contract")
SAMPLE = Path(__file__).parent.parent / "data"

# Before numpy is imported, also in processes that tests start: where two workers share two
# processors, a solver's threads wait for each other longer than they work.
os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
# Else each engine that is started compiles all its modules anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Before any client is used, in this process and in those that tests start.
calls_hook.install_from_environment()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--snapshot-update", action="store_true", help="write snapshots anew")
    parser.addoption(
        "--record", metavar="FILE", help="with -m aws: write what the account showed into FILE"
    )


class ModulesTogether(LoadScopeScheduling):
    """Runs a module on one worker, and all of a folder whose modules share a long fixture."""

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        shared = (folder for folder in SHARED if f"/{folder}/" in module)
        return next(shared, module)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ModulesTogether:
    return ModulesTogether(config, log)


@pytest.fixture
def snapshot(request: pytest.FixtureRequest) -> Callable[[str, Any], None]:
    """Compare a JSON-like value with the stored one of this name."""

    def check(name: str, value: Any) -> None:
        path = SNAPSHOTS / f"{name}.json"
        text = json.dumps(value, indent=2, sort_keys=True) + "\n"
        if request.config.getoption("--snapshot-update"):
            path.write_text(text, encoding="utf-8")
        assert path.read_text(encoding="utf-8") == text, (
            "differs from the snapshot; if that is wanted: make test ARGS=--snapshot-update"
        )

    return check


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A local deployment with a state folder and a stack of its own."""
    state_dir = tmp_path_factory.mktemp("stack")
    deployment = Deployment.from_environment({"PERSONALIZE_ASSETS_STATE_DIR": str(state_dir)})
    ensure_stack(state_dir, StackOptions.for_deployment(deployment))
    yield deployment
    stop_stack(state_dir)


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the person who runs the tests has a say."""
    for name in [name for name in os.environ if name.startswith(("PERSONALIZE_", "DAGSTER_"))]:
        monkeypatch.delenv(name)
