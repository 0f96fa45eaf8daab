"""A unit for logits so large or so small that their powers are no numbers any more."""

from __future__ import annotations

import math

import numpy as np

__all__ = ["in_unit"]

USUAL = 2.0**40  # margins between its reciprocal and this are computed with as they are
SMALLEST = 2.0**-1000  # so that a beta in it is a number still
FARTHEST = 2.0**1000  # a logit beyond it is as far as any; the difference of two is a number still
SAMPLED_ROWS = 1024  # enough for a scale


def in_unit(logits: np.ndarray) -> tuple[np.ndarray, float]:
    """Divide logits by a power of two that is about their margin, if that is far from what logits have.

    Parameters
    ----------
    logits : ndarray of shape (n_rows, n_classes) or (n_rows,)
        Finite; one dimension holds those of the second class of a binary problem.

    Returns
    -------
    logits : ndarray of the same shape
        The same array where the unit is 1, else a copy in float64.
    unit : float
        1 unless nine tenths of the rows have a margin, from the second largest to the largest logit, beyond 2**40 or
        below 2**-40 (margins of 0 do not count). Then a power of two near that of the tenth nearest to 1. Classes that
        are masked by a far logit leave margins as they are.

    Notes
    -----
    A temperature T of the logits divided is T times the unit of the logits. Nothing is rounded, and only logits beyond
    2**1000 units are cut off there.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.score_unit import in_unit
    >>> in_unit(np.array([[0.0, 3.0]]))
    (array([[0., 3.]]), 1.0)
    >>> logits, unit = in_unit(np.array([[0.0, 3.0 * 2.0**200]]))
    >>> logits, unit == 2.0**201
    (array([[0. , 1.5]]), True)
    """
    some = np.asarray(logits[:: max(1, len(logits) // SAMPLED_ROWS)], dtype=np.float64)
    if some.ndim == 2:
        top = np.partition(some, -2, axis=1)[:, -2:]
        some = top[:, 1] - top[:, 0]
    margin = np.abs(some[some != 0])
    low, high = np.quantile(margin, [0.1, 0.9]) if margin.size else (1.0, 1.0)
    if low <= USUAL and high >= 1.0 / USUAL:
        return logits, 1.0
    power = math.frexp(low if low > USUAL else high)[1]
    unit = max(math.ldexp(1.0, power - 1), SMALLEST)
    with np.errstate(over="ignore"):
        divided = np.divide(logits, unit, dtype=np.float64)
    return np.clip(divided, -FARTHEST, FARTHEST, out=divided), unit
