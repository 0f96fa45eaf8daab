"""Weights added up by cell of a large table, of which only the cells that occur are kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["CellCounter", "SparseCounts"]

DENSE_CELLS = 2**16  # a table of this size fits the cache, and is faster than sorting


@dataclass(frozen=True)
class SparseCounts:
    """Total weight of each cell that occurs.

    Attributes
    ----------
    cells : ndarray of int64 of shape (m,)
        Numbers of the cells, increasing.
    weight : ndarray of float64 of shape (m,)
        Positive total weight of each.
    """

    cells: np.ndarray
    weight: np.ndarray

    @classmethod
    def empty(cls) -> SparseCounts:
        """Return a table without any weight."""
        return cls(np.empty(0, dtype=np.int64), np.empty(0))

    @classmethod
    def of(cls, cells: np.ndarray, weight: np.ndarray) -> SparseCounts:
        """Add up weights by cell."""
        unique, position = np.unique(cells, return_inverse=True)
        totals = np.bincount(position, weight, unique.size)
        occupied = np.flatnonzero(totals)
        return cls(unique[occupied].astype(np.int64), totals[occupied])

    def merge(self, other: SparseCounts) -> SparseCounts:
        """Return the table of both together."""
        return SparseCounts.of(np.concatenate([self.cells, other.cells]), np.concatenate([self.weight, other.weight]))

    def dense(self, shape: tuple[int, ...]) -> np.ndarray:
        """Return the whole table, in an array of the given shape."""
        table = np.zeros(shape)
        table.reshape(-1)[self.cells] = self.weight
        return table


class CellCounter:
    """Adds up weights by cell while rows stream by.

    Parameters
    ----------
    n_cells : int
        Size of the table, cells being numbered from 0.
    """

    def __init__(self, n_cells: int):
        self._table = np.zeros(n_cells) if n_cells <= DENSE_CELLS else None
        self._settled = SparseCounts.empty()
        self._pending: list[SparseCounts] = []

    def add(self, cells: np.ndarray, weight: np.ndarray | None) -> None:
        """Add `weight`, or 1 for None, to each of the cells."""
        if self._table is not None:
            self._table += np.bincount(cells, weight, self._table.size)
            return
        self._pending.append(SparseCounts(cells, np.ones(cells.size) if weight is None else weight.copy()))
        # Sorting again only when the table may have doubled keeps the work at n log n.
        if sum(part.cells.size for part in self._pending) > max(DENSE_CELLS, self._settled.cells.size):
            self._settle()

    def _settle(self) -> None:
        parts = [self._settled, *self._pending]
        self._settled = SparseCounts.of(
            np.concatenate([part.cells for part in parts]), np.concatenate([part.weight for part in parts])
        )
        self._pending = []

    def result(self) -> SparseCounts:
        """Return the table so far."""
        if self._table is not None:
            return SparseCounts.of(np.arange(self._table.size), self._table)
        self._settle()
        return self._settled
