"""The blocks of a monotone map: the sides of the greatest convex minorant of what has been summed.

Points that do not rise are pooled many at a time, which is where pooling adjacent violators would end as well: in a run
that nowhere rises every point violates the order with the mean of those before it.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import isotonic_regression

from sklearn_lossacc._numerics.blocks import row_blocks
from sklearn_lossacc._numerics.points import Points, summed

__all__ = ["minorant"]

_WORTHWHILE = 0.75  # pooling all that does not rise goes on while it leaves less than this


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
    >>> from sklearn_lossacc._numerics.minorant import minorant
    >>> from sklearn_lossacc._numerics.points import pool_ties
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
    sums, total = (summed(values, begin, n_points) for values in points[1:])
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
