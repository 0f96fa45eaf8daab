"""The smooth calibration error of the top label, which needs no bins."""

from __future__ import annotations

import numpy as np

SMOOTH_GRID = 1001


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
