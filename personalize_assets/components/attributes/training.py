"""What is trained, with which configuration, and what it is compared with."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

import dagster as dg
from pydantic import Field, field_validator, model_validator

from personalize_assets.components.attributes.search import HyperparameterSearch
from personalize_assets.components.attributes.texts import Text, TextsByName
from personalize_assets.core.names import MAX_TRAINING_DAYS, MIN_TRAINING_DAYS
from personalize_assets.recipes.hyperparameters import HyperparameterError, parse_hyperparameters
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.spec import RecipeSpec

DatasetName = Literal["interactions", "items", "users"]

_MOST_EVENTS = 10  # botocore: eventParametersList
_MOST_COLUMNS = 50  # botocore: excludedDatasetColumns
_NEVER_EXCLUDED = ("USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE")


class Objective(dg.Model, dg.Resolvable):
    """`optimizationObjective`: what recommendations should bring beside relevance."""

    item_attribute: str
    """Column of the items, a number in every row, that should be high."""

    sensitivity: Literal["LOW", "MEDIUM", "HIGH", "OFF"] = "LOW"
    """How much it counts."""


class WeighedEvent(dg.Model, dg.Resolvable):
    """One entry of `eventsConfig`: how much events of a type count in training."""

    event_type: str
    """EVENT_TYPE of the events."""

    weight: float = Field(default=1.0, ge=0, le=1)
    """Only the ratio to the other weights matters."""

    event_value_threshold: float | None = None
    """Only events whose EVENT_VALUE is at least this count."""


class Solution(dg.Model, dg.Resolvable):
    """One recipe with its training configuration."""

    name: str
    """Short name, such as `user-personalization`; part of asset keys and of the solution's name."""

    recipe: str
    """Name of the recipe, for example `aws-user-personalization`."""

    event_type: str | None = None
    """Train only on this EVENT_TYPE; all of them when left out."""

    event_value_threshold: Text = None
    """Train only on events whose EVENT_VALUE is at least this; needs `event_type`."""

    events: Sequence[WeighedEvent] = ()
    """Event types with weights, for recipes that weigh events; only those listed take part."""

    hyperparameters: TextsByName = Field(default_factory=dict)
    """`algorithmHyperParameters` of the solution."""

    feature_transformation_parameters: TextsByName = Field(default_factory=dict)
    """`featureTransformationParameters` of the solution."""

    perform_hpo: bool = False
    """Search hyperparameters in every training, for recipes that have a search; takes longer."""

    hpo: HyperparameterSearch | None = None
    """Ranges and extent of that search; the service's own where left out."""

    optimization_objective: Objective | None = None
    """What recommendations should bring beside relevance."""

    excluded_columns: Mapping[DatasetName, Sequence[str]] = Field(default_factory=dict)
    """Columns that are not trained on, by dataset."""

    auto_training_days: int | None = None
    """Let the service train by itself every so many days, 1 to 30, if there are new interactions;
    it trains only in runs of this pipeline when left out."""

    @property
    def spec(self) -> RecipeSpec:
        """What is known of the recipe."""
        return RECIPES[self.recipe]

    @property
    def further_config(self) -> dict[str, Any]:
        """Members of `solutionConfig` beside parameters and threshold."""
        config: dict[str, Any] = {}
        if self.hpo is not None:
            config["hpoConfig"] = self.hpo.as_config(self.spec)
        if self.optimization_objective is not None:
            config["optimizationObjective"] = {
                "itemAttribute": self.optimization_objective.item_attribute,
                "objectiveSensitivity": self.optimization_objective.sensitivity,
            }
        if self.events:
            config["eventsConfig"] = {"eventParametersList": [*map(_as_entry, self.events)]}
        if self.excluded_columns:
            columns = {name.upper(): list(of) for name, of in self.excluded_columns.items()}
            config["trainingDataConfig"] = {"excludedDatasetColumns": columns}
        return config

    @field_validator("name")
    @classmethod
    def _fit_for_keys(cls, name: str) -> str:
        return require_short_name(name, "solution")

    @field_validator("recipe")
    @classmethod
    def _known(cls, recipe: str) -> str:
        custom = sorted(name for name, spec in RECIPES.items() if spec.domain is None)
        if recipe not in custom:
            raise ValueError(f"unknown recipe {recipe!r}; allowed are {', '.join(custom)}")
        return recipe

    @model_validator(mode="after")
    def _possible(self) -> Self:
        """Refuse what the recipe cannot do before anything is created.

        The attribute is named as it stands in the file.
        """
        self._check_parameters()
        self._check_search()
        self._check_events()
        days = self.auto_training_days
        # A bound of the field itself would refuse `null`.
        if days is not None and not MIN_TRAINING_DAYS <= days <= MAX_TRAINING_DAYS:
            raise ValueError(
                f"solution {self.name}: auto_training_days must be from {MIN_TRAINING_DAYS} to "
                f"{MAX_TRAINING_DAYS}, got {days}"
            )
        if self.optimization_objective is not None and not self.spec.takes_objective:
            takers = recipes_that("takes_objective")
            raise ValueError(self._refused("optimization_objective", takers))
        for dataset, columns in self.excluded_columns.items():
            where = f"solution {self.name}: excluded_columns.{dataset}"
            if never := [column for column in columns if column.upper() in _NEVER_EXCLUDED]:
                raise ValueError(f"{where}: {', '.join(never)} cannot be excluded")
            if len(columns) > _MOST_COLUMNS:
                raise ValueError(f"{where} may hold {_MOST_COLUMNS} columns, got {len(columns)}")
        return self

    def _refused(self, attribute: str, takers: Sequence[str]) -> str:
        return (
            f"solution {self.name}: {self.recipe} does not take {attribute}; "
            f"{' and '.join(takers)} {'do' if len(takers) > 1 else 'does'}: take another recipe or "
            f"leave {attribute} out"
        )

    def _check_parameters(self) -> None:
        for attribute, options, given in (
            ("hyperparameters", self.spec.config, self.hyperparameters),
            (
                "feature_transformation_parameters",
                self.spec.featurization,
                self.feature_transformation_parameters,
            ),
        ):
            try:
                parse_hyperparameters(options, given)
            except HyperparameterError as error:
                raise ValueError(f"solution {self.name}: {attribute}: {error}") from error

    def _check_search(self) -> None:
        if not (self.perform_hpo or self.hpo is not None):
            return
        if not self.spec.hpo:
            attribute = "perform_hpo" if self.perform_hpo else "hpo"
            raise ValueError(self._refused(attribute, recipes_that("hpo")))
        if not self.perform_hpo:
            raise ValueError(
                f"solution {self.name}: hpo says how to search, but nothing asks for a search: add "
                f"`perform_hpo: true` or leave hpo out"
            )
        if self.hpo is not None:
            self.hpo.check(self.spec, f"solution {self.name}: hpo")

    def _check_events(self) -> None:
        where = f"solution {self.name}"
        if self.event_value_threshold is not None and self.event_type is None:
            raise ValueError(f"{where}: event_value_threshold needs event_type")
        if self.event_value_threshold is not None and not _is_number(self.event_value_threshold):
            raise ValueError(
                f"{where}: event_value_threshold must be a number as a string, got "
                f"{self.event_value_threshold!r}"
            )
        if not self.events:
            return
        if not self.spec.weighs_events:
            raise ValueError(self._refused("events", recipes_that("weighs_events")))
        if self.event_type is not None:
            raise ValueError(f"{where}: give either events or event_type, not both")
        types = [entry.event_type for entry in self.events]
        if len(set(types)) < len(types):
            raise ValueError(f"{where}: events: event types must differ: {', '.join(types)}")
        if len(types) > _MOST_EVENTS:
            raise ValueError(f"{where}: events may have {_MOST_EVENTS} entries, got {len(types)}")
        if not any(entry.weight > 0 for entry in self.events):
            raise ValueError(f"{where}: events: at least one weight must be above 0")


