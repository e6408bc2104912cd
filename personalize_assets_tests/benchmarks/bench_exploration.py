"""What exploring new items costs and brings: a simulated shop, and coverage on MovieLens.

    python -m personalize_assets_tests.benchmarks.bench_exploration [--seeds 3] [--weight 0.3]
        [--days 14] [--ratings ratings.csv --folds 10]

In the shop users click by their taste over genres, the quality of an item and the place where it
stands; new items come every day, of which some are good; the model is trained again after a week.
Lists are made by the engine's own `Answerer`, what is known of new items is counted every two hours
as a refresh does, and only lists with a click are known as impressions. In the shop ``fading`` an
item's charm fades with its age, so that new ones are needed; in ``lasting`` it does not, and new
items are no better than old ones: exploring can only cost. All policies meet the same worlds.

With ratings, the engine's lists for held-out users are measured with exploration, which
GetSolutionMetrics never does: its metrics are of the lists without.
"""

import argparse
import csv
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from personalize_assets.core.filters import EntityTable
from personalize_assets.core.metrics.hits import Truth
from personalize_assets.core.metrics.report import evaluate
from personalize_assets.core.splitting import mark_truth
from personalize_assets.engine.data.live import LiveGroup
from personalize_assets.engine.serving.answerer import Answerer, Manner
from personalize_assets.engine.serving.asking import Query
from personalize_assets.engine.serving.exploration import Exploration, Explorer, NewItems
from personalize_assets.engine.serving.histories import Selection
from personalize_assets.recipes.artifact import SavedVersion
from personalize_assets.recipes.bandit import EARLY_DAYS, Record, weigh
from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.histories import Histories
from personalize_assets.recipes.registry import find_recipe
from personalize_assets.recipes.solvers.item_ages import creation_times
from personalize_assets.recipes.tables import training_data
from personalize_assets_tests.benchmarks.simulated_shop import (
    DAY,
    N_OLD,
    N_USERS,
    NEW_A_DAY,
    POLICIES,
    START,
    Guided,
    Known,
    Shop,
)

RECIPE = "aws-user-personalization"
PLACES, BLOCKS, TRAINED_AFTER, FEW = 10, 12, 7, 5
Doubles = NDArray[np.float64]
EXPLORED = ((0.0, 30.0), (0.3, 30.0), (1.0, 30.0), (0.3, 10_000.0), (1.0, 10_000.0))
"""Weights and cut-offs in days."""


@dataclass
class Tally:
    """What a run came to, per list or day."""

    lists: int = 0
    clicks: float = 0.0
    new_clicks: float = 0.0
    new_places: int = 0
    good_places: int = 0
    found: dict[int, float] = field(default_factory=dict[int, float])


