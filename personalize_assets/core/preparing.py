"""One way to clean either kind of raw data: a MovieLens release, or tables of one's own.

Chooses between `core.cleaning` and `core.tables`; the rest of the pipeline need not know which.
"""

# pyarrow ships no types.
# pyright: standard

from pathlib import Path

import pyarrow as pa

from personalize_assets.core.cleaning import (
    CleaningReport,
    CleaningRules,
    EntitiesReport,
    OutputPaths,
    clean_movies,
    clean_ratings,
    clean_users,
    numeric_ids,
)
from personalize_assets.core.movielens import Layout, RawDataError
from personalize_assets.core.tables import (
    TableSource,
    clean_interactions_table,
    clean_items_table,
    clean_users_table,
)

RawSource = Layout | TableSource
"""What raw data is: the layout of a MovieLens release, or the declaration of tables."""


def prepare_interactions(
    file: Path,
    source: RawSource,
    item_ids: pa.ChunkedArray | None,
    rules: CleaningRules,
    out: OutputPaths,
) -> CleaningReport:
    """Clean interactions.

    Args:
        file: The raw file.
        source: What it is.
        item_ids: Ids of the known items, strings; None where any item is allowed.
        rules: Which rows are which events.
        out: Where the outputs go.

    Raises:
        RawDataError: The file cannot be read, or MovieLens comes without its movies.
    """
    if isinstance(source, TableSource):
        return clean_interactions_table(file, source.interactions, item_ids, rules, out)
    if item_ids is None:
        raise RawDataError("MovieLens ratings need the ids of the movies")
    return clean_ratings(file, source, numeric_ids(item_ids), rules, out)


def prepare_items(file: Path, source: RawSource, out: OutputPaths) -> EntitiesReport:
    """Clean items.

    Raises:
        RawDataError: The file cannot be read, or no items are declared.
    """
    if isinstance(source, Layout):
        return clean_movies(file, source, out)
    if source.items is None:
        raise RawDataError("source.tables declares no items")
    return clean_items_table(file, source.items, out)


def prepare_users(file: Path, source: RawSource, out: OutputPaths) -> EntitiesReport:
    """Clean users.

    Raises:
        RawDataError: The file cannot be read, or there are no users.
    """
    if isinstance(source, Layout):
        return clean_users(file, source, out)
    if source.users is None:
        raise RawDataError("source.tables declares no users")
    return clean_users_table(file, source.users, out)
