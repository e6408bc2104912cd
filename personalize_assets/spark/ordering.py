"""From what a user declares to an order for Spark; and which declarations Spark does not clean.

Runs where the job is launched. Knows the declared models, not PySpark and not where files are.
"""

from typing import Final

from personalize_assets.core.cleaning.rules import CleaningRules
from personalize_assets.core.movielens.errors import RawDataError
from personalize_assets.core.movielens.layouts import Layout
from personalize_assets.core.tables.declaration import (
    InteractionsTable,
    ItemsTable,
    TableSource,
    UsersTable,
)
from personalize_assets.spark.order import Dataset, EventRule, Order, Rules, Table

PARQUET_REFUSAL: Final = (
    "Spark cleans CSV files, not parquet: a parquet file is typed and split already, so that "
    "engine arrow reads it at the speed of the disk; declare `engine: arrow` for this dataset"
)


def make_order(
    dataset: Dataset,
    source: Layout | TableSource,
    rules: CleaningRules,
    *,
    raw: str,
    items: str | None,
    output: str,
) -> Order:
    """Write the order for one dataset.

    Args:
        dataset: What to clean.
        source: The layout of MovieLens, or the declaration of tables.
        rules: Which rows are which events; looked at for interactions.
        raw: Path or URI of the raw file.
        items: Path or URI of the cleaned items' parquet; None where any item will do.
        output: Folder of the outputs.

    Raises:
        RawDataError: There is no such dataset, or Spark does not clean it; see `refusal`.
    """
    reason = refusal(dataset, source)
    if reason is not None:
        raise RawDataError(reason)
    known = items if dataset == "interactions" else None
    events = tuple(EventRule(rule.event_type, rule.above_micros) for rule in rules.events)
    order_rules = Rules(events, rules.mode, rules.fraction)
    if isinstance(source, Layout):
        files = {"interactions": source.ratings, "items": source.movies, "users": source.users}
        name = files[dataset] or ""
        return Order(dataset, raw, name, output, source.kind, None, order_rules, known)
    table = _declared(dataset, source)
    assert table is not None
    return Order(dataset, raw, table.file, output, None, _table(table), order_rules, known)


def refusal(dataset: Dataset, source: Layout | TableSource) -> str | None:
    """Why Spark does not clean ``dataset`` of ``source``; None where it does."""
    if isinstance(source, Layout):
        if dataset == "users" and source.users is None:
            return "this release has no file of users: only ml-1m and ml-100k have one"
        return None
    table = _declared(dataset, source)
    if table is None:
        return f"source.tables declares no {dataset}"
    return f"{table.file}: {PARQUET_REFUSAL}" if table.is_parquet else None


def _declared(
    dataset: Dataset, source: TableSource
) -> InteractionsTable | ItemsTable | UsersTable | None:
    tables = {"interactions": source.interactions, "items": source.items, "users": source.users}
    return tables[dataset]


def _table(table: InteractionsTable | ItemsTable | UsersTable) -> Table:
    of_events = isinstance(table, InteractionsTable)
    return Table(
        columns=dict(table.columns),
        types=dict(table.types),
        delimiter=table.delimiter,
        event_type=table.event_type if of_events else None,
        event_rules=table.event_rules if of_events else False,
    )
