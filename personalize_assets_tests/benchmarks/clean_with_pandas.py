"""The contender of ``bench_cleaning``: the same cleaning as a sensible pandas script would do it.

Chunks of text columns, a regular expression for each column, typed columns of the valid rows, then
one sort. Vectorized throughout and gentle to memory; it leaves out the reasons for quarantine.
"""

import csv
from pathlib import Path

import numpy as np
import pandas as pd

COLUMNS = ["userId", "movieId", "rating", "timestamp"]
PATTERNS = {
    "userId": r"0|[1-9]\d{0,17}",
    "movieId": r"0|[1-9]\d{0,17}",
    "rating": r"\d{1,9}(?:\.\d{1,6})?",
    "timestamp": r"0|[1-9]\d{0,9}",
}


def clean_with_pandas(ratings: Path, items: np.ndarray, out: Path) -> dict[str, int]:
    """Write interactions.csv, interactions.parquet and quarantine.csv into ``out``."""
    out.mkdir(exist_ok=True)
    known = pd.Index(items)
    cleaned: list[pd.DataFrame] = []
    quarantined = 0
    with (out / "quarantine.csv").open("w", newline="") as quarantine:
        chunks = pd.read_csv(
            ratings,
            header=None,
            skiprows=1,
            names=[*COLUMNS, "more"],
            dtype=str,
            keep_default_na=False,
            quoting=csv.QUOTE_NONE,
            skip_blank_lines=False,
            on_bad_lines="skip",
            chunksize=1_000_000,
        )
        for chunk in chunks:
            valid, rejected = _clean_chunk(chunk, known)
            rejected.to_csv(quarantine, header=False)
            quarantined += len(rejected)
            cleaned.append(valid)
    frame = pd.concat(cleaned, ignore_index=True)
    del cleaned
    order = ["timestamp", "userId", "movieId", "EVENT_TYPE"]
    frame = frame.sort_values([*order, "rating"], ascending=[True] * 4 + [False])
    frame = frame.drop_duplicates(order)
    frame = frame.rename(
        columns={
            "userId": "USER_ID",
            "movieId": "ITEM_ID",
            "timestamp": "TIMESTAMP",
            "rating": "EVENT_VALUE",
        }
    )[["USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE", "EVENT_VALUE"]]
    frame.to_csv(out / "interactions.csv", index=False)
    frame.to_parquet(out / "interactions.parquet", index=False)
    return {"written": len(frame), "quarantined": quarantined}


def _clean_chunk(chunk: pd.DataFrame, known: pd.Index) -> tuple[pd.DataFrame, pd.DataFrame]:
    valid = chunk["more"].isna() | (chunk["more"] == "")
    for column, pattern in PATTERNS.items():
        valid &= chunk[column].str.fullmatch(pattern).fillna(value=False).astype(bool)
    typed = chunk.loc[valid, COLUMNS].astype(
        {"userId": "int32", "movieId": "int32", "rating": "float32", "timestamp": "int64"}
    )
    good = (
        typed["rating"].between(0.5, 5)
        & (typed["timestamp"] <= 4_102_444_800)
        & typed["movieId"].isin(known)
    )
    rejected = chunk.drop(typed.index[good])
    typed = typed[good & (typed["rating"] > 1)]
    event = np.where(typed["rating"] > 3, "watch", "click")
    return typed.assign(EVENT_TYPE=pd.Categorical(event, ["click", "watch"])), rejected
