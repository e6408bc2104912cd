"""Cleaning MovieLens's movies into the items of Amazon Personalize.

Columns: ITEM_ID, GENRES, YEAR, CREATION_TIMESTAMP (only where the layout has release dates), TITLE.
Knows no network and no S3.
"""

# pyarrow ships no types, and pyarrow.compute makes its functions when it is imported.
# pyright: standard, reportAttributeAccessIssue=false

import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Final

import pyarrow as pa

from personalize_assets.core.cleaning.blocks import opened
from personalize_assets.core.cleaning.definitions import (
    CONTROL_PATTERN,
    ID_PATTERN,
    MAX_TEXT_CHARACTERS,
    Reason,
)
from personalize_assets.core.cleaning.entities import write_entities
from personalize_assets.core.cleaning.outputs import OutputPaths, staged
from personalize_assets.core.cleaning.quarantine import Fault, Quarantine
from personalize_assets.core.cleaning.report import EntitiesReport
from personalize_assets.core.cleaning.text_lines import Record, read_records
from personalize_assets.core.columns import Columns
from personalize_assets.core.movielens.errors import RawDataError
from personalize_assets.core.movielens.formats import MOVIES
from personalize_assets.core.movielens.layouts import Layout
from personalize_assets.core.movielens.movies import Movie, parse_movie

_ID: Final = re.compile(ID_PATTERN, re.ASCII)
_CONTROL: Final = re.compile(CONTROL_PATTERN)


def clean_movies(
    movies: BinaryIO | Path,
    layout: Layout,
    out: OutputPaths,
    *,
    clock: Callable[[], float] = time.perf_counter,
) -> EntitiesReport:
    """Turn a file of movies into items, a quarantine file and a report.

    The last line of an id counts. A movie without a title is called by its id. Where the layout
    has release dates, a movie without one gets 1 January of its YEAR, or else 0, because the column
    may not be empty; ``missing`` in the report counts these.

    Args:
        movies: The file, or a stream of it that stays open.
        layout: The release that it belongs to; ``layout.movies`` is its name in messages.
        out: Where the outputs go; written only if all goes well.
        clock: Seconds from any beginning, for the report.

    Raises:
        RawDataError: The file is missing, empty, not in the layout's format or has no valid line.
    """
    started = clock()
    read = 0
    ids: list[int] = []
    found: list[Movie] = []
    with opened(movies, layout.movies) as stream, staged(out) as stage:
        with Quarantine(stage.quarantine) as quarantine:
            for record in read_records(stream, layout.movies, MOVIES[layout.kind]):
                read += 1
                movie = record if isinstance(record, Fault) else _parse(record, layout)
                if isinstance(movie, Fault):
                    quarantine.add([movie])
                else:
                    ids.append(movie[0])
                    found.append(movie[1])
        if not ids:
            raise RawDataError(f"{layout.movies} has no valid movie: {quarantine.describe()}")
        table, filled = _table(ids, found, with_dates=layout.kind == "u")
        report = write_entities(table, read, filled, quarantine, stage)
    return replace(report, files=stage.files, seconds=clock() - started)


def _parse(record: Record, layout: Layout) -> tuple[int, Movie] | Fault:
    item_id = record.fields[0]
    if not item_id:
        return Fault(record.line, Reason.MISSING, record.raw)
    if _ID.fullmatch(item_id) is None:
        return Fault(record.line, Reason.ITEM_ID, record.raw)
    movie = parse_movie(record.fields, layout.kind)
    for text in (movie.title, movie.genres or ""):
        if len(text) > MAX_TEXT_CHARACTERS or _CONTROL.search(text):
            return Fault(record.line, Reason.TEXT, record.raw)
    return int(item_id), movie


def _table(
    ids: list[int], movies: list[Movie], *, with_dates: bool
) -> tuple[pa.Table, dict[str, int]]:
    """The rows as a table, and how often TITLE and CREATION_TIMESTAMP were filled in."""
    titles = [movie.title or str(item_id) for item_id, movie in zip(ids, movies, strict=True)]
    fields = [
        pa.field(Columns.ITEM_ID, pa.int64(), nullable=False),
        pa.field(Columns.GENRES, pa.string()),
        pa.field(Columns.YEAR, pa.int32()),
        pa.field(Columns.TITLE, pa.string(), nullable=False),
    ]
    columns = [ids, [movie.genres for movie in movies], [movie.year for movie in movies], titles]
    filled = {Columns.TITLE: sum(not movie.title for movie in movies)}
    if with_dates:
        fields.insert(3, pa.field(Columns.CREATION_TIMESTAMP, pa.int64(), nullable=False))
        columns.insert(3, [movie.known_or_assumed_release() for movie in movies])
        filled[Columns.CREATION_TIMESTAMP] = sum(movie.released_at is None for movie in movies)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, fields, strict=True)]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields)), filled
