"""`python -m personalize_assets.cli.prepare`: makes Dagster's instance ready for a code server.

Runs before the code server starts, wherever `DAGSTER_HOME` points: gives pools their limits, and
hands the runs of a code server that was killed to Dagster's automatic retries.
"""

import logging

import dagster as dg

from personalize_assets.cli.instance import limit_pools
from personalize_assets.cli.unfinished import settle_abandoned

log = logging.getLogger(__name__)


def main() -> None:
    """Prepare the instance of this environment."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    with dg.DagsterInstance.get() as instance:
        pools = limit_pools(instance)
        settled = settle_abandoned(instance, as_failed=True)
    log.info("limited pools: %s; runs of a killed code server: %d", pools or "none new", settled)


if __name__ == "__main__":
    main()
