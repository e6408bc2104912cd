"""The order for one cleaning by Spark: what is cleaned by which rules, from where to where.

The launcher writes it as JSON, the job reads it; the names of the job's outputs are here too, for
whoever joins them. Plain values of the standard library: this module runs where the job runs, and
knows neither PySpark nor pydantic. What the rules mean is in ``core/cleaning/README.md``.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal, Self, get_args

VERSION: Final = 1
"""Version of the order's JSON; a job refuses any other."""

CSV_FOLDER: Final = "csv"
"""Under the output folder: ``part-*.txt``, which joined by name are the CSV file but its header."""

QUARANTINE_FOLDER: Final = "quarantine"
"""Likewise for the quarantine file."""

PARQUET_FOLDER: Final = "parquet"
"""``part-*.parquet``, in the same order; columns and types as in the report's ``schema``."""

REPORT: Final = "report.json"
"""Written last: where it is, everything is. See ``report.py`` for what is in it."""

REFUSAL: Final = "refused.json"
"""``{"message": ...}`` instead of all else, where the raw data cannot be used (RawDataError)."""

REFUSED: Final = 3
"""Exit status of a job that refused the raw data; any other but 0 is a failure of the job."""

QUARANTINE_HEADER: Final = "line,reason,text"
"""First line of the joined quarantine file; that of the CSV file is ``header`` in the report."""

Dataset = Literal["interactions", "items", "users"]
LayoutKind = Literal["csv", "dat", "u"]
Mode = Literal["strongest", "all"]
MetadataType = Literal["string", "text", "int", "long", "float", "double"]
Delimiter = Literal[",", ";", "|", "\t"]


class OrderError(ValueError):
    """The order is not one; the message says which member, what it is and what was allowed."""


@dataclass(frozen=True)
class EventRule:
    """A value of more than ``above_micros`` millionths makes an event of type ``event_type``."""

    event_type: str
    above_micros: int


@dataclass(frozen=True)
class Rules:
    """How values become events, and which share of the rows is kept.

    Attributes:
        events: From the highest bound to the lowest.
        mode: Only the strongest event of a row, or each that it meets.
        fraction: Share of the rows to keep, in (0, 1].
    """

    events: tuple[EventRule, ...] = ()
    mode: Mode = "strongest"
    fraction: float = 1.0


@dataclass(frozen=True)
class Table:
    """What the columns of a CSV file of one's own mean.

    Attributes:
        columns: Column of the file by column of Amazon Personalize, in the order of declaration.
        types: Types of metadata columns; string where not given.
        delimiter: What stands between two fields.
        event_type: EVENT_TYPE of every row, where it is a constant.
        event_rules: Whether the rules make EVENT_TYPE of EVENT_VALUE.
    """

    columns: Mapping[str, str]
    types: Mapping[str, MetadataType] = field(default_factory=dict)
    delimiter: Delimiter = ","
    event_type: str | None = None
    event_rules: bool = False


