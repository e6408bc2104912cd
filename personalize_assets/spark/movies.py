"""Judging lines of MovieLens movies and users. Knows what a line means, not where rows go."""

# PySpark is where the job runs, not where this is checked.
# pyright: reportMissingImports=false

from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from personalize_assets.core.cleaning.definitions import (
    ID_PATTERN,
    MAX_TEXT_CHARACTERS,
    Reason,
)
from personalize_assets.core.columns import Columns
from personalize_assets.core.movielens.formats import (
    GENRES_100K,
    MOVIES,
    OCCUPATIONS_1M,
    USERS,
    FileFormat,
)
from personalize_assets.core.movielens.layouts import LayoutKind
from personalize_assets.core.movielens.movies import DATE_PATTERN, NO_GENRES, YEAR_PATTERN
from personalize_assets.spark.columns import FIELDS, RAW, TEXT, Judged, OutputColumn, judge
from personalize_assets.spark.expressions import (
    Fault,
    is_bad_text,
    matches,
    split_plain,
    split_quoted,
)
from personalize_assets.spark.lines import RawLines, with_text

FILLED: Final = "_filled_"
"""Before the name of a column: whether it was filled in."""

# Java's `$` also matches before some line ends that Python's does not know.
_YEAR: Final = YEAR_PATTERN.removesuffix("$") + r"\z"
_MONTHS: Final = "JanFebMarAprMayJunJulAugSepOctNovDec"
_DAY_SECONDS: Final = 86_400
_AGE_PATTERN: Final = r"\d{1,3}"
_CODE_PATTERN: Final = r"\d{1,2}"


def judge_movies(lines: RawLines, layout: LayoutKind) -> Judged:
    """Read the valid movies and explain every other line."""
    fields = F.col(FIELDS)
    rows = (
        _split(lines, MOVIES[layout])
        .withColumn("_title", F.trim(fields[1]))
        .withColumn("_genres", _flagged_genres(fields) if layout == "u" else F.trim(fields[2]))
        .withColumn("_year", F.regexp_extract("_title", _YEAR, 1))
        .withColumn("_released", _released(fields[2] if layout == "u" else F.lit("")))
    )
    item, title, genres = fields[0], F.col("_title"), F.col("_genres")
    year = F.when(F.col("_year") != "", F.col("_year").cast("int"))
    faults = [
        *_line_faults(MOVIES[layout]),
        (Reason.MISSING, item == ""),
        (Reason.ITEM_ID, ~matches(item, ID_PATTERN)),
        (Reason.TEXT, is_bad_text(title, MAX_TEXT_CHARACTERS)),
        (Reason.TEXT, is_bad_text(genres, MAX_TEXT_CHARACTERS)),
    ]
    no_title, no_date = title == "", F.col("_released").isNull()
    values = [
        (OutputColumn(Columns.ITEM_ID, "number id", nullable=False), item.cast("bigint")),
        (
            OutputColumn(Columns.GENRES, "string", nullable=True),
            F.when(~genres.isin("", NO_GENRES), genres),
        ),
        (OutputColumn(Columns.YEAR, "int32", nullable=True), year),
        (
            OutputColumn(Columns.TITLE, "string", nullable=False),
            F.when(no_title, item).otherwise(title),
        ),
    ]
    more = [no_title.alias(f"{FILLED}{Columns.TITLE}")]
    if layout == "u":
        new_year = F.greatest(F.lit(0), _epoch_days(year, F.lit(1), F.lit(1)) * _DAY_SECONDS)
        release = F.coalesce(F.col("_released"), new_year, F.lit(0)).cast("bigint")
        column = OutputColumn(Columns.CREATION_TIMESTAMP, "int64", nullable=False)
        values.insert(3, (column, release))
        more.append(no_date.alias(f"{FILLED}{Columns.CREATION_TIMESTAMP}"))
    return judge(rows, faults, values, more)


def judge_users(lines: RawLines, layout: LayoutKind) -> Judged:
    """Read the valid users and explain every other line."""
    form = USERS[layout]
    rows = _split(lines, form)
    fields = F.col(FIELDS)
    user, age, gender, work = (
        fields[form.columns.index(name)] for name in ("userId", "age", "gender", "occupation")
    )
    occupation = work if layout == "u" else _occupation(work)
    unknown = ~matches(age, _AGE_PATTERN) | ~gender.isin("F", "M") | occupation.isNull()
    faults = [
        *_line_faults(form),
        (Reason.MISSING, F.array_contains(F.slice(fields, 1, 4), "")),
        (Reason.USER_ID, ~matches(user, ID_PATTERN)),
        (Reason.USER, unknown),
    ]
    values = [
        (OutputColumn(Columns.USER_ID, "number id", nullable=False), user.cast("bigint")),
        (OutputColumn(Columns.AGE, "int32", nullable=False), age.cast("int")),
        (OutputColumn(Columns.GENDER, "string", nullable=False), gender),
        (OutputColumn(Columns.OCCUPATION, "string", nullable=False), occupation),
    ]
    return judge(rows, faults, values)


def _split(lines: RawLines, form: FileFormat) -> DataFrame:
    text = F.col(TEXT)
    split = split_quoted if form.quoted else split_plain
    rows = with_text(lines, has_header=form.has_header)
    return rows.withColumn(FIELDS, split(text, form.delimiter))


def _line_faults(form: FileFormat) -> list[Fault]:
    return line_faults(len(form.columns))


def line_faults(fields: int) -> list[Fault]:
    """Faults of a line that is not split into as many ``fields``."""
    return [
        (Reason.EMPTY_LINE, F.col(RAW) == ""),
        (Reason.ENCODING, F.col(TEXT).isNull()),
        (Reason.QUOTES, F.col(FIELDS).isNull()),
        (Reason.FIELD_COUNT, F.size(FIELDS) != fields),
    ]


def _flagged_genres(fields: Column) -> Column:
    flags = (
        F.when(fields[at] == "1", F.lit(name))
        for at, name in enumerate(GENRES_100K[1:], start=len(MOVIES["u"].columns) - 18)
    )
    return F.concat_ws("|", *flags)


def _released(text: Column) -> Column:
    """A release date in epoch seconds, never negative; null for anything else."""
    day, month, year = (F.regexp_extract(text, rf"\A{DATE_PATTERN}\z", at) for at in (1, 2, 3))
    number = ((F.position(month, F.lit(_MONTHS)) - 1) / 3).cast("int") + 1
    days = _epoch_days(year.cast("int"), number, day.cast("int"))
    seconds = F.greatest(F.lit(0), days * _DAY_SECONDS).cast("bigint")
    return F.when(matches(text, DATE_PATTERN), seconds)


def _epoch_days(year: Column, month: Column, day: Column) -> Column:
    """Days since 1970-01-01; a day beyond the end of its month counts on into the next."""
    first = F.make_date(year, month, F.lit(1))
    return F.datediff(first, F.to_date(F.lit("1970-01-01"))).cast("bigint") + day - 1


def _occupation(code: Column) -> Column:
    names = F.array(*(F.lit(name) for name in OCCUPATIONS_1M))
    return F.when(matches(code, _CODE_PATTERN), F.get(names, code.cast("int")))
