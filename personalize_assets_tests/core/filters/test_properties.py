"""Random filters on random tables: the spelling comes back, and masks agree with plain loops."""

from contextlib import suppress
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from personalize_assets.core.filters import (
    BoundFilter,
    EntityTable,
    Facts,
    Filter,
    FilterError,
    bind,
    parse_filter,
)
from personalize_assets.core.filters.language import (
    And,
    Condition,
    CurrentItem,
    Expression,
    Field,
    Node,
    Number,
    Or,
    Parameter,
    Texts,
    quote,
)

LETTERS = st.sampled_from(["a", "b", "c", "A", "a|b", "", 'x"y', "c\\", "it's"])
NUMBERS = st.sampled_from([-1.5, 0.0, 1.0, 2.0, 19.99, 1e6])
TEXT_COLUMNS = ("KIND", "TITLE")
NUMBER_COLUMNS = ("PRICE", "YEAR")
COMPARE = ("=", "!=", "<", "<=", ">", ">=")


def conditions_on(dataset: Any) -> st.SearchStrategy[Condition]:
    """Conditions on two columns of strings and two of numbers."""
    texts = st.builds(
        Condition,
        st.sampled_from(TEXT_COLUMNS).map(lambda column: Field(dataset, column)),
        st.sampled_from(["IN", "NOT IN"]),
        st.lists(LETTERS, min_size=1, max_size=3).map(lambda values: Texts(tuple(values)))
        | st.sampled_from(TEXT_COLUMNS).map(CurrentItem),
    )
    placeholders = st.builds(
        Condition,
        st.just(Field(dataset, "KIND")),
        st.just("IN"),
        st.sampled_from(["SET", "Set"]).map(Parameter),
    )
    numbers = st.builds(
        Condition,
        st.sampled_from(NUMBER_COLUMNS).map(lambda column: Field(dataset, column)),
        st.sampled_from(COMPARE),
        NUMBERS.map(Number)
        | st.sampled_from(NUMBER_COLUMNS).map(CurrentItem)
        | st.just(Parameter("LIMIT")),
    )
    return texts | placeholders | numbers


EVENTS = st.builds(
    Condition,
    st.just(Field("INTERACTIONS", "EVENT_TYPE")),
    st.sampled_from(["IN", "NOT IN"]),
    st.lists(st.sampled_from(["click", "Add to_cart", "*"]), min_size=1, max_size=2).map(
        lambda values: Texts(tuple(values))
    ),
)


def flat(kind: Any, parts: list[Node]) -> Node:
    whole: list[Node] = []
    for part in parts:
        whole.extend(part.parts if isinstance(part, kind) else [part])
    return kind(tuple(whole))


