"""Rank statistics with weights."""

from __future__ import annotations

import numpy as np


def roc_area(score: np.ndarray, positive: np.ndarray, weight: np.ndarray) -> float:
    """Return the weighted area under the ROC curve.

    Parameters
    ----------
    score : ndarray of shape (n_rows,)
        Larger means more likely positive.
    positive : ndarray of bool of shape (n_rows,)
        Which rows are positive.
    weight : ndarray of shape (n_rows,)
        Row weights.

    Returns
    -------
    float
        Chance that a positive outranks a negative, ties counting one half; NaN without both.

    Examples
    --------
    Of the four pairs one is a tie and three are in order:

    >>> roc_area(np.array([0.1, 0.4, 0.4, 0.8]), np.array([False, False, True, True]), np.ones(4))
    0.875
    """
    order = np.argsort(score)
    ordered, hit, w = score[order], positive[order], weight[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    gained = np.add.reduceat(np.where(hit, w, 0.0), starts)
    lost = np.add.reduceat(np.where(hit, 0.0, w), starts)
    below = np.cumsum(lost) - lost
    pairs = gained.sum() * lost.sum()
    return float(gained @ (below + 0.5 * lost) / pairs) if pairs > 0 else float("nan")
