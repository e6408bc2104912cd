"""EASE, a ridge regression of each item on all others (Steck, 2019), in whichever form is smaller.

With fewer users than items the exact solution comes from a users x users system (the dual), so
that no items x items matrix exists. Otherwise it is confined to the most popular items: its cost
grows with the third power of their number.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from personalize_assets.recipes.histories import FloatArray, IntArray
from personalize_assets.recipes.solvers.half_precision import round_to_half
from personalize_assets.recipes.solvers.single_rows import FactoredRows, Index
from personalize_assets.recipes.solvers.sparse_rows import sparse_rows

log = logging.getLogger(__name__)

MAX_DUAL_CELLS = 64_000_000
"""Cells of the dual's users x items factor, 4 bytes each, up to which all items take part."""

MAX_HEAD = 8_000
"""Items of the primal form: 256 MB of weights and some 5 seconds of one core to solve."""

_FEW_USERS = 1_000
"""Up to so many the dual form stays as it is: with more its answers take longer than primal ones.
"""

_BLOCK = 512


@dataclass(frozen=True)
class Ease:
    """Item-to-item weights ``left @ right`` without their diagonal.

    Attributes:
        n_items: Size of the catalogue.
        items: Catalogue indices of the items that take part; int32, shape ``(h,)``.
        left: Training users' items in the dual form, shape ``(h, r)``; None is the identity.
        right: float32, shape ``(r, h)``; numbers of 16 bits, which is what files hold.
        diagonal: Diagonal of ``left @ right``, taken off each score; float32, shape ``(h,)``.
    """

    n_items: int
    items: IntArray
    left: sparse.csr_array | None
    right: FloatArray
    diagonal: FloatArray

    @classmethod
    def none(cls, n_items: int) -> Self:
        """One in which no item takes part."""
        right = np.zeros((0, 0), dtype=np.float32)
        return cls(n_items, np.zeros(0, np.int32), None, right, np.zeros(0, dtype=np.float32))

    def score(self, query: sparse.csr_array) -> FloatArray:
        """Sum the weights from each row's items to every item.

        Args:
            query: Weights of items, shape ``(n, n_items)``.

        Returns:
            Shape ``(n, n_items)``; 0 for items that take no part.
        """
        scores = self.score_taking_part(query)
        if len(self.items) == self.n_items:
            return scores
        spread = np.zeros((query.shape[0], self.n_items), dtype=np.float32)
        self.add(spread, scores)
        return spread

    def score_taking_part(self, query: sparse.csr_array) -> FloatArray:
        """The same for the items that take part only, shape ``(n, h)``."""
        inner = query[:, self.items] if len(self.items) < self.n_items else query
        through = inner if self.left is None else (inner @ self.left).toarray()
        scores = np.asarray(through @ self.right, dtype=np.float32)
        if self.left is not None:
            own = sparse.coo_array(inner)
            scores[own.row, own.col] -= own.data * self.diagonal[own.col]
        return scores

    def add(self, total: FloatArray, scores: FloatArray) -> None:
        """Add scores of the items that take part to scores of all items, in place.

        Args:
            total: Shape ``(n, n_items)``.
            scores: Shape ``(n, h)``.
        """
        if len(self.items) == self.n_items:
            total += scores
            return
        for row, added in zip(total, scores, strict=True):
            row[self.items] += added

    def score_one(self, items: Index, weights: FloatArray) -> FloatArray:
        """What ``score_taking_part`` gives for one row.

        Args:
            items: Catalogue indices, each once.
            weights: One per item.

        Returns:
            Shape ``(h,)``.
        """
        at = self._place[items]
        at, weights = at[at >= 0], weights[at >= 0]
        if self._rows is None:
            scores = weights @ self.right[at]
        else:
            scores = self._rows.sum(at, weights)
            scores[at] -= weights * self.diagonal[at]
        return np.asarray(scores, dtype=np.float32)

    @cached_property
    def _place(self) -> Index:
        """Position among ``items`` of each catalogue index; -1 for items that take no part."""
        place = np.full(self.n_items, -1, dtype=np.intp)
        place[self.items] = np.arange(len(self.items))
        return place

    @cached_property
    def _rows(self) -> FactoredRows | None:
        """Rows of the dual form; None for the primal one, which has them as they are."""
        return None if self.left is None else FactoredRows(self.left, self.right)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays to be saved; ``from_arrays`` is the inverse."""
        arrays: dict[str, NDArray[Any]] = {
            "ease_items": self.items,
            "ease_right": self.right,
            "ease_diagonal": self.diagonal,
        }
        if self.left is not None:
            arrays["ease_left_indptr"] = self.left.indptr
            arrays["ease_left_indices"] = self.left.indices
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], n_items: int) -> Self:
        """Rebuild from what ``arrays`` gave."""
        items, right = arrays["ease_items"], np.ascontiguousarray(arrays["ease_right"])
        left = None
        if "ease_left_indptr" in arrays:
            indices, indptr = arrays["ease_left_indices"], arrays["ease_left_indptr"]
            left = sparse_rows(np.ones(len(indices), np.float32), indices, indptr, len(right))
        return cls(n_items, items, left, right, arrays["ease_diagonal"])


def fit_ease(
    seen: sparse.csr_array,
    ridge: float,
    *,
    max_head: int = MAX_HEAD,
    max_dual_cells: int = MAX_DUAL_CELLS,
) -> Ease:
    """Solve for the item-to-item weights of a binary matrix.

    Args:
        seen: Ones where a user met an item, shape ``(n_users, n_items)``.
        ridge: Penalty on the squared weights; positive.
        max_head: Items that take part where they cannot all.
        max_dual_cells: Largest users x items for which all items take part in the dual form.
    """
    n_users, n_items = seen.shape
    if n_users < n_items and n_users * n_items <= max_dual_cells:
        items = np.arange(n_items, dtype=np.int32)
    else:
        items = _most_popular(seen, max_head)
        seen = seen[:, items]
    log.debug("ease: %s users, %s of %s items", n_users, len(items), n_items)
    solve = _solve_dual if n_users < len(items) else _solve_primal
    left, right, diagonal = solve(seen, ridge)
    if left is not None and n_users > _FEW_USERS and len(items) <= max_head:
        right = np.asarray(left @ right)
        np.fill_diagonal(right, 0)
        left, right, diagonal = None, round_to_half(right), np.zeros_like(diagonal)
    return Ease(n_items, items, left, right, diagonal)


def _most_popular(seen: sparse.csr_array, count: int) -> IntArray:
    popularity = np.bincount(seen.indices, minlength=seen.shape[1])
    order = np.argsort(-popularity, kind="stable")[:count]
    return np.sort(order).astype(np.int32)


def _solve_dual(
    seen: sparse.csr_array, ridge: float
) -> tuple[sparse.csr_array, FloatArray, FloatArray]:
    """Use ``inv(X'X + aI) = (I - X' inv(XX' + aI) X) / a``."""
    # More digits where they cost little; many users are many to take the mean of.
    precision = np.float64 if seen.shape[0] <= _FEW_USERS else np.float32
    kernel: NDArray[Any] = (seen @ seen.T).toarray().astype(precision)
    kernel[np.diag_indices_from(kernel)] += ridge
    scale = 1 / np.sqrt(np.diagonal(kernel))
    kernel *= scale
    kernel *= scale[:, None]
    inverse = _invert(kernel)
    inverse *= scale
    inverse *= scale[:, None]
    transposed = seen.T.tocsr()
    solved = (transposed @ inverse).T
    explained = np.asarray(seen.multiply(solved).sum(axis=0)).ravel()
    # By rows, which is how answers to one history at a time go through it.
    right = round_to_half((solved / (1 - explained)).astype(np.float32, order="C"))
    diagonal = np.asarray(seen.multiply(right).sum(axis=0)).ravel()
    return transposed, right, diagonal.astype(np.float32)


def _solve_primal(seen: sparse.csr_array, ridge: float) -> tuple[None, FloatArray, FloatArray]:
    n_items = seen.shape[1]
    transposed = seen.T.tocsr()
    gram = np.empty((n_items, n_items), dtype=np.float32)
    for start in range(0, n_items, _BLOCK):
        stop = min(start + _BLOCK, n_items)
        gram[start:stop] = (transposed[start:stop] @ seen).toarray()
    gram[np.diag_indices_from(gram)] += ridge
    # With ones on the diagonal the matrix is tame enough for 32 bits, half the time and memory.
    scale = 1 / np.sqrt(np.diagonal(gram))
    gram *= scale
    gram *= scale[:, None]
    right = _invert(gram)
    right /= -np.diagonal(right) * scale
    right *= scale[:, None]
    np.fill_diagonal(right, 0)
    return None, round_to_half(right), np.zeros(n_items, dtype=np.float32)


FloatT = TypeVar("FloatT", np.float32, np.float64)


def _invert(matrix: NDArray[FloatT]) -> NDArray[FloatT]:
    """Invert a symmetric positive definite matrix in its own memory."""
    if not len(matrix):
        return matrix
    functions: Any = linalg.get_lapack_funcs(("potrf", "potri"), (matrix,))
    factorize, invert = functions
    # The transpose of a C-ordered symmetric matrix is itself, in the order that LAPACK wants.
    inverse, failed = factorize(matrix.T, lower=1, clean=0, overwrite_a=1)
    if not failed:
        inverse, failed = invert(inverse, lower=1, overwrite_c=1)
    if failed:
        raise np.linalg.LinAlgError("the ridge is too small for this matrix")
    return _mirror(inverse.T)


def _mirror(matrix: NDArray[FloatT]) -> NDArray[FloatT]:
    """Copy the upper triangle onto the lower one, in place."""
    for start in range(0, len(matrix), _BLOCK):
        stop = min(start + _BLOCK, len(matrix))
        matrix[start:stop, :start] = matrix[:start, start:stop].T
        corner = matrix[start:stop, start:stop]
        lower = np.tril_indices(stop - start, -1)
        corner[lower] = corner.T[lower]
    return matrix
