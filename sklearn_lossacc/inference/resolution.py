"""Limits of what two classes' scores tell beyond their frequencies, these frequencies drawn anew with the rows."""

from __future__ import annotations

import numpy as np
from scipy.special import entr

from sklearn_lossacc.inference.intervals import unit_sums


def resolution_limits(
    loss: np.ndarray,
    positive: np.ndarray,
    weight: np.ndarray,
    group: np.ndarray | None,
    resamples: np.ndarray,
    level: float = 0.95,
) -> tuple[float, float, float]:
    """Return the entropy of two classes less a mean loss, with bootstrap-t limits.

    Parameters
    ----------
    loss : ndarray of shape (n_rows,)
        Loss of each row, in nats.
    positive : ndarray of bool of shape (n_rows,)
        Which rows are of the second class.
    weight : ndarray of shape (n_rows,)
        Row weights; a weighted row is one draw.
    group : ndarray of shape (n_rows,) or None
        Group codes; groups are the independent units when given.
    resamples : ndarray of shape (n_resamples, n_units)
        Bootstrap counts from `draw_resamples`.
    level : float, default=0.95
        Nominal coverage.

    Returns
    -------
    value, low, high : float
        In nats; limits are NaN where nothing varies.

    Notes
    -----
    Each resample has r = H(s) - m, with its own class shares s and mean loss m, and the standard error of the mean of
    -log s_y - loss around r. Shares that are kept fixed would pass for known, which those of few rows are not: the
    entropy is curved in them. How much too small H(s) is, the resamples show.

    References
    ----------
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 12.

    Examples
    --------
    >>> from sklearn_lossacc.inference.intervals import draw_resamples
    >>> positive = np.arange(40) % 2 == 0
    >>> loss = np.where(np.arange(40) % 8 == 0, 1.0, 0.1)
    >>> counts = draw_resamples(40, np.random.default_rng(0))
    >>> found = resolution_limits(loss, positive, np.ones(40), None, counts)
    >>> print(*(round(float(limit), 2) for limit in found))
    0.48 0.38 0.56
    """
    classes = np.stack([~positive, positive], axis=1).astype(float)
    sums, sizes = unit_sums(np.column_stack([classes, loss]), weight, group)
    features = np.column_stack([sums, sizes])
    products = (features[:, :, None] * features[:, None, :]).reshape(len(sizes), -1)
    inflation = len(sizes) / (len(sizes) - 1.0)

    def resolve(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        total = counts @ features
        share = total[:, :2] / total[:, 3:]
        value = entr(share).sum(axis=1) - total[:, 2] / total[:, 3]
        # of each unit: sum_j mass_j (-log share_j) - loss - size * value
        surprise = -np.log(np.where(share > 0.0, share, 1.0))
        by = np.column_stack([surprise, np.full(len(value), -1.0), -value])
        second = (counts @ products).reshape(-1, 4, 4)
        spread = np.einsum("bi,bij,bj->b", by, second, by)
        return value, np.sqrt(np.maximum(spread, 0.0) * inflation) / total[:, 3]

    value, error = (float(part[0]) for part in resolve(np.ones((1, len(sizes)))))
    drawn, errors = resolve(resamples)
    least = 1e-9 * max(1.0, abs(value))
    usable = errors > least
    if error <= least or not usable.any():
        return value, np.nan, np.nan
    studentised = (drawn[usable] - value) / errors[usable]
    upper, lower = np.quantile(studentised, [(1.0 + level) / 2.0, (1.0 - level) / 2.0])
    return value, float(value - upper * error), float(value - lower * error)
