"""How many rows stand behind a list of accuracies: the smallest number that makes them all counts."""

from __future__ import annotations

import numpy as np
from scipy.stats import binom

LARGEST = 200_000
CREDIBLE = 1e-4
MOST_OTHERS = 0.25  # share of values that may come from evaluations on other rows
FAR_APART = 20
COARSEST = 0.1  # of the distance between two counts
CHUNK = 4096


def read_sample_size(accuracies: np.ndarray, tolerance: np.ndarray) -> int | None:
    """Return the number of rows on which accuracies were measured, where they give it away.

    Parameters
    ----------
    accuracies : ndarray of shape (n_points,)
        Accuracies of one log.
    tolerance : ndarray of shape (n_points,)
        Rounding error of each.

    Returns
    -------
    int or None
        The number, of which the true one may be a multiple; None where the accuracies are too few or too coarsely
        rounded to tell, or are no counts at all.

    Notes
    -----
    Sought is the smallest n with every n a_i within n t_i of a whole number. An unrelated n passes for one value with
    probability 2 n t_i; the answer is given only if an unrelated n up to it would explain as many values with
    probability below 1e-4, and if values are written ten times finer than counts lie apart (n t_i <= .1): rounded
    values lie on a grid of their own, which can resonate with that of the counts. Where a far smaller n explains at
    least three quarters of the values, the others were measured on other rows, and the smaller one is returned.

    Examples
    --------
    >>> import numpy as np
    >>> values = np.array([100, 117, 123, 131, 140]) / 187
    >>> read_sample_size(values, np.full(5, 1e-8))
    187
    >>> read_sample_size(np.array([0.61, 0.62, 0.70]), np.full(3, 0.005)) is None
    True
    """
    inside = (accuracies > 0.0) & (accuracies < 1.0)
    values, first = np.unique(accuracies[inside], return_index=True)
    spread = tolerance[inside][first]
    if not values.size:
        return None
    most_of_them: int | None = None
    largest = int(min(LARGEST, COARSEST / max(float(spread.max()), 1e-12)))
    for start in range(1, largest + 1, CHUNK):
        n = np.arange(start, min(start + CHUNK, largest + 1), dtype=float)
        counts = n[:, None] * values
        fits = np.abs(counts - np.round(counts)) <= n[:, None] * spread + 1e-9
        explained = fits.sum(axis=1)
        if most_of_them is None:
            for row in np.flatnonzero(explained >= max(2, (1.0 - MOST_OTHERS) * values.size)):
                if _chance(int(n[row]), int(explained[row]), spread) < CREDIBLE:
                    most_of_them = int(n[row])
                    break
        whole = np.flatnonzero(explained == values.size)
        if whole.size:
            smallest = int(n[whole[0]])
            if most_of_them is not None and most_of_them * FAR_APART <= smallest:
                return most_of_them
            return smallest if _chance(smallest, values.size, spread) < CREDIBLE else None
    return most_of_them


def _chance(n: int, explained: int, spread: np.ndarray) -> float:
    """Return the expected count of unrelated numbers up to n that explain so many of the values."""
    passes = np.minimum(1.0, 2.0 * np.arange(1, n + 1) * float(spread.mean()))
    return float(binom.sf(explained - 1, spread.size, passes).sum())
