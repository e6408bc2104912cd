"""Where raw data lies, what it is, and where the pipeline writes."""

from typing import Annotated, Any, Literal, Self

import dagster as dg
from pydantic import field_validator, model_validator

from personalize_assets.core.tables import TableSource


def _resolve_tables(context: dg.ResolutionContext, value: Any) -> TableSource | None:
    return None if value is None else TableSource.model_validate(context.resolve_value(value))


class Source(dg.Model, dg.Resolvable):
    """Where raw data lies and what it is."""

    type: Literal["movielens", "table"] = "movielens"
    """`movielens`: any MovieLens release. `table`: CSV or parquet files of your own."""

    prefix: str
    """S3 prefix of the raw files, ending in a slash."""

    tables: Annotated[Any, dg.Resolver(_resolve_tables, model_field_type=dict)] = None
    """For `table`: the files and which of their columns mean what."""

    @field_validator("prefix")
    @classmethod
    def _end_in_slash(cls, prefix: str) -> str:
        return require_folder(prefix)

    @model_validator(mode="after")
    def _tables_where_needed(self) -> Self:
        if (self.type == "table") != (self.tables is not None):
            raise ValueError("source: type `table` needs `tables`, and only that type takes them")
        return self

    @property
    def datasets(self) -> tuple[str, ...]:
        """What this source can have: ``interactions``, ``items``, ``users``."""
        if self.tables is None:
            return ("interactions", "items", "users")
        return tuple(self.tables.files())


class Prefixes(dg.Model, dg.Resolvable):
    """S3 prefixes that the pipeline writes to; each ends in a slash."""

    transformed: str
    """Cleaned files that are imported: `interactions/`, `items/`, `users/`, `quarantine/`."""

    batch_input: str
    """Where users drop files of user ids, item ids or lists to rank."""

    batch_results: str
    """Results of batch jobs, one folder a job under `inference/`, `segments/` and `ranking/`."""

    @field_validator("transformed", "batch_input", "batch_results")
    @classmethod
    def _end_in_slash(cls, prefix: str) -> str:
        return require_folder(prefix)


def require_folder(prefix: str) -> str:
    """Return ``prefix`` if it is a folder of S3, ending in a slash.

    Raises:
        ValueError: It does not end in a slash or begins with one.
    """
    if not prefix.endswith("/") or prefix.startswith("/"):
        raise ValueError(f"prefix {prefix!r} must end in '/' and not begin with it")
    return prefix
