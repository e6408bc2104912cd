"""Data of one's own (``source: table``): CSV or parquet files with declared columns.

Cleaned under the definitions of ``core.cleaning`` into the same files. Knows no network and no S3.
"""

# pyarrow ships no types.
# pyright: standard

from personalize_assets.core.tables.declaration import (
    InteractionsTable,
    ItemsTable,
    TableSource,
    UsersTable,
)
from personalize_assets.core.tables.entities import clean_items_table, clean_users_table
from personalize_assets.core.tables.interactions import clean_interactions_table

__all__ = [
    "InteractionsTable",
    "ItemsTable",
    "TableSource",
    "UsersTable",
    "clean_interactions_table",
    "clean_items_table",
    "clean_users_table",
]
