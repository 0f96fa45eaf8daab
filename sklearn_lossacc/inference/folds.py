"""What the folds of a cross-validation say of a mean: their training sets overlap, so their spread understates it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class FoldMean:
    """The mean over folds of a score or of a difference between two.

    Attributes
    ----------
    mean : float
        Mean over the folds.
    low, high : float
        95 % interval; infinite with one fold.
    p_value : float
        Two-sided, of no difference; 1 with one fold.
    """

    mean: float
    low: float
    high: float
    p_value: float


def corrected_error(values: np.ndarray, test_over_train: float) -> float:
    """Return the standard error of a mean over folds, corrected for the training rows that folds share.

    Parameters
    ----------
    values : ndarray of shape (n_folds,)
        One value a fold.
    test_over_train : float
        Test rows over training rows of a fold.

    Returns
    -------
    float
        sqrt((1 / J + n_test / n_train) s^2), s^2 with divisor J - 1; infinite with one fold.

    Notes
    -----
    Folds are not independent: the naive s / sqrt(J) would vanish with ever more repetitions on the same rows. The
    correction takes the correlation of two folds to be n_test / (n_test + n_train), the share of rows tested.

    References
    ----------
    C. Nadeau, Y. Bengio, "Inference for the Generalization Error", Machine Learning 52, 2003.

    Examples
    --------
    Five folds of 20 rows of 100: 1/5 + 20/80 = .45, and s^2 = 2.5:

    >>> print(round(corrected_error(np.arange(5.0), 0.25) ** 2, 6))
    1.125
    """
    n_folds = len(values)
    if n_folds < 2:
        return float("inf")
    return float(np.sqrt((1.0 / n_folds + test_over_train) * np.var(values, ddof=1)))


def half_width(values: np.ndarray, test_over_train: float) -> float:
    """Return half of the corrected 95 % t interval of a mean over folds.

    Parameters
    ----------
    values : ndarray of shape (n_folds,)
        One value a fold.
    test_over_train : float
        Test rows over training rows of a fold.

    Returns
    -------
    float
        Corrected standard error times the t quantile of J - 1 degrees of freedom.

    Examples
    --------
    >>> print(round(half_width(np.arange(5.0), 0.25), 4), round(stats.t.ppf(0.975, 4) * 1.125**0.5, 4))
    2.9449 2.9449
    """
    error = corrected_error(values, test_over_train)
    return error * float(stats.t.ppf(0.975, len(values) - 1)) if len(values) > 1 else error


def corrected_t_test(differences: np.ndarray, test_over_train: float) -> FoldMean:
    """Test whether two settings differ, from their differences on the same folds.

    Parameters
    ----------
    differences : ndarray of shape (n_folds,)
        Score of one setting minus that of the other, fold by fold.
    test_over_train : float
        Test rows over training rows of a fold.

    Returns
    -------
    FoldMean

    References
    ----------
    C. Nadeau, Y. Bengio, "Inference for the Generalization Error", Machine Learning 52, 2003.

    Examples
    --------
    t = 2 / sqrt(1.125) with 4 degrees of freedom:

    >>> found = corrected_t_test(np.arange(5.0), 0.25)
    >>> print(found.mean, round(found.p_value, 4), round(2 * stats.t.sf(2 / 1.125**0.5, 4), 4))
    2.0 0.1324 0.1324
    """
    mean = float(np.mean(differences))
    error = corrected_error(differences, test_over_train)
    half = half_width(differences, test_over_train)
    if error > 0:
        p_value = float(2.0 * stats.t.sf(abs(mean) / error, len(differences) - 1)) if np.isfinite(error) else 1.0
    else:
        p_value = 1.0 if mean == 0 else 0.0
    return FoldMean(mean, mean - half, mean + half, p_value)
