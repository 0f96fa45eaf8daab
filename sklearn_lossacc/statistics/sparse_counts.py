"""Weights added up by cell of a large table, of which only the cells that occur are kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["SparseCounts"]


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
    def of(cls, cells: np.ndarray, weight: np.ndarray | None, n_cells: int) -> SparseCounts:
        """Add up `weight` (1 for None) by cell, where cells are numbered from 0 to ``n_cells - 1``."""
        if n_cells <= cells.size:
            totals = np.bincount(cells, weight, n_cells)
            occupied = np.flatnonzero(totals)
            return cls(occupied.astype(np.int64), totals[occupied].astype(np.float64))
        unique, position = np.unique(cells, return_inverse=True)
        totals = np.bincount(position, weight, unique.size)
        occupied = np.flatnonzero(totals)
        return cls(unique[occupied].astype(np.int64), totals[occupied].astype(np.float64))

    def merge(self, other: SparseCounts) -> SparseCounts:
        """Return the table of both together."""
        cells, position = np.unique(np.concatenate([self.cells, other.cells]), return_inverse=True)
        return SparseCounts(cells, np.bincount(position, np.concatenate([self.weight, other.weight]), cells.size))

    def dense(self, shape: tuple[int, ...]) -> np.ndarray:
        """Return the whole table, in an array of the given shape."""
        table = np.zeros(shape)
        table.reshape(-1)[self.cells] = self.weight
        return table
