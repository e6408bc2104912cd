"""What campaigns, recommenders and batch jobs may ask of how a recipe serves.

The checks of ``itemExplorationConfig`` and ``rankingInfluence``. Knows neither the store nor
answers.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from personalize_assets.engine.errors import InvalidInput
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.spec import RecipeSpec

_EXPLORATION: Final = {
    "explorationWeight": (0.0, 1.0),
    "explorationItemAgeCutOff": (1.0, math.inf),
}
_INFLUENCED: Final = "aws-semantic-similarity"


def check_serving_config(spec: RecipeSpec, config: Mapping[str, Any]) -> None:
    """Check what depends on the recipe in the configuration of a campaign or the like.

    Args:
        spec: The recipe that will serve.
        config: A ``campaignConfig``, ``recommenderConfig`` or ``batchInferenceJobConfig``.

    Raises:
        InvalidInput: The recipe does not take a member, or its value is not possible.
    """
    if "rankingInfluence" in config and spec.name != _INFLUENCED:
        raise InvalidInput(f"{spec.name} does not take rankingInfluence; {_INFLUENCED} does")
    exploration: Mapping[str, str] = config.get("itemExplorationConfig", {})
    if exploration and not spec.explores:
        takers = _in_words(lambda known: known.explores)
        raise InvalidInput(f"{spec.name} does not take itemExplorationConfig; {takers} do")
    for name, value in exploration.items():
        _check_exploration(name, value)


def _check_exploration(name: str, value: str) -> None:
    if name not in _EXPLORATION:
        raise InvalidInput(
            f"itemExplorationConfig has no {name!r}; it has {' and '.join(_EXPLORATION)}"
        )
    low, high = _EXPLORATION[name]
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not (low <= number <= high and math.isfinite(number)):
        bounds = f"from {low} to {high}" if high < math.inf else f"of at least {low}"
        raise InvalidInput(
            f"itemExplorationConfig.{name} must be a number {bounds} as a string, got {value!r}"
        )


def _in_words(chosen: Callable[[RecipeSpec], bool]) -> str:
    names = sorted(spec.name for spec in RECIPES.values() if chosen(spec))
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)
