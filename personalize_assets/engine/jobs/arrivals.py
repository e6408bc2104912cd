"""Which data a group holds, as a mark that changes when data arrive.

Automatic training and refreshing compare marks to tell whether there is anything new. Knows neither
tables nor recipes' models.
"""

from collections.abc import Collection

from personalize_assets.core.arns import Kind
from personalize_assets.engine.store import Store
from personalize_assets.recipes.spec import RecipeSpec


def learned_types(spec: RecipeSpec | None) -> tuple[str, ...]:
    """Types of datasets whose new data are worth a training.

    Args:
        spec: The recipe; None while AutoML has not chosen one.
    """
    if spec is None or "Interactions" in spec.required_datasets:
        actions = spec is not None and "Actions" in spec.required_datasets
        return ("INTERACTIONS", "ACTION_INTERACTIONS") if actions else ("INTERACTIONS",)
    return ("INTERACTIONS", "ITEMS")


def refreshed_types(spec: RecipeSpec | None) -> tuple[str, ...]:
    """Types of datasets whose new data a refresh takes in; as for `learned_types`."""
    if spec is not None and "Interactions" not in spec.required_datasets:
        return ("ITEMS",)
    return ("INTERACTIONS", "ITEMS", "ACTIONS")


def data_mark(store: Store, group_arn: str | None, types: Collection[str]) -> str:
    """A text that differs once data came to a group; empty while there are none.

    Args:
        store: Of the engine.
        group_arn: The dataset group.
        types: The types of datasets to look at.
    """
    marks: list[str] = []
    for dataset in store.resources.find(Kind.DATASET, group=group_arn):
        if dataset.body["datasetType"] in types:
            bulk = dataset.hidden.get("artifact", "")
            streamed = store.events.newest(dataset.arn), store.records.newest(dataset.arn)
            if bulk or any(streamed):
                marks.append(f"{dataset.arn} {bulk} {streamed[0]} {streamed[1]}")
    return "\n".join(sorted(marks))
