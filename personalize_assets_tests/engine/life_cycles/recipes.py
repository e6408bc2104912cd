"""What the reference says about the recipes that the machine uses."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from personalize_assets.core.arns import Kind, make_arn

_INTERACTIONS: Final = ("INTERACTIONS",)
_ALL: Final = ("INTERACTIONS", "ITEMS", "ACTIONS")


@dataclass(frozen=True)
class Recipe:
    """One recipe.

    Attributes:
        name: Of the recipe.
        domain: Of a use case; None for custom recipes.
        batch: What batch jobs it can do: ``items``, ``users`` or none.
        explores: Whether it takes ``itemExplorationConfig``.
        learns: Dataset types whose new data are worth a training.
        refreshes: Dataset types whose new data a refresh takes in.
        every: Time between two refreshes; None for no refreshes.
        incremental: Whether it has incremental updates.
        updatable: Whether versions with ``trainingMode`` UPDATE are possible.
    """

    name: str
    domain: str | None = None
    batch: str = "items"
    explores: bool = False
    learns: tuple[str, ...] = _INTERACTIONS
    refreshes: tuple[str, ...] = _ALL
    every: timedelta | None = None
    incremental: bool = False
    updatable: bool = False

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(self.name)

    @property
    def arn(self) -> str:
        """Of the recipe."""
        return make_arn(Kind.RECIPE, "", "", self.name)


_TWO_HOURS: Final = timedelta(hours=2)
CHOSEN_BY_AUTOML: Final = "aws-user-personalization"
USER: Final = Recipe(CHOSEN_BY_AUTOML, explores=True, every=_TWO_HOURS, updatable=True)
POPULARITY: Final = Recipe("aws-popularity-count")
TRENDING: Final = Recipe("aws-trending-now", batch="", every=_TWO_HOURS)
SIMILARITY: Final = Recipe(
    "aws-semantic-similarity",
    learns=("INTERACTIONS", "ITEMS"),
    refreshes=("ITEMS",),
    every=timedelta(minutes=30),
    incremental=True,
)
ACTIONS: Final = Recipe(
    "aws-next-best-action",
    batch="",
    learns=("INTERACTIONS", "ACTION_INTERACTIONS"),
    every=_TWO_HOURS,
)
SEGMENTS: Final = Recipe("aws-item-affinity", batch="users")
TOP_PICKS: Final = Recipe(
    "aws-vod-top-picks", "VIDEO_ON_DEMAND", batch="", explores=True, every=_TWO_HOURS
)
MOST_POPULAR: Final = Recipe("aws-vod-most-popular", "VIDEO_ON_DEMAND", batch="")
OTHER_DOMAIN: Final = Recipe("aws-ecomm-popular-items-by-views", "ECOMMERCE", batch="")
UNKNOWN: Final = Recipe("aws-no-such-recipe")

CUSTOM: Final = (USER, POPULARITY, TRENDING, SIMILARITY, ACTIONS, SEGMENTS)
BY_NAME: Final = {
    recipe.name: recipe for recipe in (*CUSTOM, TOP_PICKS, MOST_POPULAR, OTHER_DOMAIN, UNKNOWN)
}
