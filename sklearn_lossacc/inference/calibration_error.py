"""Top-label calibration errors and what they come to on a perfectly calibrated model.

All of them read residuals correct - confidence in bins of confidence. Binned errors are biased upward, so each is
given together with its distribution under the universal null.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sklearn_lossacc._numerics.binning import right_closed_bins
from sklearn_lossacc._numerics.isotonic import TIE

N_BINS = 15
N_NULL_DRAWS = 999
EXACT_BELOW = 1000  # rows in a bin below which its null is drawn row by row, not from the normal law
SMOOTH_GRID = 1001


@dataclass(frozen=True)
class BinnedCalibration:
    """Sums over the 15 equal-width, right-closed bins of top-label confidence.

    Attributes
    ----------
    weight, confidence, correct : ndarray of shape (15,)
        Sum of weights, of weighted confidences and of weighted hits.
    rows : ndarray of shape (15,)
        Row counts.
    null_gap : ndarray of shape (n_draws, 15)
        Drawn values of (sum of weighted hits - sum of weighted confidences) under the universal null.
    information : ndarray of shape (15,)
        Their variance where rows are independent, sum w^2 c (1 - c).
    """

    weight: np.ndarray
    confidence: np.ndarray
    correct: np.ndarray
    rows: np.ndarray
    null_gap: np.ndarray
    information: np.ndarray

    @property
    def ece(self) -> float:
        """Expected calibration error."""
        return float(np.abs(self.correct - self.confidence).sum() / self.weight.sum())

    @property
    def null_ece(self) -> np.ndarray:
        """Calibration errors of a calibrated model with the same confidences."""
        return np.abs(self.null_gap).sum(axis=1) / self.weight.sum()

    def band(self, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Return the consistency band of each bin's accuracy: where it falls if the model is calibrated.

        Parameters
        ----------
        level : float, default=0.95
            Share of calibrated models inside.

        Returns
        -------
        low, high : ndarray of shape (15,)
            Limits; NaN for an empty bin.
        """
        tail = (1 - level) / 2
        limits = np.quantile(self.null_gap, [tail, 1 - tail], axis=0) + self.confidence
        shares = np.divide(limits, self.weight, out=np.full(limits.shape, np.nan), where=self.weight > 0)
        low, high = np.clip(shares, 0.0, 1.0)
        return low, high


def bin_of(confidence: np.ndarray, n_bins: int = N_BINS) -> np.ndarray:
    """Return the index of the right-closed bin (b / n, (b + 1) / n] that holds each confidence.

    Parameters
    ----------
    confidence : ndarray of shape (n_rows,)
        Between 0 and 1.
    n_bins : int, default=15
        Number of bins.

    Returns
    -------
    ndarray of intp of shape (n_rows,)
        Bin numbers from 0.

    Examples
    --------
    >>> bin_of(np.array([0.2, 0.25, 1.0]), n_bins=5).tolist()
    [0, 1, 4]
    """
    return right_closed_bins(confidence, n_bins)


def binned_calibration(
    confidence: np.ndarray,
    correct: np.ndarray,
    weight: np.ndarray,
    group: np.ndarray | None,
    rng: np.random.Generator,
) -> BinnedCalibration:
    """Bin the rows and draw the null of every bin.

    Parameters
    ----------
    confidence : ndarray of shape (n_rows,)
        Largest probability of each row.
    correct : ndarray of shape (n_rows,)
        1 where the label has that probability, else 0.
    weight : ndarray of shape (n_rows,)
        Row weights.
    group : ndarray of shape (n_rows,) or None
        Group codes. Rows of a group share one uniform, so that the null is that of copies.
    rng : Generator
        Source of the draws.

    Returns
    -------
    BinnedCalibration

    Examples
    --------
    Three of four rows right at confidence 0.9, and one of two at 0.6; the gaps are 0.15 and 0.1:

    >>> confidence, correct = np.array([0.9] * 4 + [0.6] * 2), np.array([1.0, 1.0, 1.0, 0.0, 1.0, 0.0])
    >>> bins = binned_calibration(confidence, correct, np.ones(6), None, np.random.default_rng(0))
    >>> print(round(bins.ece, 6), round((4 * 0.15 + 2 * 0.1) / 6, 6))
    0.133333 0.133333
    """
    bins = bin_of(confidence)
    total = np.bincount(bins, weight, N_BINS)
    null = np.zeros((N_NULL_DRAWS, N_BINS))
    rows = np.bincount(bins, minlength=N_BINS)
    centre = np.bincount(bins, weight * confidence, N_BINS)
    variance = np.bincount(bins, weight**2 * confidence * (1 - confidence), N_BINS)
    if group is not None:
        null = _draw_gap(bins, confidence, weight, group, rng)
    else:
        few = rows < EXACT_BELOW
        null[:, ~few] = rng.standard_normal((N_NULL_DRAWS, int((~few).sum()))) * np.sqrt(variance[~few])
        chosen = few[bins]
        if chosen.any():
            drawn = _draw_gap(bins[chosen], confidence[chosen], weight[chosen], None, rng)
            null[:, few] = drawn[:, few]
    return BinnedCalibration(total, centre, np.bincount(bins, weight * correct, N_BINS), rows, null, variance)


