"""What is declared of one dataset group, as far as asking it needs to know.

Values only: who reads the files of ``defs/`` stands elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from personalize_assets.core.cleaning.rules import CleaningRules
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.spec import RecipeSpec


@dataclass(frozen=True)
class DeclaredGroup:
    """One dataset group, as far as asking it needs to know.

    Attributes:
        name: Name of the group.
        transformed: S3 prefix of the cleaned files, ending in a slash.
        solutions: Recipes by names of solutions, in declared order.
        campaigns: Names of the solutions that have campaigns, in declared order.
        filters: Expressions by names of filters.
        path: The file, for messages.
        recommenders: Use cases by names of recommenders that answer, in declared order.
        descriptions: What filters are for, by their names; only of those that say it.
        event_types: Types of events that cleaning makes, the strongest first.
        event_tracker: Whether events are taken in.
    """

    name: str
    transformed: str
    solutions: Mapping[str, str]
    campaigns: tuple[str, ...]
    filters: Mapping[str, str]
    path: str
    recommenders: Mapping[str, str] = field(default_factory=dict[str, str])
    descriptions: Mapping[str, str] = field(default_factory=dict[str, str])
    event_types: tuple[str, ...] = ()
    event_tracker: bool = False

    @classmethod
    def of(cls, attributes: Mapping[str, Any], path: str) -> Self:
        """Read the attributes of a group, as its file has them.

        Args:
            attributes: Without Dagster's templates.
            path: The file, for messages.

        Raises:
            KeyError: A required attribute is missing.
            ValueError: The rules of cleaning are none.
        """
        filters = attributes.get("filters") or ()
        rules = CleaningRules.model_validate(attributes.get("cleaning") or {})
        return cls(
            name=str(attributes["name"]),
            transformed=str(attributes["prefixes"]["transformed"]),
            solutions={one["name"]: one["recipe"] for one in attributes.get("solutions") or ()},
            campaigns=tuple(one["solution"] for one in attributes.get("campaigns") or ()),
            filters={one["name"]: one["expression"] for one in filters},
            path=path,
            recommenders={
                one["name"]: one["recipe"]
                for one in attributes.get("recommenders") or ()
                if one.get("running", True)
            },
            descriptions={
                one["name"]: one["description"] for one in filters if one.get("description")
            },
            event_types=tuple(rule.event_type for rule in rules.events),
            event_tracker=bool(attributes.get("event_tracker")),
        )

    def spec(self, solution: str) -> RecipeSpec:
        """What is known of the recipe of a declared solution."""
        return RECIPES[self.solutions[solution]]

    @property
    def items_key(self) -> str:
        """S3 key of the cleaned items."""
        return f"{self.transformed}items/items.parquet"

    @property
    def interactions_key(self) -> str:
        """S3 key of the cleaned interactions."""
        return f"{self.transformed}interactions/interactions.parquet"
