"""Run the machine for long and tell what it did.

    python -m personalize_assets_tests.engine.life_cycles --steps 100000 [--seed 0]

Ends with status 1, after the shortest life that shows it, where engine and model differ.
"""

import argparse
import sys
import time
import traceback

from personalize_assets_tests.engine.life_cycles.figures import FIGURES
from personalize_assets_tests.engine.life_cycles.machine import STEPS_PER_LIFE, run


def main() -> int:
    """Run, and print one line of figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=100_000, help="at least so many")
    parser.add_argument("--seed", type=int, default=0, help="another one gives other lives")
    parser.add_argument("--life", type=int, default=STEPS_PER_LIFE, help="steps of one engine")
    parser.add_argument("--as-found", action="store_true", help="do not look for a shorter life")
    options = parser.parse_args()
    began, failed = time.perf_counter(), False
    try:
        run(
            options.steps,
            first_seed=options.seed,
            steps_per_life=options.life,
            shrink=not options.as_found,
        )
    except Exception:
        failed = True
        traceback.print_exc(file=sys.stdout)
    verdict = "DIFFERS" if failed else "agrees"
    line = FIGURES.line(time.perf_counter() - began)
    sys.stdout.write(f"the engine {verdict} with its model: {line}\n")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
