import numpy as np
import pyarrow as pa

from personalize_assets.core.filters import EntityTable
from personalize_assets.engine.serving.metadata import metadata_of

TABLE = EntityTable.from_arrow(
    pa.table(
        {
            "ITEM_ID": ["a", "b"],
            "GENRES": pa.array(["Action|Crime", None]).dictionary_encode(),
            "YEAR": pa.array([1999, None], pa.int64()),
            "PRICE": pa.array([130.0, 0.1], pa.float64()),
            "SHORT": pa.array(np.array([0.1, 2.0], np.float32)),
            "ADULT": [True, False],
        }
    ),
    "ITEM_ID",
)


def test_metadata_of__all_as_text_without_nulls() -> None:
    columns = ("GENRES", "YEAR", "PRICE", "SHORT", "ADULT")
    assert metadata_of(TABLE, columns, ["a", "b"]) == [
        {
            "genres": "Action|Crime",
            "year": "1999",
            "price": "130.0",
            "short": "0.1",
            "adult": "true",
        },
        {"price": "0.1", "short": "2.0", "adult": "false"},
    ]


def test_metadata_of__item_without_a_row() -> None:
    assert metadata_of(TABLE, ("YEAR",), ["x", "a"]) == [{}, {"year": "1999"}]
