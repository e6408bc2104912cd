"""The quality table of the README: recipes over ten folds of users, beside the usual libraries.

    make bench-quality            or, for other data and fewer folds,
    python -m personalize_assets_tests.benchmarks.bench_quality [--data FOLDER] [--folds 10]
        [--only prepared|ratings|planted] [--json FILE] [--write README.md]

Everything is measured as ``personalize-local evaluate`` does, and so as ``GetSolutionMetrics``.
FOLDER holds a MovieLens ``ratings.csv`` and ``movies.csv``; without it ml-latest-small under
PERSONALIZE_ASSETS_TEST_DATA is taken, or else the sample in data/. ``--write`` puts the tables
between the marks ``<!-- measured: prepared -->`` and so on of a Markdown file. Ends with status 1
where, on ml-latest-small and all ten folds, a figure of ``LEAST`` is missed, and says which.

The settings are never compared with each other: ``prepared`` events are those that Amazon's own
proof-of-concept makes of ratings (a click above 1, and a watch above 3 at the same second), on
which Amazon once printed what ``PRINTED`` repeats; ``ratings`` are all rows; ``planted`` is a
seeded set whose order is that of time, unlike MovieLens's, part of which is how its site lists
movies.
"""

# pyarrow.compute makes its functions when it is imported, where pyright cannot see them.
# pyright: reportAttributeAccessIssue=false

import argparse
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.comparison.comparing import Protocol, compare
from personalize_assets.recipes.comparison.formats import as_json, short
from personalize_assets.recipes.comparison.methods import Method, recipe_method
from personalize_assets.recipes.comparison.questions import Tables, read_tables
from personalize_assets.recipes.comparison.results import Comparison, Row
from personalize_assets.recipes.registry import RECIPES
from personalize_assets_tests.benchmarks.peers import PEERS
from personalize_assets_tests.planted import planted

MRR = "mean_reciprocal_rank_at_25"
NDCG = "normalized_discounted_cumulative_gain_at_"
PERSONAL, SIMS, SIMILAR = "aws-user-personalization", "aws-sims", "aws-similar-items"
POPULARITY, RECENT_ALS = "aws-popularity-count", "implicit ALS 64, newer weigh more"
ML_LATEST_SMALL: Final = 100_836
FOLDS: Final = 10

LEAST: Mapping[str, Mapping[str, float]] = {
    PERSONAL: {
        MRR: 0.24,
        f"{NDCG}10": 0.285,
        f"{NDCG}25": 0.32,
        "precision_at_5": 0.095,
        "precision_at_25": 0.06,
        "coverage": 0.065,
    },
    SIMS: {MRR: 0.15, f"{NDCG}25": 0.22, "coverage": 0.10},
}
"""Prepared events, as served, on ml-latest-small."""

LEAST_TEXTBOOK: Final = 0.12
LEAST_RATIOS: Mapping[str, float] = {POPULARITY: 2.2, RECENT_ALS: 1.3}
"""Textbook NDCG@10 of user-personalization on all ratings, seen excluded, and its ratios."""

PRINTED: Mapping[str, str] = {
    PERSONAL: ".269 | .228/.269/.332 | .075/.057/.038 | .079",
    SIMS: ".167 | .189/.223/.290 | .082/.059/.042 | .186",
}
"""MRR, NDCG@5/10/25, P@5/10/25 and coverage that Amazon printed: one run each, about 61 users."""


def prepared(ratings: pa.Table) -> pa.Table:
    """Clicks and watches of ratings, as Amazon's proof-of-concept prepares them."""
    parts = []
    for event_type, above in (("watch", 3), ("click", 1)):
        rows = ratings.filter(pc.greater(ratings["EVENT_VALUE"], above))
        types = pa.array([event_type] * len(rows), pa.string())
        parts.append(rows.append_column("EVENT_TYPE", types).drop_columns(["EVENT_VALUE"]))
    return pa.concat_tables(parts)


def recipes(*names: str) -> list[Method]:
    """Recipes with their defaults."""
    return [recipe_method(RECIPES[name]) for name in names]


def peers() -> list[Method]:
    """The usual libraries, which leave out what a user knows."""
    return [Method(name, RECIPES[POPULARITY], fit) for name, fit in PEERS.items()]


def run(methods: Sequence[Method], data: TrainingData, protocol: Protocol) -> Comparison:
    """Compare, with the progress on stderr."""
    return compare(methods, data, protocol, told=_tell)


def _tell(what: str, share: float) -> None:
    print(f"\r\x1b[K{share:4.0%} {what}", end="", file=sys.stderr, flush=True)


def table(title: str, found: Comparison) -> str:
    """Markdown as the README has it; below prepared events stands what Amazon printed."""
    printed = PRINTED if title.startswith("Prepared") else {}
    head = "recipe | seen items | metadata | MRR@25 | NDCG@5/10/25 | P@5/10/25 | coverage"
    head += " | textbook NDCG@10/25 | CPU s"
    lines = [f"| {head} |", "|" + "---|" * 9]
    for row in found.rows:
        known = [
            short(row.estimate(MRR)),
            _together(row, *(f"{NDCG}{k}" for k in (5, 10, 25))),
            _together(row, *(f"precision_at_{k}" for k in (5, 10, 25))),
            _together(row, "coverage"),
            _together(row, *(f"textbook_ndcg_at_{k}" for k in (10, 25))),
            f"{row.cpu_s:.2f}",
        ]
        metadata = "with" if row.metadata else "without"
        lines.append(f"| {' | '.join([row.method, row.seen or '-', metadata, *known])} |")
    for name, values in printed.items():
        lines.append(f"| {name}, printed by Amazon | | | {values} | | |")
    for without, row in found.pairs():
        gains = [short(row.gain_over(without, name)) for name in (MRR, f"{NDCG}25", "coverage")]
        lines.append(
            f"\nMetadata give {row.method}, {row.seen}: MRR {gains[0]}, NDCG@25 {gains[1]}, "
            f"coverage {gains[2]}."
        )
    return f"**{title}: {found.n_events:,} events of {found.n_users:,} users**\n\n" + "\n".join(
        lines
    )


