"""The grammar of filter expressions, as a parser that descends from the whole to the parts.

Accepts what creating-filter-expressions.html describes and, beyond it, parentheses that group
conditions; AND binds closer than OR. Keywords, datasets and columns may be in any case. Rules that
need more than the order of the pieces are in `checking`.
"""

import math
from typing import Final, NoReturn, cast

from personalize_assets.core.filters.errors import refuse
from personalize_assets.core.filters.language import (
    ANY,
    DATASET_NAMES,
    Action,
    And,
    Condition,
    CurrentItem,
    Expression,
    Field,
    Filter,
    Node,
    Number,
    Operand,
    Operator,
    Or,
    Parameter,
    Target,
    Texts,
)
from personalize_assets.core.filters.tokens import Token, tokenize, unquote
from personalize_assets.core.schema_rules import DatasetType

_TARGETS: Final[dict[str, Target]] = {
    "ITEMID": "ItemID",
    "ACTIONID": "ActionID",
    "USERID": "UserID",
}
# The guide itself once writes Action.MEMBERSHIP_LEVEL: action-recommendation-filter-examples.html
_DATASETS: Final[dict[str, DatasetType]] = {
    "ACTION": "ACTIONS",
    **{name.upper(): kind for kind, name in DATASET_NAMES.items()},
}
_COMPARISONS: Final = ("=", "!=", "<", "<=", ">", ">=")
_MAX_PARAMETER_NAME: Final = 50  # of a key of filterValues, in the runtime's service model
_MAX_DEPTH: Final = 50


def parse_filter(text: str) -> Filter:
    """Read a filter expression.

    Args:
        text: One expression, or several that are chained by ``|``.

    Raises:
        FilterError: It does not follow the grammar; the message names the position.

    >>> print(parse_filter("exclude itemid where items.genre in ('Horror') if CurrentUser.age<18"))
    EXCLUDE ItemID WHERE Items.GENRE IN ("Horror") IF CurrentUser.AGE < 18
    """
    return Parser(text).filter()


