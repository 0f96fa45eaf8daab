"""Isotonic fits with one more row, of either label, at any score: all of them in one sweep."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_lossacc._numerics.blocks import row_blocks
from sklearn_lossacc._numerics.lookup import in_order
from sklearn_lossacc._numerics.minorant import minorant
from sklearn_lossacc._numerics.points import TIE, cumulated, pool_ties

__all__ = ["fit_venn_abers", "venn_abers_pair"]


SINGLE = 2.0**-18  # log odds, or share of them, that a score moves by at most where it passes through float32
FIRST_LOOK, LONGEST_LOOK = 64, 16384  # points compared at once: few where the value changes often
FEW_POINTS = 2**16  # up to here the changes are so close together that looking at one point after the other is faster

Line = tuple[float, float, float, float]
Sums = np.ndarray | range  # cumulated; weights are a range where each point is one row


def _first_of_few(x: Any, y: Any, begin: int, end: int, line: Line) -> int:
    """Return the first of the points begin..end-1 that lies below the line when moved by (-1, -1), or `end`."""
    left_x, left_y, run, rise = line
    left_x, left_y = left_x + 1.0, left_y + 1.0
    for place in range(begin, end):
        if (y[place] - left_y) * run < (x[place] - left_x) * rise:
            return place
    return end


def _part(sums: Sums, begin: int, stop: int) -> np.ndarray:
    """Return some of them as an array."""
    return np.arange(begin, stop) if isinstance(sums, range) else sums[begin:stop]


def _mirrored(sums: np.ndarray) -> np.ndarray:
    """Return what stands behind each point, from the last one on, in the memory of what stands before it."""
    return np.subtract(sums[-1:].copy(), sums, out=sums)[::-1]


def _first_of_many(x: Sums, y: np.ndarray, begin: int, end: int, line: Line) -> int:
    """Do the same for arrays."""
    left_x, left_y, run, rise = line
    size = FIRST_LOOK
    while begin < end:
        stop = min(begin + size, end)
        below = (y[begin:stop] - (1.0 + left_y)) * run < (_part(x, begin, stop) - (1.0 + left_x)) * rise
        place = int(below.argmax())
        if below[place]:
            return begin + place
        begin, size = stop, min(4 * size, LONGEST_LOOK)
    return end


def _with_one_more_hit(x: Sums, y: np.ndarray, corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fit isotonically with one more hit at point i; return where its value there changes, and the values.

    The fit is the slope of the greatest convex minorant of the points P_i = (x_i, y_i), cumulated weight and cumulated
    hits, 0 to begin with. Its corners are given.
    One more hit at i moves all earlier points by (-1, -1) relative to the later ones, and the slope looked for is
    that of the tangent between the two. From i to i + 1 only P_i changes sides. The tangent stays unless P_i comes
    to lie below it, or was the point where it touched the later ones; and it turns one way only, so that each
    corner is passed once.
    """
    corner_x = corners.tolist() if isinstance(x, range) else x[corners].tolist()
    corner_y, corners = y[corners].tolist(), corners.tolist()
    changes, values = [], []
    last = len(corners) - 1
    n_points = len(x) - 1
    few = n_points <= FEW_POINTS
    first_below = _first_of_few if few else _first_of_many
    points_x = x.tolist() if few and not isinstance(x, range) else x
    points_y = y.tolist() if few else y
    at = 1  # the corner where the tangent touches the later points
    i = 0
    while i < n_points:
        left_x, left_y = float(points_x[i]) - 1.0, float(points_y[i]) - 1.0
        run, rise = corner_x[at] - left_x, corner_y[at] - left_y
        while at < last:
            next_run, next_rise = corner_x[at + 1] - left_x, corner_y[at + 1] - left_y
            if next_rise * run > rise * next_run:
                break
            at, run, rise = at + 1, next_run, next_rise
        changes.append(i)
        values.append(rise / run)
        i = first_below(points_x, points_y, i + 1, corners[at], (left_x, left_y, run, rise))
        at += i == corners[at]
    return np.array(changes), np.array(values)


def _rounding(knots: np.ndarray, at: np.ndarray, step: int) -> np.ndarray:
    """Return how far from some knots, up (step 1) or down (-1), a score is still theirs: never half way to the next."""
    beside = at + step
    inner = (beside >= 0) & (beside < len(knots))
    gap = np.where(inner, np.abs(knots[np.where(inner, beside, at)] - knots[at]), np.inf)
    size = np.abs(knots[at])
    return np.maximum(2 * TIE * size, np.minimum(SINGLE * np.maximum(size, 1.0), gap / 3.0))


