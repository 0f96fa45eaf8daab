"""Cumulants of the scores of each row under its own weights, in the way that is fastest for few and for many classes.

To subtract the mean of a row from its scores takes longer than three products of all scores where rows are long, and
next to nothing where classes come first. So long rows get moments about 0, turned into cumulants for many rows at
once.
"""

from __future__ import annotations

import numpy as np

__all__ = ["column_cumulants", "cumulants_of_moments", "row_moments"]


def column_cumulants(scores: np.ndarray, mass: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Compute the cumulants of scores, each column by itself.

    Parameters
    ----------
    scores : ndarray of shape (k, n)
        The scores; overwritten.
    mass : ndarray of shape (k, n)
        What each of them weighs; overwritten.

    Returns
    -------
    total : ndarray of shape (n,)
        Sum of the masses.
    mean : ndarray of shape (n,)
        First cumulant.
    higher : list of four ndarrays of shape (n,)
        Second to fifth cumulant, not finite where a power has overflowed.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.cumulants import column_cumulants
    >>> total, mean, higher = column_cumulants(np.array([[0.0], [2.0]]), np.array([[1.0], [1.0]]))
    >>> total, mean, np.ravel(higher)  # a fair coin with sides 0 and 2
    (array([2.]), array([1.]), array([ 1.,  0., -2.,  0.]))
    """
    with np.errstate(over="ignore", invalid="ignore"):
        total = np.einsum("ij->j", mass)
        mean = np.einsum("ij,ij->j", mass, scores) / total
        scores -= mean
        higher = []
        for _ in range(4):
            mass *= scores
            higher.append(np.einsum("ij,ij->j", mass, scores) / total)
        second, third = higher[:2]
        higher[2] -= 3 * second**2
        higher[3] -= 10 * second * third
    return total, mean, higher


def row_moments(scores: np.ndarray, mass: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compute the moments of scores about 0, each row by itself.

    Parameters
    ----------
    scores : ndarray of shape (n, k)
        The scores; overwritten.
    mass : ndarray of shape (n, k)
        What each of them weighs; overwritten.

    Returns
    -------
    total : ndarray of shape (n,)
        Sum of the masses.
    moments : ndarray of shape (5, n)
        First to fifth moment, not finite where a power has overflowed.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.cumulants import row_moments
    >>> total, moments = row_moments(np.array([[0.0, 2.0]]), np.array([[1.0, 1.0]]))
    >>> total, moments.ravel()
    (array([2.]), array([ 1.,  2.,  4.,  8., 16.]))
    """
    with np.errstate(over="ignore", invalid="ignore"):
        total = np.einsum("ij->i", mass)
        moments = [np.vecdot(mass, scores)]
        for _ in range(3):
            mass *= scores
            moments.append(np.vecdot(mass, scores))
        scores *= scores
        moments.append(np.vecdot(mass, scores))
        return total, np.stack(moments) / total


def cumulants_of_moments(moments: np.ndarray) -> list[np.ndarray]:
    """Turn moments about 0 into cumulants.

    Parameters
    ----------
    moments : ndarray of shape (5, n)
        First to fifth moment.

    Returns
    -------
    list of five ndarrays of shape (n,)
        First to fifth cumulant. In float32 the second errs by about 1e-7 of the squared mean, in each row by itself.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.cumulants import cumulants_of_moments
    >>> np.ravel(cumulants_of_moments(np.array([[2.0], [6.0], [22.0], [94.0], [454.0]])))  # Poisson with mean 2
    array([2., 2., 2., 2., 2.])
    """
    m1, m2, m3, m4, m5 = moments
    with np.errstate(over="ignore", invalid="ignore"):
        square = m1 * m1
        return [
            m1,
            m2 - square,
            m3 - m1 * (3 * m2 - 2 * square),
            m4 - 4 * m1 * m3 - 3 * m2 * m2 + 6 * square * (2 * m2 - square),
            m5
            - 5 * m1 * m4
            - 10 * m3 * (m2 - 2 * square)
            + 6 * m1 * (5 * m2 * (m2 - 2 * square) + 4 * square * square),
        ]
