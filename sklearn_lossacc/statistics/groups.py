"""Sums of per-row values over groups of dependent rows, keyed by the hash of the group label."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["GroupSums"]


@dataclass(frozen=True)
class GroupSums:
    """Weighted sums by group, with the groups in the order of their keys.

    Attributes
    ----------
    keys : ndarray of uint64 of shape (G,)
        Hash of each group's label, increasing. A group whose rows all have weight 0 is not in it.
    sums : ndarray of float64 of shape (G, C)
        sum w v over the rows of the group.
    rows : ndarray of int64 of shape (G,)
        Number of rows with w > 0.
    """

    keys: np.ndarray
    sums: np.ndarray
    rows: np.ndarray

    @classmethod
    def of(cls, keys: np.ndarray, sums: np.ndarray, rows: np.ndarray) -> GroupSums:
        """Sort the groups by key, add up groups of the same key, and leave out groups without rows."""
        seen = rows > 0
        keys, sums, rows = keys[seen], sums[seen], rows[seen]
        unique, position = np.unique(keys, return_inverse=True)
        total_sums = np.zeros((unique.size, sums.shape[1]))
        total_rows = np.zeros(unique.size, dtype=np.int64)
        np.add.at(total_sums, position, sums)
        np.add.at(total_rows, position, rows)
        return cls(unique, total_sums, total_rows)

    def merge(self, other: GroupSums) -> GroupSums:
        """Return the sums over the union of the rows of both; a group may have rows in both."""
        return GroupSums.of(
            np.concatenate([self.keys, other.keys]),
            np.concatenate([self.sums, other.sums]),
            np.concatenate([self.rows, other.rows]),
        )
