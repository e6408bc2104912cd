"""Values from a request in the places of a filter's parameters.

What INCLUDE needs must be there; a condition of an EXCLUDE whose value is missing is left out, as
filter-real-time.html describes. Knows no data.
"""

from collections.abc import Mapping
from dataclasses import replace

from personalize_assets.core.filters.errors import FilterError
from personalize_assets.core.filters.language import (
    And,
    Condition,
    Expression,
    Filter,
    Node,
    Number,
    Operand,
    Or,
    Parameter,
    Texts,
)
from personalize_assets.core.filters.masks import BoundFilter
from personalize_assets.core.filters.values import parse_number, parse_values


def bind(found: Filter, values: Mapping[str, str]) -> BoundFilter:
    """Put values into a filter.

    Args:
        found: As parsed.
        values: By the names of parameters, without dollar signs; see `parse_values`.

    Raises:
        FilterError: A value is missing, of another form or unknown.
    """
    unknown = sorted(values.keys() - found.parameters)
    if unknown:
        known = ", ".join(sorted(found.parameters)) or "none"
        raise FilterError(
            f"The filter has no parameter {', '.join(unknown)}; its parameters are: {known} "
            "(letter case counts)"
        )
    bound = (_bind_expression(expression, values) for expression in found.expressions)
    return BoundFilter(tuple(expression for expression in bound if expression is not None))


def _bind_expression(expression: Expression, values: Mapping[str, str]) -> Expression | None:
    """The expression without parameters; None if it has no effect."""
    missing = sorted(
        condition.operand.name
        for condition in expression.conditions()
        if isinstance(condition.operand, Parameter) and condition.operand.name not in values
    )
    if missing and expression.action == "INCLUDE":
        raise FilterError(
            f"The filter needs a value for {', '.join(f'${name}' for name in missing)}: an "
            "expression with INCLUDE needs the values of all its parameters in filterValues"
        )
    where = _bind_node(expression.where, values)
    only_if = tuple(_bind_condition(item, values, of_user=True) for item in expression.only_if)
    tests = tuple(item for item in only_if if item is not None)
    if where is None or len(tests) < len(only_if):
        return None
    return replace(expression, where=where, only_if=tests)


def _bind_node(node: Node, values: Mapping[str, str]) -> Node | None:
    """The node without parameters and without what has no value; None if nothing is left."""
    if isinstance(node, Condition):
        return _bind_condition(node, values)
    bound = (_bind_node(part, values) for part in node.parts)
    parts = tuple(part for part in bound if part is not None)
    if len(parts) < 2:
        return parts[0] if parts else None
    return And(parts) if isinstance(node, And) else Or(parts)


def _bind_condition(
    condition: Condition, values: Mapping[str, str], *, of_user: bool = False
) -> Condition | None:
    operand = condition.operand
    if not isinstance(operand, Parameter):
        return condition
    text = values.get(operand.name)
    if text is None:
        return None
    return replace(condition, operand=_operand(condition, operand.name, text, of_user=of_user))


def _operand(condition: Condition, name: str, text: str, *, of_user: bool) -> Operand:
    found = parse_values(name, text)
    if condition.operator == "IN":
        return Texts(found)
    value, *others = found
    if others:
        raise FilterError(
            f"Filter parameter {name} is compared by {condition.operator}, so that it takes one "
            f"value, got {len(found)}: {text}"
        )
    # Whether a column of CurrentUser holds numbers or strings shows only beside its value.
    if of_user and condition.operator in ("=", "!="):
        return Texts(found)
    number = parse_number(value)
    if number is None:
        raise FilterError(
            f"Filter parameter {name} is compared with {condition.field} by "
            f"{condition.operator}, so that its value must be a number, got {text}"
        )
    return Number(number)
