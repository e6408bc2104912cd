"""Rehearses the road to an AWS account without an account, and ends in one line of figures.

    python -m personalize_assets_tests.prove_aws [--only NAME ...] [--spark PYTHON] [--rows N]

bootstrap   made under moto, made again without a change, drift shown and put back
doctor      what it says of the broken set-up and of the good one
policies    what they grant beside the calls that the tests were seen to make
template    cfn-lint on the CloudFormation template
spark       cleaning on Spark beside the embedded engine and the usual Glue script, byte for byte
account     the help of the run in a real account

Moto plays AWS and the embedded engine plays Amazon Personalize. Ends with status 1 where something
did not hold. The proof of Spark needs Java and a python that has PySpark (--spark, or
PERSONALIZE_ASSETS_TEST_SPARK); without one it is left out, and the last line says so.
"""

import argparse
import logging
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import boto3

from personalize_assets.aws.deployment import Deployment
from personalize_assets.local.settings import StackOptions
from personalize_assets.local.stack import ensure_stack, stop_stack
from personalize_assets_tests.aws_cloud import CREDENTIALS, REGION, serve_moto

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
OPTIONS = ("--create-kms-key", "--queue", "--glue", "--email", "team@example.org")
SPARK_VARIABLE = "PERSONALIZE_ASSETS_TEST_SPARK"


class NotProved(Exception):
    """Something did not hold; the message says what."""


@dataclass(frozen=True)
class Rehearsal:
    """An account in which moto plays AWS and the engine plays Amazon Personalize.

    Attributes:
        folder: For state and the settings file.
        environment: With which commands find both.
    """

    folder: Path
    environment: Mapping[str, str]

    def command(self, *arguments: str, expect: int = 0) -> str:
        """Run `personalize-assets` as a person would; show and return what it printed."""
        return run([str(BIN / "personalize-assets"), *arguments], self.environment, expect)


@dataclass
class Asked:
    """What the command line asks for.

    Attributes:
        spark: A python with PySpark, or None.
        rows: Rows of the file that Spark cleans.
        rehearsal: Made once, for the proofs that need it.
    """

    spark: str | None
    rows: int
    rehearsal: Rehearsal = field(init=False)


def run(command: Sequence[str], environment: Mapping[str, str], expect: int = 0) -> str:
    """Run a command, show and return its output.

    Raises:
        NotProved: It ended with another status than ``expect``.
    """
    shown = " ".join(Path(part).name if part.startswith(str(BIN)) else part for part in command)
    say(f"$ {shown}")
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    say(done.stdout.rstrip())
    if done.returncode != expect:
        raise NotProved(f"{shown}: status {done.returncode}, expected {expect}")
    return done.stdout


def say(text: str) -> None:
    """Print at once."""
    print(text, flush=True)  # noqa: T201 - this is a command


@contextmanager
def rehearsing() -> Iterator[Rehearsal]:
    """An empty account, until the end."""
    with tempfile.TemporaryDirectory(prefix="prove-aws-") as name, serve_moto() as moto:
        folder = Path(name)
        stack = Deployment.from_environment({"PERSONALIZE_ASSETS_STATE_DIR": str(folder / "local")})
        engine = ensure_stack(stack.state_dir, StackOptions.for_deployment(stack)).personalize
        plain = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "PERSONALIZE_"))}
        environment = {
            **plain,
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": moto,
            "AWS_ENDPOINT_URL_PERSONALIZE": engine,
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "PERSONALIZE_ASSETS_STATE_DIR": str(folder / "state"),
            "PERSONALIZE_ASSETS_SETTINGS": str(folder / "aws.yaml"),
            "PERSONALIZE_ASSETS_REGION": REGION,
        }
        (folder / "aws.yaml").write_text("")
        try:
            yield Rehearsal(folder, environment)
        finally:
            stop_stack(stack.state_dir)


def prove_bootstrap(asked: Asked) -> str:
    """Made, unchanged, drifted, put back."""
    at = asked.rehearsal
    first = plan_of(at.command("bootstrap", *OPTIONS, "--yes"))
    again = plan_of(at.command("bootstrap", *OPTIONS, "--yes"))
    if again["create"] or again["change"]:
        raise NotProved(f"the second bootstrap wanted to change something: {again}")
    settings = (at.folder / "aws.yaml").read_text()
    found = re.search(r"^bucket: *(\S+)", settings, re.M)
    if found is None:
        raise NotProved(f"bootstrap wrote no bucket into its settings:\n{settings}")
    open_to_everybody(at, found.group(1))
    drifted = plan_of(at.command("bootstrap", *OPTIONS, "--yes"))
    if not drifted["change"]:
        raise NotProved("public access was opened, and bootstrap saw nothing to repair")
    if plan_of(at.command("bootstrap", *OPTIONS, "--dry-run"))["change"]:
        raise NotProved("bootstrap did not put back what had drifted")
    return (
        f"bootstrap created {first['create']}, again {again['change']} changed, "
        f"drift {drifted['change']} repaired"
    )


