"""Which records of an import stay: exact duplicates count once, a later record replaces an id.

Works on tables with the columns of `columns.arrow_schema`; knows no files.
"""
# pyarrow has no types, and makes its compute functions at run time.
# pyright: standard, reportAttributeAccessIssue=false

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_Codes = NDArray[np.uint64]


def merge_interactions(tables: list[pa.Table]) -> pa.Table:
    """Put tables one after another and drop rows that equal an earlier one in every column."""
    table = _join(tables)
    hashes = np.zeros(table.num_rows, dtype=np.uint64)
    for column in table.columns:
        for codes in _codes(column):
            _mix(hashes, codes)
    order = np.argsort(hashes, kind="stable")
    same = hashes[order[1:]] == hashes[order[:-1]]
    later, earlier = order[1:][same], order[:-1][same]
    if not len(later):
        return table
    equal = np.ones(len(later), dtype=np.bool_)
    for column in table.columns:  # equal hashes are not proof
        pairs = (_codes(column.take(pa.array(rows))) for rows in (later, earlier))
        for one, two in zip(*pairs, strict=True):
            equal &= one == two
    keep = np.ones(table.num_rows, dtype=np.bool_)
    keep[later[equal]] = False
    return table.filter(pa.array(keep))


def merge_records(tables: list[pa.Table], id_column: str) -> pa.Table:
    """Put tables one after another and keep the last row of each id, in the order of those."""
    table = _join(tables)
    column = table[id_column].combine_chunks()
    codes = column.indices.to_numpy()
    last = np.full(len(column.dictionary), -1, dtype=np.int64)
    np.maximum.at(last, codes, np.arange(len(codes)))
    return table.take(pa.array(np.sort(last[last >= 0])))


def _join(tables: list[pa.Table]) -> pa.Table:
    return pa.concat_tables(tables).unify_dictionaries().combine_chunks()


def _codes(column: pa.ChunkedArray) -> list[_Codes]:
    """Numbers that are equal exactly where the values of a column are equal."""
    if not len(column):
        return []
    array = column.combine_chunks()
    valid = np.asarray(pc.is_valid(array)).astype(np.uint64)
    if pa.types.is_dictionary(array.type):
        array = array.indices
    if pa.types.is_boolean(array.type):
        array = array.cast(pa.int8())
    values = np.asarray(pc.fill_null(array, 0))
    if values.dtype.kind == "f":
        values = values.astype(np.float64).view(np.int64)
    return [values.astype(np.int64, copy=False).view(np.uint64), valid]


def _mix(hashes: _Codes, codes: _Codes) -> None:
    """Take one more number into each hash, in place, with the finalizer of splitmix64."""
    hashes ^= codes
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        hashes ^= hashes >> np.uint64(shift)
        hashes *= np.uint64(factor)
    hashes ^= hashes >> np.uint64(31)
    hashes += np.uint64(0x9E3779B97F4A7C15)
