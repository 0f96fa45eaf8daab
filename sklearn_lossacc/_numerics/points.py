"""Rows pooled by their scores.

Rows without weights carry their labels in the last bit of their scores, so that one sort in place does for both.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sklearn_lossacc._numerics.blocks import row_blocks

__all__ = [
    "SAME_PLACE",
    "SMALLEST_SCALE",
    "TIE",
    "Points",
    "condensed",
    "cumulated",
    "moments_of",
    "pool_ties",
    "summed",
]

TIE = 1e-12  # scores that differ by rounding only, as p and p / (p + (1 - p)) do, are equal
SMALLEST_SCALE = 1e-290  # nor do slopes between scores that are nearer to each other than 1e-302 fit into a float
SAME_PLACE = 2e-3  # nats: probabilities of a row sum to 1 within 1e-3
_LAST_BIT = np.int64(1)


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
    >>> from sklearn_lossacc._numerics.points import pool_ties
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
    >>> from sklearn_lossacc._numerics.points import cumulated
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


def summed(values: np.ndarray | None, begin: np.ndarray, n_points: int) -> np.ndarray:
    """Add up each block of values.

    Parameters
    ----------
    values : ndarray of shape (n_points,) or None
        Of `Points`; None stands for ones.
    begin : ndarray of int of shape (n_blocks,)
        The first point of each block.
    n_points : int
        Number of points.

    Returns
    -------
    ndarray of shape (n_blocks,), float64
        One sum a block.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.points import summed
    >>> summed(np.array([True, False, True]), np.array([0, 1]), 3)
    array([1., 1.])
    """
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


def moments_of(points: Points, begin: np.ndarray) -> np.ndarray:
    """Add up weight times score in each block.

    Parameters
    ----------
    points : Points
        Their scores are used up.
    begin : ndarray of int of shape (n_blocks,)
        The first point of each block.

    Returns
    -------
    ndarray of shape (n_blocks,)
        One sum a block.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.points import Points, moments_of
    >>> moments_of(Points(np.array([1.0, 4.0]), np.zeros(2), np.array([2.0, 3.0])), np.array([0]))
    array([14.])
    """
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
    >>> from sklearn_lossacc._numerics.points import condensed, pool_ties
    >>> condensed(pool_ties(np.array([0.5, 0.75, 1.5]), np.array([False, True, True])), 1.0)
    Points(x=array([0.625, 1.5  ]), sums=array([1., 1.]), total=array([2., 1.]))
    """
    n_points = len(points.x)
    new = np.ones(n_points, dtype=bool)
    for rows in row_blocks(n_points - 1, 1):
        cell = np.floor(points.x[rows.start : rows.stop + 1] / width)
        np.not_equal(cell[1:], cell[:-1], out=new[rows.start + 1 : rows.stop + 1])
    begin = np.flatnonzero(new)
    sums, total = (summed(values, begin, n_points) for values in points[1:])
    return Points(moments_of(points, begin) / total, sums, total)
