"""The job as a program: ``python -m personalize_assets.spark --order ORDER.json``.

spark-submit and AWS Glue start the same through ``packing.job_script``. Exit status 0: done; 3
(``REFUSED``): the raw data cannot be used, ``refused.json`` says why; any other: the job failed.
"""

# PySpark is where the job runs, not where this is checked.
# pyright: reportMissingImports=false

import argparse
import sys
from pathlib import Path

from pyspark.sql import SparkSession

from personalize_assets.core.movielens.errors import RawDataError
from personalize_assets.spark.clean import clean
from personalize_assets.spark.messages import Messages, open_messages
from personalize_assets.spark.order import REFUSED, Order
from personalize_assets.spark.outputs import Outputs
from personalize_assets.spark.session import start_session


def main(arguments: list[str] | None = None) -> None:
    """Carry out the order that the arguments name.

    Raises:
        SystemExit: The raw data is refused, outside AWS Glue.
        RawDataError: The raw data is refused, in AWS Glue, which shows the message then.
    """
    given = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(
        prog="python -m personalize_assets.spark",
        description="Clean one file of raw data with Spark, by the order in a JSON file.",
    )
    parser.add_argument("--order", required=True, help="path or URI of the order")
    # Glue and Dagster Pipes have arguments of their own.
    known, _ = parser.parse_known_args(given)
    in_glue = "--JOB_NAME" in given
    with open_messages(given) as messages:
        try:
            _run(known.order, messages)
        except RawDataError as error:
            messages.tell(f"refused: {error}")
            if in_glue:
                raise
            sys.stderr.write(f"refused: {error}\n")
            raise SystemExit(REFUSED) from error


def _run(place: str, messages: Messages) -> None:
    spark = start_session()
    try:
        order = Order.from_json(_read_order(spark, place))
        messages.tell(f"Spark {spark.version}: cleaning {order.dataset} from {order.raw}")
        try:
            report = clean(spark, order, messages.tell)
        except RawDataError as error:
            Outputs(spark, order).write_refusal(str(error))
            raise
        messages.report({"seconds": report.seconds, "spark": report.spark, **report.accounts})
    finally:
        spark.stop()


def _read_order(spark: SparkSession, place: str) -> str:
    if "://" not in place:
        return Path(place).read_text()
    text = spark.read.option("wholetext", True).text(place).head()
    if text is None:
        raise FileNotFoundError(f"{place} is empty: an order is needed")
    return text[0]


if __name__ == "__main__":
    main()
