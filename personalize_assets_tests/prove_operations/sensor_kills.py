"""kill -9 of the daemon of sensors between any two of its writes, and a queue out of order.

Every point has a home of Dagster of its own, on which a daemon is killed and others follow; then
each version that landed must have one run. Files lie in a bucket that is the same for all points.
"""

import random
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import dagster as dg

from personalize_assets.aws import queue
from personalize_assets.aws.arrivals import arrival_id, set_id
from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.objects import Bucket, ObjectInfo
from personalize_assets.components.attributes import Sensors
from personalize_assets.local.clients import open_clients
from personalize_assets.local.stack import StackOptions, ensure_stack, stop_stack
from personalize_assets_tests.aws_cloud import Cloud, open_cloud, s3_event, serve_moto
from personalize_assets_tests.components.sensor_bench import Bench, make_bench
from personalize_assets_tests.prove_operations.daemons import (
    NAMED_POINTS,
    Daemons,
    Death,
    Lived,
)
from personalize_assets_tests.prove_operations.rows import Row

SENSORS = (
    "drops_raw_data",
    "drops_batch_input",
    "drops_batch_results",
    "drops_segment_results",
)
FILES: Mapping[str, bytes] = {
    "drops/raw/ratings.csv": b"userId,movieId,rating,timestamp\n1,2,4.0,1000000000\n",
    "drops/raw/movies.csv": b"movieId,title,genres\n2,Toy Story (1995),Comedy\n",
    "drops/input/users.json": b'{"userId": "1"}\n',
    "drops/input/items.json": b'{"itemId": "2"}\n',
    "drops/input/Z 日本.json": b'{"userId": "2"}\n',
    "drops/input/notes.txt": b"hello\n",
    "drops/results/inference/elsewhere/users.json.out": b"{}\n",
    "drops/results/segments/elsewhere/items.json.out": b"{}\n",
}
NOTICES, REPEATED = 10_000, 0.3
_QUIET_DAEMONS = 2  # one ends what was begun, one looks anew


@dataclass(frozen=True)
class Scene:
    """Files in a bucket, and a home of Dagster that has not seen them.

    Attributes:
        template: The home; each point takes a copy.
        expected: Ids of what must have one run.
        cloud: The queue that tells of the files; None where they are listed.
    """

    template: Daemons
    expected: frozenset[str]
    cloud: Cloud | None = None

    def prove(self, deaths: Sequence[Death], what: str) -> Row:
        """Kill a daemon at each of these points, let others follow, and count runs."""
        runs = lost = doubled = 0
        for death in deaths:
            found = self.outcome(death)
            runs += sum(found.values())
            lost += len(self.expected - found.keys())
            doubled += sum(found.values()) - len(found) + len(found.keys() - self.expected)
        return Row(what, len(deaths), runs, lost, doubled)

    def outcome(self, death: Death) -> Counter[str]:
        """Runs after a daemon died, the next one died there too, and others followed."""
        self.tell()
        with self._home() as daemons:
            for again in (death, death, *[None] * _QUIET_DAEMONS):
                if self.cloud is not None:
                    self.cloud.show_again()
                daemons.run(again)
            return daemons.runs()

    @contextmanager
    def _home(self) -> Iterator[Daemons]:
        with tempfile.TemporaryDirectory(dir=self.template.home.parent) as folder:
            yield self.template.copy(Path(folder) / "home")

    def tell(self) -> None:
        """Put the notices of all files into an empty queue."""
        if self.cloud is None:
            return
        self.cloud.empty_queue()
        self.cloud.send(s3_event(self.cloud.name, key) for key in (*FILES, *FILES))

    def undisturbed(self) -> Lived:
        """How often a first daemon writes and asks that finds everything."""
        self.tell()
        with self._home() as daemons:
            return daemons.run()

    def deaths(self, every: int) -> dict[str, list[Death]]:
        """The points of a first daemon, by kind; of those that are many, every so-many-th."""
        first = self.undisturbed()
        return {
            "at a named point": named_deaths(),
            "before a write": [Death(write=n + 1) for n in range(0, first.writes, every)],
            "before a request": [Death(request=n + 1) for n in range(0, first.requests, every)],
        }


@contextmanager
def listed_scene(folder: Path) -> Iterator[Scene]:
    """Files in the local S3, found by listing."""
    environment = {"PERSONALIZE_ASSETS_STATE_DIR": str(folder / "state")}
    deployment = Deployment.from_environment(environment)
    ensure_stack(deployment.state_dir, StackOptions.for_deployment(deployment))
    try:
        expected = drop_files(Bucket.of(open_clients(deployment)))
        yield Scene(Daemons(folder / "home", environment).open(), expected)
    finally:
        stop_stack(deployment.state_dir)


