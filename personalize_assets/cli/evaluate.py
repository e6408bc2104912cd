"""The command `personalize-local evaluate`: recipes compared on somebody's own files.

Needs no engine and no stack. Imports what computes when it is called, so that the other commands
answer at once.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

if TYPE_CHECKING:
    from personalize_assets.recipes.answers import Seen
    from personalize_assets.recipes.comparison.results import Comparison

DEFAULT_RECIPES = ("aws-user-personalization", "aws-sims", "aws-similar-items")

_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("interactions", type=_file)
@click.option("--items", type=_file, help="Items: ITEM_ID (or movieId) and metadata.")
@click.option("--users", type=_file, help="Users: USER_ID and metadata.")
@click.option(
    "--recipe",
    "recipes",
    multiple=True,
    metavar="NAME",
    default=DEFAULT_RECIPES,
    show_default=True,
    help="May be repeated; popularity and chance always stand beside.",
)
@click.option("--event-type", help="Take only interactions of this EVENT_TYPE.")
@click.option("--min-value", type=float, help="Take only those with at least this EVENT_VALUE.")
@click.option(
    "--folds",
    type=click.IntRange(1, 10),
    default=10,
    show_default=True,
    help="How many of the ten folds of users to run; each tests a tenth of them.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the folds.")
@click.option(
    "--seen",
    multiple=True,
    type=click.Choice(["served", "excluded", "allowed"]),
    default=("served",),
    show_default=True,
    help="Items that a user met before: as the recipe answers, taken out, or scored like all "
    "others. May be repeated.",
)
@click.option("--metadata", is_flag=True, help="Each recipe with and without items and users.")
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file.")
def evaluate(style: str, output: Path | None, **given: Any) -> None:
    """Compare recipes on INTERACTIONS, a CSV or parquet file, by Amazon's offline metrics.

    INTERACTIONS has the columns USER_ID, ITEM_ID and TIMESTAMP (epoch seconds), and perhaps
    EVENT_TYPE and EVENT_VALUE; or it is a MovieLens ratings.csv. Each fold of users is tested on
    its newest tenth of events by models that were trained on all other users.

    Of metadata, columns of numbers are numeric; TITLE or NAME is an item's name; strings with a
    `|` in them, or with few distinct values (ten, or a tenth as many as rows), are categorical; of
    all others the longest is textual.
    """
    if given["metadata"] and given["items"] is None and given["users"] is None:
        raise click.UsageError("--metadata needs --items or --users")
    # As the engine trains: on few cores, threads of the linear algebra wait for one another.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    found = _compare(**given)
    from personalize_assets.recipes.comparison import formats

    write = {"text": formats.as_text, "markdown": formats.as_markdown, "json": formats.as_json}
    text = write[style](found)
    if output is None:
        click.echo(text)
        return
    try:
        output.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"cannot write {output}: {error.strerror}") from error


def _compare(
    *,
    interactions: Path,
    items: Path | None,
    users: Path | None,
    recipes: tuple[str, ...],
    event_type: str | None,
    min_value: float | None,
    folds: int,
    seed: int,
    seen: "tuple[Seen, ...]",
    metadata: bool,
) -> "list[Comparison]":
    from personalize_assets.recipes.comparison.comparing import Protocol
    from personalize_assets.recipes.comparison.methods import NotComparable
    from personalize_assets.recipes.comparison.questions import compare_recipes, read_tables
    from personalize_assets.recipes.comparison.tables import TableError
    from personalize_assets.recipes.evaluation import RecipeNotBuilt
    from personalize_assets.recipes.minima import UnfitData
    from personalize_assets.recipes.registry import UnknownRecipe, find_recipe

    protocol = Protocol(folds=folds, seed=seed, seen=tuple(dict.fromkeys(seen)), both=metadata)
    progress = ProgressLine(sys.stderr, time.monotonic)
    try:
        specs = [find_recipe(name) for name in dict.fromkeys(recipes)]
        progress.told(f"reading {interactions.name}", 0.0)
        tables = read_tables(interactions, items, users)
        wanted = {"event_type": event_type, "min_value": min_value, "told": progress.told}
        return list(compare_recipes(specs, tables, protocol, **wanted))
    except (NotComparable, RecipeNotBuilt, TableError, UnfitData, UnknownRecipe) as error:
        raise click.ClickException(str(error)) from error
    finally:
        progress.close()


class ProgressLine:
    """What is done and about how long it will still take: one line that moves, or lines of a log.

    Args:
        stream: Where to write; a terminal gets one line that is written anew.
        clock: Tells seconds.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float]) -> None:
        self._stream, self._clock = stream, clock
        self._moves = stream.isatty()
        self._began: float | None = None

    def told(self, what: str, share: float) -> None:
        """Say what begins now that ``share`` of all is done."""
        now = self._clock()
        if share <= 0 or self._began is None:
            self._began = now
        left = (now - self._began) * (1 - share) / share if share > 0 else None
        text = f"{share:4.0%} {what}" + ("" if left is None else f", about {left:.0f} s left")
        self._stream.write(f"\r\x1b[K{text}" if self._moves else f"{text}\n")
        self._stream.flush()

    def close(self) -> None:
        """Leave nothing of the moving line."""
        if self._moves:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
