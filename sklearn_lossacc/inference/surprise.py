"""Surprise p-values: how little the model itself expected a label.

The surprise of a label is the probability of any label that is no more probable than it. Under the universal null it is
super-uniform, row by row, whatever the dependence between rows.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import poisson

TIE = 1 + 1e-9  # probabilities this close count as equal
RANKS = (1, 2, 4, 8, 16)  # how many surprising rows are asked about at once


def surprise_table(proba: np.ndarray) -> np.ndarray:
    """Return the surprise p-value of every label that a row could have.

    Parameters
    ----------
    proba : ndarray of shape (n_rows, n_classes)
        Probabilities.

    Returns
    -------
    ndarray of shape (n_rows, n_classes)
        sum_l p_il 1[p_il <= p_ij]; probabilities within one part in 1e9 count as equal.

    Examples
    --------
    >>> surprise_table(np.array([[0.7, 0.2, 0.1], [0.5, 0.25, 0.25]])).round(6).tolist()
    [[1.0, 0.3, 0.1], [1.0, 0.5, 0.5]]
    """
    order = np.argsort(proba, axis=1)
    ascending = np.take_along_axis(proba, order, axis=1)
    cumulative = np.cumsum(ascending, axis=1)
    # A tied run shares the value of its last member: scan from the right.
    tied = ascending[:, 1:] <= ascending[:, :-1] * TIE
    for j in np.flatnonzero(tied.any(axis=0))[::-1]:
        cumulative[:, j] = np.where(tied[:, j], cumulative[:, j + 1], cumulative[:, j])
    table = np.empty_like(cumulative)
    np.put_along_axis(table, order, cumulative, axis=1)
    return table


def surprise_of_labels(proba: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the surprise p-value of each row's label.

    Parameters
    ----------
    proba : ndarray of shape (n_rows, n_classes)
        Probabilities.
    y : ndarray of shape (n_rows,)
        Column index of each label.

    Returns
    -------
    ndarray of shape (n_rows,)
        sum_j p_ij 1[p_ij <= p_iy].

    Examples
    --------
    >>> surprise_of_labels(np.array([[0.7, 0.2, 0.1]]), np.array([1])).round(3).tolist()
    [0.3]
    """
    p_true = proba[np.arange(len(y)), y]
    return np.einsum("ij,ij->i", proba, proba <= p_true[:, None] * TIE)


def too_many_surprises(surprise: np.ndarray, independent: bool = True) -> float:
    """Return the p-value of the smallest surprises being as small as they are.

    Parameters
    ----------
    surprise : ndarray of shape (n_rows,)
        Surprise p-values.
    independent : bool, default=True
        Whether rows are independent. If not, only the smallest is judged, by n times its value.

    Returns
    -------
    float
        Valid p-value under the universal null.

    Notes
    -----
    The number of rows with surprise at most t is stochastically below a binomial, whose tail beyond its mean plus one
    is below that of a Poisson with mean n t (Hoeffding 1956). The p-values of the 1st, 2nd, 4th, 8th and 16th smallest
    surprise are combined by Bonferroni.

    Examples
    --------
    One row in a hundred with a surprise of 1e-6, the others ordinary: 5 x 100 x 1e-6.

    >>> print(round(too_many_surprises(np.r_[1e-6, np.full(99, 0.9)]), 6))
    0.0005
    """
    n_rows = surprise.size
    if not independent:
        return min(1.0, n_rows * float(surprise.min()))
    ranks = [rank for rank in RANKS if rank <= n_rows]
    smallest = np.sort(np.partition(surprise, ranks[-1] - 1)[: ranks[-1]])
    p_values = []
    for rank in ranks:
        mean = n_rows * float(smallest[rank - 1])
        p_values.append(float(poisson.sf(rank - 1, mean)) if rank >= mean + 1 or rank == 1 else 1.0)
    return min(1.0, len(ranks) * min(p_values))
