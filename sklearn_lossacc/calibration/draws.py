"""Rows of equal scores that are draws of their own, and not copies of one row."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sklearn_lossacc._numerics.hashing import mix64
from sklearn_lossacc.inputs import Predictions

__all__ = ["Draws", "split_ties"]

MOST_DRAWS = 2**22  # a weight of a million is as many entries


class Draws(NamedTuple):
    """Rows of positive weight, those of whole weight k in ties of several labels as k entries of weight 1.

    Attributes
    ----------
    rows : ndarray of int of shape (m,)
        Index of the row of each entry, not decreasing.
    weight : ndarray of float64 of shape (m,)
        Its weight.
    keys : ndarray of uint64 of shape (m,)
        Equal for entries that may be copies of each other.
    """

    rows: np.ndarray
    weight: np.ndarray
    keys: np.ndarray


def split_ties(predictions: Predictions, keys: np.ndarray) -> Draws | None:
    """Give each row of equal scores and several labels a key of its own.

    Parameters
    ----------
    predictions : Predictions
        Labels and scores, without groups.
    keys : ndarray of uint64 of shape (n_rows,)
        Equal for rows of equal scores.

    Returns
    -------
    Draws or None
        None if there are no such rows, if they may be copies, if their weights are not whole, or if they are more than
        2**22.

    Notes
    -----
    Copies of a row have its label, so that rows of equal scores and several labels are as many rows, unless all their
    counts by scores and label have a common divisor c > 1: then they may be c copies of fewer. Rows of equal scores and
    one label may be copies, too. The keys are hashes of scores, label and place among the rows that share both, so that
    neither the order of the rows nor weights in place of copies matter.
    """
    weight = predictions.sample_weight
    ordered = np.sort(keys if weight is None else keys[weight > 0])
    if not (ordered[1:] == ordered[:-1]).any():
        return None
    rows = np.arange(len(keys)) if weight is None else np.flatnonzero(weight)
    keys, y = keys[rows], predictions.y[rows]
    share = np.ones(len(rows)) if weight is None else weight[rows]
    unit = np.unique(keys, return_inverse=True)[1]
    cells, cell = np.unique(unit * predictions.n_classes + y, return_inverse=True)
    mixed = np.bincount(cells // predictions.n_classes)[unit] > 1
    counts = np.bincount(cell[mixed], weights=share[mixed])
    whole = (share[mixed] == np.floor(share[mixed])).all() and 0 < counts.sum() <= MOST_DRAWS
    if not whole or np.gcd.reduce(counts.astype(np.int64)) > 1:
        return None
    times = np.where(mixed, share, 1.0).astype(np.intp)
    entry = np.repeat(np.arange(len(rows)), times)
    order = np.argsort(cell[entry], kind="stable")
    size = np.bincount(cell[entry])
    place = np.empty(len(entry), dtype=np.uint64)
    place[order] = np.arange(len(entry)) - np.repeat(np.cumsum(size) - size, size)
    own = mix64(place * np.uint64(predictions.n_classes) + y[entry].astype(np.uint64) + np.uint64(1))
    keys = np.where(mixed[entry], mix64(keys[entry] ^ own), keys[entry])
    return Draws(rows[entry], np.where(mixed, 1.0, share)[entry], keys)
