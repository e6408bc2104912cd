"""Masks of filters over 10,000 and 1,000,000 items, and what comes before them.

    python -m personalize_assets_tests.benchmarks.bench_filters [--items 10000 1000000]

Prints CPU microseconds for each kind of filter: the mask, the binding of values, the parsing of the
text; and milliseconds for reading a table the first time. Ends with status 1 where a mask over at
most 10,000 items needs more than 50 microseconds, or one over 1,000,000 more than 5 milliseconds.
"""

import argparse
import sys
import time
import timeit
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pyarrow as pa

from personalize_assets.core.filters import EntityTable, Facts, bind, parse_filter

GENRES: Final = ("Action", "Comedy", "Crime", "Drama", "Horror", "Romance", "Sci-Fi", "War")
WHERE: Final = "INCLUDE ItemID WHERE"
FILTERS: Final[dict[str, tuple[str, dict[str, str]]]] = {
    "IN": (f"{WHERE} Items.GENRES IN ($G)", {"G": '"Drama","War"'}),
    "NOT IN": (f"{WHERE} Items.GENRES NOT IN ('Horror')", {}),
    "range": (f"{WHERE} Items.YEAR >= $A AND Items.YEAR < $B", {"A": "1980", "B": "1990"}),
    "events": ("EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (*)", {}),
    "chain": (
        f"{WHERE} Items.GENRES IN ('Drama') AND Items.YEAR > 1980 IF CurrentUser.AGE > 18"
        " | EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ('watch')",
        {},
    ),
}


def make_items(n: int, rng: np.random.Generator) -> pa.Table:
    """Items with one to three genres and a year."""
    genres = np.array(
        ["|".join(rng.choice(GENRES, size, replace=False)) for size in rng.integers(1, 4, 2000)]
    )
    return pa.table(
        {
            "ITEM_ID": np.arange(n).astype(str),
            "GENRES": genres[rng.integers(0, len(genres), n)],
            "YEAR": rng.integers(1900, 2024, n),
        }
    )


def best(work: Callable[[], Any], seconds: float = 0.3) -> float:
    """CPU microseconds of one call: the best of five rounds."""
    timer = timeit.Timer(work, timer=time.process_time)
    once = max(timer.timeit(1), 1e-6)
    number = max(1, int(seconds / 5 / once))
    return min(timer.repeat(5, number)) / number * 1e6


def measure(n: int, rng: np.random.Generator) -> bool:
    """Print the figures for ``n`` items; tell whether the targets are met."""
    table = make_items(n, rng)
    start = time.perf_counter()
    items = EntityTable.from_arrow(table, "ITEM_ID")
    items.text("GENRES")
    items.number("YEAR")
    print(f"\n{n:,} items; columns made in {1e3 * (time.perf_counter() - start):.1f} ms")
    print(f"{'filter':8} {'mask us':>9} {'bind us':>9} {'parse us':>9}")
    seen = np.zeros(n, dtype=np.bool_)
    seen[rng.integers(0, n, 100)] = True
    facts = Facts(n, items, lambda types: seen, {"AGE": 30})
    target, met = (50.0 if n <= 10_000 else 5_000.0 * n / 1_000_000), True
    for name, (text, values) in FILTERS.items():
        found = parse_filter(text)
        bound = bind(found, values)
        mask = best(lambda bound=bound: bound.mask(facts))
        binding = best(lambda found=found, values=values: bind(found, values))
        parsing = best(lambda text=text: parse_filter(text))
        met = met and mask <= target
        print(f"{name:8} {mask:9.1f} {binding:9.1f} {parsing:9.1f}")
    return met


def main() -> int:
    """Measure all sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, nargs="+", default=[10_000, 1_000_000])
    rng = np.random.default_rng(1)
    results = [measure(n, rng) for n in parser.parse_args().items]
    print("\ntargets met" if all(results) else "\na mask was slower than its target")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
