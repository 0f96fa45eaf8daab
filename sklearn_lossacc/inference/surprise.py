"""Surprise p-values: how little the model itself expected a label.

The surprise of a label is the probability of any label that is no more probable than it. Under the universal null it is
super-uniform, row by row, whatever the dependence between rows.
"""

from __future__ import annotations

import numpy as np

TIE = 1 + 1e-9  # probabilities this close count as equal


def surprise_table(proba: np.ndarray) -> np.ndarray:
    """Return sum_l p_il 1[p_il <= p_ij] for every row and class; ties count as equal to one part in 1e9."""
    order = np.argsort(proba, axis=1, kind="stable")
    ascending = np.take_along_axis(proba, order, axis=1)
    cumulative = np.cumsum(ascending, axis=1)
    # A tied run shares the value of its last member: scan from the right.
    for j in range(proba.shape[1] - 2, -1, -1):
        tied = ascending[:, j + 1] <= ascending[:, j] * TIE
        cumulative[:, j] = np.where(tied, cumulative[:, j + 1], cumulative[:, j])
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
