"""A monotone map from scores to probabilities: weighted least squares by pooling adjacent violators."""

from __future__ import annotations

import numpy as np
from scipy.optimize import isotonic_regression

__all__ = ["TIE", "fit_isotonic", "pool_ties"]

TIE = 1e-12  # scores that differ by rounding only, as p and p / (p + (1 - p)) do, are equal
SMALLEST_SCALE = 1e-290  # nor do slopes between scores that are nearer to each other than 1e-302 fit into a float


def pool_ties(
    x: np.ndarray, target: np.ndarray, weight: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pool rows of equal score.

    Parameters
    ----------
    x : ndarray of shape (n_rows,)
        Scores.
    target : ndarray of shape (n_rows,)
        What to average.
    weight : ndarray of shape (n_rows,), optional
        Non-negative weights, not all 0; without it each row counts once.

    Returns
    -------
    points : ndarray of shape (n_points,)
        The distinct scores of positive weight, sorted; those closer than rounding are one.
    mean, total : ndarray of shape (n_points,)
        Weighted mean of the targets and sum of the weights at each.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.isotonic import pool_ties
    >>> pool_ties(np.array([2.0, 1.0, 2.0]), np.array([0.0, 1.0, 1.0]), np.ones(3))
    (array([1., 2.]), array([1. , 0.5]), array([1., 2.]))
    """
    if weight is not None and not (kept := weight > 0).all():
        x, target, weight = x[kept], target[kept], weight[kept]
    order = np.argsort(x)  # ties need no order, and the stable sort is five times slower
    x, target = x[order], target[order].astype(np.float64, copy=False)
    weight = None if weight is None else weight[order]
    new = x[1:] - x[:-1] > TIE * np.maximum(np.abs(x[1:]), SMALLEST_SCALE)
    if new.all():
        return x, target, np.ones(len(x)) if weight is None else weight
    first = np.concatenate([[0], np.flatnonzero(new) + 1])
    if weight is None:
        total = np.diff(first, append=len(x)).astype(np.float64)
    else:
        total, target = np.add.reduceat(weight, first), weight * target
    return x[first], np.add.reduceat(target, first) / total, total


def fit_isotonic(
    x: np.ndarray,
    target: np.ndarray,
    weight: np.ndarray | None = None,
    *,
    prior: float | None = None,
    centered: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Fit the non-decreasing function of x that is nearest to the targets in weighted least squares.

    Parameters
    ----------
    x : ndarray of shape (n_rows,)
        Scores. Rows of equal score, up to rounding, are pooled first, so that their order means nothing.
    target : ndarray of shape (n_rows,)
        What to fit, 0 or 1 for labels.
    weight : ndarray of shape (n_rows,) or None
        Non-negative weights, not all 0; a weight k is the row repeated k times.
    prior : float between 0 and 1, or None
        When given, one further observation of this value stands at the smallest score and one at the largest.
    centered : bool, default=False
        Whether a block of equal values becomes one knot at its weighted mean score, so that the function rises
        everywhere between the outermost blocks.

    Returns
    -------
    knots, values : ndarray of shape (n_knots,)
        Ends (or centres) of the pooled blocks and the value there. ``np.interp(x, knots, values)`` evaluates the
        function: it is constant within a block (if not centred) and beyond the ends, and linear between blocks.

    Notes
    -----
    With 0-1 targets the outermost blocks of a plain fit are exactly 0 and 1 and cost an infinite loss on the
    first exception. The two observations at the prior turn a lowest block of w rows without a hit into prior
    / (w + 1), the rule of succession, and the fit stays monotone, which smoothing the blocks afterwards would
    not.

    References
    ----------
    R. E. Barlow, D. J. Bartholomew, J. M. Bremner, H. D. Brunk, *Statistical Inference under Order
    Restrictions*, Wiley, 1972.

    A. P. Oron, N. Flournoy, "Centered Isotonic Regression: Point and Interval Estimation for Dose-Response
    Studies", *Statistics in Biopharmaceutical Research*, 2017.

    Examples
    --------
    The middle pair is in the wrong order and is pooled:

    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.isotonic import fit_isotonic
    >>> fit_isotonic(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.0, 1.0, 0.0, 1.0]))
    (array([1., 2., 3., 4.]), array([0. , 0.5, 0.5, 1. ]))
    >>> fit_isotonic(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.0, 0.0, 1.0, 1.0]), prior=0.5)[1].round(3)
    array([0.167, 0.167, 0.833, 0.833])
    >>> fit_isotonic(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.0, 1.0, 0.0, 1.0]), centered=True)
    (array([1. , 2.5, 4. ]), array([0. , 0.5, 1. ]))
    """
    points, mean, total = pool_ties(x, np.asarray(target), weight)
    if prior is not None:
        for end in (0, -1):
            mean[end] = (total[end] * mean[end] + prior) / (total[end] + 1.0)
            total[end] += 1.0
    fit = isotonic_regression(mean, weights=total)
    if centered:
        begin = fit.blocks[:-1]
        # rounding may put the mean of equal points beside them
        middle = np.add.reduceat(total * points, begin) / np.add.reduceat(total, begin)
        return np.clip(middle, points[begin], points[fit.blocks[1:] - 1]), fit.x[begin]
    first, last = fit.blocks[:-1], fit.blocks[1:] - 1
    ends = np.unique(np.concatenate([first, last]))
    return points[ends], fit.x[ends]
