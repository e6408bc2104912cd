"""Which candidates a filter lets through.

A value that is null or missing satisfies no condition, neither IN nor NOT IN nor a comparison.
Works on whole columns at once. Knows no expressions with parameters and no source of data.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final

import numpy as np

from personalize_assets.core.filters.entities import BoolArray, EntityTable
from personalize_assets.core.filters.language import (
    ANY,
    EVENTS,
    And,
    Condition,
    CurrentItem,
    Expression,
    Node,
    Number,
    Operand,
    Texts,
    normalize_event_type,
)
from personalize_assets.core.filters.values import categories_of, parse_number

Row = Mapping[str, Any]
_COMPARE: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Facts:
    """What filters may ask about the candidates of one request.

    Attributes:
        n: Number of candidates.
        table: Their rows of the Items, Actions or Users dataset, shape (n,), in their order; None
            if nothing was imported.
        interacted: Tells which candidates have events of these types, shape (n,): events of the
            user of the request, or of the candidates where these are users. The types come from
            `normalize_event_type`; None asks for events of any type. The array is not changed.
        current_user: Values of the request's user by upper-case column; None if there are none.
        current_item: Values of the request's item, likewise.
    """

    n: int
    table: EntityTable | None
    interacted: Callable[[frozenset[str] | None], BoolArray]
    current_user: Row | None = None
    current_item: Row | None = None


@dataclass(frozen=True, slots=True)
class BoundFilter:
    """A filter whose parameters have values.

    Attributes:
        expressions: Without parameters.
    """

    expressions: tuple[Expression, ...]

    def mask(self, facts: Facts) -> BoolArray:
        """Which candidates may be served, shape (n,).

        Several INCLUDE add up, then what any EXCLUDE matches is taken away. Without an INCLUDE
        whose IF holds, all candidates are included.

        Args:
            facts: About the candidates.
        """
        included: list[BoolArray] = []
        excluded: list[BoolArray] = []
        for expression in self.expressions:
            if all(_holds(condition, facts) for condition in expression.only_if):
                kept = included if expression.action == "INCLUDE" else excluded
                kept.append(_matches(expression.where, facts))
        allowed = reduce(_either, included) if included else np.ones(facts.n, dtype=np.bool_)
        return allowed & ~reduce(_either, excluded) if excluded else allowed


def _matches(node: Node, facts: Facts) -> BoolArray:
    if isinstance(node, Condition):
        return _of_events(node, facts) if node.field.dataset in EVENTS else _of_rows(node, facts)
    masks = (_matches(part, facts) for part in node.parts)
    return reduce(_both if isinstance(node, And) else _either, masks)


def _both(first: BoolArray, second: BoolArray) -> BoolArray:
    return first & second


def _either(first: BoolArray, second: BoolArray) -> BoolArray:
    return first | second


def _of_events(condition: Condition, facts: Facts) -> BoolArray:
    names = _texts(condition.operand, facts)
    types = None if ANY in names else frozenset(normalize_event_type(name) for name in names)
    found = facts.interacted(types)
    return found.copy() if condition.operator == "IN" else ~found


def _of_rows(condition: Condition, facts: Facts) -> BoolArray:
    column, table = condition.field.column, facts.table
    if table is None:
        return np.zeros(facts.n, dtype=np.bool_)
    if condition.operator in ("IN", "NOT IN"):
        texts = _texts(condition.operand, facts)
        if not texts:
            return np.zeros(facts.n, dtype=np.bool_)
        values = table.text(column)
        found = values.matches(texts)
        return found if condition.operator == "IN" else values.present & ~found
    number = _number(condition.operand, facts)
    if number is None:
        return np.zeros(facts.n, dtype=np.bool_)
    numbers = table.number(column)
    found = _COMPARE[condition.operator](numbers, number)
    return found & ~np.isnan(numbers) if condition.operator == "!=" else found


def _holds(condition: Condition, facts: Facts) -> bool:
    """Whether a condition on the user of the request holds."""
    value = (facts.current_user or {}).get(condition.field.column)
    if value is None:
        return False
    if isinstance(value, str) or condition.operator in ("IN", "NOT IN"):
        texts = _texts(condition.operand, facts)
        found = not categories_of(str(value)).isdisjoint(texts)
        return bool(texts) and found == (condition.operator in ("IN", "="))
    number = _number(condition.operand, facts)
    return number is not None and value == value and _COMPARE[condition.operator](value, number)


def _texts(operand: Operand, facts: Facts) -> frozenset[str]:
    """The set of a condition; empty if the request's item has no value."""
    if isinstance(operand, CurrentItem):
        value = (facts.current_item or {}).get(operand.column)
        return categories_of(value) if isinstance(value, str) else frozenset()
    return frozenset(operand.values) if isinstance(operand, Texts) else frozenset()


def _number(operand: Operand, facts: Facts) -> float | None:
    """What a condition compares with; None if the request's item has no value."""
    if isinstance(operand, CurrentItem):
        value = (facts.current_item or {}).get(operand.column)
        return float(value) if isinstance(value, int | float) else None
    if isinstance(operand, Texts):
        return parse_number(operand.values[0])
    return operand.value if isinstance(operand, Number) else None