def trees(leaves: st.SearchStrategy[Condition]) -> st.SearchStrategy[Node]:
    def extend(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        parts = st.lists(children, min_size=2, max_size=3)
        return parts.map(lambda some: flat(And, some)) | parts.map(lambda some: flat(Or, some))

    return st.recursive(leaves, extend, max_leaves=5)


EXPRESSIONS = st.builds(
    Expression,
    st.sampled_from(["INCLUDE", "EXCLUDE"]),
    trees(conditions_on("ITEMS")) | trees(EVENTS),
    st.lists(conditions_on("USERS"), max_size=2).map(tuple),
)
FILTERS = st.builds(
    Filter, st.just("ItemID"), st.lists(EXPRESSIONS, min_size=1, max_size=3).map(tuple)
)
ROWS = st.fixed_dictionaries(
    {
        **{column: LETTERS | st.none() for column in TEXT_COLUMNS},
        **{column: NUMBERS | st.none() for column in NUMBER_COLUMNS},
    }
)
CANDIDATES = st.lists(
    st.tuples(ROWS, st.frozensets(st.sampled_from(["click", "addtocart", "view"]))), max_size=6
)


@settings(max_examples=100, deadline=None)
@given(FILTERS)
def test_parse_filter__reads_what_str_writes(found: Filter) -> None:
    again = parse_filter(str(found))
    assert again == found
    assert (again.parameters, again.fields) == (found.parameters, found.fields)


def table_of(rows: list[dict[str, Any]]) -> EntityTable:
    columns: dict[str, pa.Array] = {"ITEM_ID": pa.array([f"i{n}" for n in range(len(rows))])}
    types = {"PRICE": pa.float32(), "YEAR": pa.float64()}
    for column in TEXT_COLUMNS + NUMBER_COLUMNS:
        kind = types.get(column, pa.string())
        columns[column] = pa.array([row[column] for row in rows], kind)
    return EntityTable.from_arrow(pa.table(columns), "ITEM_ID")


def expected(
    found: BoundFilter, candidates: list[Any], user: dict[str, Any] | None, item: dict[str, Any]
) -> list[bool]:
    """What a person would do who goes through the candidates one by one."""
    answer: list[bool] = []
    for row, events in candidates:
        included: list[bool] = []
        excluded = False
        for expression in found.expressions:
            if all(true_of(test, user or {}, item) for test in expression.only_if):
                matches = node_true(expression.where, row, events, item)
                if expression.action == "INCLUDE":
                    included.append(matches)
                else:
                    excluded = excluded or matches
        answer.append((any(included) or not included) and not excluded)
    return answer


def node_true(node: Node, row: dict[str, Any], events: frozenset[str], item: Any) -> bool:
    if isinstance(node, And):
        return all(node_true(part, row, events, item) for part in node.parts)
    if isinstance(node, Or):
        return any(node_true(part, row, events, item) for part in node.parts)
    if node.field.dataset == "INTERACTIONS":
        assert isinstance(node.operand, Texts)
        names = {name.replace(" ", "").replace("_", "").lower() for name in node.operand.values}
        any_event = bool(events) if "*" in names else bool(events & names)
        return any_event == (node.operator == "IN")
    return true_of(node, row, item)


def true_of(condition: Condition, row: dict[str, Any], item: dict[str, Any]) -> bool:
    left, operand = row.get(condition.field.column), condition.operand
    right: Any = None
    if isinstance(operand, CurrentItem):
        right = item.get(operand.column)
        if condition.operator in ("IN", "NOT IN") and right is not None:
            right = [right, *right.split("|")]
    elif isinstance(operand, Texts):
        right = operand.values if condition.operator.endswith("IN") else float(operand.values[0])
    elif isinstance(operand, Number):
        right = operand.value
    if left is None or right is None:
        return False
    if condition.operator.endswith("IN"):
        found = any(part in right for part in [left, *left.split("|")])
        return found == (condition.operator == "IN")
    return {
        "=": left == right,
        "!=": left != right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }[condition.operator]


@settings(max_examples=120, deadline=None)
@given(
    found=FILTERS,
    candidates=CANDIDATES,
    user=st.none() | ROWS,
    item=ROWS,
    values=st.tuples(st.lists(LETTERS, min_size=1, max_size=2), LETTERS, NUMBERS),
)
def test_mask__agrees_with_plain_loops(
    found: Filter,
    candidates: list[Any],
    user: dict[str, Any] | None,
    item: dict[str, Any],
    values: tuple[list[str], str, float],
) -> None:
    given_values = {
        "SET": ",".join(quote(text) for text in values[0]),
        "Set": quote(values[1]),
        "LIMIT": repr(values[2]),
    }
    bound = bind(found, {name: given_values[name] for name in found.parameters})
    rows = [row for row, _ in candidates]

    def interacted(types: frozenset[str] | None) -> Any:
        hits = [events if types is None else events & types for _, events in candidates]
        return np.array([bool(hit) for hit in hits], dtype=np.bool_)

    facts = Facts(len(rows), table_of(rows), interacted, user, item)
    assert bound.mask(facts).tolist() == expected(bound, candidates, user, item)


@settings(max_examples=60, deadline=None)
@given(found=FILTERS, data=st.data())
def test_parse_filter__fails_with_filter_errors_only(found: Filter, data: st.DataObject) -> None:
    """A text with one character lost or changed parses or is refused as an expression."""
    text = str(found)
    at = data.draw(st.integers(0, len(text) - 1))
    broken = text[:at] + data.draw(st.sampled_from(["", '"', "(", "|", "$", "é"])) + text[at + 1 :]
    with suppress(FilterError):
        parse_filter(broken)


def test_expected__a_null_matches_nothing() -> None:
    """The loops know the rule by themselves."""
    found = bind(parse_filter("EXCLUDE ItemID WHERE Items.KIND NOT IN ('a')"), {})
    assert expected(found, [({"KIND": None}, frozenset())], None, {}) == [True]
    assert expected(found, [({"KIND": "b"}, frozenset())], None, {}) == [False]
