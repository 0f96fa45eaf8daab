"""A unit for logits so large or so small that their powers are no numbers any more."""

from __future__ import annotations

import numpy as np

__all__ = ["in_unit"]

USUAL = 2.0**40  # spreads between its reciprocal and this are computed with as they are
SMALLEST = 2.0**-1000  # so that a beta in it is a number still
SAMPLED_ROWS = 1024  # enough for a scale


def in_unit(logits: np.ndarray) -> tuple[np.ndarray, float]:
    """Divide logits by a power of two that is about their spread, if that is far from what logits have.

    Parameters
    ----------
    logits : ndarray of shape (n_rows, n_classes) or (n_rows,)
        Finite; one dimension holds those of the second class of a binary problem.

    Returns
    -------
    logits : ndarray of the same shape
        The same array where the unit is 1, else a copy in float64.
    unit : float
        1 unless nine tenths of the rows have a spread, from the smallest to the largest logit, beyond 2**40 or below
        2**-40 (rows of equal logits do not count). Then a power of two near the spread of the tenth nearest to 1.

    Notes
    -----
    A temperature T of the logits divided is T times the unit of the logits. Nothing is rounded, as long as no logit is
    some 2**1000 times smaller than another one.

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
    spread = np.abs(some) if some.ndim == 1 else some.max(axis=1) - some.min(axis=1)
    spread = spread[spread > 0]
    low, high = np.quantile(spread, [0.1, 0.9]) if spread.size else (1.0, 1.0)
    if low <= USUAL and high >= 1.0 / USUAL:
        return logits, 1.0
    unit = max(float(2.0 ** np.floor(np.log2(low if low > USUAL else high))), SMALLEST)
    return np.asarray(logits, dtype=np.float64) / unit, unit
