"""Natural cubic splines through given values, with their curvature."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CubicSpline

from sklearn_lossacc._numerics.points import Points, cumulated

__all__ = ["ends_and_bends", "natural_spline", "spline_pieces", "spread_knots"]


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
    >>> from sklearn_lossacc._numerics.points import pool_ties
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


def ends_and_bends(knots: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Describe natural cubic splines by where they end and how they bend in between.

    Parameters
    ----------
    knots : ndarray of shape (n_knots,)
        Increasing, at least two.

    Returns
    -------
    values : ndarray of shape (n_knots, n_knots)
        What the spline is at the knots (rows) for each coordinate (columns): its value at the first and at the last
        knot, then its second derivative at every knot between them.
    curvature : ndarray of shape (n_knots, n_knots)
        S with c' S c = integral of f''^2, f the spline with the coordinates c.

    Notes
    -----
    A straight line has no bends, whatever the rounding: in values at the knots its curvature would be a difference of
    large terms, which a stiff penalty multiplies.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.natural_spline import ends_and_bends
    >>> values, curvature = ends_and_bends(np.array([0.0, 1.0, 2.0]))
    >>> (values @ np.array([1.0, 5.0, 0.0])).round(3)
    array([1., 3., 5.])
    >>> values.T[2].round(3)  # f'' rises from 0 to 1 and falls again
    array([ 0.   , -0.333,  0.   ])
    >>> round(float(curvature[2, 2]), 3)  # twice the integral of x^2
    0.667
    """
    n_knots, gap = len(knots), np.diff(knots)
    coordinates = np.eye(n_knots)[[0, -1]]
    curvature = np.zeros((n_knots, n_knots))
    if n_knots > 2:
        bends = CubicSpline(knots, np.eye(n_knots), bc_type="natural")(knots[1:-1], 2)
        coordinates = np.concatenate([coordinates, bends])
        # second derivatives are linear between knots
        beside = np.diag(gap[1:-1] / 6.0, 1)
        curvature[2:, 2:] = np.diag((gap[:-1] + gap[1:]) / 3.0) + beside + beside.T
    return np.linalg.inv(coordinates), curvature
