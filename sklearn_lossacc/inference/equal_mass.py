"""Bins of equal mass, in which equal values stay together."""

from __future__ import annotations

import numpy as np

from sklearn_lossacc._numerics.points import TIE


def tied_levels(values: np.ndarray) -> np.ndarray:
    """Return the rank of each value among the distinct ones; values that differ by rounding only are equal.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        Not negative.

    Returns
    -------
    ndarray of intp of shape (n_rows,)
        0 for the smallest.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc.inference.equal_mass import tied_levels
    >>> tied_levels(np.array([0.9, 0.3, 0.1 + 0.2])).tolist()
    [1, 0, 0]
    """
    order = np.argsort(values)
    level = np.empty(values.size, dtype=np.intp)
    level[order] = np.cumsum(_new_levels(values[order])) - 1
    return level


def equal_mass_bins(values: np.ndarray, weight: np.ndarray, n_bins: int) -> np.ndarray:
    """Return the bin of each value among bins of equal weight.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        What to sort the rows by.
    weight : ndarray of shape (n_rows,)
        Row weights.
    n_bins : int
        Number of bins; some may stay empty.

    Returns
    -------
    ndarray of intp of shape (n_rows,)
        Equal values share a bin, the one at the middle of their mass: bins must not depend on the order of the rows,
        which may depend on the labels.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc.inference.equal_mass import equal_mass_bins
    >>> equal_mass_bins(np.array([0.1, 0.4, 0.4, 0.9]), np.ones(4), 2).tolist()
    [0, 1, 1, 1]
    """
    order = np.argsort(values)
    starts = np.flatnonzero(_new_levels(values[order]))
    mass_at = np.add.reduceat(weight[order], starts)
    middle = np.cumsum(mass_at) - 0.5 * mass_at
    of_level = np.minimum((n_bins * middle / mass_at.sum()).astype(np.intp), n_bins - 1)
    bins = np.empty(values.size, dtype=np.intp)
    bins[order] = np.repeat(of_level, np.diff(starts, append=values.size))
    return bins


def _new_levels(ascending: np.ndarray) -> np.ndarray:
    """Return where values in ascending order exceed those before them, by more than rounding."""
    new = np.empty(ascending.size, dtype=bool)
    new[:1] = True
    np.greater(ascending[1:] - ascending[:-1], TIE * ascending[1:], out=new[1:])
    return new