def tallied_calibration(
    fine: Mapping[str, np.ndarray], rng: np.random.Generator, like: BinnedCalibration | None = None
) -> BinnedCalibration:
    """Return the bins of rows of which only sums by finer bins are known.

    Parameters
    ----------
    fine : mapping of str to ndarray of shape (m,)
        Sums by a multiple of 15 bins: ``rows``, ``weight``, ``weight2``, ``confidence`` and ``correct``.
    rng : Generator
        Source of the draws.
    like : BinnedCalibration, optional
        Some whole groups of the rows; the others depend on each other as these do.

    Returns
    -------
    BinnedCalibration
        Its null is normal, with the variance that the finer bins give, or that of `like` for as much information.

    Examples
    --------
    Two of three rows right at confidence 0.6, and nothing elsewhere:

    >>> sums = {"rows": 3, "weight": 3.0, "weight2": 3.0, "confidence": 1.8, "correct": 2.0}
    >>> fine = {name: value * (np.arange(15) == 8) for name, value in sums.items()}
    >>> bins = tallied_calibration(fine, np.random.default_rng(0))
    >>> print(round(bins.ece, 6), round(float(bins.null_gap.std(axis=0)[8]), 1), round((3 * 0.6 * 0.4) ** 0.5, 1))
    0.066667 0.8 0.8
    """
    variance = _information(fine)
    gap = rng.standard_normal((N_NULL_DRAWS, N_BINS))
    if like is not None:
        known = like.information > 0
        gap[:, known] = like.null_gap[:, known] / np.sqrt(like.information[known])
    total = {name: fine[name].reshape(N_BINS, -1).sum(axis=1) for name in ("weight", "confidence", "correct", "rows")}
    return BinnedCalibration(**total, null_gap=gap * np.sqrt(variance), information=variance)


def _information(fine: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return sum w^2 c (1 - c) by bin; within a bin of width 1/960 the confidence c hardly varies."""
    share = np.divide(fine["confidence"], fine["weight"], out=np.zeros(fine["weight"].size), where=fine["weight"] > 0)
    return (fine["weight2"] * share * (1.0 - share)).reshape(N_BINS, -1).sum(axis=1)


def _draw_gap(bins, confidence, weight, group, rng) -> np.ndarray:
    """Draw hits row by row and return their binned excess over the confidences."""
    n_rows = bins.size
    gap = np.empty((N_NULL_DRAWS, N_BINS))
    membership = np.zeros((n_rows, N_BINS))
    membership[np.arange(n_rows), bins] = weight
    expected = confidence @ membership
    chunk = max(1, 2**20 // n_rows)
    for start in range(0, N_NULL_DRAWS, chunk):
        size = min(chunk, N_NULL_DRAWS - start)
        uniform = rng.random((size, n_rows)) if group is None else rng.random((size, int(group.max()) + 1))[:, group]
        gap[start : start + size] = (uniform < confidence) @ membership - expected
    return gap


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


def smooth_ece(confidence: np.ndarray, correct: np.ndarray, weight: np.ndarray) -> float:
    """Return the smooth calibration error: residuals smoothed by a Gaussian whose width equals the answer.

    Parameters
    ----------
    confidence : ndarray of shape (n_rows,)
        Largest probability of each row.
    correct : ndarray of shape (n_rows,)
        1 where the label has that probability, else 0.
    weight : ndarray of shape (n_rows,)
        Row weights.

    Returns
    -------
    float

    Notes
    -----
    Residuals are spread linearly on a grid over [0, 1], reflected at both ends, convolved with a Gaussian of width
    sigma, and summed in absolute value; the fixed point sigma = smECE(sigma) is found by bisection, since the error
    falls as sigma grows.

    References
    ----------
    Blasiok and Nakkiran (2024), Smooth ECE: principled reliability diagrams via kernel smoothing.

    Examples
    --------
    Where all residuals have one sign nothing cancels, whatever the width: half right at confidence 0.8 is 0.3.

    >>> print(round(smooth_ece(np.full(10, 0.8), np.array([0.0, 1.0] * 5), np.ones(10)), 6))
    0.3
    """
    step = 1.0 / (SMOOTH_GRID - 1)
    position = np.clip(confidence, 0.0, 1.0) / step
    left = np.minimum(position.astype(np.intp), SMOOTH_GRID - 2)
    share = position - left
    residual = weight * (correct - confidence) / weight.sum()
    grid = np.bincount(left, residual * (1 - share), SMOOTH_GRID)
    grid += np.bincount(left + 1, residual * share, SMOOTH_GRID)
    # Even reflection at 0 and at 1 makes the signal periodic with twice the length.
    reflected = np.concatenate([grid, grid[-2:0:-1]])
    reflected[0] *= 2.0
    reflected[SMOOTH_GRID - 1] *= 2.0
    spectrum = np.fft.rfft(reflected)
    frequency = 2 * np.pi * np.fft.rfftfreq(reflected.size, step)

    def error(sigma: float) -> float:
        smooth = np.fft.irfft(spectrum * np.exp(-0.5 * (sigma * frequency) ** 2), reflected.size)
        inside = np.abs(smooth[:SMOOTH_GRID])
        return float(inside.sum() - 0.5 * (inside[0] + inside[-1]))

    low, high = 1e-3, 1.0
    if error(low) <= low:
        return error(low)
    for _ in range(25):
        middle = 0.5 * (low + high)
        if error(middle) > middle:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)
