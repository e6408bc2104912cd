"""A solution's ``hpoConfig`` as what the search takes, and the names that its ranges are shown by.

Knows neither how a search is done nor whether a request is allowed.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from personalize_assets.recipes.hyperparameters import hyperparameters
from personalize_assets.recipes.search import DEFAULT_TRIALS, SearchRange, SearchRequest
from personalize_assets.recipes.spec import RecipeSpec

# DescribeSolution shows these names with a prefix: customizing-solution-config-hpo.html
_SHOWN_NAMES: Final = {"bptt": "training.bptt", "recency_mask": "data.recency_mask"}


def shown_name(name: str) -> str:
    """The name that a hyperparameter's range is shown by."""
    return _SHOWN_NAMES.get(name, name)


def plain_name(name: str) -> str:
    """The name of a hyperparameter without the prefix of `shown_name`."""
    return next((plain for plain, shown in _SHOWN_NAMES.items() if shown == name), name)


def search_request(spec: RecipeSpec, config: Mapping[str, Any]) -> SearchRequest:
    """What a search is to do.

    Args:
        spec: The recipe.
        config: An ``hpoConfig`` that was checked; bounds that it leaves open are the recipe's.
    """
    known = {item.name: item for item in hyperparameters(spec.config)}
    lists: Mapping[str, Sequence[Mapping[str, Any]]]
    lists = config.get("algorithmHyperParameterRanges", {})
    ranges: list[SearchRange] = []
    for given in (item for items in lists.values() for item in items):
        parameter = known[plain_name(given["name"])]
        if parameter.kind == "categorical":
            ranges.append(SearchRange(parameter.name, values=tuple(given["values"])))
        else:
            low = given.get("minValue", parameter.low)
            high = given.get("maxValue", parameter.high)
            ranges.append(SearchRange(parameter.name, low, high))
    most = config.get("hpoResourceConfig", {}).get("maxNumberOfTrainingJobs", DEFAULT_TRIALS)
    return SearchRequest(int(most), tuple(ranges))
