"""Which rows belong to a uniform sample: those with the smallest pseudo-random keys.

Keys are a tuple of arrays, most significant first: (row key,) or, with groups, (group key, row key). The sample of
at most `bound` rows is all rows below the cutoff, where the cutoff is the smallest key that was ever left out. Any
division of the rows into parts leads to the same cutoff, hence to the same sample.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

__all__ = ["Cutoff", "Keys", "SmallestKeys", "below", "smallest"]

Keys: TypeAlias = tuple[np.ndarray, ...]
Cutoff: TypeAlias = tuple[int, ...]


def below(keys: Keys, cutoff: Cutoff) -> np.ndarray:
    """Mark the rows whose keys come before the cutoff, in lexicographic order."""
    row_limit = np.uint64(cutoff[-1])
    if len(keys) == 1:
        return keys[0] < row_limit
    group_limit = np.uint64(cutoff[0])
    return (keys[0] < group_limit) | ((keys[0] == group_limit) & (keys[1] < row_limit))


def smallest(keys: Keys, bound: int) -> Cutoff | None:
    """Return the cutoff that leaves at most `bound` rows below it, or None if there are not more rows than that."""
    if keys[0].size <= bound:
        return None
    first = np.partition(keys[0], bound)[bound]
    if len(keys) == 1:
        return (int(first),)
    # Of the group that the bound cuts, as many rows as there is room for.
    room = bound - np.count_nonzero(keys[0] < first)
    return (int(first), int(np.partition(keys[1][keys[0] == first], room)[room]))


class SmallestKeys:
    """The rows with the smallest keys of a stream of rows, in bounded memory.

    Parameters
    ----------
    bound : int
        Largest number of rows to keep.
    n_levels : int
        Length of the key tuples: 2 with groups, otherwise 1.
    """

    def __init__(self, bound: int, n_levels: int):
        self.bound = bound
        self.cutoff: Cutoff | None = None
        self._keys = [np.empty(0, dtype=np.uint64)] * n_levels
        self._rows = np.empty(0, dtype=np.intp)
        self._pending: list[tuple[Keys, np.ndarray]] = []
        self._n_pending = 0

    def offer(self, keys: Keys, rows: np.ndarray) -> None:
        """Consider rows, given by their keys and their numbers."""
        if self.cutoff is not None:
            candidates = below(keys, self.cutoff)
            keys, rows = tuple(key[candidates] for key in keys), rows[candidates]
        self._pending.append((keys, rows))
        self._n_pending += rows.size
        if self._rows.size + self._n_pending > self.bound + self.bound // 2:
            self._settle()

    def _settle(self) -> None:
        """Join the pending rows to the kept ones and leave out what exceeds the bound."""
        self._rows = np.concatenate([self._rows, *(rows for _, rows in self._pending)])
        self._keys = [
            np.concatenate([kept, *(keys[level] for keys, _ in self._pending)]) for level, kept in enumerate(self._keys)
        ]
        self._pending, self._n_pending = [], 0
        cutoff = smallest(tuple(self._keys), self.bound)
        if cutoff is None:
            return
        self.cutoff = cutoff
        kept = below(tuple(self._keys), cutoff)
        self._rows = self._rows[kept]
        self._keys = [key[kept] for key in self._keys]

    def result(self) -> tuple[np.ndarray, Keys]:
        """Return the numbers and the keys of the rows that are kept."""
        self._settle()
        return self._rows, tuple(self._keys)
