"""What may be asked of a declared group: who answers, which filter, with which values.

Pure: from what is declared and what was given to names and values, or a refusal that says what
would have been allowed.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from personalize_assets.api.declared import DeclaredGroup
from personalize_assets.aws.naming import clean_name, job_name
from personalize_assets.core.filters import parse_filter
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.spec import RecipeSpec, RecipeType

_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")

FOR_USERS: Final[tuple[RecipeType, ...]] = ("USER_PERSONALIZATION", "POPULAR_ITEMS")
"""Recipes of campaigns that recommend, to a user or to anybody."""

FOR_ITEMS: Final[tuple[RecipeType, ...]] = ("RELATED_ITEMS",)
"""Recipes of campaigns that answer with items like an item."""

FOR_LISTS: Final[tuple[RecipeType, ...]] = ("PERSONALIZED_RANKING",)
"""Recipes of campaigns that put a list in a user's order."""

TargetKind = Literal["campaign", "recommender"]


class NotAllowed(ValueError):
    """Something was asked that is not allowed; the message says what is.

    Attributes:
        parameter: What it was given for.
        allowed: Values that are allowed, where they can be listed.
    """

    def __init__(self, parameter: str, message: str, allowed: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.parameter = parameter
        self.allowed = tuple(allowed)


class ValuesMissing(NotAllowed):
    """A filter needs values that were not given; ``allowed`` names its missing parameters."""


class NothingAnswers(NotAllowed):
    """The group declares nothing that could answer this kind of question."""


@dataclass(frozen=True)
class Target:
    """What answers: a campaign, by the name of its solution, or a recommender by its own.

    Attributes:
        kind: Which of both.
        name: As it is declared.
        recipe: Name of the recipe or of the use case.
    """

    kind: TargetKind
    name: str
    recipe: str

    @property
    def spec(self) -> RecipeSpec:
        """What is known of the recipe."""
        return RECIPES[self.recipe]

    def needs(self, field: str) -> bool:
        """Whether a request must have ``userId`` or ``itemId``."""
        return field in self.spec.query_fields


def targets(group: DeclaredGroup) -> list[Target]:
    """Everything of the group that answers in real time: campaigns first, in declared order."""
    campaigns = (Target("campaign", name, group.solutions[name]) for name in group.campaigns)
    recommenders = (Target("recommender", *pair) for pair in group.recommenders.items())
    return [*campaigns, *recommenders]


def fitting(group: DeclaredGroup, kinds: Sequence[RecipeType]) -> list[Target]:
    """What answers questions of these kinds.

    A use case answers about an item where it must be given one, and else for a user, whatever the
    type of its recipe.
    """
    about_items = kinds == FOR_ITEMS
    return [
        one
        for one in targets(group)
        if (
            one.spec.recipe_type in kinds
            if one.kind == "campaign"
            else kinds != FOR_LISTS and one.needs("itemId") == about_items
        )
    ]


def choose_target(
    group: DeclaredGroup,
    kinds: Sequence[RecipeType],
    campaign: str | None = None,
    recommender: str | None = None,
) -> Target:
    """The campaign or recommender that is to answer: the named one, or the first that can.

    Raises:
        NothingAnswers: The group declares none that could.
        NotAllowed: Both are named, or the named one is not declared or answers something else.
    """
    if campaign is not None and recommender is not None:
        raise NotAllowed("recommender", "name a campaign or a recommender, not both")
    able = fitting(group, kinds)
    if not able:
        raise NothingAnswers(
            "campaign",
            f"{group.name} declares no campaign and no recommender that can answer this; add one "
            f"in {group.path} and run `make run`",
        )
    kind: TargetKind = "campaign" if recommender is None else "recommender"
    name = campaign if recommender is None else recommender
    if name is None:
        return able[0]
    found = [one for one in able if (one.kind, one.name) == (kind, name)]
    if not found:
        names = [one.name for one in able if one.kind == kind]
        raise NotAllowed(
            kind, f"no {kind} {name!r} of {group.name} answers this; {_these(names)}", names
        )
    return found[0]


def filter_expression(group: DeclaredGroup, name: str) -> str:
    """The expression of a declared filter.

    Raises:
        NotAllowed: None of this name is declared.
    """
    if name not in group.filters:
        raise NotAllowed(
            "filter",
            f"no filter {name!r} is declared; declared are {', '.join(group.filters) or 'none'}",
            list(group.filters),
        )
    return group.filters[name]


def filter_values(expression: str, name: str, given: Mapping[str, str]) -> dict[str, str]:
    """The values of a filter's parameters as the service takes them, checked by its expression.

    Raises:
        ValuesMissing: Some are missing.
        NotAllowed: Some are of no parameter.
    """
    parameters = parse_filter(expression).parameters
    missing, unknown = sorted(parameters - given.keys()), sorted(given.keys() - parameters)
    # Amazon takes EXCLUDE without values as excluding nothing.
    if missing and expression.lstrip().upper().startswith("INCLUDE"):
        raise ValuesMissing(
            "filter_value",
            f"the filter {name} needs a value for {' and '.join(missing)}: {expression}",
            missing,
        )
    if unknown:
        raise NotAllowed(
            "filter_value",
            f"the filter {name} has no parameter {', '.join(unknown)}; it has "
            f"{', '.join(sorted(parameters)) or 'none'}",
            sorted(parameters),
        )
    return {key: filter_value(value) for key, value in given.items()}


def filter_value(text: str) -> str:
    """Write a value as ``filterValues`` takes it: numbers bare, texts quoted, lists by commas.

    What is quoted already stays as it is, so that a text may hold a comma.

    >>> filter_value("Comedy"), filter_value("Comedy,Sci-Fi"), filter_value("1990")
    ('"Comedy"', '"Comedy","Sci-Fi"', '1990')
    """
    if text.strip().startswith(('"', "'")) or _NUMBER.fullmatch(text.strip()):
        return text.strip()
    return ",".join(json.dumps(part.strip(), ensure_ascii=False) for part in text.split(","))


def parse_pairs(parameter: str, texts: Iterable[str]) -> dict[str, str]:
    """Read ``KEY=VALUE`` texts.

    Raises:
        NotAllowed: One has no key, or a key comes twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise NotAllowed(parameter, f"{text!r} must be KEY=VALUE")
        if key in found:
            raise NotAllowed(parameter, f"{key} is given twice")
        found[key] = value
    return found


@dataclass(frozen=True)
class Addresses:
    """ARNs of what a group declares.

    Attributes:
        group: Name of the dataset group.
        prefix: Of every ARN of account and region: ``arn:aws:personalize:REGION:ACCOUNT``.
    """

    group: str
    prefix: str

    @staticmethod
    def of(group: DeclaredGroup, partition: str, region: str, account_id: str) -> "Addresses":
        """Those in an account and region."""
        return Addresses(group.name, f"arn:{partition}:personalize:{region}:{account_id}")

    @property
    def dataset_group(self) -> str:
        """ARN of the dataset group itself."""
        return f"{self.prefix}:dataset-group/{self.group}"

    def target(self, target: Target) -> str:
        """ARN of a campaign or recommender."""
        return f"{self.prefix}:{target.kind}/{self._name(target.name)}"

    def is_solution(self, arn: str, name: str) -> bool:
        """Whether a solution was made for the declared one: its name also holds a digest.

        One whose declaration changed has several, of which the newest is the declared one.
        """
        named = job_name(f"{self.group}-{name}").rpartition("-")[0]
        found = arn.removeprefix(f"{self.prefix}:solution/{named}-")
        return re.fullmatch(r"[0-9a-f]{12}(-\d+)?", found) is not None

    def filter(self, name: str) -> str:
        """ARN of a declared filter."""
        return f"{self.prefix}:filter/{self._name(name)}"

    def _name(self, declared: str) -> str:
        return clean_name(f"{self.group}-{declared}")


def _these(names: Sequence[str]) -> str:
    return f"these do: {', '.join(names)}" if names else "none does"
