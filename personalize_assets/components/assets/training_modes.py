"""How a solution version is made: trained in full, or the last one with the items that came since.

The metadata of a version tell what it was made of: how many interactions its model was trained on,
and which items it holds. Schedules, sensors and the next update go by them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import dagster as dg

from personalize_assets.aws.training import SolutionRequest, Trained, train_solution
from personalize_assets.aws.updates import update_solution_version
from personalize_assets.components.attributes import Solution
from personalize_assets.components.graph import Graph, newest_metadata
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.resources import PersonalizeResource

TRAINED_ON = "trained_interactions"
"""Metadata of a version: interactions of its last full training, of all event types."""

_ITEMS = "items_sha256"


class TrainingMode(Enum):
    """`trainingMode` of the version that a run makes."""

    FULL = "FULL"
    UPDATE = "UPDATE"


class TrainingConfig(dg.Config):
    """How to make the version."""

    training_mode: TrainingMode = TrainingMode.FULL
    """FULL trains on all data. UPDATE brings items that are new since the last full training into
    its model; where there was none, it trains in full."""


@dataclass(frozen=True)
class Made:
    """A version that is there, and what it was made of as metadata."""

    trained: Trained
    basis: Mapping[str, Any]


@dataclass(frozen=True)
class VersionMaker:
    """Makes versions of one solution in one run.

    Attributes:
        context: Of the run.
        graph: Of the dataset group.
        solution: What is trained.
        personalize: The service.
        version: Key of the asset.
        imported: Metadata of the imported datasets by name.
    """

    context: dg.AssetExecutionContext
    graph: Graph
    solution: Solution
    personalize: PersonalizeResource
    version: dg.AssetKey
    imported: Mapping[str, Mapping[str, Any]]

    def make(self, request: SolutionRequest, mode: TrainingMode) -> Made:
        """Make sure that there is a version of this mode for the imported data.

        Raises:
            dagster.Failure: The mode is UPDATE, and the recipe or the data cannot be updated.
        """
        if mode is TrainingMode.FULL:
            return self._full(request)
        made = self._update(request)
        if made is None:
            self.context.log.warning(
                f"{self.solution.name} has no ACTIVE version that was trained in full, which "
                f"UPDATE builds on: it is trained in full now"
            )
        return made or self._full(request)

    def _full(self, request: SolutionRequest) -> Made:
        trained = train_solution(
            self.personalize.get_client(),
            request,
            self.personalize.wait(self.context.log.info),
            tags=self.graph.resource_tags(self.personalize.tags),
        )
        basis: dict[str, Any] = {
            "training_mode": "FULL",
            TRAINED_ON: self.imported["interactions"]["dagster/row_count"],
        }
        return Made(trained, basis if self._items is None else {**basis, _ITEMS: self._items})

    def _update(self, request: SolutionRequest) -> Made | None:
        items = self._items
        if items is None or not self.solution.spec.updates:
            raise dg.Failure(cannot_update(self.solution), allow_retries=False)
        last = newest_metadata(self.context.instance, self.version)
        trained = update_solution_version(
            self.personalize.get_client(),
            request,
            items,
            self.personalize.wait(self.context.log.info),
            holds_items=last.get("arn") if last.get(_ITEMS) == items else None,
            tags=self.graph.resource_tags(self.personalize.tags),
        )
        if trained is None:
            return None
        mode = str(trained.version.description.get("trainingMode", "UPDATE"))
        # The model is still that of the full training, and so is what it was trained on.
        model = {TRAINED_ON: last[TRAINED_ON]} if TRAINED_ON in last else {}
        return Made(trained, {"training_mode": mode, _ITEMS: items, **model})

    @property
    def _items(self) -> str | None:
        return self.imported.get("items", {}).get("csv_sha256")


def cannot_update(solution: Solution) -> str:
    """Why a solution takes no UPDATE, and what would."""
    able = ", ".join(sorted(name for name, spec in RECIPES.items() if spec.updates))
    return (
        f"training_mode UPDATE of solution {solution.name!r} (recipe {solution.recipe}) needs an "
        f"Items dataset and a recipe that takes new items in: {able}; train it with FULL"
    )
