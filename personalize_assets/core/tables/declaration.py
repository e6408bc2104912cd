"""What a user says of tables of their own: the files and which of their columns mean what.

Frozen pydantic models, because they stand in YAML. Nothing here reads a file.
"""

import re
from typing import ClassVar, Final, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from personalize_assets.core.cleaning.rules import EVENT_TYPE_PATTERN
from personalize_assets.core.columns import Columns

MetadataType = Literal["string", "text", "int", "long", "float", "double"]
"""Types of metadata columns: ``text`` is a long string, the numbers are those of Avro."""

_COLUMN_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")

_AnyTable = TypeVar("_AnyTable", bound="_Table")


class _Table(BaseModel):
    """A file and its columns."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    required: ClassVar[tuple[str, ...]] = ()
    """Columns that ``columns`` must map."""

    untyped: ClassVar[frozenset[str]] = frozenset()
    """Columns whose type is given by Amazon Personalize."""

    file: str = Field(
        pattern=r"^[^/].*\.(csv|parquet)$",
        description="Name of the file under the source's prefix; .csv or .parquet.",
    )
    columns: dict[str, str] = Field(
        description="Column of Amazon Personalize -> column of the file."
    )
    types: dict[str, MetadataType] = Field(
        default_factory=dict,
        description="Types of metadata columns of a CSV file; string where not given.",
    )
    delimiter: Literal[",", ";", "|", "\t"] = Field(
        default=",", description="What stands between two fields of a CSV file."
    )

    @model_validator(mode="after")
    def _check_columns(self) -> Self:
        missing = [name for name in self.required if name not in self.columns]
        if missing:
            raise ValueError(f"columns: {', '.join(missing)} must be mapped to columns of the file")
        for name in self.columns:
            if _COLUMN_NAME.fullmatch(name) is None:
                raise ValueError(f"columns: {name!r} is no column name: letters, digits and _")
        wrong = [name for name in self.types if name not in self.metadata()]
        if wrong:
            raise ValueError(
                f"types: {', '.join(wrong)} cannot be typed; metadata columns here are "
                f"{', '.join(self.metadata()) or 'none'}"
            )
        return self

    def metadata(self) -> tuple[str, ...]:
        """Mapped columns that are neither required nor reserved, in the order of declaration."""
        known = {*self.required, *self.untyped}
        return tuple(name for name in self.columns if name not in known)

    @property
    def is_parquet(self) -> bool:
        """Whether the file is parquet; else it is CSV."""
        return self.file.endswith(".parquet")


class InteractionsTable(_Table):
    """Interactions of one's own.

    EVENT_TYPE comes from a mapped column, or is one constant (``event_type``), or follows from the
    rules of cleaning applied to EVENT_VALUE (``event_rules``); without any of these there is none.
    """

    required: ClassVar[tuple[str, ...]] = (Columns.USER_ID, Columns.ITEM_ID, Columns.TIMESTAMP)
    untyped: ClassVar[frozenset[str]] = frozenset({Columns.EVENT_TYPE, Columns.EVENT_VALUE})

    event_type: str | None = Field(
        default=None, pattern=EVENT_TYPE_PATTERN, description="EVENT_TYPE of every row."
    )
    event_rules: bool = Field(
        default=False, description="Let the rules of cleaning make EVENT_TYPE of EVENT_VALUE."
    )

    @model_validator(mode="after")
    def _check_event_type(self) -> Self:
        given = [
            name
            for name, is_given in (
                ("columns.EVENT_TYPE", Columns.EVENT_TYPE in self.columns),
                ("event_type", self.event_type is not None),
                ("event_rules", self.event_rules),
            )
            if is_given
        ]
        if len(given) > 1:
            raise ValueError(f"EVENT_TYPE comes from one place; given are {' and '.join(given)}")
        if self.event_rules and Columns.EVENT_VALUE not in self.columns:
            raise ValueError("event_rules need EVENT_VALUE to be mapped to a column of the file")
        return self


class ItemsTable(_Table):
    """Items of one's own; TITLE, where mapped, is kept for display."""

    required: ClassVar[tuple[str, ...]] = (Columns.ITEM_ID,)
    untyped: ClassVar[frozenset[str]] = frozenset({Columns.CREATION_TIMESTAMP})

    @model_validator(mode="after")
    def _check_metadata(self) -> Self:
        return _require_metadata(self)


class UsersTable(_Table):
    """Users of one's own."""

    required: ClassVar[tuple[str, ...]] = (Columns.USER_ID,)

    @model_validator(mode="after")
    def _check_metadata(self) -> Self:
        return _require_metadata(self)


class TableSource(BaseModel):
    """The tables of one dataset group."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    interactions: InteractionsTable = Field(description="Who did what with which item, and when.")
    items: ItemsTable | None = Field(default=None, description="What is known of items.")
    users: UsersTable | None = Field(default=None, description="What is known of users.")

    def files(self) -> dict[str, str]:
        """Name of the file by dataset: ``interactions``, ``items``, ``users``, as far as given."""
        tables = {"interactions": self.interactions, "items": self.items, "users": self.users}
        return {name: table.file for name, table in tables.items() if table is not None}


def _require_metadata(table: _AnyTable) -> _AnyTable:
    if not table.metadata():
        raise ValueError("columns: at least one metadata column beside the id must be mapped")
    return table
