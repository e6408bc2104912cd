"""Recommendation quality over ten folds of users, beside the figures that the design rests on.

    python -m personalize_assets_tests.benchmarks.bench_quality [--data FOLDER] [--folds 10]

Two settings, never to be compared with each other. "Seen excluded" repeats the protocol behind
the figures: rows are cut as they are and what a user knows is no answer. "As served" is what the
engine reports: rows of equal user, item and timestamp are one event, and known items come back as
the recipe serves them. On ml-latest-small the first setting is held against the figures; ends with
status 1 where one of them is more than a standard error (.015 of MRR) above ours.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from rich.console import Console
from rich.table import Table

from personalize_assets.core.metrics import Truth, evaluate, evaluate_textbook
from personalize_assets.core.splitting import mark_truth
from personalize_assets.recipes.base import FloatArray, Histories, Model, TrainingData
from personalize_assets.recipes.evaluation import require_learner
from personalize_assets.recipes.ranking import recommend
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.solvers.ease import fit_ease
from personalize_assets.recipes.solvers.queries import recent_matrix, seen_matrix
from personalize_assets.recipes.solvers.transitions import TransitionOptions, fit_transitions

Events = Literal["prepared", "ratings"]
Fit = Callable[[TrainingData, Histories], Model]

MRR = "mean_reciprocal_rank_at_25"
STANDARD_ERROR = 0.015
ML_LATEST_SMALL = 100_836
FIGURES: dict[tuple[str, str], tuple[float, float | None, float | None]] = {
    # MRR@25, textbook NDCG@10 and @25 on ml-latest-small, seen items excluded
    ("prepared", "aws-popularity-count"): (0.104, 0.045, 0.053),
    ("prepared", "EASE, weighted"): (0.218, 0.106, 0.127),
    ("prepared", "transitions"): (0.227, 0.115, 0.141),
    ("prepared", "aws-user-personalization"): (0.262, 0.126, 0.147),
    ("prepared", "aws-sims"): (0.164, None, None),
    ("ratings", "aws-popularity-count"): (0.116, 0.050, 0.059),
    ("ratings", "EASE, weighted"): (0.224, 0.109, 0.137),
    ("ratings", "aws-user-personalization"): (0.258, 0.127, 0.154),
}


@dataclass(frozen=True)
class Part:
    """One part of aws-user-personalization by itself."""

    n_items: int
    scores: Callable[[Histories], FloatArray]

    def score(self, histories: Histories) -> FloatArray:
        """Score; see ``Model``."""
        return self.scores(histories)


@dataclass(frozen=True)
class WithoutSeen:
    """A model whose answers leave out what the users know, also where it is asked less."""

    model: Model
    known: Histories

    @property
    def n_items(self) -> int:
        """Size of the catalogue."""
        return self.model.n_items

    def score(self, histories: Histories) -> FloatArray:
        """Score; see ``Model``."""
        scores = self.model.score(histories)
        scores[self.known.rows, self.known.items] = -np.inf
        return scores


def fit_recipe(name: str) -> Fit:
    """Train a recipe with its defaults."""
    spec = RECIPES[name]

    def fit(data: TrainingData, train: Histories) -> Model:
        rng = np.random.default_rng(0)
        return require_learner(spec).fit(data, train, spec.config(), spec.featurization(), rng)

    return fit


def fit_regression(data: TrainingData, train: Histories) -> Part:
    """EASE, asked with newer items weighing more."""
    ease = fit_ease(seen_matrix(train, data.n_items), 300.0)
    return Part(
        data.n_items, lambda h: ease.score(recent_matrix(h, data.n_items, decay=10.0, limit=64))
    )


def fit_transition_part(data: TrainingData, train: Histories) -> Part:
    """Transitions within 32 events."""
    weights = fit_transitions(train, data.n_items, TransitionOptions(window=32))
    return Part(
        data.n_items,
        lambda h: (recent_matrix(h, data.n_items, decay=8.0, limit=50) @ weights).toarray(),
    )


METHODS: dict[str, Fit] = {
    "aws-popularity-count": fit_recipe("aws-popularity-count"),
    "EASE, weighted": fit_regression,
    "transitions": fit_transition_part,
    "aws-user-personalization": fit_recipe("aws-user-personalization"),
    "aws-sims": fit_recipe("aws-sims"),
}


def read_events(folder: Path, events: Events) -> pd.DataFrame:
    """Rows of ratings.csv: all, or as Amazon prepares them, a click and perhaps a watch each."""
    ratings = pd.read_csv(folder / "ratings.csv")
    if events == "ratings":
        return ratings
    return pd.concat([ratings[ratings.rating > 3], ratings[ratings.rating > 1]])


def index_events(rows: pd.DataFrame) -> tuple[TrainingData, Histories]:
    """Number users and items in ascending order of id; the histories hold the rows as they are."""
    users, user = np.unique(rows.userId, return_inverse=True)
    items, item = np.unique(rows.movieId, return_inverse=True)
    rows = rows.assign(user=user.astype(np.int32), item=item.astype(np.int32))
    rows = rows.sample(frac=1, random_state=7).sort_values(["user", "timestamp"], kind="stable")
    data = TrainingData(
        user_ids=pa.array(users.astype(str), pa.string()),
        item_ids=pa.array(items.astype(str), pa.string()),
        user=rows.user.to_numpy(),
        item=rows.item.to_numpy(),
        timestamp=rows.timestamp.to_numpy(),
    )
    lengths = np.bincount(data.user)
    indptr = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    return data, Histories(indptr, data.item, data.timestamp)


def run_fold(
    method: str, data: TrainingData, histories: Histories, tested: np.ndarray, exclude: bool
) -> dict[str, float]:
    """Train on the other users and measure on those of the fold."""
    test = histories.take(tested)
    held = mark_truth(test.indptr)
    given, truth = test.where(~held), test.where(held)
    began = time.process_time()
    model = METHODS[method](data, histories.take(~tested))
    asked = given.last(1) if method == "aws-sims" else given
    served = WithoutSeen(model, given) if exclude else model
    ranked, _ = recommend(served, asked, 25, chunk=len(asked))
    seconds = time.process_time() - began
    wanted = Truth(truth.indptr, truth.items)
    return {
        **evaluate(ranked, wanted, data.n_items),
        **evaluate_textbook(ranked, wanted, data.n_items),
        "cpu_s": seconds,
    }


def measure(folder: Path, events: Events, exclude: bool, n_folds: int) -> pd.DataFrame:
    """One line a method: means over folds, and the standard error of the reciprocal rank."""
    data, histories = index_events(read_events(folder, events))
    if not exclude:
        histories = data.histories(np.random.default_rng(7))
    folds = np.array_split(np.random.RandomState(0).permutation(len(histories)), 10)[:n_folds]
    lines = {}
    for method in METHODS:
        results = pd.DataFrame(
            [
                run_fold(method, data, histories, np.isin(np.arange(len(histories)), fold), exclude)
                for fold in folds
            ]
        )
        lines[method] = {**results.mean(), "error": results[MRR].std() / np.sqrt(len(folds))}
    return pd.DataFrame(lines).T


def show(title: str, lines: pd.DataFrame, figures: dict[str, tuple[float, ...]]) -> Table:
    """The table of one setting."""
    table = Table(title=title)
    for heading in ("", "MRR@25", "±", "figure", "NDCG 5/10/25", "textbook 10/25", "figure"):
        table.add_column(heading)
    for heading in ("P 5/10/25", "coverage", "CPU s"):
        table.add_column(heading)
    for method, line in lines.iterrows():
        mrr, *textbook = figures.get(str(method), (None, None, None))
        ndcg = [line[f"normalized_discounted_cumulative_gain_at_{k}"] for k in (5, 10, 25)]
        table.add_row(
            str(method),
            _short(line[MRR]),
            _short(line["error"]),
            _short(mrr),
            _short(*ndcg),
            _short(*(line[f"textbook_ndcg_at_{k}"] for k in (10, 25))),
            _short(*textbook),
            _short(*(line[f"precision_at_{k}"] for k in (5, 10, 25))),
            _short(line["coverage"]),
            f"{line['cpu_s']:.2f}",
        )
    return table


def _short(*values: float | None) -> str:
    return "/".join("-" if value is None else f"{value:.3f}"[1:] for value in values)


def main() -> int:
    """Run what the command line asks for; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = os.environ.get("PERSONALIZE_ASSETS_TEST_DATA")
    small = Path(default) / "ml-latest-small" if default else Path("data")
    parser.add_argument("--data", type=Path, default=small, help="folder with ratings.csv")
    parser.add_argument("--folds", type=int, default=10, help="how many of the ten folds to run")
    arguments = parser.parse_args()
    known = len(pd.read_csv(arguments.data / "ratings.csv")) == ML_LATEST_SMALL
    console, short = Console(width=140), []
    settings: list[tuple[Events, bool]] = [
        ("prepared", True), ("ratings", True), ("prepared", False), ("ratings", False)
    ]  # fmt: skip
    for events, exclude in settings:
        lines = measure(arguments.data, events, exclude, arguments.folds)
        figures = {m: f for (e, m), f in FIGURES.items() if e == events and known and exclude}
        title = f"{arguments.data}, {events}, {'seen excluded' if exclude else 'as served'}"
        console.print(show(title, lines, figures))
        short += [
            f"{events}, {method}: MRR {lines.loc[method, MRR]:.3f}, expected {figure[0]:.3f}"
            for method, figure in figures.items()
            if arguments.folds == 10 and lines.loc[method, MRR] < figure[0] - STANDARD_ERROR
        ]
    for complaint in short:
        console.print(complaint)
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
