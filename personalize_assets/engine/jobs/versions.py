"""The solution versions of a solution: what a new one holds, and which ones count.

Shared by the operation that makes versions by hand and by the job that makes them on schedule.
"""

from collections.abc import Collection
from typing import Any, Final

from personalize_assets.core.arns import Kind, parse_arn
from personalize_assets.engine.jobs.arrivals import data_mark, learned_types, refreshed_types
from personalize_assets.engine.jobs.states import ACTIVE, CREATE_STOPPED, CREATE_STOPPING
from personalize_assets.engine.store import Resource, Store
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.spec import RecipeSpec

_FROM_SOLUTION: Final = (
    "performHPO",
    "performAutoML",
    "performIncrementalUpdate",
    "recipeArn",
    "eventType",
    "datasetGroupArn",
    "solutionConfig",
)

INCREMENTAL: Final = frozenset({"aws-semantic-similarity"})
"""Names of the recipes that have incremental updates."""


def spec_of(resource: Resource) -> RecipeSpec | None:
    """The recipe of a solution, version or recommender; None while AutoML has not chosen one."""
    arn = resource.body.get("recipeArn")
    return None if arn is None else RECIPES[parse_arn(arn).name]


def version_body(solution: Resource, mode: str, training_type: str) -> dict[str, Any]:
    """What a new version takes from its solution.

    Args:
        solution: Of the version.
        mode: The ``trainingMode``.
        training_type: ``MANUAL`` or ``AUTOMATIC``.
    """
    return {
        "solutionArn": solution.arn,
        "solutionConfig": {},
        "trainingMode": mode,
        "trainingType": training_type,
        **{name: solution.body[name] for name in _FROM_SOLUTION if name in solution.body},
    }


def note_data(store: Store, resource: Resource) -> dict[str, str]:
    """What to hide on a version or recommender: marks of the data that are there when it begins."""
    spec, group = spec_of(resource), resource.group_arn
    return {
        "trained_on": data_mark(store, group, learned_types(spec)),
        "refreshed_on": data_mark(store, group, refreshed_types(spec)),
    }


def trained_versions(
    store: Store, solution_arn: str, statuses: Collection[str] | None = None
) -> list[Resource]:
    """The versions that were really trained, or are to be, the newest first.

    Those made with ``trainingMode`` UPDATE are left out, and those that were stopped.
    """
    return [
        version
        for version in store.resources.find(
            Kind.SOLUTION_VERSION, parent=solution_arn, statuses=statuses
        )
        if version.body["trainingMode"] != "UPDATE"
        and version.status not in (CREATE_STOPPING, CREATE_STOPPED)
    ]


def latest_trained(store: Store, solution_arn: str) -> Resource | None:
    """The latest fully trained version of a solution; None if there is none."""
    return next(iter(trained_versions(store, solution_arn, {ACTIVE})), None)
