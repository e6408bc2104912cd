"""Carries out orders in one Spark session: a path on each line of the input, an answer for each.

Runs where PySpark is, with the job's zip alone on its path. Blocks and parts are so small that also
a small file has many of them.
"""

import json
import sys
import traceback
from pathlib import Path

from personalize_assets.core.movielens.errors import RawDataError
from personalize_assets.spark import clean as cleaning
from personalize_assets.spark import events
from personalize_assets.spark.order import Order
from personalize_assets.spark.session import start_session

BLOCKS, ROWS_PER_PART = 7, 500


def main() -> None:
    spark = start_session()
    events.ROWS_PER_PART = cleaning.ENTITIES_PER_PART = ROWS_PER_PART
    for line in sys.stdin:
        order = Order.from_json(Path(line.strip()).read_text(encoding="utf-8"))
        raw = Path(order.raw)
        block_bytes = raw.stat().st_size // BLOCKS + 1 if raw.exists() else 1
        spark.conf.set("spark.sql.files.maxPartitionBytes", str(block_bytes))
        answer = {"kind": "done", "message": ""}
        try:
            cleaning.clean(spark, order, lambda _: None)
        except RawDataError as error:
            answer = {"kind": "refused", "message": str(error)}
        except Exception:
            answer = {"kind": "failed", "message": traceback.format_exc()}
        sys.stdout.write(f"answer {json.dumps(answer)}\n")
        sys.stdout.flush()
    spark.stop()


if __name__ == "__main__":
    main()