@contextmanager
def told_scene(folder: Path) -> Iterator[Scene]:
    """Files in a bucket of moto's, told of by its queue."""
    with (
        serve_moto() as address,
        open_cloud(address) as cloud,
        mock.patch.object(queue, "WAIT_S", 0),
    ):
        expected = drop_files(cloud.bucket)
        yield Scene(Daemons(folder / "home", cloud.environment).open(), expected, cloud)


def drop_files(bucket: Bucket) -> frozenset[str]:
    """Put all files there; gives the ids that must have one run."""
    bucket.ensure(create=True)
    for key, content in FILES.items():
        bucket.write_bytes(key, content)
    entries = {entry.key: entry for entry in bucket.list("drops/")}
    raw = {key: entry for key, entry in entries.items() if key.startswith("drops/raw/")}
    singles = [e for key, e in entries.items() if key not in raw and not key.endswith(".txt")]
    return frozenset([set_id(raw), *map(arrival_id, singles)])


def named_deaths(sensors: Iterable[str] = SENSORS) -> list[Death]:
    """Dagster's named points in the tick of each sensor."""
    return [Death(sensor, point) for sensor in sensors for point in NAMED_POINTS]


def prove_notices(scale: float = 1.0) -> Row:
    """Thousands of notices, some repeated, in no order: one run for each version.

    Between the two halves a process dies that held messages, and some objects are written anew.
    """
    rng = random.Random(6)
    patience = Sensors(settle_s=0, listing_s=1e9)
    with (
        serve_moto() as address,
        open_cloud(address) as cloud,
        mock.patch.object(queue, "WAIT_S", 0),
        tempfile.TemporaryDirectory() as home,
        dg.DagsterInstance.local_temp(home) as instance,
    ):
        bench = make_bench(cloud.deployment, instance, sensors=patience)
        bench.tick()  # It has listed, once and for all.
        count = int(NOTICES * (1 - REPEATED) * scale)
        keys = [f"{bench.inputs}{number} käse+.json" for number in range(count)]
        told = [*keys, *rng.choices(keys, k=int(NOTICES * REPEATED * scale))]
        rng.shuffle(told)
        first, second = told[: len(told) // 2], told[len(told) // 2 :]
        cloud.put_quickly({key: b'{"userId": "1"}\n' for key in keys})
        cloud.send(s3_event(cloud.name, key) for key in first)
        found = _drain(bench, cloud)
        expected = {arrival_id(entry) for entry in _current(bench, set(first))}
        anew = rng.sample(first, k=len(first) // 20)
        cloud.put_quickly({key: b'{"userId": "2"}\n' for key in anew})
        cloud.send(s3_event(cloud.name, key) for key in (*second, *anew))
        bench.tick()  # What it asks for comes to nothing: the process dies.
        queue._OPEN.clear()
        bench.restart()
        cloud.show_again()
        bench.cursors.clear()
        found += _drain(bench, cloud)
        expected |= {arrival_id(entry) for entry in _current(bench, set(keys))}
    doubled = sum(found.values()) - len(found) + len(found.keys() - expected)
    what = f"{len(told) + len(anew):,} notices, {REPEATED:.0%} repeated, shuffled"
    lost = len(expected - found.keys())
    return Row(what, len(told) + len(anew), sum(found.values()), lost, doubled)


def _current(bench: Bench, keys: set[str]) -> Iterator[ObjectInfo]:
    return (entry for entry in bench.bucket.list(bench.inputs) if entry.key in keys)


def _drain(bench: Bench, cloud: Cloud) -> Counter[str]:
    """Tick until the queue is empty and nothing is held; gives the run keys of all requests."""
    found = Counter[str]()
    while cloud.counts() != (0, 0):
        requests = bench.tick()
        if isinstance(requests, list):
            bench.record(requests)
            found.update(request.run_key or "" for request in requests)
    return found


def prove(every: int = 1, scale: float = 1.0) -> list[Row]:
    """Kill at every point of a tick, with files listed and told of; and a queue out of order.

    Args:
        every: Kill at every so-many-th write only.
        scale: Share of the notices.
    """
    rows: list[Row] = []
    scenes = {"files listed": listed_scene, "files told of by SQS": told_scene}
    for how, open_scene in scenes.items():
        with (
            tempfile.TemporaryDirectory(prefix="sensors-") as folder,
            open_scene(Path(folder)) as scene,
        ):
            rows += [
                scene.prove(deaths, f"daemon killed {where}, {how}")
                for where, deaths in scene.deaths(every).items()
            ]
    return [*rows, prove_notices(scale)]
