"""How well the metadata of each item fit those of the items that a user met.

A categorical column says how alike two sets of categories are, a textual one how alike texts are in
meaning, a numeric one how usual a number is among the user's items. Each is a product of what the
user's items have in common with what each item has. Takes arrow columns. Knows nothing of which
columns a solution trains on.
"""

# pyarrow.compute makes its functions when it is imported, where pyright cannot see them.
# pyright: reportAttributeAccessIssue=false

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any, Final, Literal, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg.blas import sgemm

from personalize_assets.recipes.histories import FloatArray
from personalize_assets.recipes.solvers.categories import category_matrix, compact
from personalize_assets.recipes.solvers.texts import TextVectors, text_vectors

Kind = Literal["categories", "text", "number"]

MAX_COLUMNS: Final = 10
"""Columns that take part, the first ones."""

_WIDEST: Final = 64
"""Directions that a column with more categories is reduced to."""

_CLASSES: Final = 12
_RARE: Final = 0.02
"""Added to shares before they are compared, so that what was never met is not impossible."""


@dataclass(frozen=True)
class Block:
    """One column of the metadata among the features.

    Attributes:
        column: Its name.
        kind: How it is compared.
        start: First feature.
        stop: Feature after the last one.
    """

    column: str
    kind: Kind
    start: int
    stop: int


@dataclass(frozen=True)
class ItemProfiles:
    """Features of all items, a block for each column.

    Attributes:
        blocks: In the order of the features.
        features: float32, shape ``(n_items, n_features)``: of categories and texts rows of length
            1, of numbers, which come last, the share of each class of numbers.
        usual: Mean of each feature over the items; shape ``(n_features,)``.
    """

    blocks: tuple[Block, ...]
    features: FloatArray
    usual: FloatArray

    def ask(
        self, recent: sparse.csr_array, newest: sparse.csr_array, weights: Sequence[float]
    ) -> FloatArray:
        """What the features of an item are worth to each user.

        Args:
            recent: Weights of the items that users met, for categories and texts; shape
                ``(n, n_items)``.
            newest: The same for numbers, which change faster: of MovieLens's years those of the
                newest few items say most.
            weights: One per block.

        Returns:
            Shape ``(n, n_features)``; all 0 for users who met nothing. The product with the
            features is the sum of what ``parts`` gives, weighted.
        """
        met = np.asarray(recent @ self.features, dtype=np.float32)
        numbers = [block.start for block in self.blocks if block.kind == "number"]
        if numbers:
            first = numbers[0]  # numbers come last
            met[:, first:] = newest @ self.features[:, first:]
        total = np.asarray(newest.sum(axis=1), dtype=np.float32).reshape(-1, 1)
        for block, weight in zip(self.blocks, weights, strict=True):
            own = met[:, block.start : block.stop]
            if block.kind != "number":
                length = np.linalg.norm(own, axis=1, keepdims=True)
                own /= np.where(length > 0, length, 1)
            else:
                usual = self.usual[block.start : block.stop] + np.float32(_RARE)
                shares = own / np.where(total > 0, total, 1) + np.float32(_RARE)
                own[:] = np.where(own.any(axis=1, keepdims=True), np.log(shares / usual), 0)
            own *= np.float32(weight)
        return met

    def add(
        self,
        total: FloatArray,
        recent: sparse.csr_array,
        newest: sparse.csr_array,
        weights: Sequence[float],
    ) -> None:
        """Add the weighted sum of all blocks in place.

        Args:
            total: Shape ``(n, n_items)``, by rows.
            recent: As `ask` takes it.
            newest: As `ask` takes it.
            weights: As `ask` takes them.
        """
        asked = self.ask(recent, newest, weights)
        # The transposes are in the order that BLAS wants, so that nothing is copied.
        done = sgemm(1.0, self.features.T, asked.T, beta=1.0, c=total.T, trans_a=1, overwrite_c=1)
        assert np.shares_memory(done, total), "the product was not added in place"

    def parts(self, recent: sparse.csr_array, newest: sparse.csr_array) -> list[FloatArray]:
        """What each block by itself says, each of shape ``(n, n_items)``; see ``ask``."""
        asked = self.ask(recent, newest, [1.0] * len(self.blocks))
        return [
            asked[:, block.start : block.stop] @ self.features[:, block.start : block.stop].T
            for block in self.blocks
        ]

    def only(self, keep: Sequence[bool]) -> "ItemProfiles":
        """The same with some of the blocks, in their order."""
        blocks: list[Block] = []
        chosen: list[NDArray[np.intp]] = [np.zeros(0, dtype=np.intp)]
        at = 0
        for block, kept in zip(self.blocks, keep, strict=True):
            if kept:
                width = block.stop - block.start
                blocks.append(Block(block.column, block.kind, at, at + width))
                chosen.append(np.arange(block.start, block.stop))
                at += width
        index = np.concatenate(chosen)
        features = np.ascontiguousarray(self.features[:, index])
        return ItemProfiles(tuple(blocks), features, self.usual[index])

    def to_json(self) -> list[dict[str, Any]]:
        """The blocks as plain values; ``from_json`` is the inverse."""
        return [asdict(block) for block in self.blocks]

    @classmethod
    def from_json(cls, blocks: Sequence[dict[str, Any]], features: FloatArray) -> Self:
        """Rebuild from what ``to_json`` gave, and the features."""
        return cls(tuple(Block(**block) for block in blocks), features, _mean(features))


