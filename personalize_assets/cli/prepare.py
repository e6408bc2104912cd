"""`python -m personalize_assets.cli.prepare`: makes Dagster's instance ready for a code server.

Runs before the code server starts, wherever `DAGSTER_HOME` points, and gives pools their limits.
"""

import logging
import os

import dagster as dg

from personalize_assets.cli.instance import limit_pools
from personalize_assets.core.log_format import configure_logging

log = logging.getLogger(__name__)


def main() -> None:
    """Prepare the instance of this environment."""
    configure_logging(os.environ, "%(asctime)s %(levelname)s %(message)s")
    with dg.DagsterInstance.get() as instance:
        pools = limit_pools(instance)
    log.info("pools that got a limit: %s", ", ".join(pools) or "none, all have one")


if __name__ == "__main__":
    main()
