"""The Spark session of a job, with the settings that its results depend on."""

# PySpark is where the job runs, not where this is checked.
# pyright: reportMissingImports=false

from typing import Final

from pyspark.sql import SparkSession

BLOCK_BYTES: Final = 64 << 20
"""The most that one task reads of a raw file."""

SETTINGS: Final = {
    # A bad value casts to null, which the condition beside it has found already.
    "spark.sql.ansi.enabled": "false",
    # USER_ID and user_id are two columns.
    "spark.sql.caseSensitive": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.parquet.compression.codec": "snappy",
}


MAX_SHUFFLE_PARTITIONS: Final = 2_000


def start_session() -> SparkSession:
    """Start a session as the launcher set it up, or take the one there is, and set what must be."""
    spark = SparkSession.builder.getOrCreate()
    for key, value in SETTINGS.items():
        spark.conf.set(key, value)
    # Line numbers need a file to be cut into the same blocks every time that it is read, also when
    # the cluster has grown in between.
    spark.conf.set("spark.sql.files.maxPartitionBytes", str(BLOCK_BYTES))
    spark.conf.set("spark.sql.files.minPartitionNum", str(spark.sparkContext.defaultParallelism))
    spark.sparkContext.setLogLevel("WARN")
    return spark


def fit_shuffles(spark: SparkSession, blocks: int) -> None:
    """Let shuffles have as many partitions as a file of ``blocks`` blocks needs, and no more."""
    partitions = max(spark.sparkContext.defaultParallelism, min(2 * blocks, MAX_SHUFFLE_PARTITIONS))
    spark.conf.set("spark.sql.shuffle.partitions", str(partitions))
