"""Themes of lists of items: the words that the texts of the items have in common, and little else.

Stands in for the language model behind AWS's themes: a theme is named after the three terms in
which the items of a list differ most from the catalogue, and an item is as relevant as its text
has these terms. Knows neither files nor models.
"""
# pyarrow has no types.
# pyright: standard

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Self

from personalize_assets.core.filters import EntityTable
from personalize_assets.engine.data import LiveGroup
from personalize_assets.engine.jobs.kinds import JobFailed

_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_TERMS_IN_LABEL: Final = 3
_TERMS_OF_THEME: Final = 20
_COMMON: Final = 0.25  # terms of more texts than this share say nothing


@dataclass(frozen=True, slots=True)
class Theme:
    """What a list of items has in common.

    Attributes:
        label: In words.
        items: The items, most relevant first.
        relevance: From 0 to 1, one per item.
    """

    label: str
    items: list[str]
    relevance: list[float]


class Themes:
    """Finds themes in the texts of a catalogue.

    Args:
        texts: Text by item id.
        names: What the items are called; these words are not used in labels.
    """

    def __init__(self, texts: dict[str, str], names: dict[str, str]) -> None:
        self._terms = {item: Counter(_words(text)) for item, text in texts.items()}
        self._names = {item: set(_words(name)) for item, name in names.items()}
        found: Counter[str] = Counter()
        for terms in self._terms.values():
            found.update(terms.keys())
        n_texts = max(1, len(texts))
        self._weights = {
            term: math.log(n_texts / count)
            for term, count in found.items()
            if count <= max(1.0, _COMMON * n_texts)
        }

    @classmethod
    def of_items(cls, live: LiveGroup, item_name: str) -> Self:
        """Take the texts and names of a group's Items dataset.

        Raises:
            JobFailed: There is no such dataset, or it has no textual column any more.
        """
        schema, table = live.schemas.get("ITEMS"), live.items
        if schema is None or table is None:
            raise JobFailed("Themes need an Items dataset, and nothing was imported into one")
        textual = [field.column for field in schema.fields if field.textual]
        if not textual:
            raise JobFailed("Themes need an Items dataset with a textual column")
        categories = [field.column for field in schema.fields if field.categorical]
        texts = _joined(table, [*textual, *categories])
        return cls(texts, _joined(table, [item_name.upper()]))

    def theme_of(self, asked: str, items: Sequence[str]) -> Theme:
        """The theme of a list of items.

        Args:
            asked: The item that the list is related to; it counts as the others do.
            items: The list.
        """
        shares: Counter[str] = Counter()
        for item in (asked, *items):
            for term in self._terms.get(item, ()):
                shares[term] += 1
        n_items = len(items) + 1
        strength = {
            term: count / n_items * self._weights[term]
            for term, count in shares.items()
            if count > 1 and term in self._weights
        }
        ranked = sorted(strength, key=lambda term: (-strength[term], term))[:_TERMS_OF_THEME]
        total = math.sqrt(sum(strength[term] ** 2 for term in ranked))
        relevance = {item: self._relevance(item, ranked, strength, total) for item in items}
        ordered = sorted(items, key=lambda item: -relevance[item])
        label = _in_words(self._labels(ranked, (asked, *items)))
        return Theme(label, ordered, [relevance[item] for item in ordered])

    def _relevance(
        self, item: str, ranked: Sequence[str], strength: dict[str, float], total: float
    ) -> float:
        """Cosine of the item's terms and the theme's, both by their weights."""
        terms = self._terms.get(item, Counter())
        own = math.sqrt(sum(self._weights.get(term, 0.0) ** 2 for term in terms))
        if not own or not total:
            return 0.0
        both = sum(strength[term] * self._weights[term] for term in ranked if term in terms)
        return both / own / total

    def _labels(self, ranked: Iterable[str], items: Iterable[str]) -> list[str]:
        names: set[str] = set()
        for item in items:
            names |= self._names.get(item, set())
        return [term for term in ranked if term not in names][:_TERMS_IN_LABEL]


def _joined(table: EntityTable, columns: Sequence[str]) -> dict[str, str]:
    known = [column for column in columns if column in table.columns]
    ids: list[str] = table.ids.to_pylist()
    return {
        item: " ".join(str(table.value(row, column) or "") for column in known)
        for row, item in enumerate(ids)
    }


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def _in_words(terms: Sequence[str]) -> str:
    if not terms:
        return "Related items"
    *first, last = terms
    return (f"{', '.join(first)} and {last}" if first else last).capitalize()
