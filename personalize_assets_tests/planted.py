"""A seeded set of interactions whose structure is known: what recipes can find, and nothing else.

Users have a taste over genres that depends on their age group, stay with a genre for a while, go
from an item to one of its planted successors, and are led by the device they sit at. Items appear
over time; the last ones nobody meets. Histories are in the order of time, which is the order of
what happened: nothing of it comes from how a site lists its items, as part of MovieLens's does.
Vectorized over users, so that 25 million rows take about a minute. Knows nothing of recipes.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from personalize_assets.core.schemas import Schema, parse_schema
from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.tables import training_data

BEGIN, DAY = 1_500_000_000, 86_400
PERIOD_DAYS = 3 * 365
AGE_GROUPS = ("18-24", "25-34", "35-44", "45-54", "55+")
DEVICES = ("phone", "tablet", "tv")
WORDS = {
    "western": "cowboy sheriff saloon ranch outlaw horse desert bounty rifle stagecoach",
    "space": "rocket galaxy alien orbit starship planet android nebula laser colony",
    "romance": "love wedding kiss heart bride letters summer dance proposal sweetheart",
    "horror": "ghost haunted blood curse graveyard demon scream vampire nightmare cellar",
    "crime": "detective murder heist mafia police witness robbery suspect evidence prison",
    "comedy": "joke prank hilarious clumsy neighbour disguise mishap party roommate laugh",
    "war": "soldier battle general trench submarine tank battalion siege enemy medal",
    "music": "band concert guitar singer jazz piano orchestra melody drummer stage",
    "sport": "boxer champion coach football race stadium trophy training rival marathon",
    "nature": "whale forest penguin volcano river wildlife ocean jungle eagle glacier",
    "fantasy": "dragon wizard kingdom sword elf prophecy castle spell quest sorceress",
    "family": "puppy school grandmother holiday birthday toys sister picnic treehouse kitten",
}
GENRES = tuple(WORDS)
COMMON = "story life world young night secret journey friend city last first lost new old"
N_SUCCESSORS = 3
_UNMET = 50  # one item in so many
_FOLLOWS, _STAYS, _LED_BY_DEVICE, _NEW_SESSION = 0.35, 0.7, 0.3, 0.15
_WATCHES_FAVOURITE, _WATCHES_OTHER = 0.6, 0.1
_RECENT = 5

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

ITEM_SCHEMA = parse_schema(
    """{"type": "record", "name": "Items", "namespace": "com.amazonaws.personalize.schema",
    "version": "1.0", "fields": [
    {"name": "ITEM_ID", "type": "string"},
    {"name": "GENRES", "type": ["null", "string"], "categorical": true},
    {"name": "CREATION_TIMESTAMP", "type": "long"},
    {"name": "TITLE", "type": "string", "itemName": true},
    {"name": "DESCRIPTION", "type": ["null", "string"], "textual": true}]}"""
)


@dataclass(frozen=True)
class Planted:
    """What was planted, as Amazon's tables and as what is behind them.

    Attributes:
        interactions: ``USER_ID``, ``ITEM_ID``, ``TIMESTAMP``, ``EVENT_TYPE`` (``click`` or
            ``watch``, the latter mostly in a user's favourite genre) and ``DEVICE``; ids are
            dictionary-encoded.
        items: ``ITEM_ID``, ``GENRES``, ``CREATION_TIMESTAMP``, ``TITLE`` and ``DESCRIPTION``; also
            of items that nobody met.
        users: ``USER_ID`` and ``AGE_GROUP``.
        item_schema: Of ``items``.
        genre: First genre of each item, an index into ``GENRES``; shape ``(n_items,)``.
        successors: What follows each item; shape ``(n_items, 3)``.
        taste: Share of each genre for each user; shape ``(n_users, n_genres)``.
    """

    interactions: pa.Table
    items: pa.Table
    users: pa.Table
    item_schema: Schema
    genre: Ints
    successors: Ints
    taste: Floats

    def data(self) -> TrainingData:
        """As recipes train on it. Ids have leading zeros, so that indices are those used here."""
        return training_data(
            self.interactions, self.items, self.users, item_schema=self.item_schema
        )


@dataclass(frozen=True)
class _Catalogue:
    genre: Ints
    second: Ints
    created: Ints
    members: Ints  # items that anybody meets, by genre
    cumulative: Floats  # of their popularity, the genre's number added

    @classmethod
    def draw(cls, rng: np.random.Generator, n_items: int) -> "_Catalogue":
        shares = 1 / np.arange(2, len(GENRES) + 2)
        genre = rng.choice(len(GENRES), n_items, p=shares / shares.sum())
        genre[: len(GENRES)] = np.arange(len(GENRES))
        second = np.where(rng.random(n_items) < 0.5, rng.integers(len(GENRES), size=n_items), genre)
        late = rng.random(n_items) < 0.3
        created = BEGIN + np.where(late, rng.integers(PERIOD_DAYS * DAY, size=n_items), 0)
        met = n_items - n_items // _UNMET
        members = np.argsort(genre[:met], kind="stable")
        popularity = (1 + rng.permutation(n_items)[:met][members]) ** -0.8
        ends = np.cumsum(np.bincount(genre[:met], minlength=len(GENRES)))
        total = np.cumsum(popularity)
        starts = np.concatenate(([0.0], total[ends[:-1] - 1]))
        sums = np.diff(np.concatenate((starts, total[-1:])))
        of = genre[members]
        return cls(genre, second, created, members, of + (total - starts[of]) / sums[of])

    def popular(self, rng: np.random.Generator, genre: Ints) -> Ints:
        """An item of each genre, popular ones more often."""
        at = np.searchsorted(self.cumulative, genre + rng.random(len(genre)))
        return self.members[np.minimum(at, len(self.members) - 1)]


@dataclass(frozen=True)
class _Users:
    taste: Floats
    cumulative: Floats
    age: Ints
    lengths: Ints

    @classmethod
    def draw(cls, rng: np.random.Generator, n_users: int, mean: float, longest: int) -> "_Users":
        age = rng.integers(len(AGE_GROUPS), size=n_users)
        liked = rng.gamma(0.6, size=(len(AGE_GROUPS), len(GENRES)))
        taste = rng.gamma(0.15 + 0.5 * liked[age]) + 1e-3
        taste /= taste.sum(axis=1, keepdims=True)
        lengths = np.exp(rng.normal(size=n_users)) * mean / np.exp(0.5)
        bounded = np.clip(lengths, 8, max(8, longest)).astype(np.int64)
        order = np.argsort(-bounded, kind="stable")  # so that the active users come first
        return cls(taste[order], np.cumsum(taste[order], axis=1), age[order], bounded[order])


def planted(
    n_users: int, n_items: int, n_rows: int, seed: int = 0, *, repeats: float = 0.0
) -> Planted:
    """Make a set.

    Args:
        n_users: Users.
        n_items: Items, at least 100; one in 50 of them is met by nobody.
        n_rows: Interactions, exactly; at least 8 a user.
        seed: Of everything.
        repeats: Share of the events that return to one of the newest items. With 0 no user meets
            an item twice.
    """
    for stretch in (1.4, 2.0, 3.0, 6.0):
        rng = np.random.default_rng(seed)
        catalogue = _Catalogue.draw(rng, n_items)
        successors = _draw_successors(rng, catalogue, n_items)
        users = _Users.draw(rng, n_users, stretch * n_rows / n_users, min(n_items // 2, 4_000))
        columns = _walk(rng, catalogue, successors, users, repeats)
        if not repeats:
            columns = columns[:, _first_meetings(columns[0], columns[1], n_items)]
        if columns.shape[1] >= n_rows:
            break
    else:
        raise ValueError(f"{n_users} users and {n_items} items are too few for {n_rows} rows")
    columns = columns[:, :n_rows]  # the latest steps of the longest histories go
    return Planted(
        interactions=_interactions(columns, n_users, n_items),
        items=_items(rng, catalogue, successors),
        users=pa.table(
            {"USER_ID": _ids("u", n_users), "AGE_GROUP": np.array(AGE_GROUPS)[users.age]}
        ),
        item_schema=ITEM_SCHEMA,
        genre=catalogue.genre,
        successors=successors,
        taste=users.taste,
    )


def _draw_successors(rng: np.random.Generator, catalogue: _Catalogue, n_items: int) -> Ints:
    genre = np.repeat(catalogue.genre, N_SUCCESSORS)
    other = np.repeat(catalogue.second, N_SUCCESSORS)
    genre = np.where(rng.random(len(genre)) < 0.2, other, genre)
    return catalogue.popular(rng, genre).reshape(n_items, N_SUCCESSORS)


def _walk(
    rng: np.random.Generator,
    catalogue: _Catalogue,
    successors: Ints,
    users: _Users,
    repeats: float,
) -> NDArray[np.int64]:
    """User, item, time, event type and device of every event, step by step for all users."""
    n_users = len(users.lengths)
    led = rng.permutation(len(GENRES))[: len(DEVICES) * 3].reshape(len(DEVICES), 3)
    now = BEGIN + rng.integers(int(PERIOD_DAYS * DAY * 0.8), size=n_users)
    genre = _pick(rng, users.cumulative)
    device = rng.integers(len(DEVICES), size=n_users)
    recent = np.repeat(catalogue.popular(rng, genre)[:, None], _RECENT, axis=1)
    favourite = users.taste.argmax(axis=1)
    steps = []
    for step in range(int(users.lengths.max())):
        n = int(np.searchsorted(-users.lengths, -step, side="left"))  # users with more steps
        begins = rng.random(n) < _NEW_SESSION
        now[:n] += np.where(begins, rng.exponential(4 * DAY, n), rng.exponential(600, n)).astype(
            int
        )
        device[:n] = np.where(begins, rng.integers(len(DEVICES), size=n), device[:n])
        wanted = np.where(
            rng.random(n) < _LED_BY_DEVICE,
            led[device[:n], rng.integers(3, size=n)],
            _pick(rng, users.cumulative[:n]),
        )
        genre[:n] = np.where((rng.random(n) < _STAYS) & ~begins, genre[:n], wanted)
        item = catalogue.popular(rng, genre[:n])
        following = successors[recent[:n, 0], rng.integers(N_SUCCESSORS, size=n)]
        item = np.where(rng.random(n) < _FOLLOWS, following, item)
        if repeats:
            known = recent[np.arange(n), rng.integers(min(_RECENT, step + 1), size=n)]
            item = np.where((rng.random(n) < repeats) & (step > 0), known, item)
        there = catalogue.created[item] <= now[:n]
        recent[:n] = np.where(
            there[:, None], np.concatenate((item[:, None], recent[:n, :-1]), axis=1), recent[:n]
        )
        likes = catalogue.genre[item] == favourite[:n]
        watched = rng.random(n) < np.where(likes, _WATCHES_FAVOURITE, _WATCHES_OTHER)
        rows = np.stack((np.arange(n), item, now[:n], watched, device[:n]))
        steps.append(rows[:, there])
    return np.concatenate(steps, axis=1)


def _pick(rng: np.random.Generator, cumulative: Floats) -> Ints:
    """An index of each row, by its cumulative shares."""
    return (rng.random((len(cumulative), 1)) > cumulative[:, :-1]).sum(axis=1)


def _first_meetings(user: Ints, item: Ints, n_items: int) -> Ints:
    """Places at which users meet items for the first time, ascending."""
    keys = user * n_items + item
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    first = np.ones(len(keys), dtype=np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    return np.sort(order[first])


def _interactions(columns: NDArray[np.int64], n_users: int, n_items: int) -> pa.Table:
    user, item, moment, watched, device = columns
    return pa.table(
        {
            "USER_ID": _encoded(user, _ids("u", n_users)),
            "ITEM_ID": _encoded(item, _ids("i", n_items)),
            "TIMESTAMP": moment,
            "EVENT_TYPE": _encoded(watched, ["click", "watch"]),
            "DEVICE": _encoded(device, DEVICES),
        }
    )


def _items(rng: np.random.Generator, catalogue: _Catalogue, successors: Ints) -> pa.Table:
    names = np.array(GENRES)
    first, second = names[catalogue.genre], names[catalogue.second]
    both = [a if a == b else f"{a}|{b}" for a, b in zip(first, second, strict=True)]
    words = np.array([text.split() for text in WORDS.values()])
    n_items = len(first)
    own = words[catalogue.genre[:, None], rng.integers(words.shape[1], size=(n_items, 5))]
    more = words[catalogue.second[:, None], rng.integers(words.shape[1], size=(n_items, 2))]
    filler = rng.choice(COMMON.split(), size=(n_items, 4))
    # The first words of what comes next: texts tell of successors too.
    led = own[successors[:, 0], :1]
    described = np.concatenate((own, filler, more, led), axis=1)
    return pa.table(
        {
            "ITEM_ID": _ids("i", n_items),
            "GENRES": both,
            "CREATION_TIMESTAMP": catalogue.created,
            "TITLE": [
                f"The {a.title()} {b.title()}" for a, b in zip(own[:, 0], filler[:, 0], strict=True)
            ],
            "DESCRIPTION": [" ".join(row) for row in described],
        }
    )


def _ids(prefix: str, count: int) -> list[str]:
    width = len(str(count - 1))
    return [f"{prefix}{number:0{width}d}" for number in range(count)]


def _encoded(codes: NDArray[np.int64], names: object) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(names))
