"""The binned calibration error of the top label, and what it comes to on a perfectly calibrated model.

It is biased upward, so it is given together with its distribution under the universal null.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sklearn_lossacc._numerics.binning import right_closed_bins

N_BINS = 15
N_NULL_DRAWS = 999
MANY_ROWS = 16  # of a group, on average, from which on it is cheaper to look its hits up than to draw them
EXACT_BELOW = 1000  # rows in a bin below which its null is drawn row by row, not from the normal law


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
    bins = right_closed_bins(confidence, N_BINS)
    total = np.bincount(bins, weight, N_BINS)
    null = np.zeros((N_NULL_DRAWS, N_BINS))
    rows = np.bincount(bins, minlength=N_BINS)
    centre = np.bincount(bins, weight * confidence, N_BINS)
    variance = np.bincount(bins, weight**2 * confidence * (1 - confidence), N_BINS)
    if group is not None:
        large = MANY_ROWS * (int(group.max()) + 1) < rows.sum()
        null = (_draw_gap_of_groups if large else _draw_gap)(bins, confidence, weight, group, rng)
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


def _draw_gap_of_groups(bins, confidence, weight, group, rng) -> np.ndarray:
    """Return the same as `_draw_gap` from sums of the rows of a group below each confidence."""
    n_groups = int(group.max()) + 1
    order = np.lexsort((confidence, group))
    level = group[order] + confidence[order]
    below = np.zeros((bins.size + 1, N_BINS))
    below[np.arange(1, bins.size + 1), bins[order]] = weight[order]
    expected = confidence[order] @ below[1:]
    np.cumsum(below, axis=0, out=below)
    all_hits = below[np.cumsum(np.bincount(group, minlength=n_groups))].sum(axis=0) - expected
    gap = np.empty((N_NULL_DRAWS, N_BINS))
    chunk = max(1, 2**16 // n_groups)
    for start in range(0, N_NULL_DRAWS, chunk):
        uniform = rng.random((min(chunk, N_NULL_DRAWS - start), n_groups))
        # Levels of a group are looked up one after the other: they stay in the cache.
        first = np.searchsorted(level, (uniform + np.arange(n_groups)).T, side="right")
        gap[start : start + len(uniform)] = all_hits - below[first].sum(axis=0)
    return gap
