"""What Item-Attribute-Affinity is asked: ``ITEMS.genres = "Comedy" AND ITEMS.year = 1999``.

Conditions of the language of filters, but only equality with a value, on Items, joined by AND.
"""

from dataclasses import dataclass
from functools import reduce

import numpy as np

from personalize_assets.core.filters.checking import check_attribute
from personalize_assets.core.filters.entities import BoolArray, EntityTable
from personalize_assets.core.filters.errors import refuse
from personalize_assets.core.filters.language import Condition, Number, Texts
from personalize_assets.core.filters.parsing import Parser
from personalize_assets.core.filters.values import parse_number
from personalize_assets.core.schemas import Schema


@dataclass(frozen=True, slots=True)
class Attributes:
    """Which items are meant.

    Attributes:
        conditions: All of them hold; the operands are one string or one number.
    """

    conditions: tuple[Condition, ...]

    def __str__(self) -> str:
        return " AND ".join(str(condition) for condition in self.conditions)

    def mask(self, items: EntityTable) -> BoolArray:
        """Which rows of the Items dataset are meant, shape (n,); nulls never are."""
        masks = (_equal(condition, items) for condition in self.conditions)
        return reduce(np.logical_and, masks)


def parse_attributes(text: str) -> Attributes:
    """Read the ``itemAttributes`` of a query.

    Raises:
        FilterError: It is none; the message names the position.

    >>> print(parse_attributes("ITEMS.genres = 'Comedy' AND ITEMS.year = 1999"))
    Items.GENRES = "Comedy" AND Items.YEAR = 1999
    """
    parser = Parser(text)
    conditions = parser.conjunction()
    parser.end("AND or the end; item attributes are joined by AND only")
    for condition in conditions:
        if condition.field.dataset != "ITEMS":
            refuse(condition.at, f"item attributes are fields of Items, got {condition.field}")
        if condition.operator != "=" or not isinstance(condition.operand, Texts | Number):
            refuse(condition.at, f"item attributes are compared by = with a value, got {condition}")
    return Attributes(conditions)


def check_attributes(found: Attributes, items: Schema) -> None:
    """Check a query against the schema of the Items dataset.

    Raises:
        FilterError: A column does not exist, is textual or boolean, or holds other values.
    """
    for condition in found.conditions:
        check_attribute(condition, items)


def _equal(condition: Condition, items: EntityTable) -> BoolArray:
    column, operand = condition.field.column, condition.operand
    text = operand.values[0] if isinstance(operand, Texts) else None
    if items.holds_text(column):
        return items.text(column).matches(() if text is None else (text,))
    number = operand.value if isinstance(operand, Number) else parse_number(text or "")
    return np.equal(items.number(column), np.nan if number is None else number)