class Run:
    """One policy in one shop.

    Args:
        shop: The world.
        how: Class of the explorer; None explores nothing.
        weight: ``explorationWeight``.
        lists_a_day: How many lists are asked for.
        seed: Of who comes and who clicks.
    """

    def __init__(self, shop: Shop, how: Any, weight: float, lists_a_day: int, seed: int) -> None:
        self.shop, self.how, self.per_block = shop, how or Explorer, lists_a_day // BLOCKS
        self.manner = Manner(Selection(), Exploration(weight if how else 0.0))
        self.rng = np.random.default_rng(seed)
        ids = [str(at) for at in range(shop.n_items)]
        items = EntityTable.from_arrow(pa.table({"ITEM_ID": ids, "G": shop.genres}), "ITEM_ID")
        self.known = Known(shop, [list(rows) for rows in shop.past], items)
        self.counts = np.zeros((4, shop.n_items), dtype=np.int64)  # events, early, shown, taken
        self.first_met = np.full(shop.n_items, np.iinfo(np.int64).max)
        for item, at in sorted((row for rows in shop.past for row in rows), key=itemgetter(1)):
            self._count(item, at, 0)
        self.tally = Tally()
        self.version, self.n_trained = self._train(0)

    def _count(self, item: int, at: int, led: int) -> None:
        self.first_met[item] = min(self.first_met[item], at)
        early = at - self.first_met[item] < EARLY_DAYS * DAY
        self.counts[:, item] += (1, early and not led, 0, led)

    def _train(self, day: int) -> tuple[SavedVersion, int]:
        n_items = N_OLD + day * NEW_A_DAY
        rows = [
            (str(user), f"{item:05}", at)
            for user, past in enumerate(self.known.histories)
            for item, at in past
            if item < n_items
        ]
        columns = zip(("USER_ID", "ITEM_ID", "TIMESTAMP"), zip(*rows, strict=True), strict=True)
        catalogue = pa.table({"ITEM_ID": [f"{at:05}" for at in range(n_items)]})
        data = training_data(pa.table({name: list(of) for name, of in columns}), catalogue, None)
        ids = pa.array([str(int(item)) for item in data.item_ids.to_pylist()])
        self.trained_on = self.counts[0].copy()
        return SavedVersion(find_recipe(RECIPE), ids, fitted(data), {}), n_items

    def _new_items(self, now: int) -> NewItems:
        """As a refresh writes them down."""
        there = np.flatnonzero(self.shop.created <= now)
        newest = max(now, START)
        evidence = weigh(
            Record(np.minimum(self.first_met[there], newest), *self.counts[:, there], newest=newest)
        )
        new = (there >= self.n_trained) | (self.trained_on[there] < FEW)
        return NewItems(
            tuple(str(item) for item in there[new].tolist()),
            tuple(self.shop.created[there[new]].tolist()),
            tuple(evidence.events[new].tolist()),
            tuple(evidence.expected[new].tolist()),
            evidence.shape,
            newest,
        )

    def days(self) -> Tally:
        """Live through all days."""
        for day in range(self.shop.days):
            if day and day % TRAINED_AFTER == 0:
                self.version, self.n_trained = self._train(day)
            for block in range(BLOCKS):
                self._serve(START + day * DAY + block * DAY // BLOCKS)
        return self.tally

    def _serve(self, now: int) -> None:
        answerer = Guided(self.version, self.manner, self._new_items(now), self.how)
        users = self.rng.integers(N_USERS, size=self.per_block).tolist()
        moment = datetime.fromtimestamp(now, UTC)
        queries = [Query(PLACES, str(user), now=moment) for user in users]
        live = cast(LiveGroup, self.known)
        answers = [
            [int(item.item_id) for item in served]
            for served in answerer.recommend_many(live, queries)
        ]
        for user, items in zip(users, answers, strict=True):
            self._look(user, items, now)

    def _look(self, user: int, items: list[int], now: int) -> None:
        chances = self.shop.clicks(user, items, now)
        clicked = np.flatnonzero(self.rng.random(len(items)) < chances)
        at = np.array(items)
        tally = self.tally
        tally.lists += 1
        tally.clicks += float(chances.sum())
        tally.new_clicks += float(chances[at >= N_OLD].sum())
        tally.new_places += int((at >= N_OLD).sum())
        tally.good_places += int(self.shop.good[at].sum())
        if len(clicked):
            self.counts[2, at] += 1
        for place in clicked.tolist():
            item = items[place]
            self._count(item, now, 1)
            self.known.histories[user].append((item, now))
            if self.shop.good[item] and self.counts[3, item] == FEW:
                tally.found[item] = (now - self.shop.created[item]) / DAY


def fitted(data: TrainingData) -> Any:
    """The recipe's model, on all that the data hold."""
    spec = find_recipe(RECIPE)
    assert spec.learner is not None
    rng = np.random.default_rng(0)
    return spec.learner.fit(data, data.histories(rng), spec.config(), spec.featurization(), rng)


def run_shops(console: Console, options: argparse.Namespace) -> None:
    """All policies in both shops."""
    for name, fading in (("fading", 40.0), ("lasting", None)):
        table = Table(
            *(
                "policy",
                "clicks a list",
                "short of all-knowing",
                "of them new",
                "new places",
                "good of these",
            ),
            *("good found", "after days", "CPU s"),
            title=f"shop {name}, weight {options.weight}, {options.seeds} seeds",
        )
        clicks: dict[str, Doubles] = {}
        rows: dict[str, list[str]] = {}
        for policy, how in POLICIES.items():
            began = time.process_time()
            shops = [Shop(seed, options.days, fading) for seed in range(options.seeds)]
            tallies = [
                Run(shop, how, options.weight, options.lists, seed).days()
                for seed, shop in enumerate(shops)
            ]
            clicks[policy] = np.array([each.clicks / each.lists for each in tallies])
            rows[policy] = [*_cells(shops, tallies), f"{time.process_time() - began:.0f}"]
        for policy, cells in rows.items():
            short = (clicks["all-knowing"] - clicks[policy]).mean()
            table.add_row(policy, f"{clicks[policy].mean():.4f}", f"{short:.4f}", *cells)
        console.print(table)


def _cells(shops: list[Shop], tallies: list[Tally]) -> list[str]:
    lists = sum(each.lists for each in tallies)
    places = sum(each.new_places for each in tallies)
    found = [days for each in tallies for days in each.found.values()]
    good = sum(int(shop.good.sum()) for shop in shops)
    return [
        f"{sum(each.new_clicks for each in tallies) / lists:.4f}",
        f"{places / lists / PLACES:.3f}",
        f"{sum(each.good_places for each in tallies) / max(1, places):.3f}",
        f"{len(found)} of {good}",
        f"{np.mean(found):.1f}" if found else "",
    ]


def run_ratings(console: Console, path: Path, n_folds: int) -> None:
    """Metrics of lists with exploration, for held-out users of a MovieLens file."""
    table = Table(
        *("weight", "cut-off", "MRR@25", "NDCG@10", "NDCG@25", "P@25", "coverage"),
        title=f"{path.name}: lists of held-out users, {n_folds} folds",
    )
    with path.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if float(row["rating"]) > 1]
    data = training_data(
        pa.table(
            {
                "USER_ID": [f"{int(row['userId']):09}" for row in rows],
                "ITEM_ID": [row["movieId"] for row in rows],
                "TIMESTAMP": [int(row["timestamp"]) for row in rows],
            }
        ),
        _with_genres(path),
        None,
    )
    found: dict[tuple[float, float], list[dict[str, float]]] = {each: [] for each in EXPLORED}
    order = np.random.RandomState(0).permutation(data.n_users)
    for users in np.array_split(order, 10)[:n_folds]:
        for each, metrics in _fold(data, users).items():
            found[each].append(metrics)
    names = ("mean_reciprocal_rank_at_25", "normalized_discounted_cumulative_gain_at_10")
    names += ("normalized_discounted_cumulative_gain_at_25", "precision_at_25", "coverage")
    for (weight, days), folds in found.items():
        means = (f"{np.mean([fold[name] for fold in folds]):.3f}" for name in names)
        table.add_row(str(weight), f"{days:g} days", *means)
    console.print(table)