def open_to_everybody(at: Rehearsal, bucket: str) -> None:
    """What somebody does by hand, and should not."""
    s3 = boto3.client(
        "s3",
        endpoint_url=at.environment["AWS_ENDPOINT_URL"],
        region_name=REGION,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    s3.delete_public_access_block(Bucket=bucket)
    say(f"(somebody opened {bucket} to the public)")


def plan_of(printed: str) -> Mapping[str, int]:
    """How many resources a bootstrap creates, changes and leaves."""
    found = re.search(r"(\d+) to create, (\d+) to change, (\d+) unchanged", printed)
    if found is None:
        raise NotProved("bootstrap showed no plan")
    return dict(zip(("create", "change", "unchanged"), map(int, found.groups()), strict=True))


def prove_doctor(asked: Asked) -> str:
    """Of what is there it says good, of what is not what to do."""
    at = asked.rehearsal
    if not (at.folder / "aws.yaml").read_text().strip():
        at.command("bootstrap", *OPTIONS, "--yes")
    aws = {**at.environment, "PERSONALIZE_ASSETS_DEPLOYMENT": "aws"}
    doctor = [str(BIN / "personalize-assets"), "doctor"]
    broken = run(
        doctor,
        {
            **aws,
            "PERSONALIZE_ASSETS_BUCKET": "nobody-made-this-bucket",
            "PERSONALIZE_ASSETS_ROLE_ARN": "arn:aws:iam::123456789012:role/NobodyMadeThisRole",
        },
        expect=1,
    )
    good = run(doctor, aws)
    return f"doctor broken: {verdicts(broken)}; good: {verdicts(good)}"


def verdicts(printed: str) -> str:
    """The counts that the doctor ends with."""
    found = re.search(r"\d+ ok, \d+ failed, \d+ unknown", printed)
    if found is None:
        raise NotProved("the doctor counted nothing")
    return found.group(0)


def prove_policies(asked: Asked) -> str:
    """What is granted is called, and what is called is granted."""
    calls = asked.rehearsal.folder / "calls"
    module = "personalize_assets_tests.recorded_calls"
    printed = run([sys.executable, "-m", module, str(calls), "--record"], os.environ)
    found = re.findall(r"(\w+): (\d+) actions called, (\d+) granted", printed)
    return "policies " + ", ".join(
        f"{who} {one} called of {all_} granted" for who, one, all_ in found
    )


def prove_template(asked: Asked) -> str:
    """cfn-lint has nothing to say."""
    run([str(BIN / "cfn-lint"), "deploy/cloudformation.yaml"], os.environ)
    return "cfn-lint 0"


def prove_spark(asked: Asked) -> str:
    """The same bytes, and what they cost."""
    if asked.spark is None:
        return f"spark left out (no --spark, and {SPARK_VARIABLE} is not set)"
    module = "personalize_assets_tests.benchmarks.bench_spark"
    command = [sys.executable, "-m", module, "--python", asked.spark, "--rows", str(asked.rows)]
    printed = run(command, os.environ)
    same = printed.count("the same bytes")
    rows = re.findall(r"^(ours|spark|usual) +([\d.]+) +([\d.]+) +(\d+) ", printed, re.M)
    if same != 2 or len(rows) != 3:
        raise NotProved("the benchmark did not compare CSV and quarantine of all three")
    costs = ", ".join(f"{who} {cpu} CPU s {wall} s {peak} MB" for who, cpu, wall, peak in rows)
    return f"spark: CSV and quarantine the same bytes; {costs}"


def prove_account(asked: Asked) -> str:
    """The run in a real account says what it needs, and does not begin unasked."""
    printed = run([sys.executable, "-m", "personalize_assets_tests.account", "--help"], os.environ)
    run([sys.executable, "-m", "personalize_assets_tests.account"], asked.rehearsal.environment, 1)
    return f"account: help of {len(printed.splitlines())} lines, refused unasked"


PROOFS: Mapping[str, Callable[[Asked], str]] = {
    "bootstrap": prove_bootstrap,
    "doctor": prove_doctor,
    "policies": prove_policies,
    "template": prove_template,
    "spark": prove_spark,
    "account": prove_account,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the proofs and print their figures; 1 where something did not hold."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", choices=list(PROOFS), help="may be repeated")
    given = os.environ.get(SPARK_VARIABLE, "").split(os.pathsep)[0] or None
    parser.add_argument("--spark", default=given, metavar="PYTHON", help="a python with PySpark")
    parser.add_argument("--rows", type=int, default=2_000_000, help="of the file for Spark")
    options = parser.parse_args(arguments)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # moto tells of every request
    figures: list[str] = []
    failed = 0
    with rehearsing() as rehearsal:
        asked = Asked(options.spark, options.rows)
        asked.rehearsal = rehearsal
        for name in options.only or list(PROOFS):
            say(f"== {name}")
            began = time.monotonic()
            try:
                figures.append(PROOFS[name](asked))
            except NotProved as error:
                failed += 1
                figures.append(f"{name} FAILED: {error}")
            say(f"   {time.monotonic() - began:.0f} s\n")
    say(" | ".join(figures))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
