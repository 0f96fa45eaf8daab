"""A monotone map from scores to probabilities: weighted least squares by pooling adjacent violators."""

from __future__ import annotations

import numpy as np

from sklearn_lossacc._numerics.cells import pool_cells
from sklearn_lossacc._numerics.minorant import minorant
from sklearn_lossacc._numerics.points import SAME_PLACE, moments_of, pool_ties
from sklearn_lossacc._numerics.rare_label import pool_between

__all__ = ["fit_isotonic"]


def _bring_in(x: np.ndarray, nowhere: tuple[float, float]) -> None:
    """Move sorted scores that stand for "far out", on the left and on the right, to the next one inward, in place."""
    low, high = (np.searchsorted(x, (place - SAME_PLACE, place + SAME_PLACE)) for place in nowhere)
    if low[1] < len(x):
        x[slice(*low)] = x[low[1]]
    if high[0] > 0:
        x[slice(*high)] = x[high[0] - 1]


def fit_isotonic(
    x: np.ndarray,
    target: np.ndarray,
    weight: np.ndarray | None = None,
    *,
    prior: float | None = None,
    centered: bool = False,
    nowhere: tuple[float, float] | None = None,
    overwrite: bool = False,
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
    nowhere : tuple of two floats, optional
        Scores that stand for "far out" on the left and on the right, without saying how far: for the centre of its
        block such a row is where the next one inward is.
    overwrite : bool, default=False
        Whether `x` is no longer needed. It saves memory.

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
    >>> x, target = np.array([-99.0, 1.0, 2.0, 3.0]), np.array([0.0, 0.0, 0.0, 1.0])
    >>> fit_isotonic(x, target, centered=True)[0], fit_isotonic(x, target, centered=True, nowhere=(-99.0, 99.0))[0]
    (array([-32.,   3.]), array([1.33333333, 3.        ]))
    """
    target = np.asarray(target)
    points = None
    if target.dtype == bool:
        if centered:
            points = pool_between(x, target, weight, nowhere)
        if points is None:
            points = pool_cells(x, target, weight, prior=prior, nowhere=nowhere, overwrite=overwrite)
    if points is None:
        points = pool_ties(x, target, weight, overwrite=overwrite)
    begin, sums, total = minorant(points, prior)
    values = sums / total
    last = np.append(begin[1:], len(points.x)) - 1
    first_x, last_x = points.x[begin], points.x[last]
    if not centered:
        several = last > begin
        place = np.cumsum(1 + several) - 1
        knots, repeated = np.empty(place[-1] + 1), np.repeat(values, 1 + several)
        knots[place - several], knots[place] = first_x, last_x
        return knots, repeated
    if nowhere is not None:
        _bring_in(points.x, nowhere)
    ends = points.x[[0, -1]]
    moments = moments_of(points, begin)
    if prior is not None:
        for end in (0, -1):
            moments[end] += ends[end]
    # rounding may put the mean of equal points beside them
    return np.clip(moments / total, first_x, last_x), values
