"""Carries out orders in one Spark session: a path on each line of the input, an answer for each.

Runs where PySpark is, with the job's zip alone on its path.
"""

import json
import sys
import traceback

from personalize_assets.core.movielens.errors import RawDataError
from personalize_assets.spark.clean import clean
from personalize_assets.spark.order import Order
from personalize_assets.spark.session import start_session


def main() -> None:
    spark = start_session("tests")
    for line in sys.stdin:
        with open(line.strip(), encoding="utf-8") as file:
            order = Order.from_json(file.read())
        answer = {"kind": "done", "message": ""}
        try:
            clean(spark, order, lambda _: None)
        except RawDataError as error:
            answer = {"kind": "refused", "message": str(error)}
        except Exception:
            answer = {"kind": "failed", "message": traceback.format_exc()}
        sys.stdout.write(f"answer {json.dumps(answer)}\n")
        sys.stdout.flush()
    spark.stop()


if __name__ == "__main__":
    main()