@dataclass(frozen=True)
class Metadata:
    """The columns of items to make features of.

    Attributes:
        table: One row per item; None where there are no metadata.
        categorical: Columns of categories, several of one item joined by ``|``.
        textual: Columns of texts.
        numeric: Columns of numbers, which are compared by their ranks.
    """

    table: pa.Table | None
    categorical: Sequence[str] = ()
    textual: Sequence[str] = ()
    numeric: Sequence[str] = ()


def make_profiles(metadata: Metadata, n_items: int, rng: np.random.Generator) -> ItemProfiles:
    """Turn columns of metadata into features.

    Args:
        metadata: The columns.
        n_items: Size of the catalogue.
        rng: For the directions that columns with many categories are reduced to.
    """
    blocks: list[Block] = []
    features: list[FloatArray] = [np.zeros((n_items, 0), dtype=np.float32)]
    start = 0
    for column, kind, made in islice(_each_column(metadata, rng), MAX_COLUMNS):
        if made.any():
            blocks.append(Block(column, kind, start, start + made.shape[1]))
            features.append(made)
            start += made.shape[1]
    together = np.concatenate(features, axis=1)
    # Rounded as they are saved, so that a saved model gives the same scores.
    together = together.astype(np.float16).astype(np.float32)
    return ItemProfiles(tuple(blocks), together, _mean(together))


def _each_column(
    metadata: Metadata, rng: np.random.Generator
) -> Iterator[tuple[str, Kind, FloatArray]]:
    table = metadata.table
    if table is None:
        return
    for column in metadata.categorical:
        yield column, "categories", _unit(compact(category_matrix(table, [column]), _WIDEST, rng))
    for column in metadata.textual:
        yield column, "text", _unit(_strongest(text_vectors(table[column])))
    for column in metadata.numeric:
        yield column, "number", _classes(table[column])


def _strongest(texts: TextVectors) -> FloatArray:
    """What texts mean, in their strongest directions; shape ``(n_items, at most 64)``."""
    rows = _unit(texts.rows.astype(np.float32))
    _, directions = np.linalg.eigh((rows.T @ rows).astype(np.float64))
    return rows @ directions[:, -_WIDEST:].astype(np.float32)


def _mean(features: FloatArray) -> FloatArray:
    return features.mean(axis=0, dtype=np.float64).astype(np.float32)


def _unit(rows: FloatArray) -> FloatArray:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.where(length > 1e-6, length, 1)).astype(np.float32)


def _classes(column: pa.ChunkedArray) -> FloatArray:
    """The place of each number among all, shared between the two nearest of twelve classes."""
    numbers = column.cast(pa.float64()).fill_null(np.nan).to_numpy()
    shares = np.zeros((len(numbers), _CLASSES), dtype=np.float32)
    known = np.flatnonzero(np.isfinite(numbers))
    if not len(known) or (numbers[known] == numbers[known[0]]).all():
        return shares
    ordered = np.sort(numbers[known])
    below = np.searchsorted(ordered, numbers[known], "left")
    upto = np.searchsorted(ordered, numbers[known], "right")
    place = (below + upto) / 2 / len(known) * (_CLASSES - 1)
    lower = np.minimum(place.astype(np.int64), _CLASSES - 2)
    shares[known, lower] = 1 - (place - lower)
    shares[known, lower + 1] = place - lower
    return shares
