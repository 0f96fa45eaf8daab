"""Rank statistics with weights."""

from __future__ import annotations

import numpy as np

from sklearn_lossacc._numerics import row_blocks

FEW_POSITIVES = 8  # compared with every row faster than all rows are sorted


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
    outranked, below = _outranked(score, places, held, lost)
    area = float(lost @ outranked) / (of_positives * of_negatives)
    influence = lost * (outranked / of_positives - area) / of_negatives
    influence[places] = held * (below / of_negatives - area) / of_positives
    return area, influence


def macro_influence(
    score: np.ndarray, y: np.ndarray, weight: np.ndarray, columns: np.ndarray
) -> tuple[float, np.ndarray]:
    """Return the mean over classes of the area under the ROC curve of each against the rest, and of the influences.

    Parameters
    ----------
    score : ndarray of shape (n_rows, n_classes)
        Larger means more likely of that class.
    y : ndarray of int of shape (n_rows,)
        Columns of the labels.
    weight : ndarray of shape (n_rows,)
        Row weights.
    columns : ndarray of int of shape (m,)
        Classes to take the mean of.

    Returns
    -------
    area : float
        Mean of what `roc_influence` returns for each; NaN if one of them has no rows, or all.
    influence : ndarray of shape (n_rows,)
        Likewise.

    Examples
    --------
    >>> score = np.array([[0.9, 0.1], [0.7, 0.3], [0.8, 0.2]])
    >>> area, influence = macro_influence(score, np.array([0, 0, 1]), np.ones(3), np.array([0, 1]))
    >>> area, influence.tolist()
    (0.5, [0.25, -0.25, 0.0])
    """
    few = np.bincount(y, minlength=score.shape[1])[columns] <= FEW_POSITIVES
    area, influence = 0.0, np.zeros(len(y))
    if few.any():
        area, influence = _influence_of_few(score, y, weight, columns[few])
    for column in columns[~few]:
        one, of_rows = roc_influence(score[:, column], y == column, weight)
        area += one
        influence += of_rows
    return area / len(columns), influence / len(columns)


def _influence_of_few(
    score: np.ndarray, y: np.ndarray, weight: np.ndarray, columns: np.ndarray
) -> tuple[float, np.ndarray]:
    """Return sums over classes of few rows, each of which is compared with all rows, whatever its class."""
    n_rows, n_classes = score.shape
    mass = np.bincount(y, weight, n_classes)[columns]
    rest = weight.sum() - mass
    with np.errstate(divide="ignore", invalid="ignore"):
        per_pair = np.where(mass * rest > 0, 1.0 / (mass * rest), np.nan)
    number = np.full(n_classes, -1)
    number[columns] = np.arange(len(columns))
    places = np.flatnonzero(number[y] >= 0)
    below, lost = np.empty(len(places)), np.zeros(n_rows)
    for block in row_blocks(len(places), n_rows):
        rows = places[block]
        scores, level = score[:, y[rows]], score[rows, y[rows]]
        above = (scores < level) + 0.5 * (scores == level)
        above[y[:, np.newaxis] == y[rows]] = 0.0
        below[block] = weight @ above
        lost += above @ (weight[rows] * per_pair[number[y[rows]]])
    of = number[y[places]]
    areas = np.bincount(of, weight[places] * below, len(columns)) * per_pair
    usual = areas / rest
    influence = weight * (lost - usual.sum() + np.where(number[y] >= 0, usual[number[y]], 0.0))
    influence[places] += weight[places] * (below / rest[of] - areas[of]) / mass[of]
    return float(areas.sum()), influence


def _outranked(
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
