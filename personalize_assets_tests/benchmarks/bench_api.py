"""The REST service under load, beside the same questions asked by boto3 directly.

    python -m personalize_assets_tests.benchmarks.bench_api [--seconds 20] [--rate 100] [--data DIR]

Starts an engine, trains aws-user-personalization on a MovieLens folder and makes a campaign; starts
the service in a process of its own; and asks for 25 items for random users at a fixed rate: by raw
requests to the engine (what the answer itself costs), by boto3 from threads (what an application
would do without the service), and through the service, which adds titles, genres, years and what
the user met. A latency counts from when its request was due, whoever was late. Ends with status 1
where the service misses its target: 99 of 100 answers within 50 ms at 100 requests a second.
"""

import argparse
import csv
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from personalize_assets.api.calls import CALL_LIMITS
from personalize_assets.api.declared import DeclaredGroup
from personalize_assets.api.limits import Rate
from personalize_assets.api.request_log import log_lines
from personalize_assets.api.server import serve
from personalize_assets.api.services import ApiOptions, Services
from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.objects import Bucket
from personalize_assets.local.clients import open_clients
from personalize_assets_tests.benchmarks.bench_serving import (
    World,
    read_ratings,
    trained_engine,
)
from personalize_assets_tests.benchmarks.raw_client import Load, make_request, send_at_rate

TARGET_MS = 50.0
RESULTS = 25
CONNECTIONS = 8
GROUP = DeclaredGroup(
    name="bench",
    transformed="bench/",
    solutions={"served": "aws-user-personalization"},
    campaigns=("served",),
    filters={},
    path="bench_api.py",
)


@dataclass(frozen=True)
class Measured:
    """One way to ask, measured; CPU milliseconds of the asked or asking process per request."""

    name: str
    load: Load
    cpu_ms: float | None


def write_cleaned(world: World, ratings: Sequence[tuple[str, str, str]], data: Path) -> None:
    """Write what the service keeps in memory: cleaned items and interactions."""
    bucket = Bucket.of(open_clients(_deployment(world.state_dir)))
    bucket.ensure(create=True)
    with (data / "movies.csv").open(encoding="utf-8") as file:
        movies = list(csv.DictReader(file))
    items = pa.table(
        {
            "ITEM_ID": [one["movieId"] for one in movies],
            "TITLE": [one["title"] for one in movies],
            "GENRES": [one["genres"] for one in movies],
        }
    )
    users, met, times = zip(*ratings, strict=True)
    interactions = pa.table(
        {"USER_ID": users, "ITEM_ID": met, "TIMESTAMP": pa.array(map(int, times), pa.int64())}
    )
    with TemporaryDirectory() as folder:
        for key, table in ((GROUP.items_key, items), (GROUP.interactions_key, interactions)):
            path = Path(folder) / Path(key).name
            pq.write_table(table, path)
            bucket.put_file(path, key)


