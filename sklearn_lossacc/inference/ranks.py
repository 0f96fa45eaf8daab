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
    above = score[positive]
    order = np.argsort(above)
    levels, mass = above[order], np.concatenate([[0.0], np.cumsum(weight[positive][order])])
    lost = np.where(positive, 0.0, weight)
    pairs = float(mass[-1] * lost.sum())
    if not pairs > 0:
        return float("nan")
    # What each negative is outranked by: few positives make a short list to look it up in.
    below = mass[np.searchsorted(levels, score)] + mass[np.searchsorted(levels, score, side="right")]
    return float(lost @ (mass[-1] - 0.5 * below)) / pairs
