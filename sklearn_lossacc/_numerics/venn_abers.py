"""Isotonic fits with one more row, of either label, at any score: all of them in one sweep."""

from __future__ import annotations

import numpy as np
from scipy.optimize import isotonic_regression

from sklearn_lossacc._numerics.isotonic import TIE, pool_ties

__all__ = ["fit_venn_abers", "venn_abers_pair"]


def _with_one_more_hit(mean: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Fit isotonically with one more hit at point i; return the value there, for each i.

    The fit is the slope of the greatest convex minorant of the points P_i = (cumulated weight, cumulated hits).
    One more hit at i moves all earlier points by (-1, -1) relative to the later ones, and the slope looked for is
    that of the tangent between the two. From i to i + 1 only P_i changes sides, and the tangent turns one way only,
    so that each corner is passed once.
    """
    x = np.concatenate([[0.0], np.cumsum(total)]).tolist()
    y = np.concatenate([[0.0], np.cumsum(total * mean)]).tolist()
    corners = isotonic_regression(mean, weights=total).blocks.tolist()
    value = np.empty(len(mean))
    last = len(corners) - 1
    at = 0  # the corner where the tangent touches the later points
    left_x = left_y = right_x = right_y = 0.0
    for i in range(len(mean)):
        moved_x, moved_y = x[i] - 1.0, y[i] - 1.0
        leaves = corners[at] == i
        if leaves or (moved_y - left_y) * (right_x - left_x) < (right_y - left_y) * (moved_x - left_x):
            left_x, left_y = moved_x, moved_y
            at += leaves
            right_x, right_y = x[corners[at]], y[corners[at]]
            while at < last:
                next_x, next_y = x[corners[at + 1]], y[corners[at + 1]]
                if (next_y - left_y) * (right_x - left_x) > (right_y - left_y) * (next_x - left_x):
                    break
                at, right_x, right_y = at + 1, next_x, next_y
        value[i] = (right_y - left_y) / (right_x - left_x)
    return value


def fit_venn_abers(
    x: np.ndarray, hit: np.ndarray, weight: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Prepare the two isotonic fits that a further row of unknown label would lead to.

    Parameters
    ----------
    x : ndarray of shape (n_rows,)
        Scores. Rows of equal score, up to rounding, are pooled.
    hit : ndarray of shape (n_rows,)
        0 or 1.
    weight : ndarray of shape (n_rows,) or None
        Non-negative weights, not all 0; a weight k is the row repeated k times.

    Returns
    -------
    knots : ndarray of shape (n_knots,)
        The distinct scores.
    lower, upper : ndarray of shape (n_knots,)
        Value of the fit at each knot with one more row there, of label 0 and of label 1.

    Notes
    -----
    Sorting apart, the time is linear in the number of rows.

    References
    ----------
    V. Vovk, I. Petej, V. Fedorova, "Large-Scale Probabilistic Predictors With and Without Guarantees of
    Validity", NeurIPS 2015.

    Examples
    --------
    Two rows at one score, one hit: a third row makes it one of three, or two of three.

    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.venn_abers import fit_venn_abers
    >>> knots, lower, upper = fit_venn_abers(np.zeros(2), np.array([0.0, 1.0]))
    >>> print(lower.round(4), upper.round(4))
    [0.3333] [0.6667]
    """
    weight = np.ones(len(x)) if weight is None else weight
    knots, mean, total = pool_ties(x, hit, weight)
    upper = _with_one_more_hit(mean, total)
    lower = 1.0 - _with_one_more_hit(1.0 - mean[::-1], total[::-1])[::-1]
    return knots, lower, upper


def venn_abers_pair(
    x: np.ndarray, knots: np.ndarray, lower: np.ndarray, upper: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Look up both fits for new rows.

    Parameters
    ----------
    x : ndarray of shape (n_rows,)
        Scores.
    knots, lower, upper : ndarray of shape (n_knots,)
        From `fit_venn_abers`.

    Returns
    -------
    p0, p1 : ndarray of shape (n_rows,)
        Value at x of the fit to all rows and (x, 0), and to all rows and (x, 1).

    Notes
    -----
    A further hit between two knots is pooled with the knot above, if with any: with label 1 it stands where it
    would stand at that knot. Above all knots it stays alone, at 1. A miss does the same downward.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.venn_abers import fit_venn_abers, venn_abers_pair
    >>> fit = fit_venn_abers(np.array([1.0, 2.0]), np.array([0.0, 1.0]))
    >>> p0, p1 = venn_abers_pair(np.array([0.0, 1.5]), *fit)
    >>> print(p0, p1)
    [0. 0.] [0.5 1. ]
    """
    slack = 2 * TIE * np.abs(x)
    above = np.searchsorted(knots, x - slack, side="left")
    below = np.searchsorted(knots, x + slack, side="right")
    return np.concatenate([[0.0], lower])[below], np.concatenate([upper, [1.0]])[above]
