"""What the job reports in ``report.json``: all that the reports of ``core.cleaning`` hold.

Plain values of the standard library, for the job that writes it and the launcher that reads it.

The JSON object has these members, with those of ``core.cleaning.report`` by the same names:

- ``version``: of this form; ``spark``: version of Spark; ``seconds``: wall time.
- ``header``: first line of the CSV file, without its end.
- ``schema``: ``{"name", "type", "nullable"}`` by column, in order; types as pyarrow spells them
  (``string``, ``int32``, ``int64``, ``float``).
- ``accounts``: ``read``, ``written``, ``duplicates``, ``quarantined``, ``below_rule``,
  ``not_sampled``, ``extra_events``.
- ``reasons``: lines in quarantine by reason, the most frequent first.
- ``preview``: the first ten rows, each a list of values in the order of the schema.
- ``parts``: by folder (``csv``, ``quarantine``, ``parquet``) a list of ``{"name", "size"}`` in
  order, size in bytes; files without a byte are left out.
- Of interactions ``users``, ``items``, ``users_with_two_or_more``, ``event_counts``,
  ``min_timestamp``, ``max_timestamp``.
- Of items and users ``ids`` (how many) and ``missing``.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Self

VERSION: Final = 1


@dataclass(frozen=True)
class Field:
    """A column of the outputs; ``type`` as pyarrow spells it."""

    name: str
    type: str
    nullable: bool


@dataclass(frozen=True)
class Part:
    """A file of an output: its name in the output's folder and its size in bytes."""

    name: str
    size: int


@dataclass(frozen=True)
class Report:
    """Outcome of a job; members as this module's docstring says.

    Attributes:
        users: None for items and users, like all that only interactions have.
        missing: None for interactions, like ``ids``.
    """

    header: str
    schema: Sequence[Field]
    accounts: Mapping[str, int]
    reasons: Mapping[str, int]
    preview: Sequence[Sequence[Any]]
    parts: Mapping[str, Sequence[Part]]
    seconds: float
    spark: str
    users: int | None = None
    items: int | None = None
    users_with_two_or_more: int | None = None
    event_counts: Mapping[str, int] = field(default_factory=dict)
    min_timestamp: int | None = None
    max_timestamp: int | None = None
    ids: int | None = None
    missing: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> str:
        """The report as JSON; ``from_json`` is the inverse."""
        return json.dumps({"version": VERSION, **asdict(self)}, indent=1, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a report.

        Raises:
            ValueError: It is of another version, or not a report.
        """
        members = json.loads(text)
        version = members.pop("version", None)
        if version != VERSION:
            raise ValueError(f"report of Spark: version {VERSION} is known here; got {version!r}")
        members["schema"] = [Field(**column) for column in members["schema"]]
        members["parts"] = {
            folder: [Part(**part) for part in parts] for folder, parts in members["parts"].items()
        }
        return cls(**members)
