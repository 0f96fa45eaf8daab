"""Surprise p-values: how little the model itself expected a label.

The surprise of a label is the probability of any label that is no more probable than it. Under the universal null it is
super-uniform, row by row, whatever the dependence between rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammainc

from sklearn_lossacc._numerics import row_blocks

TIE = 1 + 1e-9  # probabilities this close count as equal
RANKS = (1, 2, 3, 5, 8, 13)  # how many surprising rows are asked about at once


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
    surprise = _surprises(np.take_along_axis(proba, order, axis=1))
    table = np.empty_like(surprise)
    np.put_along_axis(table, order, surprise, axis=1)
    return table


def sorted_surprises(proba: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each row's probabilities in ascending order, and the surprise p-values of these labels.

    Parameters
    ----------
    proba : ndarray of shape (n_rows, n_classes)
        Probabilities.

    Returns
    -------
    ascending, surprise : ndarray of shape (n_rows, n_classes)
        What `surprise_table` says, where it does not matter which label has which: that takes a fifth of the time.

    Examples
    --------
    >>> ascending, surprise = sorted_surprises(np.array([[0.7, 0.2, 0.1], [0.5, 0.25, 0.25]]))
    >>> ascending.tolist(), surprise.round(6).tolist()
    ([[0.1, 0.2, 0.7], [0.25, 0.25, 0.5]], [[0.1, 0.3, 1.0], [0.5, 0.5, 1.0]])
    """
    ascending = np.sort(proba, axis=1)
    return ascending, _surprises(ascending)


def _surprises(ascending: np.ndarray) -> np.ndarray:
    """Return the surprise p-values of probabilities that ascend in each row."""
    cumulative = np.cumsum(ascending, axis=1)
    # A tied run shares the value of its last member: scan from the right.
    tied = ascending[:, 1:] <= ascending[:, :-1] * TIE
    for j in np.flatnonzero(tied.any(axis=0))[::-1]:
        cumulative[:, j] = np.where(tied[:, j], cumulative[:, j + 1], cumulative[:, j])
    return cumulative


def so_surprising(proba: np.ndarray, limit: float) -> np.ndarray:
    """Mark the labels whose surprise is at most a limit.

    Parameters
    ----------
    proba : ndarray of shape (n_rows, n_classes)
        Probabilities.
    limit : float
        Surprise, ties included.

    Returns
    -------
    ndarray of bool of shape (n_rows, n_classes)

    Examples
    --------
    >>> so_surprising(np.array([[0.7, 0.2, 0.1], [0.5, 0.25, 0.25]]), 0.3).tolist()
    [[False, True, True], [False, False, False]]
    """
    ascending, surprise = sorted_surprises(proba)
    below = np.count_nonzero(surprise <= limit * TIE, axis=1)
    largest = np.where(below > 0, ascending[np.arange(len(proba)), below - 1], -1.0)
    return proba <= largest[:, None]


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


