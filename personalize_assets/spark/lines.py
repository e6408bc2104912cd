r"""The lines of a raw file with their numbers, without bringing them to one machine.

Spark reads a file in blocks of bytes. The lines of each block are counted first, which gives the
number of its first line; the lines themselves never leave the machines that read them. Knows bytes
and line ends (``\n`` alone, the ``\r`` before it belongs to it), not what is in a line.
"""

# PySpark is where the job runs, not where this is checked.
# pyright: reportMissingImports=false

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from personalize_assets.core.movielens.errors import RawDataError
from personalize_assets.core.movielens.formats import FileFormat
from personalize_assets.spark.expressions import is_not_utf8, latin1, without_carriage_return
from personalize_assets.spark.outputs import to_uri
from personalize_assets.spark.session import fit_shuffles

MAX_LINE_BYTES: Final = 64 << 20

_UTF16_BOMS: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_WITH_TEXT: Final = r"[^ \t\n\x0b\f\r]"

CheckHeader = Callable[[bytes], None]
"""Called with the header, without its end; raises RawDataError if it is wrong."""


@dataclass(frozen=True)
class RawLines:
    """The data lines of a file.

    Attributes:
        rows: ``_line`` (number, bigint, the header counts) and ``_raw`` (a string whose bytes are
            those of the line without its end, valid UTF-8 or not), in no particular order.
        count: How many there are.
    """

    rows: DataFrame
    count: int


def read_lines(
    spark: SparkSession, uri: str, name: str, check_header: CheckHeader | None
) -> RawLines:
    """Read a file without its header and byte order mark.

    Args:
        spark: The session, with the settings of ``session.py``: the blocks must stay the same.
        uri: The file.
        name: Its name in messages.
        check_header: Looks at the first line; None if the file has no header.

    Raises:
        RawDataError: The file is missing, empty, in UTF-16 or UTF-32, has a wrong header, or a line
            of more than ``MAX_LINE_BYTES``.
    """
    try:
        # Spark takes out the mark, as Hadoop's reader of lines does.
        text = spark.read.option("lineSep", "\n").text(_without_globs(to_uri(uri)))
    except AnalysisException as error:
        raise RawDataError(f"{name} is missing: {uri} is no file") from error
    scanned = text.select(
        F.col("value"),
        F.expr("input_file_block_start()").alias("_block"),
        F.monotonically_increasing_id().alias("_id"),
    )
    blocks = _count_blocks(scanned)
    _check_text(scanned, blocks, name, check_header)
    rows, count = _numbered(scanned, blocks)
    if check_header is not None:
        return RawLines(rows.where(F.col("_line") > 1), count - 1)
    return RawLines(rows, count)


def exact_header(name: str, form: FileFormat) -> CheckHeader | None:
    """The check that a file has the header of ``form``; None if ``form`` has no header."""
    if not form.has_header:
        return None

    def check(header: bytes) -> None:
        if header != form.header.encode():
            shown = header[:200].decode("utf-8", errors="replace").replace("\x00", "\\0")
            if header[:1].isdigit():
                found = f"has no header: its first line is {shown!r}"
            else:
                found = f"has other columns: found {shown!r}"
            raise RawDataError(f"{name} {found}, wanted {form.header!r}")

    return check


def with_text(lines: RawLines, *, has_header: bool) -> DataFrame:
    """``lines.rows`` with ``_text``, decoded, null where the line is not UTF-8.

    A file with a header is UTF-8. One without is UTF-8 if all of it is, else Latin-1.
    """
    raw = F.col("_raw")
    if not has_header and lines.rows.where(is_not_utf8(raw)).limit(1).count():
        return lines.rows.withColumn("_text", latin1(raw))
    return lines.rows.withColumn("_text", F.when(~is_not_utf8(raw), raw))


def _count_blocks(scanned: DataFrame) -> list[Row]:
    """Each block of the file in order: its first id, its lines, what else must be known of them."""
    return (
        scanned.groupBy("_block")
        .agg(
            F.min("_id").alias("first_id"),
            F.count("*").alias("lines"),
            F.max(F.octet_length("value")).alias("longest"),
            F.max(F.col("value").rlike(_WITH_TEXT)).alias("has_text"),
        )
        .orderBy("_block")
        .collect()
    )


def _check_text(
    scanned: DataFrame, blocks: list[Row], name: str, check_header: CheckHeader | None
) -> None:
    first = scanned.where("_block = 0").select(F.col("value").cast("binary")).head()
    line = b"" if first is None else bytes(first[0])
    if line.startswith(_UTF16_BOMS):
        raise RawDataError(f"{name} is in UTF-16 or UTF-32: save it as UTF-8")
    if not any(block.has_text for block in blocks):
        raise RawDataError(f"{name} is empty")
    if any(block.longest > MAX_LINE_BYTES for block in blocks):
        raise RawDataError(
            f"{name} has a line of more than {MAX_LINE_BYTES >> 20} MiB: not a file of lines"
        )
    if check_header is not None:
        check_header(line.removesuffix(b"\r"))


def _numbered(scanned: DataFrame, blocks: list[Row]) -> tuple[DataFrame, int]:
    """Each line with its number, and how many there are.

    Ids increase within a block, one by one; only where they begin must be known.
    """
    shifts: list[str] = []
    line = 1
    for block in blocks:
        shifts.append(f"({block['_block']}L, {line - block.first_id}L)")
        line += block.lines
    spark = scanned.sparkSession
    fit_shuffles(spark, len(blocks))
    table = spark.sql(f"SELECT * FROM VALUES {', '.join(shifts)} AS blocks(_block, _shift)")
    rows = scanned.join(F.broadcast(table), "_block").select(
        (F.col("_id") + F.col("_shift")).alias("_line"),
        without_carriage_return(F.col("value")).alias("_raw"),
    )
    return rows, line - 1


def _without_globs(uri: str) -> str:
    """Let every character of a name stand for itself."""
    return re.sub(r"([\\{}\[\]*?])", r"\\\1", uri)
