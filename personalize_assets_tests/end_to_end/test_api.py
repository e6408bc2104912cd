"""`personalize-assets api` over a port, after the main job on the sample."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
import pytest

from personalize_assets.local.clients import open_clients
from personalize_assets.testing.control import Control, FaultInjection
from personalize_assets_tests.end_to_end.conftest import Pipeline

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Running:
    """A service that has told its address."""

    process: "subprocess.Popen[str]"
    address: str
    log: Path

    def get(self, path: str, **params: Any) -> httpx.Response:
        return httpx.get(f"{self.address}{path}", params=params, timeout=60)

    def lines(self) -> list[dict[str, Any]]:
        whole = self.log.read_text().rpartition("\n")[0]
        return [json.loads(line) for line in whole.splitlines()]


@pytest.fixture(scope="module")
def running(
    first_run: dg.ExecuteInProcessResult,
    pipeline: Pipeline,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Running]:
    assert first_run.success
    folder = tmp_path_factory.mktemp("api")
    program = Path(sys.executable).parent / "personalize-assets"
    environment = {"PERSONALIZE_ASSETS_STATE_DIR": str(pipeline.deployment.state_dir)}
    with (folder / "api.log").open("w") as log:
        process = subprocess.Popen(
            [program, "api", "--port", "0"],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    found = Running(process, address, folder / "api.log")
    try:
        while found.get("/ready").status_code != 200:
            assert process.poll() is None, found.log.read_text()
            time.sleep(0.05)
        yield found
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_api__answers_with_titles_over_its_port(running: Running) -> None:
    answer = running.get("/recommendations", user_id="5", filter="unwatched", num_results=5)
    found = running.get("/items", query="star wars", limit=1).json()["items"]

    assert running.address.startswith("http://127.0.0.1:")
    assert len(answer.json()["items"]) == 5
    for item in answer.json()["items"]:
        assert item["title"].endswith(f"({item['year']})")
        assert item["met"] is False
    assert found[0]["title"] == "Star Wars: Episode IV - A New Hope (1977)"
    assert running.get("/versions").json()["versions"][0]["in_service"] is True


def test_api__an_event_changes_the_next_answer(running: Running) -> None:
    asked = {"user_id": "7", "filter": "unwatched", "num_results": 1}
    (first,) = running.get("/recommendations", **asked).json()["items"]
    event = {"user_id": "7", "item_id": first["item_id"], "event_type": "watch"}
    sent = httpx.post(f"{running.address}/events", json=event, timeout=60)
    (second,) = running.get("/recommendations", **asked).json()["items"]

    assert sent.status_code == 202
    assert second["item_id"] != first["item_id"]
    newest = running.get("/users/7/history", limit=1).json()["events"][0]
    assert (newest["title"], newest["sent_here"]) == (first["title"], True)


def test_api__writes_a_line_a_request_without_ids_of_people(running: Running) -> None:
    headers = {"X-Request-Id": "my-request"}
    httpx.get(f"{running.address}/users/31/history", headers=headers, timeout=60)
    httpx.get(f"{running.address}/recommendations?user_id=31", headers=headers, timeout=60)
    lines: list[dict[str, Any]] = []
    while sum("route" in line for line in lines) < 2:  # written once the answer is on its way
        assert running.process.poll() is None
        lines = [line for line in running.lines() if line.get("request_id") == "my-request"]
    history, asked = [line for line in lines if "route" in line]

    assert (history["route"], history["status"]) == ("/users/{user_id}/history", 200)
    assert asked["asked"] == "campaign user-personalization"
    assert asked["service_request_id"]
    assert asked["ms"] >= asked["service_ms"] > 0
    assert '"31"' not in json.dumps(lines)


def test_api__ends_politely_with_what_it_has_begun(running: Running, pipeline: Pipeline) -> None:
    """The last test of the module: it ends the service of all."""
    engine = FaultInjection(Control(_engine(pipeline)))
    rule = engine.add("slow", "GetRecommendations", count=1, delay_ms=1500)
    answers: list[int] = []
    asking = threading.Thread(
        target=lambda: answers.append(running.get("/recommendations", user_id="5").status_code)
    )
    asking.start()
    try:
        while engine.happened(rule) == 0:
            assert asking.is_alive()
            time.sleep(0.02)
    finally:
        engine.clear()
    running.process.send_signal(signal.SIGTERM)
    asking.join(60)

    assert running.process.wait(60) == 0
    assert answers == [200]
    assert running.lines()[-1]["message"] == "stopped"


def _engine(pipeline: Pipeline) -> str:
    endpoints = open_clients(pipeline.deployment).endpoints
    assert endpoints is not None
    return endpoints.personalize
