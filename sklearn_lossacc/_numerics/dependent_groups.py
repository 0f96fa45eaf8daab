"""How badly a few groups of rows, or a few large ones, tell how far they stray."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, stdtrit

__all__ = ["number_of_groups", "student_widening", "total_scatter", "worth_of_groups"]

SINGULAR = 1e-10  # slopes by class sum to 0
LIMIT = 1.959964  # standard errors: the normal law's at .95
ROUNDING = 1e-9


def number_of_groups(mass: np.ndarray) -> float:
    """Return the number of equal groups that are as good as these: Kish's.

    Parameters
    ----------
    mass : ndarray of shape (n_groups,)
        Weights of the groups, not all 0.

    Returns
    -------
    float
        (sum m)^2 / sum m^2.

    Examples
    --------
    >>> from sklearn_lossacc._numerics.dependent_groups import number_of_groups
    >>> number_of_groups([2.0, 2.0, 2.0]), number_of_groups([3.0, 1.0])
    (3.0, 1.6)
    """
    share = np.asarray(mass) / np.sum(mass)
    return float(1.0 / (share @ share))


def student_widening(mass: np.ndarray, n_errors: float) -> float:
    """Return by how much Student's limits are wider than so many standard errors, the normal law's.

    Parameters
    ----------
    mass : ndarray of shape (n_groups,)
        Weights of the groups, not all 0.
    n_errors : float
        Standard errors from the mean to the limit; positive.

    Returns
    -------
    float
        Above 1, with one degree of freedom less than `number_of_groups`, but at least one.

    Examples
    --------
    >>> from sklearn_lossacc._numerics.dependent_groups import student_widening
    >>> [round(student_widening([1.0] * n, 1.96), 2) for n in (2, 5, 20, 200)]
    [6.48, 1.42, 1.07, 1.01]
    """
    degrees = max(1.0, number_of_groups(mass) - 1.0)
    return float(stdtrit(degrees, ndtr(n_errors))) / n_errors


def total_scatter(totals: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """Divide the totals of groups by what is left of their scatter around the mean of all.

    Parameters
    ----------
    totals : ndarray of shape (n_groups, ...)
        Sums over the rows of each group, of what sums to 0 over all.
    mass : ndarray of shape (n_groups,)
        Weights of the groups, not all 0.

    Returns
    -------
    ndarray of the same shape
        Of which the squares are to be summed: T_g / sqrt(1 - s_g), s_g the share of the group. A group that is nearly
        all of the rows is near their mean whatever it is.

    Examples
    --------
    >>> from sklearn_lossacc._numerics.dependent_groups import total_scatter
    >>> total_scatter([1.0, -1.0], [3.0, 1.0]).round(2).tolist()
    [2.0, -1.15]
    """
    totals = np.asarray(totals, dtype=np.float64)
    left = np.maximum(1.0 - np.asarray(mass) / np.sum(mass), ROUNDING)  # without others the total is 0
    return totals / np.sqrt(left).reshape(-1, *[1] * (totals.ndim - 1))


def worth_of_groups(slopes: np.ndarray, weight: np.ndarray, group: np.ndarray) -> float:
    """Return how many independent rows a row of dependent groups is worth, for the parameters of a likelihood.

    Parameters
    ----------
    slopes : ndarray of shape (n_rows, n_parameters)
        Of the log likelihood of each row; their weighted means count as 0.
    weight : ndarray of shape (n_rows,)
        Weights; k is k rows.
    group : ndarray of int of shape (n_rows,)
        Codes of the groups, from 0 on.

    Returns
    -------
    float
        At most 1.

    Notes
    -----
    With J the covariance of the slopes of independent rows and V that of the groups' totals, corrected for the share of
    each group, a likelihood ratio of all p parameters is larger by tr(J^-1 V) / p in the mean than one of independent
    rows (Rao and Scott). A row is worth the inverse, times the square of the limits of the normal law over those of
    Student: few groups tell V badly. As the rows of a group share no more than everything, it is worth one row at
    least: all of them together Kish's number of groups.

    References
    ----------
    J. N. K. Rao, A. J. Scott, "The Analysis of Categorical Data from Complex Sample Surveys: Chi-Squared Tests for
    Goodness of Fit and Independence in Two-Way Tables", Journal of the American Statistical Association 76, 1981, pages
    221 to 230.

    R. M. Bell, D. F. McCaffrey, "Bias Reduction in Standard Errors for Linear Regression with Multi-Stage Samples",
    Survey Methodology 28, 2002, pages 169 to 181.

    Examples
    --------
    Each row four times, in 50 groups of copies; then other groups of four rows, that have nothing in common:

    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.dependent_groups import worth_of_groups
    >>> slopes, rows = np.random.default_rng(0).standard_normal((50, 2)).repeat(4, axis=0), np.arange(200)
    >>> round(worth_of_groups(slopes, np.ones(200), rows // 4), 2)
    0.25
    >>> round(worth_of_groups(slopes, np.ones(200), rows % 50), 2)
    0.95
    """
    mass = np.bincount(group, weights=weight)
    share = weight / weight.sum()
    slopes = slopes - share @ slopes
    scale = np.sqrt(share @ slopes**2)
    slopes = slopes / np.where(scale > ROUNDING, scale, np.inf)
    root = np.sqrt(weight)
    white = _whitened(root[:, np.newaxis] * slopes)
    least = min(1.0, number_of_groups(mass) / float(weight.sum()))
    if white.shape[1] == 0 or np.count_nonzero(mass) == 1:
        return least
    totals = np.stack([np.bincount(group, weights=root * column) for column in white.T], axis=1)
    effect = float((total_scatter(totals, mass) ** 2).sum()) / white.shape[1]
    worth = 1.0 / (max(1.0, effect) * student_widening(mass, LIMIT) ** 2)
    return max(worth, least)


def _whitened(x: np.ndarray) -> np.ndarray:
    """Return orthonormal columns that span those of x."""
    wide = x.shape[1] > x.shape[0]
    values, vectors = np.linalg.eigh(x @ x.T if wide else x.T @ x)
    kept = values > SINGULAR * max(values[-1], ROUNDING)
    return vectors[:, kept] if wide else x @ (vectors[:, kept] / np.sqrt(values[kept]))
