"""From tables and names of recipes to comparisons: one for each question that the recipes answer.

What is compared was asked the same of the same events. Recipes that answer with users, and use
cases of a domain, which take one event type, therefore get tables of their own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from personalize_assets.core.columns import Columns
from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.comparison.comparing import Protocol, Told, compare
from personalize_assets.recipes.comparison.methods import Method, recipe_method
from personalize_assets.recipes.comparison.results import Comparison
from personalize_assets.recipes.comparison.tables import (
    Entities,
    TableError,
    read_interactions,
    read_items,
    read_users,
)
from personalize_assets.recipes.spec import RecipeSpec
from personalize_assets.recipes.tables import select_events, training_data


@dataclass(frozen=True)
class Tables:
    """What recipes are compared on.

    Attributes:
        interactions: As ``training_data`` takes them.
        items: None where there are none.
        users: None where there are none.
    """

    interactions: pa.Table
    items: Entities | None = None
    users: Entities | None = None

    def limited(self, max_events: int, seed: int) -> "Tables":
        """With whole users drawn by chance, as many as have at most so many events together."""
        if len(self.interactions) <= max_events:
            return self
        users = self.interactions[Columns.USER_ID].combine_chunks()
        codes = users if pa.types.is_dictionary(users.type) else users.dictionary_encode()
        user = np.asarray(codes.indices)
        counts = np.bincount(user)
        order = np.random.default_rng(seed).permutation(len(counts))
        taken = np.zeros(len(counts), dtype=np.bool_)
        taken[order[np.cumsum(counts[order]) <= max_events]] = True
        return replace(self, interactions=self.interactions.filter(pa.array(taken[user])))

    def data(self, event_type: str | None = None, min_value: float | None = None) -> TrainingData:
        """What a solution would train on.

        Args:
            event_type: The only event type to take, in any case; None takes all.
            min_value: The least value of events to take; None takes all.

        Raises:
            TableError: The column that is filtered by is not there.
        """
        names = self.interactions.column_names
        for given, column in (
            (event_type, Columns.EVENT_TYPE),
            (min_value, Columns.EVENT_VALUE),
        ):
            if given is not None and column not in names:
                raise TableError(
                    f"{given!r} is asked for, but the interactions have no column {column}; they "
                    f"have {', '.join(names)}"
                )
        events = select_events(self.interactions, event_type, min_value, ignore_case=True)
        return training_data(
            events,
            None if self.items is None else self.items.table,
            None if self.users is None else self.users.table,
            item_schema=None if self.items is None else self.items.schema,
        )


def read_tables(interactions: Path, items: Path | None = None, users: Path | None = None) -> Tables:
    """Read files.

    Args:
        interactions: CSV or parquet; see ``read_interactions``.
        items: None where there are none.
        users: None where there are none.

    Raises:
        TableError: A file cannot be used.
    """
    return Tables(
        read_interactions(interactions),
        None if items is None else read_items(items),
        None if users is None else read_users(users),
    )


@dataclass(frozen=True)
class Candidate:
    """A method, and the events that it takes.

    Attributes:
        method: What is compared.
        event_type: The only event type to take, in any case; None takes all.
        min_value: The least value of events to take; None takes all.
    """

    method: Method
    event_type: str | None = None
    min_value: float | None = None


def compare_recipes(
    specs: Sequence[RecipeSpec],
    tables: Tables,
    protocol: Protocol,
    *,
    event_type: str | None = None,
    min_value: float | None = None,
    told: Told = lambda what, share: None,
) -> Iterator[Comparison]:
    """Compare recipes with their defaults; see ``compare_candidates``.

    Args:
        specs: At least one; a use case of a domain takes its own event type.
        tables: What they are compared on.
        protocol: How.
        event_type: The only event type to take; None takes all.
        min_value: The least value of events to take; None takes all.
        told: Told of the progress within each comparison.

    Raises:
        NotComparable: A recipe recommends actions.
    """
    candidates = [
        Candidate(
            recipe_method(spec), event_type if spec.domain is None else spec.event_type, min_value
        )
        for spec in specs
    ]
    return compare_candidates(candidates, tables, protocol, told=told)


def compare_candidates(
    candidates: Sequence[Candidate],
    tables: Tables,
    protocol: Protocol,
    *,
    told: Told = lambda what, share: None,
) -> Iterator[Comparison]:
    """Compare methods that take the same events with each other.

    Args:
        candidates: At least one.
        tables: What they are compared on.
        protocol: How.
        told: Told of the progress within each comparison.

    Yields:
        One for each question, in the order in which the candidates bring them up.

    Raises:
        TableError: A column that is filtered by is not there.
        UnfitData: There is too little to train on.
    """
    questions = dict[tuple[str, str | None, float | None], list[Method]]()
    for one in candidates:
        asked = (one.method.kind, one.event_type, one.min_value)
        questions.setdefault(asked, []).append(one.method)
    for (_, event_type, min_value), methods in questions.items():
        data = tables.data(event_type, min_value)
        yield compare(methods, data, protocol, event_type=event_type, told=told)