def _together(row: Row, *names: str) -> str:
    return "/".join(short(row.estimate(name)).split()[0] for name in names)


def missed(prepared_events: Comparison) -> list[str]:
    """What the prepared events were to reach and did not; the better of with and without counts."""
    complaints = []
    for recipe, figures in LEAST.items():
        rows = [row for row in prepared_events.rows if (row.method, row.seen) == (recipe, "served")]
        for name, least in figures.items():
            reached = max(row.estimate(name).mean for row in rows)
            if round(reached, 3) < least:
                complaints.append(f"prepared, {recipe}: {name} {reached:.3f}, wanted {least}")
    return complaints


def missed_textbook(ratings: Comparison) -> list[str]:
    """The same of all ratings."""
    best = {
        name: max(r.estimate("textbook_ndcg_at_10").mean for r in ratings.rows if r.method == name)
        for name in (PERSONAL, *LEAST_RATIOS)
    }
    wanted = {f"{r} times {n}": best[n] * r for n, r in LEAST_RATIOS.items()}
    return [
        f"ratings, {PERSONAL}: textbook NDCG@10 {best[PERSONAL]:.3f}, wanted {least:.3f} ({why})"
        for why, least in {"in itself": LEAST_TEXTBOOK, **wanted}.items()
        if round(best[PERSONAL], 3) < round(least, 3)
    ]


def default_folder() -> Path:
    """ml-latest-small where it is given, else the sample."""
    given = os.environ.get("PERSONALIZE_ASSETS_TEST_DATA")
    small = Path(given or "") / "ml-latest-small"
    return small if given and small.is_dir() else Path("data")


def main() -> int:
    """Run what the command line asks for; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=default_folder(), metavar="FOLDER")
    parser.add_argument("--folds", type=int, default=FOLDS, help="how many of the ten to run")
    parser.add_argument("--only", choices=["prepared", "ratings", "planted"])
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all that was found")
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="Markdown to put the tables into"
    )
    arguments = parser.parse_args()
    files = read_tables(arguments.data / "ratings.csv", arguments.data / "movies.csv")
    checked = len(files.interactions) == ML_LATEST_SMALL and arguments.folds == FOLDS
    found: list[Comparison] = []
    short_of: list[str] = []
    for setting, measure in SETTINGS.items():
        if arguments.only not in (None, setting):
            continue
        tables, complaints = measure(files, arguments.folds)
        text = "\n\n".join(table(title, one) for title, one in tables.items())
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
        print(f"{text}\n", flush=True)
        if arguments.write:
            write_between(arguments.write, setting, text)
        found += tables.values()
        short_of += complaints if checked else []
    if arguments.json:
        arguments.json.write_text(as_json(found))
    for complaint in short_of:
        print(complaint)
    return 1 if short_of else 0


Measured = tuple[dict[str, Comparison], list[str]]
"""Comparisons by title, and what was to be reached and was not."""


def measure_prepared(files: Tables, folds: int) -> Measured:
    """Every recipe as it is served, and the two that Amazon printed with seen items otherwise."""
    events = Tables(prepared(files.interactions), files.items)
    methods = [*recipes(PERSONAL, SIMS, SIMILAR), *peers()]
    served = run(methods, events.data(), Protocol(folds=folds, both=True))
    otherwise = Protocol(folds=folds, seen=("excluded", "allowed"))
    others = run(recipes(PERSONAL, SIMS), events.data(), otherwise)
    tables = {"Prepared events": served, "Prepared events, seen items otherwise": others}
    return tables, missed(served)


def measure_ratings(files: Tables, folds: int) -> Measured:
    """All ratings with seen items excluded, in the textbook's NDCG beside the libraries."""
    events = Tables(files.interactions.drop_columns(["EVENT_VALUE"]), files.items)
    protocol = Protocol(folds=folds, seen=("excluded",), both=True)
    found = run([*recipes(PERSONAL, SIMS), *peers()], events.data(), protocol)
    return {"All ratings": found}, missed_textbook(found)


def measure_planted(files: Tables, folds: int) -> Measured:
    """A set with planted structure, which has metadata worth learning from."""
    made = planted(2_000, 1_000, 100_000).data()
    methods = [*recipes(PERSONAL, SIMS, SIMILAR), *peers()]
    return {"Planted structure": run(methods, made, Protocol(folds=folds, both=True))}, []


SETTINGS = {"prepared": measure_prepared, "ratings": measure_ratings, "planted": measure_planted}


def write_between(path: Path, name: str, text: str) -> None:
    """Replace what stands between the marks of a setting.

    Raises:
        ValueError: The file does not have the marks exactly once.
    """
    mark = rf"(<!-- measured: {name} -->\n).*?(<!-- end -->)"
    before = path.read_text(encoding="utf-8")
    after, count = re.subn(mark, lambda m: f"{m[1]}{text}\n{m[2]}", before, flags=re.S)
    if count != 1:
        raise ValueError(f"{path} needs the marks of the part {name!r} exactly once")
    path.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