@dataclass(frozen=True)
class Order:
    """One cleaning.

    Attributes:
        dataset: What the file holds.
        raw: The raw file: a path of this machine or a URI that Hadoop reads (``s3a://``).
        name: Name of the raw file in messages.
        layout: Layout of MovieLens; None for a table.
        table: What the columns mean; None for MovieLens.
        rules: For interactions.
        items: Parquet file (or folder) of the cleaned items, whose ids are the known ones; None
            where any item will do.
        output: Folder of the outputs, a path or a URI, without a slash at its end. What lies in it
            is replaced.
    """

    dataset: Dataset
    raw: str
    name: str
    output: str
    layout: LayoutKind | None = None
    table: Table | None = None
    rules: Rules = field(default_factory=Rules)
    items: str | None = None

    def __post_init__(self) -> None:
        """Check that the parts fit together.

        Raises:
            OrderError: They do not.
        """
        if (self.layout is None) == (self.table is None):
            raise OrderError("order: exactly one of layout and table is given")
        if self.dataset == "interactions":
            self._check_interactions()
        if self.dataset == "users" and self.layout == "csv":
            raise OrderError("order.layout: releases of layout csv have no users")

    def _check_interactions(self) -> None:
        if self.layout is not None and self.items is None:
            raise OrderError("order.items: MovieLens ratings need the ids of the movies")
        by_rules = self.table is None or self.table.event_rules
        if by_rules and not self.rules.events:
            raise OrderError("order.rules.events: at least one rule is needed; got none")
        bounds = [rule.above_micros for rule in self.rules.events]
        if bounds != sorted(set(bounds), reverse=True):
            raise OrderError(f"order.rules.events: from the highest bound down; got {bounds}")
        if not 0 < self.rules.fraction <= 1:
            raise OrderError(f"order.rules.fraction: in (0, 1]; got {self.rules.fraction}")

    def at(self, name: str) -> str:
        """Path or URI of an output."""
        return f"{self.output}/{name}"

    def to_json(self) -> str:
        """The order as JSON; ``from_json`` is the inverse."""
        return json.dumps({"version": VERSION, **asdict(self)}, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read an order.

        Raises:
            OrderError: It is not JSON, of another version, or has a member that is missing, unknown
                or of a wrong kind.
        """
        try:
            content = json.loads(text)
        except ValueError as error:
            raise OrderError(f"order: not JSON: {error}") from error
        members = _members(content, "order", cls, extra="version")
        if members.pop("version", None) != VERSION:
            raise OrderError(
                f"order.version: this job reads {VERSION}, got {content.get('version')!r}; launch "
                "the job with code of the same version"
            )
        table, rules = members.get("table"), members.get("rules")
        members["table"] = None if table is None else _table(table)
        members["rules"] = Rules() if rules is None else _rules(rules)
        _check_choice(members, "order", "dataset", Dataset)
        _check_choice(members, "order", "layout", LayoutKind, optional=True)
        _check_text(members, "order", "raw", "name", "output")
        if members.get("items") is not None:
            _check_text(members, "order", "items")
        return cls(**members)


def _table(content: Any) -> Table:
    members = _members(content, "order.table", Table)
    for name in ("columns", "types"):
        mapping = members.setdefault(name, {})
        if not isinstance(mapping, dict) or not all(isinstance(v, str) for v in mapping.values()):
            raise OrderError(f"order.table.{name}: an object of strings is needed; got {mapping!r}")
    for column in members["types"]:
        _check_choice(members["types"], "order.table.types", column, MetadataType)
    if "delimiter" in members:
        _check_choice(members, "order.table", "delimiter", Delimiter)
    return Table(**members)


def _rules(content: Any) -> Rules:
    members = _members(content, "order.rules", Rules)
    events = members.pop("events", [])
    rules = tuple(EventRule(**_members(rule, "order.rules.events", EventRule)) for rule in events)
    if "mode" in members:
        _check_choice(members, "order.rules", "mode", Mode)
    return Rules(rules, **members)


def _members(content: Any, where: str, kind: type, extra: str | None = None) -> dict[str, Any]:
    """A copy of an object that has only the attributes of ``kind``, and those that it must have."""
    if not isinstance(content, dict):
        raise OrderError(f"{where}: an object is needed; got {content!r}")
    allowed = [*kind.__dataclass_fields__, *([extra] if extra else [])]
    unknown = sorted(set(content) - set(allowed))
    if unknown:
        raise OrderError(f"{where}: {', '.join(unknown)} not known; allowed: {', '.join(allowed)}")
    needed = {"Order": ("dataset", "raw", "name", "output"), "Table": ("columns",)}
    missing = [
        name
        for name in needed.get(kind.__name__, allowed if kind is EventRule else ())
        if name not in content
    ]
    if missing:
        raise OrderError(f"{where}: {', '.join(missing)} missing")
    return dict(content)


def _check_choice(
    members: Mapping[str, Any], where: str, name: str, choices: Any, *, optional: bool = False
) -> None:
    value = members.get(name)
    if optional and value is None:
        return
    if value not in get_args(choices):
        allowed = ", ".join(map(repr, get_args(choices)))
        raise OrderError(f"{where}.{name}: one of {allowed}; got {value!r}")


def _check_text(members: Mapping[str, Any], where: str, *names: str) -> None:
    for name in names:
        if not isinstance(members.get(name), str) or not members[name]:
            raise OrderError(f"{where}.{name}: text is needed; got {members.get(name)!r}")
