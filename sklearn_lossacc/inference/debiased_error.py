"""The squared calibration error of the top label without the bias of its bins: a U-statistic."""

from __future__ import annotations

import numpy as np

from sklearn_lossacc.inference.calibration_error import N_BINS
from sklearn_lossacc.inference.equal_mass import equal_mass_bins


def debiased_rmsce(
    confidence: np.ndarray,
    correct: np.ndarray,
    weight: np.ndarray,
    n_bins: int = N_BINS,
) -> float:
    """Return the signed root of the debiased squared calibration error over equal-mass bins.

    Parameters
    ----------
    confidence : ndarray of shape (n_rows,)
        Largest probability of each row.
    correct : ndarray of shape (n_rows,)
        1 where the label has that probability, else 0.
    weight : ndarray of shape (n_rows,)
        Row weights.
    n_bins : int, default=15
        Number of bins; at most one for each two rows.

    Returns
    -------
    float
        NaN where no bin holds two rows.

    Notes
    -----
    With residual r = correct - confidence, S and Q the sums of w r and w^2 r^2 in a bin, (S^2 - Q) estimates the
    squared sum of expectations without bias; it is divided by (W^2 - sum w^2) and averaged over bins with weight W. The
    result may be negative: sign(x) sqrt|x| is returned. Equal confidences share a bin.

    References
    ----------
    Kumar, Liang and Ma (2019), Verified uncertainty calibration; here as a U-statistic.

    Examples
    --------
    Two rows a bin are one pair each: the residuals -0.5 and -0.5 multiply to 0.25, and -0.6 and 0.4 to -0.24.

    >>> confidence, correct = np.array([0.5, 0.5, 0.6, 0.6]), np.array([0.0, 0.0, 0.0, 1.0])
    >>> print(round(debiased_rmsce(confidence, correct, np.ones(4)), 6), round(((0.25 - 0.24) / 2) ** 0.5, 6))
    0.070711 0.070711
    """
    squared = debiased_square(confidence, correct, weight, None, n_bins)[0]
    return signed_root(squared)


def signed_root(squared: float) -> float:
    """Return sign(x) sqrt|x|."""
    return float(np.sign(squared) * np.sqrt(abs(squared)))


def debiased_square(
    confidence: np.ndarray, correct: np.ndarray, weight: np.ndarray, group: np.ndarray | None, n_bins: int = N_BINS
) -> tuple[float, float]:
    """Return the debiased squared calibration error over equal-mass bins, and its standard error.

    Parameters
    ----------
    confidence, correct, weight : ndarray of shape (n_rows,)
        As for `debiased_rmsce`.
    group : ndarray of shape (n_rows,) or None
        Group codes; pairs of rows within a group say nothing on the squared expectation.
    n_bins : int, default=15
        Number of bins; at most one for each two rows, or groups.

    Returns
    -------
    squared, error : float
        NaN where no bin holds two units.

    Notes
    -----
    With S_b the sum over bin b of the units' sums s, the estimate is sum_b W_b (S_b^2 - sum s^2) / P_b / sum_b W_b,
    P_b being the same with weights. Its variance is that of the first-order term, 2 W_b S_b s / P_b a unit and bin,
    plus that of the products of pairs, 2 (W_b sum s^2 / P_b)^2 a bin, which is all there is of a calibrated model.

    Examples
    --------
    >>> confidence, correct = np.array([0.5, 0.5]), np.array([0.0, 1.0])
    >>> debiased_square(confidence, correct, np.ones(2), None)[0]
    -0.25
    """
    n_units = confidence.size if group is None else int(group.max()) + 1
    n_bins = min(n_bins, n_units // 2)
    if n_bins == 0:
        return float("nan"), float("nan")
    bins = equal_mass_bins(confidence, weight, n_bins)
    unit = np.arange(confidence.size) if group is None else group
    cell, position = np.unique(unit * n_bins + bins, return_inverse=True)
    unit, bins = np.divmod(cell, n_bins)
    residual = np.bincount(position, (correct - confidence) * weight)
    mass = np.bincount(position, weight)
    total = np.bincount(bins, mass, n_bins)
    sums = np.bincount(bins, residual, n_bins)
    squares = np.bincount(bins, residual**2, n_bins)
    pairs = total**2 - np.bincount(bins, mass**2, n_bins)
    usable = pairs > 1e-9 * total**2
    if not usable.any():
        return float("nan"), float("nan")
    factor = np.where(usable, total / np.where(usable, pairs, 1.0), 0.0) / total[usable].sum()
    squared = float(factor @ (sums**2 - squares))
    centred = residual - mass * (sums / np.maximum(total, 1e-300))[bins]
    first_order = np.bincount(np.unique(unit, return_inverse=True)[1], 2.0 * (factor * sums)[bins] * centred)
    spread = np.bincount(bins, centred**2, n_bins)
    products = float(np.sum((factor * spread) ** 2))
    # S_b^2 exceeds the square that it stands for by the spread, on average.
    return squared, float(np.sqrt(max(float(first_order @ first_order) - 4.0 * products, 0.0) + 2.0 * products))
