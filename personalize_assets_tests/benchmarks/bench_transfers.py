"""Files to and from S3: ours against `aws s3 cp`, in the same run, through the same local S3.

    python -m personalize_assets_tests.benchmarks.bench_transfers [--megabytes 1024] [--runs 3]

Sends a seeded file of random bytes and fetches it again, each side in a fresh process and in turns,
compares what came back and prints the medians of wall time, CPU seconds (user and system of the
client alone) and peak memory, with their ratios. Ours also takes a SHA-256 of every byte and
an MD5 to compare with what S3 tells; the command line does neither, and two hashes cost about what
sending costs. Ends with status 1 where the contents differ or ours needs more than 2.5 of the
other's CPU.
"""

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from personalize_assets.testing.local import local_personalize

BUCKET = "transfers"
TARGET = 2.5
SIDES = ("ours", "aws s3 cp")
_CHUNK = 16 * 1024 * 1024
_WATCH = """
import json, resource, subprocess, sys, time
started = time.monotonic()
subprocess.run(sys.argv[1:], check=True)
wall_s = time.monotonic() - started
used = resource.getrusage(resource.RUSAGE_CHILDREN)
cpu_s = used.ru_utime + used.ru_stime
print(json.dumps({"wall s": wall_s, "CPU s": cpu_s, "peak MB": used.ru_maxrss / 1024}))
"""


def make_file(path: Path, megabytes: int) -> str:
    """Write random bytes; return their SHA-256."""
    rng, digest = np.random.default_rng(7), hashlib.sha256()
    with path.open("wb") as file:
        for start in range(0, megabytes * 1024 * 1024, _CHUNK):
            block = rng.bytes(min(_CHUNK, megabytes * 1024 * 1024 - start))
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def sha256_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def run_ours(step: str, endpoint: str, path: Path) -> None:
    """Put or get with the package."""
    from personalize_assets.aws.objects import Bucket
    from personalize_assets.loopback import make_client

    bucket = Bucket(make_client("s3", endpoint), BUCKET)
    if step == "put":
        bucket.put_file(path, "ours")
    else:
        bucket.get_file("ours", path)


def command_of(side: str, step: str, endpoint: str, path: Path) -> list[str]:
    """The program of one side."""
    if side == "ours":
        program = [sys.executable, "-m", __spec__.name]
        return [*program, "--step", step, "--endpoint", endpoint, "--path", str(path)]
    uri = f"s3://{BUCKET}/theirs"
    places = [str(path), uri] if step == "put" else [uri, str(path)]
    program = [str(Path(sys.executable).with_name("aws")), "--endpoint-url", endpoint]
    return [*program, "s3", "cp", "--only-show-errors", *places]


def measure(command: list[str], environ: Mapping[str, str]) -> dict[str, float]:
    """Run a program as the only child of a fresh process; return what it used."""
    watch = [sys.executable, "-c", _WATCH, *command]
    answer = subprocess.run(watch, check=True, stdout=subprocess.PIPE, text=True, env=environ)
    return json.loads(answer.stdout)


def compare(megabytes: int, runs: int) -> bool:
    """Measure both sides in turns, print the table; tell whether all is well."""
    found: dict[tuple[str, str], list[dict[str, float]]] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        local_personalize(Path(folder) / "state") as local,
    ):
        source, target = Path(folder) / "source", Path(folder) / "target"
        digest = make_file(source, megabytes)
        local.s3.create_bucket(Bucket=BUCKET)
        environ = {**os.environ, **local.environment}
        same = True
        for _ in range(runs):
            for side in SIDES:
                for step, path in (("put", source), ("get", target)):
                    command = command_of(side, step, local.s3_endpoint_url, path)
                    taken = measure(command, environ)
                    found.setdefault((side, step), []).append(taken)
                same = same and sha256_of(target) == digest
                target.unlink()
            for key in ("ours", "theirs"):
                local.s3.delete_object(Bucket=BUCKET, Key=key)
    return show(found, megabytes, runs) and same


def show(found: dict, megabytes: int, runs: int) -> bool:
    """Print medians and ratios."""
    table = Table(title=f"{megabytes} MB, medians of {runs} runs")
    for column in ("", "wall s", "CPU s", "peak MB", "wall ratio", "CPU ratio"):
        table.add_column(column, justify="left" if not column else "right")
    well = True
    for step in ("put", "get"):
        medians = {
            side: {
                name: statistics.median(run[name] for run in found[side, step])
                for name in ("wall s", "CPU s", "peak MB")
            }
            for side in SIDES
        }
        for side, taken in medians.items():
            ratios = [taken[name] / medians["aws s3 cp"][name] for name in ("wall s", "CPU s")]
            well = well and (side != "ours" or ratios[1] <= TARGET)
            table.add_row(
                f"{step}, {side}",
                *(f"{taken[name]:.2f}" for name in ("wall s", "CPU s")),
                f"{taken['peak MB']:.0f}",
                *(f"{ratio:.2f}" for ratio in ratios),
            )
    Console().print(table)
    return well


def main() -> None:
    """Run the benchmark, or one step of it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--step", choices=("put", "get"))
    parser.add_argument("--endpoint")
    parser.add_argument("--path", type=Path)
    options = parser.parse_args()
    if options.step:
        run_ours(options.step, options.endpoint, options.path)
        return
    sys.exit(not compare(options.megabytes, options.runs))


if __name__ == "__main__":
    main()
