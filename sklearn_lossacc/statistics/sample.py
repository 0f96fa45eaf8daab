"""The bounded uniform row sample of a summary: kept by reference, merged by key, read in an order of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from sklearn_lossacc._numerics.blocks import row_blocks
from sklearn_lossacc._numerics.hashing import row_codes, row_digests, row_keys
from sklearn_lossacc.inputs import Predictions
from sklearn_lossacc.statistics.smallest_keys import Cutoff, Keys, below, smallest

__all__ = ["KeptRows", "ReferencedRows", "RowSample", "StoredRows", "sample_bound"]

MIN_SAMPLE_ROWS = 2048
CODED_COLUMNS = 64
MAX_PARTS = 32


def sample_bound(n_classes: int, sample_entries: int) -> int:
    """Return the largest number of rows of a sample: about `sample_entries` entries, but 2048 rows at least."""
    return max(MIN_SAMPLE_ROWS, sample_entries // n_classes)


@dataclass(frozen=True)
class RowSample:
    """Rows in full, a uniform sample (of whole groups, where there are groups) or all of them.

    Attributes
    ----------
    y : ndarray of intp of shape (m,)
        Column of the true class.
    log_proba : ndarray of float64 of shape (m, n_classes)
        Natural logarithms of the probabilities; -inf where a probability is exactly 0.
    weight : ndarray of float64 of shape (m,)
        Sample weights, all positive.
    group : ndarray of intp of shape (m,) or None
        Code 0..g-1 of the row's group, in an order that does not depend on the names of groups.
    group_keys : ndarray of uint64 of shape (g,) or None
        Hash of each group's label, as in ``PredictionSummary.group_keys``.
    index : ndarray of int64 of shape (m,)
        Position of the row among all rows, `row_offset` included.
    identity : ndarray of uint64 of shape (m,) or None
        Code of the row's features, equal for copies; None without features.
    complete : bool
        Whether this is every row with positive weight.

    Notes
    -----
    Rows are in the order of a hash of their content, so that what is computed from them does not depend on the order
    of the input.
    """

    y: np.ndarray
    log_proba: np.ndarray
    weight: np.ndarray
    group: np.ndarray | None
    group_keys: np.ndarray | None
    index: np.ndarray
    identity: np.ndarray | None
    complete: bool

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.y.size


@dataclass(frozen=True)
class StoredRows:
    """Rows that have been copied out of the predictions, with their keys and the hashes of their content."""

    y: np.ndarray
    log_proba: np.ndarray
    weight: np.ndarray
    index: np.ndarray
    digest: np.ndarray
    identity: np.ndarray | None
    keys: Keys

    def __len__(self) -> int:
        return self.y.size

    def take(self, rows: np.ndarray) -> StoredRows:
        """Return the rows at the given positions or marked by a mask."""
        keys = tuple(key[rows] for key in self.keys)
        identity = None if self.identity is None else self.identity[rows]
        return StoredRows(
            self.y[rows], self.log_proba[rows], self.weight[rows], self.index[rows], self.digest[rows], identity, keys
        )

    def stored(self) -> StoredRows:
        """Return the rows themselves."""
        return self

    @classmethod
    def join(cls, parts: list[StoredRows]) -> StoredRows:
        """Return the rows of all parts, in their order."""
        identities = [part.identity for part in parts if part.identity is not None]
        return cls(
            np.concatenate([part.y for part in parts]),
            np.concatenate([part.log_proba for part in parts]),
            np.concatenate([part.weight for part in parts]),
            np.concatenate([part.index for part in parts]),
            np.concatenate([part.digest for part in parts]),
            np.concatenate(identities) if identities else None,
            tuple(np.concatenate(level) for level in zip(*(part.keys for part in parts), strict=True)),
        )


def keys_of(predictions: Predictions, rows: np.ndarray) -> Keys:
    """Return the keys of rows: a hash of index, label and content, after that of the group's label if there is one.

    Up to 64 columns stand for the content: they only have to tell rows apart that have the same index, which happens
    where parts were summarised without their row_offset.
    """
    start, stop = int(rows[0]), int(rows[-1]) + 1
    chosen = slice(start, stop) if stop - start == rows.size else rows
    scores = predictions.scores if predictions.scores.ndim == 1 else predictions.scores[:, :CODED_COLUMNS]
    own = row_keys(rows + predictions.row_offset, predictions.y[chosen], row_codes(scores[chosen]))
    if predictions.groups is None or predictions.group_keys is None:
        return (own,)
    return predictions.group_keys[predictions.groups[chosen]], own


class ReferencedRows:
    """Rows that stay where they are, in the arrays of the caller.

    Parameters
    ----------
    predictions : Predictions
        Where the rows are.
    rows : ndarray of intp, or None
        Their numbers; None for all rows.
    keys : tuple of ndarrays, or None
        Their keys, if known already. Otherwise they are computed when they are asked for: as long as every row is
        kept, nobody asks.
    """

    def __init__(self, predictions: Predictions, rows: np.ndarray | None = None, keys: Keys | None = None):
        self.predictions = predictions
        self._rows = rows
        if keys is not None:
            self.__dict__["keys"] = keys

    def __len__(self) -> int:
        return self.predictions.n_rows if self._rows is None else self._rows.size

    @property
    def rows(self) -> np.ndarray:
        """Numbers of the rows in the arrays of the caller."""
        return np.arange(self.predictions.n_rows) if self._rows is None else self._rows

    @cached_property
    def keys(self) -> Keys:
        """Keys of the rows, group keys first where there are groups."""
        return keys_of(self.predictions, self.rows)

    def take(self, rows: np.ndarray) -> ReferencedRows:
        """Return the rows at the given positions or marked by a mask."""
        return ReferencedRows(self.predictions, self.rows[rows], tuple(key[rows] for key in self.keys))

    def stored(self) -> StoredRows:
        """Copy the rows out."""
        source, rows = self.predictions, self.rows
        y, log_proba, weight = source.take(rows)
        digest = np.empty(rows.size, dtype=np.uint64)
        for block in row_blocks(rows.size, source.n_classes):
            digest[block] = row_digests(source.scores[rows[block]], y[block], weight[block])
        identity = None if source.identities is None else source.identities[rows]
        index = (rows + source.row_offset).astype(np.int64)
        return StoredRows(y, log_proba, weight, index, digest, identity, self.keys)


class _Rows(Protocol):
    """What `KeptRows` asks of its parts."""

    @property
    def keys(self) -> Keys: ...
    def __len__(self) -> int: ...
    def take(self, rows: np.ndarray) -> _Rows: ...
    def stored(self) -> StoredRows: ...


def _groups_by_content(group: np.ndarray, digest: np.ndarray) -> np.ndarray:
    """Return the groups in an order that does not depend on their names, from rows in the order of their digests."""
    by_group = np.argsort(group, kind="stable")
    begin = np.searchsorted(group[by_group], np.arange(group.max() + 1))
    sorted_digest = digest[by_group]
    return np.lexsort((np.add.reduceat(sorted_digest, begin), sorted_digest[begin]))


@dataclass(frozen=True)
class KeptRows:
    """The rows that a summary keeps: all that have a key below the cutoff.

    Attributes
    ----------
    bound : int
        Largest number of rows.
    cutoff : tuple of int, or None
        Smallest key that was ever left out; None as long as every row is kept.
    parts : tuple
        Where the rows are.
    """

    bound: int
    cutoff: Cutoff | None
    parts: tuple[_Rows, ...]

    @property
    def n_rows(self) -> int:
        """Number of rows kept."""
        return sum(len(part) for part in self.parts)

    def _below(self, cutoff: Cutoff) -> KeptRows:
        """Leave out every row that is not below a cutoff."""
        kept = tuple(part.take(below(part.keys, cutoff)) for part in self.parts)
        return replace(self, cutoff=cutoff, parts=tuple(part for part in kept if len(part)))

    def merge(self, other: KeptRows) -> KeptRows:
        """Return the sample of the union."""
        both = replace(self, parts=self.parts + other.parts)
        cutoffs = [cutoff for cutoff in (self.cutoff, other.cutoff) if cutoff is not None]
        if cutoffs:
            both = both._below(min(cutoffs))
        if both.n_rows <= self.bound:
            return both
        keys = tuple(np.concatenate(level) for level in zip(*(part.keys for part in both.parts), strict=True))
        cutoff = smallest(keys, self.bound)
        assert cutoff is not None
        return both._below(cutoff)

    def first(self, bound: int) -> KeptRows:
        """Return the sample that a smaller bound would have kept."""
        smaller = replace(self, bound=min(bound, self.bound))
        return smaller.merge(replace(self, parts=()))

    def copied(self) -> KeptRows:
        """Copy the rows out of the caller's arrays; few parts stay apart, since joining them copies them again."""
        parts = [part.stored() for part in self.parts]
        return replace(self, parts=(StoredRows.join(parts),) if len(parts) > MAX_PARTS else tuple(parts))

    def stored(self) -> KeptRows:
        """Copy the rows out of the caller's arrays, in their canonical order."""
        if not self.parts:
            return self
        rows = StoredRows.join([part.stored() for part in self.parts])
        # Equal rows of different groups must not change places, hence the keys after the content.
        return replace(self, parts=(rows.take(np.lexsort((*rows.keys[::-1], rows.digest))),))

    def sample(self) -> RowSample:
        """Return the rows in canonical order, without the group that the bound cut, unless it is the only one."""
        rows = self.stored().parts[0].stored()
        group = group_keys = None
        if len(rows.keys) == 2:
            if self.cutoff is not None:
                whole = rows.keys[0] != np.uint64(self.cutoff[0])
                rows = rows.take(whole) if whole.any() else rows
            group_keys, group = np.unique(rows.keys[0], return_inverse=True)
            order = _groups_by_content(group, rows.digest)
            group_keys, group = group_keys[order], np.argsort(order)[group]
            order = np.lexsort((group, rows.digest))  # equal rows of different groups stood by these groups' names
            if (np.diff(order) < 0).any():
                rows, group = rows.take(order), group[order]
        return RowSample(
            rows.y,
            rows.log_proba,
            rows.weight,
            group,
            group_keys,
            rows.index,
            rows.identity,
            complete=self.cutoff is None,
        )
