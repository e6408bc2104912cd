"""Known users and items out of the cleaned files, for smoke tests and previews.

Reads only the newest row groups for users and popular items: files may hold hundreds of millions
of rows. What exists is read whole, because answers are held against it.
"""

# pyarrow ships no types, and pyarrow.compute makes its functions when it is imported.
# pyright: standard, reportAttributeAccessIssue=false

import random
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from personalize_assets.aws.objects import Bucket
from personalize_assets.core.batch_format import ItemTitles
from personalize_assets.core.columns import Columns

MAX_SAMPLED_ROWS = 2_000_000
POPULAR_ITEMS = 25


@dataclass(frozen=True)
class KnownSample:
    """Some users and items that the data know.

    Attributes:
        users: Drawn at random, the same for the same seed.
        items: Those with the most of the newest interactions, most first.
        all_items: Ids of every item of both files.
        titles: What the items are called; those of the items file.
    """

    users: tuple[str, ...]
    items: tuple[str, ...]
    all_items: frozenset[str]
    titles: ItemTitles


def sample_known(
    bucket: Bucket,
    interactions_key: str,
    items_key: str | None,
    *,
    users: int,
    seed: str,
    event_type: str | None = None,
) -> KnownSample:
    """Draw known users and find much-met items.

    Args:
        bucket: The pipeline's bucket.
        interactions_key: Parquet file of cleaned interactions, ordered by time.
        items_key: Parquet file of cleaned items; None where there is none.
        users: How many users to draw; fewer come back where there are fewer.
        seed: Any text; the same text draws the same users.
        event_type: Only interactions of this type are looked at; all where None.

    Raises:
        ObjectNotFound: One of the keys is not there.
    """
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "interactions.parquet"
        bucket.get_file(interactions_key, path)
        file = pq.ParquetFile(path)
        newest = _newest(file, event_type)
        item_ids = _all_item_ids(file)
        titles = ItemTitles.from_table(pa.table({Columns.ITEM_ID: pa.array([], pa.string())}))
        if items_key is not None:
            items_path = Path(temporary) / "items.parquet"
            bucket.get_file(items_key, items_path)
            titles = ItemTitles.from_file(items_path)
    known = sorted(pc.unique(newest[Columns.USER_ID]).to_pylist())
    drawn = random.Random(seed).sample(known, min(users, len(known)))
    return KnownSample(
        users=tuple(str(user) for user in drawn),
        items=_most_met(newest[Columns.ITEM_ID]),
        all_items=frozenset([*item_ids, *titles.item_ids.to_pylist()]),
        titles=titles,
    )


def _newest(file: pq.ParquetFile, event_type: str | None) -> pa.Table:
    """Users, items of the newest row groups, at least one and at most about two million rows."""
    columns = [Columns.USER_ID, Columns.ITEM_ID]
    typed = event_type is not None and Columns.EVENT_TYPE in file.schema_arrow.names
    groups: list[int] = []
    rows = 0
    for group in reversed(range(file.num_row_groups)):
        rows += file.metadata.row_group(group).num_rows
        if groups and rows > MAX_SAMPLED_ROWS:
            break
        groups.append(group)
    table = file.read_row_groups(groups, columns=[*columns, Columns.EVENT_TYPE][: 2 + typed])
    if typed:
        table = table.filter(pc.equal(table[Columns.EVENT_TYPE], event_type))
    return table.cast(pa.schema([(name, pa.string()) for name in table.column_names]))


def _all_item_ids(file: pq.ParquetFile) -> set[str]:
    found: set[str] = set()
    for batch in file.iter_batches(columns=[Columns.ITEM_ID], batch_size=1_000_000):
        found.update(pc.unique(batch.column(0).cast(pa.string())).to_pylist())
    return found


def _most_met(items: pa.ChunkedArray) -> tuple[str, ...]:
    counts = pc.value_counts(items).to_pylist()
    ordered = sorted(counts, key=lambda entry: (-entry["counts"], entry["values"]))
    return tuple(str(entry["values"]) for entry in ordered[:POPULAR_ITEMS])
