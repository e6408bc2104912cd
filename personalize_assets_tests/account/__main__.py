"""The command line of the run in an account: run this module with `--help`."""

import argparse
import os
import sys
from pathlib import Path

from personalize_assets.aws.deployment import DeploymentError
from personalize_assets.aws.prices import load_prices
from personalize_assets_tests.account.permission import (
    ACCOUNT,
    BUDGET,
    NotPermitted,
    forecast_run,
)
from personalize_assets_tests.account.running import STEPS, clean_up, run_in_account

ABOUT = f"""\
Runs the workflow of this project in a real AWS account, compares what Amazon Personalize answers
with what the embedded engine answers, and deletes everything again, also when a step fails.

It begins only where two variables allow it:
  {ACCOUNT}     the twelve digits of the account of your credentials
  {BUDGET}  the most that it may cost; the forecast is ${{high:.2f}}
and where the aws deployment is set up (personalize-assets bootstrap, then doctor):
  PERSONALIZE_ASSETS_DEPLOYMENT=aws, and what deploy/aws.yaml or the environment says

It takes two hours or so. Steps: {", ".join(STEPS)}.
"""


def main(arguments: list[str] | None = None) -> int:
    """Run, or clean up after a run that was killed; 1 where it failed or something is left."""
    parser = argparse.ArgumentParser(
        prog="python -m personalize_assets_tests.account",
        description=ABOUT.format(high=forecast_run(load_prices()).high_usd),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--record",
        type=Path,
        metavar="FILE",
        help="write operations, shapes of requests and answers (types, no values), statuses and "
        "the differences to the engine into FILE",
    )
    parser.add_argument(
        "--clean", metavar="NAME", help="only delete what a killed run of this name left behind"
    )
    asked = parser.parse_args(arguments)
    try:
        if asked.clean:
            return 0 if clean_up(os.environ, asked.clean, _say) else 1
        return 0 if run_in_account(os.environ, _say, asked.record).is_clean else 1
    except (NotPermitted, DeploymentError) as error:
        _say(f"error: {error}")
        return 1


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
