"""Whether a filter makes sense for the datasets of its group.

The rules of filter-expression-guidelines-requirements.html and creating-filter-expressions.html
that the grammar cannot state. Knows schemas, no data and no requests.
"""

from collections.abc import Mapping
from typing import Final

from personalize_assets.core.filters.errors import FilterError, refuse
from personalize_assets.core.filters.language import (
    ANY,
    DATASET_NAMES,
    EVENTS,
    Condition,
    CurrentItem,
    Field,
    Filter,
    Number,
    Parameter,
    Target,
    Texts,
    conditions_of,
    quote,
)
from personalize_assets.core.filters.values import parse_number
from personalize_assets.core.names import MAX_FIELDS_PER_FILTER
from personalize_assets.core.schema_rules import DatasetType
from personalize_assets.core.schemas import NUMBERS, Schema, SchemaField

_FILTERS: Final[dict[Target, tuple[DatasetType, DatasetType]]] = {
    "ItemID": ("INTERACTIONS", "ITEMS"),
    "ActionID": ("ACTION_INTERACTIONS", "ACTIONS"),
    "UserID": ("INTERACTIONS", "USERS"),
}
_EVENT_TYPE: Final = "EVENT_TYPE"
# Personalize itself leaves out actions by these: filter-expressions.html
_OF_ITS_OWN: Final = ("EXPIRATION_TIMESTAMP", "ACTION_EXPIRATION_TIMESTAMP", "REPEAT_FREQUENCY")

Schemas = Mapping[DatasetType, Schema]


def check_filter(found: Filter, schemas: Schemas) -> None:
    """Check a filter against the datasets of a group.

    Args:
        found: As parsed.
        schemas: Of the group's datasets.

    Raises:
        FilterError: A rule is broken; the first one found is told.
    """
    for expression in found.expressions:
        first = next(conditions_of(expression.where)).field.dataset
        for condition in conditions_of(expression.where):
            _check_dataset(condition, first, found.target)
            _check_condition(condition, schemas, found.target)
        for condition in expression.only_if:
            if found.target == "UserID":
                refuse(condition.at, "filters of users know no CurrentUser; test Users instead")
            _check_condition(condition, schemas, found.target, of_user=True)
    if len(found.fields) > MAX_FIELDS_PER_FILTER:
        raise FilterError(
            f"Invalid Expression: the filter uses {len(found.fields)} distinct dataset fields, the "
            f"most is {MAX_FIELDS_PER_FILTER}"
        )


def check_attribute(condition: Condition, items: Schema) -> None:
    """Check a condition of the kind that Item-Attribute-Affinity takes: a column = a value.

    Raises:
        FilterError: The column does not exist, is textual or boolean, or holds other values.
    """
    column = _usable_column(condition.field, condition.at, {"ITEMS": items})
    if column.type in NUMBERS:
        _check_number(condition)
    else:
        _check_text(condition, equality=True)


def _check_dataset(condition: Condition, first: DatasetType, target: Target) -> None:
    dataset = condition.field.dataset
    if dataset not in _FILTERS[target]:
        allowed = " and ".join(DATASET_NAMES[name] for name in _FILTERS[target])
        refuse(
            condition.at,
            f"{target} is filtered by {allowed}, not by {DATASET_NAMES[dataset]}"
            + ("; columns of the user can be tested as IF CurrentUser" * (dataset == "USERS")),
        )
    if dataset != first:
        refuse(
            condition.at,
            f"all conditions before IF must use the dataset of the first, {DATASET_NAMES[first]}, "
            f"got {DATASET_NAMES[dataset]}; chain two expressions with | instead",
        )


def _check_condition(
    condition: Condition, schemas: Schemas, target: Target, *, of_user: bool = False
) -> None:
    _check_operand(condition, target)
    column = _usable_column(condition.field, condition.at, schemas)
    if condition.field.dataset in EVENTS:
        _check_event_type(condition)
    elif column.type in NUMBERS:
        _check_number(condition)
    else:
        _check_text(condition, equality=of_user)
    if isinstance(condition.operand, CurrentItem):
        other = _usable_column(Field("ITEMS", condition.operand.column), condition.at, schemas)
        if (other.type in NUMBERS) != (column.type in NUMBERS):
            refuse(
                condition.at,
                f"{condition.field} is of type {column.type} and {condition.operand} of type "
                f"{other.type}, so that they cannot be compared",
            )


def _check_operand(condition: Condition, target: Target) -> None:
    operand = condition.operand
    if isinstance(operand, Parameter) and condition.operator == "NOT IN":
        raise FilterError(
            f"Invalid input symbol: {operand}. Placeholders are not allowed with NOT_IN operator."
        )
    if isinstance(operand, CurrentItem) and target != "ItemID":
        refuse(condition.at, f"CurrentItem is for filters of ItemID, not of {target}")
    starred = isinstance(operand, Texts) and ANY in operand.values
    if starred and condition.field.dataset not in EVENTS:
        refuse(
            condition.at,
            f"* stands for all event types, so that it cannot be compared with {condition.field}",
        )


def _usable_column(field: Field, at: int, schemas: Schemas) -> SchemaField:
    schema = schemas.get(field.dataset)
    if schema is None:
        refuse(at, f"the dataset group has no {DATASET_NAMES[field.dataset]} dataset")
    column = schema.field(field.column)
    if column is None:
        refuse(
            at,
            f"the {DATASET_NAMES[field.dataset]} dataset has no field {field.column}; its fields "
            f"are {', '.join(schema.columns)}",
        )
    if column.type == "boolean":
        refuse(
            at,
            f"{field} is boolean, which filters cannot test; use a string of True and False, or a "
            "number of 0 and 1",
        )
    if column.textual:
        refuse(at, f"{field} is textual, which filters cannot test")
    if field.dataset == "ACTIONS" and field.column in _OF_ITS_OWN:
        refuse(at, f"actions are left out by {field.column} anyway; filters cannot test it")
    return column


def _check_event_type(condition: Condition) -> None:
    dataset = DATASET_NAMES[condition.field.dataset]
    if condition.field.column != _EVENT_TYPE:
        refuse(
            condition.at,
            f"of {dataset} only {_EVENT_TYPE} can be tested, not {condition.field.column}",
        )
    if condition.operator not in ("IN", "NOT IN") or isinstance(condition.operand, CurrentItem):
        refuse(
            condition.at,
            f'{condition.field} can be tested with IN or NOT IN and values: IN ("click")',
        )


def _check_number(condition: Condition) -> None:
    if condition.operator in ("IN", "NOT IN"):
        refuse(
            condition.at,
            f"{condition.field} is a number: use = != < <= > >= instead of {condition.operator}",
        )
    operand = condition.operand
    if isinstance(operand, Texts) and parse_number(operand.values[0]) is None:
        refuse(
            condition.at,
            f"{condition.field} is a number, so that it cannot be compared with {operand}",
        )


def _check_text(condition: Condition, *, equality: bool) -> None:
    if condition.operator in ("IN", "NOT IN"):
        return
    if not equality or condition.operator not in ("=", "!="):
        refuse(
            condition.at,
            f"{condition.field} is a string: use IN or NOT IN instead of {condition.operator}",
        )
    if isinstance(condition.operand, Number):
        refuse(
            condition.at,
            f"{condition.field} is a string, so that it must be compared with a quoted one: "
            f"{quote(str(condition.operand))}",
        )
