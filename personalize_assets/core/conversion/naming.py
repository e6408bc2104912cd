"""Names of the parameter file as this project has them: short, in lower case, with hyphens."""

import re
from collections.abc import Collection
from typing import Final

_RECIPES: Final = "recipe/"

LEGACY: Final = {
    "aws-hrnn": "aws-user-personalization",
    "aws-hrnn-metadata": "aws-user-personalization",
    "aws-hrnn-coldstart": "aws-user-personalization",
}
"""Recipes that AWS retired, and the one that took their place."""


_LONGEST: Final = 63  # botocore: Name of personalize
_SHORTEST: Final = 8


def short_name(name: str, taken: Collection[str], group: str = "") -> str:
    """Make a name of letters, digits and hyphens in lower case that is not taken.

    Args:
        name: In the parameter file.
        taken: Names that others have.
        group: Of the dataset group: with it and a hyphen before, the service takes 63 characters.

    Example:
        >>> short_name("My_Solution (2)", taken=[])
        'my-solution-2'
        >>> short_name("a_b", taken=["a-b"])
        'a-b-2'
        >>> short_name("long-" * 20, taken=[], group="a-group-with-quite-a-long-name-of-its-own")
        'long-long-long-long-l'
    """
    room = max(_LONGEST - len(group) - 1, _SHORTEST)
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "unnamed"
    found, number = plain[:room].rstrip("-"), 1
    while found in taken:
        number += 1
        found = f"{plain[: room - len(str(number)) - 1].rstrip('-')}-{number}"
    return found


def recipe_name(arn: str) -> str:
    """Name of a recipe by its ARN; the text itself where it is no ARN.

    Example:
        >>> recipe_name("arn:aws:personalize:::recipe/aws-sims")
        'aws-sims'
    """
    return arn.rpartition(_RECIPES)[2]