class Comparison(dg.Model, dg.Resolvable):
    """How recipes are compared with each other, popularity and chance, on this machine."""

    folds: int = Field(default=2, ge=1, le=10)
    """How many of ten folds of users are run; each costs a training of every recipe or two."""

    seed: int = 0
    """Of the folds."""

    max_events: int = Field(default=1_000_000, ge=1_000)
    """Users are drawn where there are more interactions than this."""


def recipes_that(trait: str) -> list[str]:
    """Names of the custom recipes whose specification says yes to ``trait``, sorted."""
    return sorted(
        name for name, spec in RECIPES.items() if spec.domain is None and getattr(spec, trait)
    )


def require_short_name(name: str, what: str) -> str:
    """Return ``name`` if it can be part of an asset key and of a resource's name.

    Raises:
        ValueError: It holds something else than lower-case letters, digits and hyphens.
    """
    if not name.replace("-", "").isalnum() or name != name.lower():
        raise ValueError(
            f"{what} name {name!r} may hold lower-case letters, digits and hyphens only"
        )
    return name


def _as_entry(event: WeighedEvent) -> dict[str, Any]:
    entry: dict[str, Any] = {"eventType": event.event_type, "weight": event.weight}
    if event.event_value_threshold is not None:
        entry["eventValueThreshold"] = event.event_value_threshold
    return entry


def _is_number(text: str) -> bool:
    try:
        return abs(float(text)) < float("inf")
    except ValueError:
        return False
