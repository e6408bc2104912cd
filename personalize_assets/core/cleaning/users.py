"""Cleaning MovieLens users into those of Amazon Personalize: USER_ID, AGE, GENDER, OCCUPATION.

Only ml-1m and ml-100k have them. Knows no network and no S3.
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
from personalize_assets.core.cleaning.definitions import ID_PATTERN, Reason
from personalize_assets.core.cleaning.entities import write_entities
from personalize_assets.core.cleaning.outputs import OutputPaths, staged
from personalize_assets.core.cleaning.quarantine import Fault, Quarantine
from personalize_assets.core.cleaning.report import EntitiesReport
from personalize_assets.core.cleaning.text_lines import Record, read_records
from personalize_assets.core.columns import Columns
from personalize_assets.core.movielens.errors import RawDataError
from personalize_assets.core.movielens.formats import USERS
from personalize_assets.core.movielens.layouts import Layout
from personalize_assets.core.movielens.users import User, parse_user

_ID: Final = re.compile(ID_PATTERN, re.ASCII)

_SCHEMA: Final = pa.schema(
    [
        pa.field(Columns.USER_ID, pa.int64(), nullable=False),
        pa.field(Columns.AGE, pa.int32(), nullable=False),
        pa.field(Columns.GENDER, pa.string(), nullable=False),
        pa.field(Columns.OCCUPATION, pa.string(), nullable=False),
    ]
)


def clean_users(
    users: BinaryIO | Path,
    layout: Layout,
    out: OutputPaths,
    *,
    clock: Callable[[], float] = time.perf_counter,
) -> EntitiesReport:
    """Turn a file of users into users, a quarantine file and a report.

    The last line of an id counts.

    Args:
        users: The file, or a stream of it that stays open.
        layout: The release that it belongs to; ``layout.users`` is its name in messages.
        out: Where the outputs go; written only if all goes well.
        clock: Seconds from any beginning, for the report.

    Raises:
        RawDataError: The release has no users, or the file is missing, empty, not in the layout's
            format or has no valid line.
    """
    if layout.users is None:
        raise RawDataError("this release has no file of users: only ml-1m and ml-100k have one")
    started = clock()
    read = 0
    rows: list[tuple[int, User]] = []
    with opened(users, layout.users) as stream, staged(out) as stage:
        with Quarantine(stage.quarantine) as quarantine:
            for record in read_records(stream, layout.users, USERS[layout.kind]):
                read += 1
                row = record if isinstance(record, Fault) else _parse(record, layout)
                if isinstance(row, Fault):
                    quarantine.add([row])
                else:
                    rows.append(row)
        if not rows:
            raise RawDataError(f"{layout.users} has no valid user: {quarantine.describe()}")
        report = write_entities(_table(rows), read, {}, quarantine, stage)
    return replace(report, files=stage.files, seconds=clock() - started)


def _parse(record: Record, layout: Layout) -> tuple[int, User] | Fault:
    user_id = record.fields[0]
    if "" in record.fields[:4]:
        return Fault(record.line, Reason.MISSING, record.raw)
    if _ID.fullmatch(user_id) is None:
        return Fault(record.line, Reason.USER_ID, record.raw)
    user = parse_user(record.fields, layout.kind)
    if user is None:
        return Fault(record.line, Reason.USER, record.raw)
    return int(user_id), user


def _table(rows: list[tuple[int, User]]) -> pa.Table:
    columns = [
        [user_id for user_id, _ in rows],
        [user.age for _, user in rows],
        [user.gender for _, user in rows],
        [user.occupation for _, user in rows],
    ]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, _SCHEMA, strict=True)]
    return pa.Table.from_arrays(arrays, schema=_SCHEMA)
