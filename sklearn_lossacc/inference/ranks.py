"""Rank statistics with weights."""

from __future__ import annotations

import numpy as np

FEW_LEVELS = 64  # scores of positives among which any order finds its place as fast


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
    return roc_influence(score, positive, weight)[0]


def roc_influence(score: np.ndarray, positive: np.ndarray, weight: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the weighted area under the ROC curve, and the influence of each row on it.

    Parameters
    ----------
    score, positive, weight : ndarray of shape (n_rows,)
        As for `roc_area`.

    Returns
    -------
    area : float
        Chance that a positive outranks a negative, ties counting one half; NaN without both.
    influence : ndarray of shape (n_rows,)
        Share of the other kind that the row is on the right side of, less the area, times its share of its own kind.
        Sums to 0; the sum of squares is the variance of the area.

    References
    ----------
    DeLong, DeLong and Clarke-Pearson (1988), Comparing the areas under two or more correlated receiver operating
    characteristic curves, Biometrics 44, 837-845.

    Examples
    --------
    >>> area, influence = roc_influence(np.array([0.1, 0.3, 0.2]), np.array([False, False, True]), np.ones(3))
    >>> area, influence.tolist()
    (0.5, [0.25, -0.25, 0.0])
    """
    places = np.flatnonzero(positive)
    places = places[np.argsort(score[places])]
    levels, mass = score[places], np.concatenate([[0.0], np.cumsum(weight[places])])
    lost = np.where(positive, 0.0, weight)
    pairs = float(mass[-1] * lost.sum())
    if not pairs > 0:
        return float("nan"), np.zeros(score.size)
    # What each row is outranked by; looked up in order, neighbours among many are near each other in memory.
    order = np.argsort(score) if levels.size > FEW_LEVELS else slice(None)
    left, right = np.empty((2, score.size), dtype=np.intp)
    left[order], right[order] = (np.searchsorted(levels, score[order], side=side) for side in ("left", "right"))
    outranked = mass[-1] - 0.5 * (mass[left] + mass[right])
    area = float(lost @ outranked) / pairs
    influence = lost * (outranked / mass[-1] - area) / lost.sum()
    below = np.cumsum(np.bincount(left, lost, mass.size)) + np.cumsum(np.bincount(right, lost, mass.size))
    influence[positive] = weight[positive] * (0.5 * below[left[positive]] / lost.sum() - area) / mass[-1]
    return area, influence
