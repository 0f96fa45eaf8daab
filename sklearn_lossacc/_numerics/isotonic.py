"""A monotone map from scores to probabilities: weighted least squares by pooling adjacent violators.

Rows without weights carry their labels in the last bit of their scores, so that one sort in place does for both. Points
that do not rise are pooled many at a time, which is where pooling adjacent violators would end as well: in a run that
nowhere rises every point violates the order with the mean of those before it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import isotonic_regression

from sklearn_lossacc._numerics.blocks import row_blocks

__all__ = ["TIE", "Points", "condensed", "cumulated", "fit_isotonic", "minorant", "pool_ties"]

TIE = 1e-12  # scores that differ by rounding only, as p and p / (p + (1 - p)) do, are equal
SMALLEST_SCALE = 1e-290  # nor do slopes between scores that are nearer to each other than 1e-302 fit into a float
SAME_PLACE = 2e-3  # nats: probabilities of a row sum to 1 within 1e-3
_LAST_BIT = np.int64(1)
_WORTHWHILE = 0.75  # pooling all that does not rise goes on while it leaves less than this


class Points(NamedTuple):
    """Rows pooled by their scores.

    Attributes
    ----------
    x : ndarray of shape (n_points,)
        The distinct scores of positive weight, sorted.
    sums : ndarray of shape (n_points,)
        Sum of weight times target at each.
    total : ndarray of shape (n_points,) or None
        Sum of weights at each; None where each is one row.
    """

    x: np.ndarray
    sums: np.ndarray
    total: np.ndarray | None

    def mean(self, where: slice = slice(None)) -> np.ndarray:
        """Compute the weighted means of the targets.

        Parameters
        ----------
        where : slice, default=slice(None)
            Which points.

        Returns
        -------
        ndarray
            One a point.
        """
        if self.total is None:
            return self.sums[where]
        return np.divide(self.sums[where], self.total[where], dtype=np.float64)

    def weights(self, where: slice = slice(None)) -> np.ndarray:
        """Return the sums of weights, also where each is one row.

        Parameters
        ----------
        where : slice, default=slice(None)
            Which points.

        Returns
        -------
        ndarray
            Positive, one a point.
        """
        return np.ones(len(self.x[where])) if self.total is None else self.total[where]


def _sort_with_hits(x: np.ndarray, hit: np.ndarray) -> np.ndarray:
    """Sort the scores in place, up to their last bit; return the hits in the same order."""
    bits = x.view(np.int64)
    for rows in row_blocks(len(x), 1):
        bits[rows] &= ~_LAST_BIT
        bits[rows] |= hit[rows]
    x.sort()
    hit = np.empty(len(x), dtype=bool)
    for rows in row_blocks(len(x), 1):
        hit[rows] = bits[rows] & _LAST_BIT
        bits[rows] &= ~_LAST_BIT
    return hit


def _distinct(x: np.ndarray) -> tuple[np.ndarray, int]:
    """Return which of the sorted scores are larger than the one before, and how many share a score at most."""
    new = np.ones(len(x), dtype=bool)
    longest = last = 0
    for rows in row_blocks(len(x) - 1, 1):
        right = x[rows.start + 1 : rows.stop + 1]
        apart = TIE * np.maximum(np.abs(right), SMALLEST_SCALE)
        larger = np.greater(right - x[rows], apart, out=new[rows.start + 1 : rows.stop + 1])
        begins = np.flatnonzero(larger) + rows.start + 1
        longest = max(longest, int(np.diff(begins, prepend=last).max(initial=0)))
        last = begins[-1] if len(begins) else last
    return new, max(longest, len(x) - last)


def pool_ties(
    x: np.ndarray, target: np.ndarray, weight: np.ndarray | None = None, *, overwrite: bool = False
) -> Points:
    """Pool rows of equal score.

    Parameters
    ----------
    x : ndarray of shape (n_rows,)
        Scores. Those closer than rounding are one.
    target : ndarray of shape (n_rows,)
        What to sum; booleans for labels.
    weight : ndarray of shape (n_rows,), optional
        Non-negative weights, not all 0; without it each row counts once.
    overwrite : bool, default=False
        Whether `x` is no longer needed. It saves memory.

    Returns
    -------
    Points
        One for each distinct score.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.isotonic import pool_ties
    >>> pool_ties(np.array([2.0, 1.0, 2.0]), np.array([0.0, 1.0, 1.0]), np.ones(3))
    Points(x=array([1., 2.]), sums=array([1., 1.]), total=array([1., 2.]))
    """
    if weight is not None and not (kept := weight > 0).all():
        x, target, weight = x[kept], target[kept], weight[kept]
    if weight is None and target.dtype == bool:
        x = np.array(x, dtype=np.float64, copy=None if overwrite else True)
        sums = _sort_with_hits(x, target)
    else:
        order = np.argsort(x)  # ties need no order, and the stable sort is five times slower
        x, sums = x[order], target[order].astype(np.float64, copy=False)
        if weight is not None:
            weight = weight[order]
            sums = sums * weight
    new, longest = _distinct(x)
    n_points = int(np.count_nonzero(new))
    if n_points == len(x):
        return Points(x, sums, weight)
    count = np.min_scalar_type(longest)  # few rows share a score, mostly
    pooled = np.zeros(n_points, dtype=count if sums.dtype == bool else np.float64)
    total = np.zeros(n_points, dtype=count if weight is None else np.float64)
    last = -1
    for rows in row_blocks(len(x), 1):
        point = last + np.cumsum(new[rows])
        here, inner = slice(point[0], point[-1] + 1), point - point[0]
        pooled[here] += np.bincount(inner, weights=sums[rows]).astype(pooled.dtype)
        total[here] += np.bincount(inner, weights=None if weight is None else weight[rows]).astype(total.dtype)
        x[last + 1 : point[-1] + 1] = x[rows][new[rows]]
        last = point[-1]
    return Points(x[:n_points], pooled, total)


def cumulated(values: np.ndarray | None, n_points: int) -> np.ndarray:
    """Add up what stands before each point, and before the end.

    Parameters
    ----------
    values : ndarray of shape (n_points,) or None
        Of `Points`; None stands for ones.
    n_points : int
        Number of points.

    Returns
    -------
    ndarray of shape (n_points + 1,)
        Integers where the values are.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.isotonic import cumulated
    >>> cumulated(np.array([True, False, True]), 3)
    array([0, 1, 1, 2], dtype=int32)
    """
    most = n_points if values is None or values.dtype == bool else int(values.sum())
    integer = np.int32 if most < 2**31 else np.int64
    if values is None:
        return np.arange(n_points + 1, dtype=integer)
    sums = np.zeros(n_points + 1, dtype=values.dtype if values.dtype.kind == "f" else integer)
    for rows in row_blocks(n_points, 1):  # a whole array of another type would be copied
        after = sums[rows.start + 1 : rows.stop + 1]
        np.cumsum(values[rows], out=after, dtype=sums.dtype)
        after += sums[rows.start]
    return sums


def _summed(values: np.ndarray | None, begin: np.ndarray, n_points: int) -> np.ndarray:
    """Add up each block of values, or of as many ones, in float64."""
    sums = np.zeros(len(begin))
    if values is None:
        np.subtract(begin[1:], begin[:-1], out=sums[:-1])
        sums[-1] = n_points - begin[-1]
        return sums
    dtype = values.dtype if values.dtype.kind == "f" else np.int64
    for rows in row_blocks(n_points, 1):  # reduceat copies what it has to convert
        first, last = np.searchsorted(begin, [rows.start + 1, rows.stop])
        blocks = slice(first - 1, last)  # the first of them may have begun before
        sums[blocks] += np.add.reduceat(values[rows], np.maximum(begin[blocks] - rows.start, 0), dtype=dtype)
    return sums


def _moments(points: Points, begin: np.ndarray) -> np.ndarray:
    """Add up weight times score in each block; the scores are used up."""
    moments = points.x if points.total is None else np.multiply(points.x, points.total, out=points.x)
    return np.add.reduceat(moments, begin)


def condensed(points: Points, width: float) -> Points:
    """Pool neighbouring scores at their mean.

    Parameters
    ----------
    points : Points
        From `pool_ties`; used up.
    width : float
        Those between two neighbouring multiples of it become one.

    Returns
    -------
    Points
        At most as many, with the same total weight, hits and mean score.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.isotonic import condensed, pool_ties
    >>> condensed(pool_ties(np.array([0.5, 0.75, 1.5]), np.array([False, True, True])), 1.0)
    Points(x=array([0.625, 1.5  ]), sums=array([1., 1.]), total=array([2., 1.]))
    """
    n_points = len(points.x)
    new = np.ones(n_points, dtype=bool)
    for rows in row_blocks(n_points - 1, 1):
        cell = np.floor(points.x[rows.start : rows.stop + 1] / width)
        np.not_equal(cell[1:], cell[:-1], out=new[rows.start + 1 : rows.stop + 1])
    begin = np.flatnonzero(new)
    sums, total = (_summed(values, begin, n_points) for values in points[1:])
    return Points(_moments(points, begin) / total, sums, total)


def minorant(points: Points, prior: float | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the blocks of equal value of the isotonic fit: the sides of the greatest convex minorant.

    Parameters
    ----------
    points : Points
        From `pool_ties`.
    prior : float between 0 and 1, or None
        When given, one further observation of this value stands at the first point and one at the last.

    Returns
    -------
    begin : ndarray of int of shape (n_blocks,)
        The first point of each block.
    sums, total : ndarray of shape (n_blocks,)
        Sum of weight times target and of weights in each block; their ratio rises from block to block.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.isotonic import minorant, pool_ties
    >>> minorant(pool_ties(np.arange(4.0), np.array([False, True, False, True])))
    (array([0, 1, 3]), array([0., 1., 1.]), array([1., 2., 1.]))
    """
    n_points = len(points.x)
    rises = np.ones(n_points, dtype=bool)
    for here in row_blocks(n_points - 1, 1):
        mean = points.mean(slice(here.start, here.stop + 1))
        rises[here.start + 1 : here.stop + 1] = mean[1:] > mean[:-1]
    if prior is not None:  # the first and the last point are not what they were
        rises[1:2] = rises[-1:] = True
    begin = np.flatnonzero(rises)
    del rises
    sums, total = (_summed(values, begin, n_points) for values in points[1:])
    if prior is not None:
        for end in (0, -1):
            sums[end] += prior
            total[end] += 1.0
    while True:
        mean = sums / total
        kept = np.flatnonzero(np.append(True, mean[1:] > mean[:-1]))
        if len(kept) == len(begin):
            return begin, sums, total
        if len(kept) > _WORTHWHILE * len(begin):
            kept = isotonic_regression(mean, weights=total).blocks[:-1]
        begin, sums, total = begin[kept], np.add.reduceat(sums, kept), np.add.reduceat(total, kept)


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
    points = pool_ties(x, np.asarray(target), weight, overwrite=overwrite)
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
    moments = _moments(points, begin)
    if prior is not None:
        for end in (0, -1):
            moments[end] += ends[end]
    # rounding may put the mean of equal points beside them
    return np.clip(moments / total, first_x, last_x), values
