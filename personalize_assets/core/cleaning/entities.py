"""The last stage of cleaning items or users, common to all sources: one row an id, order, write.

Knows a table whose first column is the id, not where it comes from.
"""

# pyarrow ships no types, and pyarrow.compute makes its functions when it is imported.
# pyright: standard, reportAttributeAccessIssue=false

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from personalize_assets.core.cleaning.outputs import StagedOutputs
from personalize_assets.core.cleaning.quarantine import Quarantine
from personalize_assets.core.cleaning.report import Accounts, EntitiesReport
from personalize_assets.core.cleaning.writers import stored_column, write_table

PREVIEW_ROWS = 10


def write_entities(
    table: pa.Table,
    read: int,
    filled: dict[str, int],
    quarantine: Quarantine,
    stage: StagedOutputs,
) -> EntitiesReport:
    """Keep the last row of each id, order by id, write both files and count everything.

    Args:
        table: Rows in the order of their lines. The first column is the id, int64 (ordered as
            numbers) or string (ordered as UTF-8 bytes); it is written as a string.
        read: Lines read.
        filled: How often a column without null was filled in, for the report.
        quarantine: The closed quarantine.
        stage: Where to write.

    Returns:
        The report, but for ``files`` and ``seconds``, which are known when all is in place.
    """
    rows = _last_of_each(table[0])
    cleaned = table.take(rows)
    name = table.column_names[0]
    cleaned = cleaned.set_column(
        0, pa.field(name, pa.string(), nullable=False), cleaned[0].cast(pa.string())
    )
    schema = write_table(cleaned, stage.csv, stage.parquet)
    missing = {
        field.name: cleaned[field.name].null_count for field in cleaned.schema if field.nullable
    }
    return EntitiesReport(
        accounts=Accounts(
            read=read,
            written=len(rows),
            duplicates=table.num_rows - len(rows),
            quarantined=quarantine.total,
        ),
        reasons=quarantine.by_reason(),
        files={},
        schema=schema,
        preview=_preview(cleaned, schema),
        ids=pa.array(cleaned[0].to_pylist(), pa.string()),
        missing=missing | filled,
        seconds=0.0,
    )


def _preview(cleaned: pa.Table, schema: pa.Schema) -> pa.Table:
    columns = [stored_column(column) for column in cleaned.slice(0, PREVIEW_ROWS).columns]
    return pa.table(columns, names=schema.names).cast(schema)


def _last_of_each(ids: pa.ChunkedArray) -> pa.Array:
    """Row of the last occurrence of each id, in the order of the ids."""
    keys = ids.cast(pa.binary()) if pa.types.is_string(ids.type) else ids
    table = pa.table({"id": keys, "row": np.arange(len(ids))})
    last = table.group_by("id").aggregate([("row", "max")])
    order = pc.sort_indices(last["id"])
    return last["row_max"].combine_chunks().take(order)
