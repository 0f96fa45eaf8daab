"""Rows pooled between the rows of a rare label: what a monotone map needs of the others, without sorting them."""

from __future__ import annotations

import numpy as np

from sklearn_lossacc._numerics.blocks import row_blocks
from sklearn_lossacc._numerics.grid import GridSearch
from sklearn_lossacc._numerics.points import SAME_PLACE, SMALLEST_SCALE, TIE, Points

__all__ = ["pool_between"]

RARE = 64  # rows for each that stands alone: finding the place of a row then takes less time than sorting it
NEARLY = 8.0  # times the rounding that makes scores equal: within it, rows must agree to the last digit


def _alone(x: np.ndarray, rare: np.ndarray, nowhere: tuple[float, float] | None) -> np.ndarray:
    """Return the distinct scores of the rows that stand alone, sorted."""
    lowest, highest = x.min(), x.max()
    parts = [x[rare], [lowest, highest]]
    if nowhere is not None:
        low, high = nowhere[0] + SAME_PLACE, nowhere[1] - SAME_PLACE
        if lowest < low:
            parts += [x[x < low], [x[x >= low].min(initial=highest)]]
        if highest > high:
            parts += [x[x > high], [x[x <= high].max(initial=lowest)]]
    return np.unique(np.concatenate(parts))


def pool_between(
    x: np.ndarray, hit: np.ndarray, weight: np.ndarray | None = None, nowhere: tuple[float, float] | None = None
) -> Points | None:
    """Pool rows of equal score, and those between two neighbouring rows of the rarer label at their mean.

    Parameters
    ----------
    x : ndarray of shape (n_rows,)
        Scores.
    hit : ndarray of shape (n_rows,), bool
        Labels.
    weight : ndarray of shape (n_rows,), optional
        Non-negative weights; without it each row counts once.
    nowhere : tuple of two floats, optional
        Scores that stand for "far out" on the left and on the right.

    Returns
    -------
    Points or None
        The pool-adjacent-violators blocks and the mean scores of these are those of the rows. None where that would not
        be quicker than sorting, or where scores are equal but for rounding.

    Notes
    -----
    A block of the fit begins or ends only where the label changes, so rows of one label without the other between them
    are never parted. At the ends stand the outermost rows, to which a prior observation may belong, and rows far out
    with the next one inward; they, too, are not pooled with others.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.rare_label import pool_between
    >>> x = np.arange(1000.0)
    >>> points = pool_between(x, x == 300)
    >>> points.x, points.sums, points.total
    (array([  0. , 150. , 300. , 649.5, 999. ]), array([0., 0., 1., 0., 0.]), array([  1., 299.,   1., 698.,   1.]))
    """
    hits_are_rare = 2 * np.count_nonzero(hit) <= len(hit)
    rare = hit if hits_are_rare else ~hit
    if RARE * np.count_nonzero(rare) > len(x):
        return None
    if weight is not None and not (kept := weight > 0).all():
        x, rare, weight = x[kept], rare[kept], weight[kept]
    alone = _alone(x, rare, nowhere)
    reach = NEARLY * TIE * np.maximum(np.abs(alone), SMALLEST_SCALE)
    begin, end = alone - reach, alone + reach
    if RARE * len(alone) > len(x) or (begin[1:] <= end[:-1]).any():
        return None
    search = GridSearch([np.stack([begin, end], axis=1).ravel()], (-1,))
    total, moments = np.zeros((2, 2 * len(alone)))  # in turn: at a score, and between it and the next
    for rows in row_blocks(len(x), 1):
        here, place = x[rows], search.find(x[rows])
        near = np.flatnonzero(place & 1 == 0)
        if (here[near] != alone[place[near] // 2]).any():
            return None
        mass = None if weight is None else weight[rows]
        total += np.bincount(place, weights=mass, minlength=len(total))
        moments += np.bincount(place, weights=here if mass is None else here * mass, minlength=len(total))
    mass = None if weight is None else weight[rare]
    sums = np.bincount(2 * np.searchsorted(alone, x[rare]), weights=mass, minlength=len(total)).astype(np.float64)
    if not hits_are_rare:
        sums = total - sums
    some = np.flatnonzero(total > 0)
    where = np.divide(moments, total, out=np.zeros(len(total)), where=total > 0)
    where[::2] = alone
    return Points(where[some], sums[some], total[some])