def fit_venn_abers(
    x: np.ndarray, hit: np.ndarray, weight: np.ndarray | None = None, *, overwrite: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Prepare the two isotonic fits that a further row of unknown label would lead to.

    Parameters
    ----------
    x : ndarray of shape (n_rows,)
        Scores. Rows of equal score, up to rounding, are pooled.
    hit : ndarray of bool of shape (n_rows,)
        The labels.
    weight : ndarray of shape (n_rows,) or None
        Non-negative weights, not all 0; a weight k is the row repeated k times.
    overwrite : bool, default=False
        Whether `x` is no longer needed. It saves memory.

    Returns
    -------
    edges : ndarray of shape (n_edges,)
        Scores where one of the two values changes, sorted.
    lower, upper : ndarray of shape (n_edges + 1,)
        From one edge on to the next: the value of the fit at a further row of label 0, and at one of label 1.

    Notes
    -----
    A further hit between two scores is pooled with the score above, if with any: it stands where it would stand
    there. Above all scores it stays alone, at 1. A miss does the same downward.

    A further row whose score is that of others up to the rounding of float32 is one of them: shares of votes, of
    which there are few, would otherwise have other values after an export.

    Sorting apart, the time is linear in the number of rows; the values change at about n ** .5 scores.

    References
    ----------
    V. Vovk, I. Petej, V. Fedorova, "Large-Scale Probabilistic Predictors With and Without Guarantees of
    Validity", NeurIPS 2015.

    Examples
    --------
    Two rows at one score, one hit: a third row makes it one of three, or two of three; below it the third row would
    be alone if it is a miss, above it if it is a hit.

    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.venn_abers import fit_venn_abers
    >>> edges, lower, upper = fit_venn_abers(np.ones(2), np.array([False, True]))
    >>> print(lower.round(4), upper.round(4))
    [0.     0.3333 0.3333] [0.6667 0.6667 1.    ]
    """
    points = pool_ties(x, hit, weight, overwrite=overwrite)
    knots = points.x
    corners = np.append(minorant(points)[0], len(knots))
    weights = range(len(knots) + 1) if points.total is None else cumulated(points.total, len(knots))
    points = points._replace(total=None)  # for its memory
    hits = cumulated(points.sums, len(knots))
    del points
    # a hit stands with the knot above it: its value lasts up to the last knot that has it
    change, upper = _with_one_more_hit(weights, hits, corners)
    last = np.append(change[1:], len(knots)) - 1
    above = np.nextafter(knots[last] + _rounding(knots, last, 1), np.inf)
    # a miss is a hit in the mirror
    misses = hits
    for rows in row_blocks(len(hits), 1):
        misses[rows] = _part(weights, rows.start, rows.stop) - hits[rows]
    weights = weights if isinstance(weights, range) else _mirrored(weights)
    change, mirrored = _with_one_more_hit(weights, _mirrored(misses), len(knots) - corners[::-1])
    last = len(knots) - np.append(change[1:], len(knots))
    below = (knots[last] - _rounding(knots, last, -1))[::-1]
    edges = np.unique(np.concatenate([below, above]))
    pieces = np.concatenate([[-np.inf], edges])
    lower = np.append(0.0, 1.0 - mirrored[::-1])[np.searchsorted(below, pieces, side="right")]
    return edges, lower, np.append(upper, 1.0)[np.searchsorted(above, pieces, side="right")]


def venn_abers_pair(
    x: np.ndarray, edges: np.ndarray, lower: np.ndarray, upper: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Look up both fits for new rows.

    Parameters
    ----------
    x : ndarray of shape (n_rows,)
        Scores.
    edges, lower, upper : ndarray
        From `fit_venn_abers`.

    Returns
    -------
    p0, p1 : ndarray of shape (n_rows,)
        Value at x of the fit to all rows and (x, 0), and to all rows and (x, 1).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.venn_abers import fit_venn_abers, venn_abers_pair
    >>> fit = fit_venn_abers(np.array([1.0, 2.0]), np.array([False, True]))
    >>> p0, p1 = venn_abers_pair(np.array([0.0, 1.5]), *fit)
    >>> print(p0, p1)
    [0. 0.] [0.5 1. ]
    """
    place = in_order(lambda ordered: np.searchsorted(edges, ordered, side="right"), x)
    return lower[place], upper[place]