class Parser:
    """Reads pieces of one text from the left to the right.

    Args:
        text: Of the expression.

    Raises:
        FilterError: A character begins no piece.
    """

    def __init__(self, text: str) -> None:
        self._tokens = tokenize(text)
        self._next = 0
        self._depth = 0

    def filter(self) -> Filter:
        """The whole text as a filter.

        Raises:
            FilterError: It is none.
        """
        target, first = self._expression(None)
        expressions = [first]
        while self._skip("|"):
            expressions.append(self._expression(target)[1])
        self.end("AND, OR, IF, | or the end")
        return Filter(target, tuple(expressions))

    def end(self, allowed: str) -> None:
        """Make sure that nothing is left.

        Args:
            allowed: What else could have followed.

        Raises:
            FilterError: Something is left.
        """
        if self._token.kind != "end":
            self._unexpected(allowed)

    def conjunction(self) -> tuple[Condition, ...]:
        """Conditions joined by AND, without groups.

        Raises:
            FilterError: One cannot be read.
        """
        found = [self._condition()]
        while self._skip("AND"):
            found.append(self._condition())
        return tuple(found)

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._token
        self._next += 1
        return token

    def _skip(self, word: str) -> bool:
        if self._token.word != word:
            return False
        self._next += 1
        return True

    def _expect(self, word: str) -> None:
        if not self._skip(word):
            self._unexpected(word)

    def _unexpected(self, allowed: str) -> NoReturn:
        refuse(self._token.at, f"expected {allowed}, got {self._token}")

    def _expression(self, target: Target | None) -> tuple[Target, Expression]:
        if self._token.word not in ("INCLUDE", "EXCLUDE"):
            self._unexpected("INCLUDE or EXCLUDE")
        action = cast(Action, self._take().word)
        found = _TARGETS.get(self._token.word)
        if found is None:
            self._unexpected("ItemID, ActionID or UserID")
        if target not in (None, found):
            refuse(self._token.at, f"all expressions of a chain must filter {target}, got {found}")
        self._next += 1
        self._expect("WHERE")
        where = self._either()
        return found, Expression(action, where, self._user_conditions())

    def _either(self) -> Node:
        parts = [self._all()]
        while self._skip("OR"):
            parts.append(self._all())
        return _join(Or, parts)

    def _all(self) -> Node:
        parts = [self._single()]
        while self._skip("AND"):
            parts.append(self._single())
        return _join(And, parts)

    def _single(self) -> Node:
        at = self._token.at
        if not self._skip("("):
            return self._condition()
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            refuse(at, f"parentheses may be nested {_MAX_DEPTH} deep")
        node = self._either()
        self._expect(")")
        self._depth -= 1
        return node

    def _user_conditions(self) -> tuple[Condition, ...]:
        if not self._skip("IF"):
            return ()
        found = [self._user_condition()]
        while self._skip("AND"):
            found.append(self._user_condition())
        if self._token.word == "OR":
            refuse(self._token.at, "the conditions of IF can be joined by AND only")
        return tuple(found)

    def _user_condition(self) -> Condition:
        at = self._token.at
        if self._token.word != "CURRENTUSER":
            refuse(at, f"IF can test columns of CurrentUser only, got {self._token}")
        self._next += 1
        return self._right_side(Field("USERS", self._column()), at)

    def _condition(self) -> Condition:
        token = self._token
        if token.word == "CURRENTUSER":
            refuse(token.at, "CurrentUser can be tested only in an IF at the end of an expression")
        if token.word == "CURRENTITEM":
            refuse(token.at, "CurrentItem can stand only on the right side of a condition")
        dataset = _DATASETS.get(token.word)
        if dataset is None:
            self._unexpected(f"one of the datasets {', '.join(DATASET_NAMES.values())}")
        self._next += 1
        return self._right_side(Field(dataset, self._column()), token.at)

    def _column(self) -> str:
        self._expect(".")
        if self._token.kind != "word":
            self._unexpected("the name of a column")
        return self._take().text.upper()

    def _right_side(self, field: Field, at: int) -> Condition:
        token = self._take()
        if token.word == "IN":
            return Condition(field, "IN", self._set(), at)
        if token.word == "NOT":
            self._expect("IN")
            return Condition(field, "NOT IN", self._set(), at)
        if token.text in _COMPARISONS:
            return Condition(field, cast(Operator, token.text), self._operand(), at)
        self._next -= 1
        self._unexpected(f"IN, NOT IN or one of {' '.join(_COMPARISONS)}")

    def _set(self) -> Operand:
        if self._token.word == "CURRENTITEM":
            return self._current_item()
        if not self._skip("("):
            self._unexpected("values in parentheses or CurrentItem")
        if self._token.kind == "parameter":
            operand = self._parameter()
            if self._token.word == ",":
                refuse(self._token.at, "one parameter stands for all values of a set: ($NAME)")
        elif self._skip(ANY):
            operand = Texts((ANY,))
        else:
            operand = Texts(tuple(self._strings()))
        self._expect(")")
        return operand

    def _strings(self) -> list[str]:
        found = [self._string()]
        while self._skip(","):
            found.append(self._string())
        return found

    def _string(self) -> str:
        if self._token.kind != "text":
            self._unexpected("a quoted string")
        return unquote(self._take().text)

    def _operand(self) -> Operand:
        token = self._token
        if token.kind == "number":
            return self._number()
        if token.kind == "text":
            return Texts((self._string(),))
        if token.kind == "parameter":
            return self._parameter()
        if token.word == "CURRENTITEM":
            return self._current_item()
        if not self._skip("("):
            self._unexpected("a number, a quoted string, a $parameter or CurrentItem")
        if self._token.kind != "parameter":
            self._unexpected("a $parameter")
        operand = self._parameter()
        self._expect(")")
        return operand

    def _number(self) -> Number:
        token = self._take()
        value = float(token.text)
        if not math.isfinite(value):
            refuse(token.at, f"the number {token.text} is too large")
        return Number(value)

    def _parameter(self) -> Parameter:
        token = self._take()
        name = token.text[1:]
        if len(name) > _MAX_PARAMETER_NAME:
            refuse(
                token.at,
                f"the name of a parameter has at most {_MAX_PARAMETER_NAME} characters, this one "
                f"has {len(name)}",
            )
        return Parameter(name)

    def _current_item(self) -> CurrentItem:
        self._expect("CURRENTITEM")
        return CurrentItem(self._column())


def _join(kind: type[And] | type[Or], parts: list[Node]) -> Node:
    """One node of parts that are not of the same kind: grouping them changes nothing."""
    if len(parts) == 1:
        return parts[0]
    flat: list[Node] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, kind) else (part,))
    return kind(tuple(flat))
