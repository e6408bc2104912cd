"""The outputs of a job as files of whatever file system Hadoop knows.

Rows in order become parts whose names are in order. Knows URIs and bytes, not what rows mean.
"""

# PySpark is where the job runs, not where this is checked.
# pyright: reportMissingImports=false

import json
from typing import Any, Final

from pyspark.sql import DataFrame, SparkSession

from personalize_assets.spark.order import (
    CSV_FOLDER,
    PARQUET_FOLDER,
    QUARANTINE_FOLDER,
    REFUSAL,
    REPORT,
    Order,
)
from personalize_assets.spark.report import Part, Report

FOLDERS: Final = (CSV_FOLDER, QUARANTINE_FOLDER, PARQUET_FOLDER)


def to_uri(place: str) -> str:
    """A path of this machine as a URI, so that no other default file system takes it."""
    return f"file://{place}" if place.startswith("/") else place


class Outputs:
    """The output folder of one order."""

    def __init__(self, spark: SparkSession, order: Order) -> None:
        self._spark = spark
        self._order = order

    def clear(self) -> None:
        """Delete what an earlier job left, its report first."""
        for name in (REPORT, REFUSAL, *FOLDERS):
            path, files = self._at(name)
            files.delete(path, True)

    def write_lines(self, folder: str, lines: DataFrame) -> None:
        """Write the one column of ``lines``, its bytes as they are, in the order of the rows."""
        target = to_uri(self._order.at(folder))
        lines.write.mode("overwrite").option("compression", "none").text(target)

    def write_parquet(self, rows: DataFrame) -> None:
        """Write rows, snappy, in their order."""
        target = to_uri(self._order.at(PARQUET_FOLDER))
        rows.write.mode("overwrite").option("compression", "snappy").parquet(target)

    def parts(self) -> dict[str, list[Part]]:
        """The files of every folder in the order of their rows."""
        return {folder: self._parts(folder) for folder in FOLDERS}

    def write_report(self, report: Report) -> None:
        """Write the report; the last of all."""
        self._write(REPORT, report.to_json())

    def write_refusal(self, message: str) -> None:
        """Write why there is nothing."""
        self._write(REFUSAL, json.dumps({"message": message}, ensure_ascii=False))

    def _parts(self, folder: str) -> list[Part]:
        path, files = self._at(folder)
        if not files.exists(path):
            return []
        found = [
            Part(status.getPath().getName(), status.getLen()) for status in files.listStatus(path)
        ]
        return sorted(
            (part for part in found if part.name.startswith("part-") and part.size),
            key=lambda part: int(part.name.split("-")[1]),
        )

    def _write(self, name: str, text: str) -> None:
        path, files = self._at(name)
        stream = files.create(path, True)
        try:
            stream.write(text.encode())
        finally:
            stream.close()

    def _at(self, name: str) -> tuple[Any, Any]:
        """Hadoop's path of an output, and the file system that it is in."""
        # PySpark has no public door to Hadoop's file systems.
        java: Any = self._spark._jvm  # noqa: SLF001
        settings = self._spark._jsc.hadoopConfiguration()  # noqa: SLF001
        path = java.org.apache.hadoop.fs.Path(to_uri(self._order.at(name)))
        return path, path.getFileSystem(settings)
