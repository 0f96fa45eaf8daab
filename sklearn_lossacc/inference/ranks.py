"""Rank statistics with weights."""

from __future__ import annotations

import numpy as np

FEW_POSITIVES = 8  # compared with every row one by one faster than all rows are sorted


def roc_influence(score: np.ndarray, positive: np.ndarray, weight: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the weighted area under the ROC curve, and the influence of each row on it.

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
    held, lost = weight[places], np.where(positive, 0.0, weight)
    of_positives, of_negatives = float(held.sum()), float(lost.sum())
    if not of_positives * of_negatives > 0:
        return float("nan"), np.zeros(score.size)
    outrank = _outranked_by_few if places.size <= FEW_POSITIVES else _outranked_by_many
    outranked, below = outrank(score, places, held, lost)
    area = float(lost @ outranked) / (of_positives * of_negatives)
    influence = lost * (outranked / of_positives - area) / of_negatives
    influence[places] = held * (below / of_negatives - area) / of_positives
    return area, influence


def _outranked_by_few(
    score: np.ndarray, places: np.ndarray, held: np.ndarray, lost: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return what `_outranked_by_many` does, pair by pair."""
    outranked, below = np.zeros(score.size), np.empty(places.size)
    for number, level in enumerate(score[places]):
        above = (score < level) + 0.5 * (score == level)
        outranked += held[number] * above
        below[number] = above @ lost
    return outranked, below


def _outranked_by_many(
    score: np.ndarray, places: np.ndarray, held: np.ndarray, lost: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the weight of the positives above each row, and of the negatives below each positive; ties count half."""
    order = np.argsort(score)
    ascending = score[order]
    sorted_places = np.argsort(score[places])
    levels, mass = score[places][sorted_places], np.concatenate([[0.0], np.cumsum(held[sorted_places])])
    # Looked up in order, neighbours are near each other in memory.
    left, right = np.empty((2, score.size), dtype=np.intp)
    left[order], right[order] = (np.searchsorted(levels, ascending, side=side) for side in ("left", "right"))
    below = np.cumsum(np.bincount(left, lost, mass.size)) + np.cumsum(np.bincount(right, lost, mass.size))
    return mass[-1] - 0.5 * (mass[left] + mass[right]), 0.5 * below[left[places]]
