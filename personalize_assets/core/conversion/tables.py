"""From datasets with Avro schemas to the tables of a source: files and their columns.

The files are those that AWS's solution reads beside its parameter file: ``interactions.csv``,
``items.csv`` and ``users.csv``, with the fields of the schema as header.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from personalize_assets.core.columns import Columns
from personalize_assets.core.conversion.nodes import Node
from personalize_assets.core.schema_rules import RULES, DatasetType, Domain

DATASETS: Final[Mapping[str, DatasetType]] = {
    "interactions": "INTERACTIONS",
    "items": "ITEMS",
    "users": "USERS",
}
"""Datasets of a parameter file, and their types."""

_REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "interactions": (Columns.USER_ID, Columns.ITEM_ID, Columns.TIMESTAMP),
    "items": (Columns.ITEM_ID,),
    "users": (Columns.USER_ID,),
}
_UNTYPED: Final = {
    "interactions": (Columns.EVENT_TYPE, Columns.EVENT_VALUE),
    "items": (Columns.CREATION_TIMESTAMP,),
    "users": (),
}
_NUMBERS: Final = ("int", "long", "float", "double")


@dataclass
class Table:
    """One dataset as a table of the source.

    Attributes:
        dataset: ``interactions``, ``items`` or ``users``.
        columns: Column of the file by column of Amazon Personalize.
        types: Types of columns that are not plain text.
        untrained: Columns that the schema has as text that is not trained on.
    """

    dataset: str
    columns: dict[str, str] = field(default_factory=dict[str, str])
    types: dict[str, str] = field(default_factory=dict[str, str])
    untrained: list[str] = field(default_factory=list[str])

    def as_attribute(self) -> dict[str, Any]:
        """As it stands under ``source.tables``."""
        table: dict[str, Any] = {"file": f"{self.dataset}.csv", "columns": self.columns}
        return {**table, "types": self.types} if self.types else table

    def without(self, columns: Sequence[str]) -> "Table":
        """The table less some columns."""
        return Table(
            self.dataset,
            {name: source for name, source in self.columns.items() if name not in columns},
            {name: kind for name, kind in self.types.items() if name not in columns},
            [name for name in self.untrained if name not in columns],
        )


def convert_table(dataset: str, node: Node, domain: Domain | None) -> Table | None:
    """Make a table of a dataset's schema.

    Args:
        dataset: ``interactions``, ``items`` or ``users``.
        node: ``datasets.<dataset>`` of the parameter file.
        domain: Of the dataset group.

    Returns:
        None where the schema does not tell the columns; interactions then have the three that all
        have.
    """
    schema = _schema_of(node)
    fields: Sequence[Node] = () if schema is None else schema.children("fields")
    table = Table(dataset)
    for one in fields:
        _add_column(table, one, domain)
    if schema is not None:
        # Other members are the same in every schema.
        schema.read.update(("type", "name", "namespace", "version", "doc"))
    if fields:
        return table
    where, value = node.place("schema"), node.members.get("schema")
    if dataset != "interactions":
        node.notes.leave_out(
            where, value, "without a schema the columns are not known", "declare source.tables"
        )
        return None
    table.columns = {name: name for name in _REQUIRED[dataset]}
    node.notes.change(
        where,
        value,
        "without a schema only USER_ID, ITEM_ID and TIMESTAMP are mapped",
        "map further columns in source.tables.interactions",
    )
    return table


def _schema_of(node: Node) -> Node | None:
    """The Avro schema of a dataset: an object, or one written as text."""
    config = node.child("schema").child("serviceConfig")
    written = config.members.get("schema")
    if not isinstance(written, str):
        return config.child("schema") if config.has("schema") else None
    config.read.add("schema")
    try:
        parsed: Any = json.loads(written)
    except json.JSONDecodeError as error:
        node.notes.leave_out(config.place("schema"), written, f"it is not JSON: {error}")
        return None
    place = config.place("schema")
    found = cast("dict[str, Any]", parsed) if isinstance(parsed, dict) else {}
    config.below[place] = Node(found, place, node.notes)
    return config.below[place]


def _add_column(table: Table, one: Node, domain: Domain | None) -> None:
    name = one.text("name")
    kind = _plain_type(one)
    categorical, textual = one.flag("categorical"), one.flag("textual")
    one.read.add("itemName")
    if name is None:
        return
    column = name.upper()
    rules = RULES[domain, DATASETS[table.dataset]]
    reserved = column in {**rules.required, **rules.optional}
    if textual and not reserved and column != Columns.TITLE:
        one.notes.leave_out(
            one.path,
            name,
            "texts in a natural language are not told apart from categories in a table of one's "
            "own, and would be learned from as categories",
            "map the column in source.tables to have it as a category",
        )
        return
    table.columns[column] = name
    if column in (*_REQUIRED[table.dataset], *_UNTYPED[table.dataset]):
        return
    if kind in _NUMBERS:
        table.types[column] = kind
    elif textual:
        table.types[column] = "text"
    elif kind == "boolean":
        one.notes.change(one.path, name, "true and false become the categories of a text")
    elif not (categorical or reserved or column == Columns.TITLE):
        table.untrained.append(column)
        one.notes.change(
            one.path,
            name,
            "text that is not categorical becomes a category, which excluded_columns of each "
            "solution keep out of training",
        )


def _plain_type(one: Node) -> str:
    declared: Any = one.raw("type")
    members = cast("list[Any]", declared) if isinstance(declared, list) else [declared]
    return next((str(member) for member in members if member not in (None, "null")), "string")