def _with_genres(path: Path) -> pa.Table:
    with path.with_name("movies.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return pa.table(
        {"ITEM_ID": [row["movieId"] for row in rows], "G": [row["genres"] for row in rows]}
    )


def _fold(
    data: TrainingData, users: NDArray[np.int64]
) -> dict[tuple[float, float], dict[str, float]]:
    held = np.zeros(data.n_users, dtype=np.bool_)
    held[users] = True
    spec = find_recipe(RECIPE)
    assert spec.learner is not None
    rng = np.random.default_rng(0)
    every = data.histories(np.random.default_rng(7))
    training, tested = every.take(~held), every.take(held)
    model: Any = spec.learner.fit(data, training, spec.config(), spec.featurization(), rng)
    truth = mark_truth(tested.indptr)
    asked, held_out = tested.where(~truth), tested.where(truth)
    version = SavedVersion(spec, data.item_ids, model, {})
    ids = data.item_ids.to_pylist()
    index = {item: at for at, item in enumerate(ids)}
    features = data.item_features
    assert features is not None
    items = EntityTable.from_arrow(features, "ITEM_ID")
    histories = [
        list(zip([ids[at] for at in row.items.tolist()], row.timestamps.tolist(), strict=True))
        for row in (asked.slice(at, at + 1) for at in range(len(asked)))
    ]
    live = cast(LiveGroup, Known(cast(Shop, None), cast(Any, histories), items))
    new = _new_of(ids, training)
    answers: dict[tuple[float, float], dict[str, float]] = {}
    for each in EXPLORED:
        answerer = Answerer(version, Manner(Selection(), Exploration(*each)), new)
        queries = [Query(25, str(user)) for user in range(len(asked))]
        ranked = np.full((len(asked), 25), -1, dtype=np.int32)
        for row, served in enumerate(answerer.recommend_many(live, queries)):
            ranked[row, : len(served)] = [index[item.item_id] for item in served]
        answers[each] = evaluate(ranked, Truth(held_out.indptr, held_out.items), data.n_items)
    return answers


def _new_of(ids: list[str], training: Histories) -> NewItems:
    """As a training writes them down: items are as old as their first interaction."""
    created = creation_times(None, training, len(ids))  # when they were met first
    early = training.timestamps - created[training.items] < EARLY_DAYS * DAY
    counts = np.bincount(training.items, minlength=len(ids))
    nothing = np.zeros(len(ids), dtype=np.int64)
    newest = int(training.timestamps.max())
    early_counts = np.bincount(training.items[early], minlength=len(ids))
    evidence = weigh(Record(created, counts, early_counts, nothing, nothing, newest))
    new = np.flatnonzero(counts < FEW)
    return NewItems(
        tuple(ids[at] for at in new.tolist()),
        tuple(created[new].tolist()),
        tuple(counts[new].tolist()),
        tuple(evidence.expected[new].tolist()),
        evidence.shape,
        newest,
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--lists", type=int, default=900, help="a day")
    parser.add_argument("--weight", type=float, default=0.3)
    parser.add_argument("--ratings", type=Path, help="a MovieLens ratings.csv")
    parser.add_argument("--folds", type=int, default=10)
    options = parser.parse_args()
    console = Console(width=120)
    run_shops(console, options)
    if options.ratings:
        run_ratings(console, options.ratings, options.folds)


if __name__ == "__main__":
    main()