def expected_surprises(proba: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Return how many rows the model itself expects to show a label of so small a surprise, or a little more.

    Parameters
    ----------
    proba : ndarray of shape (n_rows, n_classes)
        Probabilities.
    thresholds : ndarray of shape (n_thresholds,)
        Surprises.

    Returns
    -------
    ndarray of shape (n_thresholds,)
        For each t the sum over rows of min(t, sum_j p_ij 1[p_ij <= t]), which is at least the sum of P(surprise <= t).

    Examples
    --------
    A row that is sure at most to 0.98 can show nothing of surprise 0.01:

    >>> expected_surprises(np.array([[0.98, 0.02], [0.995, 0.005]]), np.array([0.01, 0.03])).round(3).tolist()
    [0.005, 0.025]
    """
    most = thresholds * TIE
    expected = np.zeros(len(thresholds))
    for rows in row_blocks(*proba.shape):
        some = proba[rows]
        sums = np.stack([np.vecdot(some, (some <= limit).astype(np.float64)) for limit in most])
        expected += np.minimum(sums, thresholds[:, None]).sum(axis=1)
    return expected


def too_many_surprises(proba: np.ndarray, surprise: np.ndarray, independent: bool = True) -> float:
    """Return the p-value of the smallest surprises being as small as they are.

    Parameters
    ----------
    proba : ndarray of shape (n_rows, n_classes)
        Probabilities.
    surprise : ndarray of shape (n_rows,)
        Surprise p-values of the labels.
    independent : bool, default=True
        Whether rows are independent. If not, only the smallest is judged, by how many are expected to be as small.

    Returns
    -------
    float
        Valid p-value under the universal null.

    Notes
    -----
    The number of rows with a surprise of at most t is a sum of independent indicators. Its tail, beyond its mean plus
    one, is below that of a Poisson count of the same mean (Hoeffding 1956), and its chance not to be 0 is at most its
    mean. The p-values of the 1st, 2nd, 3rd, 5th, 8th and 13th smallest surprise are combined by Bonferroni.

    Examples
    --------
    One row in a hundred shows a label of 1e-6, the others could hardly have done so: 6 x 1e-6.

    >>> proba = np.tile([0.7, 0.3], (100, 1))
    >>> proba[0] = [1e-6, 1 - 1e-6]
    >>> print(round(too_many_surprises(proba, surprise_of_labels(proba, np.zeros(100, dtype=int))), 9))
    6e-06
    """
    n_rows = surprise.size
    ranks = np.array([rank for rank in RANKS if rank <= n_rows]) if independent else np.ones(1, dtype=int)
    smallest = np.sort(np.partition(surprise, ranks[-1] - 1)[: ranks[-1]])
    mean = expected_surprises(proba, smallest[ranks - 1])
    return ranks_p_value(ranks, mean, len(ranks))


def ranks_p_value(ranks: np.ndarray, mean: np.ndarray, n_tests: int) -> float:
    """Return the p-value of as many rows as each rank being so surprising, where at most a mean number could.

    Parameters
    ----------
    ranks : ndarray of int
        Numbers of rows, as surprising as the last of them.
    mean : ndarray
        How many are expected, at most.
    n_tests : int
        Number of ranks to correct for (Bonferroni).

    Returns
    -------
    float
        See `too_many_surprises`.

    Examples
    --------
    Two rows where 0.001 are expected: 0.001^2 / 2, twice.

    >>> print(f"{ranks_p_value(np.array([1, 2]), np.array([0.001, 0.001]), 2):.1e}")
    1.0e-06
    """
    # P(N >= m) = gammainc(m, mean) for a Poisson count N.
    p_values = np.where(ranks == 1, mean, np.where(ranks >= mean + 1, gammainc(ranks, mean), 1.0))
    return min(1.0, n_tests * float(p_values.min()))


@dataclass(frozen=True)
class SurpriseCount:
    """How many rows show a label of small surprise, against a model.

    Attributes
    ----------
    observed : int
        Rows whose surprise is at most `threshold`.
    expected : float
        The number that the model predicts.
    p_value : float
        Upper Poisson tail of `observed`.
    threshold : float
        Surprise up to which a row counts.
    """

    observed: int
    expected: float
    p_value: float
    threshold: float


def count_surprises(
    own: np.ndarray, surprise: np.ndarray, chance: np.ndarray, most: float, copies: float = 1.0
) -> list[SurpriseCount]:
    """Count the rows up to each of the smallest surprises.

    Parameters
    ----------
    own : ndarray of shape (n_rows,)
        Surprise of each row's label.
    surprise, chance : ndarray of shape (n_rows, n_classes)
        Surprise of every label that a row could have, in any order, and its probability under the model that is asked.
    most : float
        Largest count.
    copies : float, default=1.0
        Rows that count as one.

    Returns
    -------
    list of SurpriseCount
        From few to many rows, one for each different surprise.

    Examples
    --------
    Two of four rows show a label of 0.1, where 0.4 are expected:

    >>> proba = np.tile([0.1, 0.9], (4, 1))
    >>> counts = count_surprises(np.array([0.1, 0.1, 1.0, 1.0]), surprise_table(proba), proba, 3)
    >>> [(count.observed, round(count.expected, 3)) for count in counts]
    [(2, 0.4)]
    """
    own = np.sort(own)
    thresholds = np.unique(own[: int(max(most, copies))])
    if not thresholds.size:
        return []
    low = surprise <= thresholds[-1] * TIE
    first = np.searchsorted(thresholds * TIE, surprise[low])
    expected = np.cumsum(np.bincount(first, chance[low], thresholds.size))
    observed = np.searchsorted(own, thresholds * TIE, side="right")
    p_values = gammainc(observed / copies, expected / copies)
    return [
        SurpriseCount(int(n), float(mean), float(p), float(t))
        for n, mean, p, t in zip(observed, expected, p_values, thresholds, strict=True)
        if n <= max(most, copies)
    ]