@contextmanager
def served(world: World) -> Iterator[tuple[str, int]]:
    """The service in a process of its own: its address and its process id."""
    command = [sys.executable, "-m", __spec__.name, "--serve", str(world.state_dir)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip(), process.pid
        finally:
            process.terminate()


def serve_here(state_dir: Path) -> int:
    """Be the service."""
    log_lines("warning")
    clients = open_clients(_deployment(state_dir), limits=CALL_LIMITS)
    services = Services.make(GROUP, clients, ApiOptions(rate=Rate(0, 0)))
    return serve(services, "127.0.0.1", 0)


def ask_engine(world: World, campaign: str, users: Sequence[str], rate: float) -> Load:
    """Ask the engine itself, at next to no cost of asking."""
    requests = [
        make_request(
            world.endpoint,
            "/recommendations",
            {"campaignArn": campaign, "userId": user, "numResults": RESULTS},
        )
        for user in users
    ]
    return send_at_rate(world.endpoint, requests, rate, CONNECTIONS)


def ask_service(address: str, users: Sequence[str], rate: float) -> Load:
    """Ask through the service."""
    host = urlsplit(address).netloc
    requests = [
        f"GET /recommendations?user_id={user}&num_results={RESULTS} HTTP/1.1\r\n"
        f"Host: {host}\r\n\r\n".encode()
        for user in users
    ]
    return send_at_rate(address, requests, rate, CONNECTIONS)


def ask_boto3(world: World, campaign: str, users: Sequence[str], rate: float) -> Load:
    """Ask by boto3 from threads that share one client, as an application would."""
    runtime = world.clients.personalize_runtime
    return send_calls(
        lambda number: runtime.get_recommendations(
            campaignArn=campaign, userId=users[number], numResults=RESULTS
        ),
        len(users),
        rate,
    )


def send_calls(call: Callable[[int], object], count: int, rate: float) -> Load:
    """Call at a fixed rate from some threads; a latency counts from when its call was due."""
    latencies, failed = np.zeros(count), [0]
    numbers, lock = iter(range(count)), threading.Lock()
    start = time.perf_counter() + 0.05

    def work() -> None:
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            due = start + number / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            try:
                call(number)
            except Exception:
                failed[0] += 1
            latencies[number] = (time.perf_counter() - due) * 1000

    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Load(count, failed[0], time.perf_counter() - start, np.sort(latencies).tolist())


def cpu_s(pid: int) -> float:
    """Processor seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(world: World, address: str, pid: int, seconds: float, rate: float) -> list[Measured]:
    """Ask in the three ways, each twice in turns; the better half of each counts."""
    campaign = world.clients.personalize.create_campaign(
        name="bench-served", solutionVersionArn=_version(world)
    )["campaignArn"]
    while (
        world.clients.personalize.describe_campaign(campaignArn=campaign)["campaign"]["status"]
        != "ACTIVE"
    ):
        time.sleep(0.05)
    rng = np.random.default_rng(1)
    users = [
        world.users[index] for index in rng.integers(len(world.users), size=int(seconds * rate))
    ]
    for warm in (users[:100],):
        ask_engine(world, campaign, warm, rate)
        ask_service(address, warm, rate)
        ask_boto3(world, campaign, warm, rate)
    ways: tuple[tuple[str, int | None, Callable[[], Load]], ...] = (
        ("the engine, raw requests", None, lambda: ask_engine(world, campaign, users, rate)),
        ("boto3 directly", os.getpid(), lambda: ask_boto3(world, campaign, users, rate)),
        ("the service, with titles", pid, lambda: ask_service(address, users, rate)),
    )
    found: dict[str, Measured] = {}
    for name, process, ask in ways * 2:
        before = cpu_s(process) if process else 0.0
        load = ask()
        cpu_ms = (cpu_s(process) - before) * 1000 / load.sent if process else None
        known = found.get(name)
        if known is None or load.percentile(99) < known.load.percentile(99):
            found[name] = Measured(name, load, cpu_ms)
    return list(found.values())


def _version(world: World) -> str:
    described = world.clients.personalize.describe_campaign(campaignArn=world.campaign)
    return str(described["campaign"].get("solutionVersionArn"))


def _deployment(state_dir: Path) -> Deployment:
    return Deployment.from_environment({"PERSONALIZE_ASSETS_STATE_DIR": str(state_dir)})


def show(measured: Sequence[Measured], rate: float) -> bool:
    """Print the table; whether the target is reached."""
    table = Table(
        "asked", "sent", "a second", "p50 ms", "p90 ms", "p99 ms", "most ms", "CPU ms", "failed"
    )
    for one in measured:
        load = one.load
        figures = [load.rate, *(load.percentile(share) for share in (50, 90, 99, 100))]
        cpu = "-" if one.cpu_ms is None else f"{one.cpu_ms:.1f}"
        table.add_row(
            one.name, str(load.sent), *(f"{each:.1f}" for each in figures), cpu, str(load.failed)
        )
    Console(width=110).print(table)
    _, direct, service = measured
    for share in (50, 99):
        ratio = service.load.percentile(share) / direct.load.percentile(share)
        print(f"p{share} of the service is {ratio:.2f} times that of boto3 directly")
    reached = (
        service.load.failed == 0
        and service.load.rate >= 0.98 * rate
        and service.load.percentile(99) < TARGET_MS
    )
    print(
        f"target {'reached' if reached else 'missed'}: {service.load.rate:.0f}/s, p99 "
        f"{service.load.percentile(99):.1f} ms (< {TARGET_MS:.0f}), {service.load.failed} failed"
    )
    return reached


def main() -> int:
    """Measure, print and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, help="of each measurement")
    parser.add_argument("--rate", type=float, default=100, help="requests a second")
    parser.add_argument("--data", type=Path, default=Path("data"), help="a MovieLens folder")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve is not None:
        return serve_here(options.serve)
    ratings = read_ratings(options.data)
    with trained_engine(ratings) as world:
        write_cleaned(world, ratings, options.data)
        with served(world) as (address, pid):
            measured = measure(world, address, pid, options.seconds, options.rate)
    return 0 if show(measured, options.rate) else 1


if __name__ == "__main__":
    sys.exit(main())
