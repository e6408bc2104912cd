"""What a filter expression is, once it is parsed: plain values that print as they are written.

``str`` gives the one canonical spelling, which parses to an equal value. Columns are upper case.
Nothing here reads text, checks rules or looks at data.
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from personalize_assets.core.schema_rules import DatasetType

Action = Literal["INCLUDE", "EXCLUDE"]
Target = Literal["ItemID", "ActionID", "UserID"]
Operator = Literal["IN", "NOT IN", "=", "!=", "<", "<=", ">", ">="]

DATASET_NAMES: Final[dict[DatasetType, str]] = {
    "INTERACTIONS": "Interactions",
    "ITEMS": "Items",
    "USERS": "Users",
    "ACTIONS": "Actions",
    "ACTION_INTERACTIONS": "Action_Interactions",
}
"""How expressions write the dataset types."""
EVENTS: Final[frozenset[DatasetType]] = frozenset({"INTERACTIONS", "ACTION_INTERACTIONS"})
ANY: Final = "*"
"""Stands for all event types."""


@dataclass(frozen=True, slots=True)
class Texts:
    """Quoted strings: the set of ``IN``, or one string to compare with."""

    values: tuple[str, ...]

    def __str__(self) -> str:
        return ", ".join(quote(value) for value in self.values)


@dataclass(frozen=True, slots=True)
class Number:
    """A finite number."""

    value: float

    def __str__(self) -> str:
        return repr(self.value).removesuffix(".0")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A placeholder for what a request passes; the name has no dollar sign."""

    name: str

    def __str__(self) -> str:
        return f"${self.name}"


@dataclass(frozen=True, slots=True)
class CurrentItem:
    """A column of the item that a request for related items names."""

    column: str

    def __str__(self) -> str:
        return f"CurrentItem.{self.column}"


Operand = Texts | Number | Parameter | CurrentItem


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a dataset.

    Attributes:
        dataset: Users for columns of ``CurrentUser``.
        column: In upper case.
    """

    dataset: DatasetType
    column: str

    def __str__(self) -> str:
        return f"{DATASET_NAMES[self.dataset]}.{self.column}"


@dataclass(frozen=True, slots=True)
class Condition:
    """One test of one column.

    Attributes:
        field: Left side.
        operator: Between the sides.
        operand: Right side.
        at: Where it begins in the text, from 0; has no part in comparisons.
    """

    field: Field
    operator: Operator
    operand: Operand
    at: int = dataclasses.field(default=0, compare=False)

    def __str__(self) -> str:
        return f"{self.field} {self.right_side}"

    @property
    def right_side(self) -> str:
        """Operator and operand as they are written."""
        bare = self.operator not in ("IN", "NOT IN") or isinstance(self.operand, CurrentItem)
        return f"{self.operator} {self.operand}" if bare else f"{self.operator} ({self.operand})"


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold; no part is an `And` itself."""

    parts: tuple["Node", ...]

    def __str__(self) -> str:
        texts = (f"({part})" if isinstance(part, Or) else str(part) for part in self.parts)
        return " AND ".join(texts)


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part holds; no part is an `Or` itself."""

    parts: tuple["Node", ...]

    def __str__(self) -> str:
        return " OR ".join(str(part) for part in self.parts)


Node = Condition | And | Or


def conditions_of(node: Node) -> Iterator[Condition]:
    """All conditions of a tree, in the order of the text."""
    if isinstance(node, Condition):
        yield node
        return
    for part in node.parts:
        yield from conditions_of(part)


@dataclass(frozen=True, slots=True)
class Expression:
    """One part of a chain.

    Attributes:
        action: What becomes of the candidates that match.
        where: Which candidates match.
        only_if: What must hold for the user of the request, all of it; else the expression has no
            effect. The fields are of Users.
    """

    action: Action
    where: Node
    only_if: tuple[Condition, ...] = ()

    def conditions(self) -> Iterator[Condition]:
        """Those of ``where`` and of ``only_if``."""
        yield from conditions_of(self.where)
        yield from self.only_if


@dataclass(frozen=True, slots=True)
class Filter:
    """A chain of expressions.

    Attributes:
        target: What is filtered.
        expressions: At least one.
    """

    target: Target
    expressions: tuple[Expression, ...]

    def __str__(self) -> str:
        return " | ".join(self._text(expression) for expression in self.expressions)

    def _text(self, expression: Expression) -> str:
        text = f"{expression.action} {self.target} WHERE {expression.where}"
        tests = (
            f"CurrentUser.{item.field.column} {item.right_side}" for item in expression.only_if
        )
        return f"{text} IF {' AND '.join(tests)}" if expression.only_if else text

    def conditions(self) -> Iterator[Condition]:
        """All conditions of all expressions."""
        for expression in self.expressions:
            yield from expression.conditions()

    @property
    def parameters(self) -> frozenset[str]:
        """Names of all placeholders, without dollar signs."""
        operands = (condition.operand for condition in self.conditions())
        return frozenset(item.name for item in operands if isinstance(item, Parameter))

    @property
    def fields(self) -> frozenset[Field]:
        """The distinct columns; those of CurrentUser and CurrentItem count as Users and Items."""
        conditions = tuple(self.conditions())
        named = frozenset(condition.field for condition in conditions)
        operands = (condition.operand for condition in conditions)
        return named.union(
            Field("ITEMS", item.column) for item in operands if isinstance(item, CurrentItem)
        )

    @property
    def needs_user(self) -> bool:
        """Whether requests must name a user: for his events, or for his columns."""
        of_events = any(condition.field.dataset in EVENTS for condition in self.conditions())
        tested = any(expression.only_if for expression in self.expressions)
        return tested or (of_events and self.target != "UserID")

    @property
    def needs_item(self) -> bool:
        """Whether requests must name an item, for its columns."""
        return any(isinstance(condition.operand, CurrentItem) for condition in self.conditions())


def quote(text: str) -> str:
    r"""Write a text as a quoted string.

    >>> print(quote('12" vinyl'))
    "12\" vinyl"
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def normalize_event_type(text: str) -> str:
    """What of an event type counts: not its case, spaces and underscores.

    >>> normalize_event_type("Not taken") == normalize_event_type("NOT_TAKEN")
    True
    """
    return text.replace("_", "").replace(" ", "").casefold()
