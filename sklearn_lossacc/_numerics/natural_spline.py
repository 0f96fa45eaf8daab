"""Natural cubic splines through given values, with their curvature."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CubicSpline

from sklearn_lossacc._numerics.isotonic import Points, cumulated

__all__ = ["curvature", "natural_spline", "spline_basis", "spline_pieces", "spread_knots"]


def spread_knots(points: Points, n_knots: int) -> np.ndarray:
    """Place knots where the rows are.

    Parameters
    ----------
    points : Points
        Rows pooled by their positions, from `pool_ties`.
    n_knots : int
        Wanted number, at least 2.

    Returns
    -------
    ndarray of shape (m,), 2 <= m <= n_knots
        Increasing: weighted quantiles at equal steps from .02 to .98, without those that nearly coincide. If all
        rows are in one place, one step to both sides of it.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.isotonic import pool_ties
    >>> from sklearn_lossacc._numerics.natural_spline import spread_knots
    >>> spread_knots(pool_ties(np.arange(101.0), np.zeros(101, dtype=bool)), 3).round(1)
    array([ 1.5, 50. , 98.5])
    """
    before = cumulated(points.total, len(points.x))
    knots = np.empty(n_knots)
    for place, wanted in enumerate(np.linspace(0.02, 0.98, n_knots) * before[-1]):
        # each point stands in the middle of its weight; those beside the one that holds the quantile are enough
        sought = wanted if before.dtype.kind == "f" else before.dtype.type(np.ceil(wanted))  # else all is copied
        one = int(np.searchsorted(before, sought)) - 1
        near = slice(max(one - 1, 0), min(one + 2, len(points.x)))
        middle = before[near] + np.diff(before[near.start : near.stop + 1]) / 2.0
        knots[place] = np.interp(wanted, middle, points.x[near])
    # two knots closer than this would let the curve turn within a few rows
    apart = 0.01 * (knots[-1] - knots[0])
    if apart <= 1e-6:
        return np.array([knots[0] - 1.0, knots[-1] + 1.0])
    centre = (len(knots) - 1) / 2.0
    kept = [0, len(knots) - 1]
    # from the ends inward, so that mirrored data get mirrored knots
    for index in sorted(range(1, len(knots) - 1), key=lambda i: -abs(i - centre)):
        if np.abs(knots[kept] - knots[index]).min() > apart:
            kept.append(index)
    return knots[np.sort(kept)]


def natural_spline(x: np.ndarray, knots: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Evaluate natural cubic splines through given values.

    Parameters
    ----------
    x : ndarray of shape (n_rows,)
        Where.
    knots : ndarray of shape (n_knots,)
        Increasing, at least two.
    values : ndarray of shape (n_knots,) or (n_knots, n_splines)
        What the splines are at the knots.

    Returns
    -------
    ndarray of shape (n_rows,) or (n_rows, n_splines)
        Linear beyond the outermost knots.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.natural_spline import natural_spline
    >>> natural_spline(np.array([0.0, 1.0, 3.0]), np.array([0.0, 2.0]), np.array([0.0, 4.0]))
    array([0., 2., 6.])
    """

    def along(part: np.ndarray) -> np.ndarray:
        return part if values.ndim == 1 else part[:, np.newaxis]

    if len(knots) == 2:
        share = along((x - knots[0]) / (knots[1] - knots[0]))
        return (1.0 - share) * values[0] + share * values[1]
    spline = CubicSpline(knots, values, bc_type="natural")
    inside = np.clip(x, knots[0], knots[-1])
    result = spline(inside)
    outside = np.flatnonzero(inside != x)
    result[outside] += along((x - inside)[outside]) * spline(inside[outside], 1)
    return result


def spline_pieces(knots: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Write a natural cubic spline as polynomials.

    Parameters
    ----------
    knots : ndarray of shape (n_knots,)
        Increasing, at least two.
    values : ndarray of shape (n_knots,)
        What the spline is at the knots.

    Returns
    -------
    anchors : ndarray of shape (n_knots + 1,)
        Where the polynomials are developed: from the first knot to the left, between knots, from the last one on.
    coefficients : ndarray of shape (n_knots + 1, 4)
        c of c_0 + c_1 (x - a) + c_2 (x - a)^2 + c_3 (x - a)^3.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.natural_spline import spline_pieces
    >>> spline_pieces(np.array([0.0, 2.0]), np.array([0.0, 4.0]))[1][:, :2]
    array([[0., 2.],
           [0., 2.],
           [4., 2.]])
    """
    coefficients = np.zeros((len(knots) + 1, 4))
    if len(knots) == 2:
        coefficients[:, 1] = (values[1] - values[0]) / (knots[1] - knots[0])
    else:
        spline = CubicSpline(knots, values, bc_type="natural")
        coefficients[1:-1] = spline.c[::-1].T
        coefficients[[0, -1], 1] = spline(knots[[0, -1]], 1)
    coefficients[:, 0] = np.r_[values[0], values]
    return np.r_[knots[0], knots], coefficients


def spline_basis(x: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Evaluate the natural cubic splines that are 1 at one knot and 0 at the others.

    Parameters
    ----------
    x : ndarray of shape (n_rows,)
        Where.
    knots : ndarray of shape (n_knots,)
        Increasing, at least two.

    Returns
    -------
    ndarray of shape (n_rows, n_knots)
        Linear beyond the outermost knots. Rows sum to 1.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.natural_spline import spline_basis
    >>> spline_basis(np.array([0.0, 1.0, 3.0]), np.array([0.0, 2.0]))
    array([[ 1. ,  0. ],
           [ 0.5,  0.5],
           [-0.5,  1.5]])
    """
    return natural_spline(x, knots, np.eye(len(knots)))


def curvature(knots: np.ndarray) -> np.ndarray:
    """Compute the matrix of the integrated squared second derivative.

    Parameters
    ----------
    knots : ndarray of shape (n_knots,)
        Increasing, at least two.

    Returns
    -------
    ndarray of shape (n_knots, n_knots)
        S with g' S g = integral of f''^2, f the natural spline with values g at the knots. Straight lines have
        none.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.natural_spline import curvature
    >>> curvature(np.array([0.0, 1.0, 2.0]))  # (1, -2, 1) times itself and 3 / 2
    array([[ 1.5, -3. ,  1.5],
           [-3. ,  6. , -3. ],
           [ 1.5, -3. ,  1.5]])
    """
    if len(knots) == 2:
        return np.zeros((2, 2))
    second = CubicSpline(knots, np.eye(len(knots)), bc_type="natural")(knots, 2)
    second[[0, -1]] = 0.0
    # second derivatives are linear between knots
    gap = np.diff(knots)[:, np.newaxis, np.newaxis]
    left, right = second[:-1, :, np.newaxis], second[1:, :, np.newaxis]
    left_t, right_t = second[:-1, np.newaxis, :], second[1:, np.newaxis, :]
    pieces = gap / 6.0 * (2 * left * left_t + left * right_t + right * left_t + 2 * right * right_t)
    return pieces.sum(axis=0)
