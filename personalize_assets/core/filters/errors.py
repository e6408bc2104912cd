"""What is told of an expression or of values that cannot be used."""

from typing import NoReturn


class FilterError(ValueError):
    """An expression breaks a rule, or values do not fit its parameters; the message says which."""


def refuse(at: int, text: str) -> NoReturn:
    """Tell what is wrong with an expression and where.

    Args:
        at: Position of the character, counted from 0.
        text: What is wrong and what is allowed.

    Raises:
        FilterError: Always; characters are counted from 1 in it.
    """
    raise FilterError(f"Invalid Expression at character {at + 1}: {text}")
