"""Tail probabilities of weighted totals under the universal null, by the Lugannani-Rice saddlepoint."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from sklearn_lossacc.inference.null import NullModel

MIN_SPREAD = 0.05  # tilted variance, relative to the deviance, below which the tilted law has all but one outcome left


def _cumulants(null: NullModel, values: np.ndarray, s: float) -> tuple[float, float, float]:
    """Return K(s), K'(s), K''(s) of T = sum w v, where K(s) = sum_i log sum_j p_ij exp(s w_i v_ij)."""
    exponent = (s * null.weight)[:, None] * values
    shift = exponent.max(axis=1)
    exponent -= shift[:, None]
    tilted = null.proba * np.exp(exponent, out=exponent)
    total = tilted.sum(axis=1)
    tilted /= total[:, None]
    first = np.einsum("ij,ij->i", tilted, values)
    second = np.einsum("ij,ij,ij->i", tilted, values, values) - first**2
    return (
        float((np.log(total) + shift).sum()),
        float(null.weight @ first),
        float((null.weight**2) @ np.maximum(second, 0.0)),
    )


def loss_tail(null: NullModel) -> tuple[float, float, bool]:
    """Return (P(T >= t), P(T <= t), solved) for the observed total loss t = sum w l.

    See :func:`total_tail`.

    Parameters
    ----------
    null : NullModel
        The rows and their labels.

    Returns
    -------
    upper, lower : float
        Tail probabilities.
    solved : bool
        False where t lies at the edge of what the null can produce.

    Examples
    --------
    A loss that is exactly what ten coins of 0.9 promise: nine right, one wrong.

    >>> null = NullModel(np.log(np.tile([0.1, 0.9], (10, 1))), np.array([0] + [1] * 9), np.ones(10))
    >>> upper, lower, solved = loss_tail(null)
    >>> print(round(upper + lower, 6), solved)
    1.0 True
    """
    return total_tail(null, null.loss)


def total_tail(null: NullModel, values: np.ndarray) -> tuple[float, float, bool]:
    """Return (P(T >= t), P(T <= t), solved) for the observed total t = sum_i w_i values[i, y_i].

    Parameters
    ----------
    null : NullModel
        The rows and their labels.
    values : ndarray of shape (n_rows, n_classes)
        What each label would contribute.

    Returns
    -------
    upper, lower : float
        Tail probabilities.
    solved : bool
        False where t lies at the edge of what the null can produce.

    Notes
    -----
    With s solving K'(s) = t, w = sign(s) sqrt(2 (s t - K(s))) and u = s sqrt(K''(s)), the upper tail is
    Phi(-w) + phi(w) (1/u - 1/w). Near s = 0, where 1/u - 1/w loses its digits, the first Edgeworth term stands in.

    References
    ----------
    Lugannani and Rice (1980), Adv. Appl. Probab. 12, 475-490.

    Examples
    --------
    The number of heads of ten fair coins, each coin weighing a little differently so that totals are not tied:

    >>> weight = 1 + np.arange(10) / 1000
    >>> null = NullModel(np.full((10, 2), np.log(0.5)), np.array([1] * 8 + [0] * 2), weight)
    >>> upper, lower, solved = total_tail(null, np.tile([0.0, 1.0], (10, 1)))
    >>> print(round(upper, 3), solved)  # between P(heads >= 8) = 0.055 and P(heads >= 9) = 0.011
    0.029 True
    """
    rows = np.arange(null.n_rows)
    observed = float(null.weight @ values[rows, null.y])
    # What an impossible label would contribute must not enter the scaling of the exponentials.
    values = np.where(null.proba > 0, values, values[rows, null.proba.argmax(axis=1)][:, None])
    row_mean = np.einsum("ij,ij->i", null.proba, values)
    centred = values - row_mean[:, None]
    mean = float(null.weight @ row_mean)
    variance = float((null.weight**2) @ np.einsum("ij,ij,ij->i", null.proba, centred, centred))
    if variance <= 0:
        return 1.0, 1.0, False
    scale = np.sqrt(variance)
    z = (observed - mean) / scale
    s, low, high = float(np.clip(z, -3.0, 3.0)) / scale, -np.inf, np.inf
    solved = False
    for _ in range(60):
        k0, k1, k2 = _cumulants(null, values, s)
        difference = k1 - observed
        if abs(difference) <= 1e-9 * scale:
            solved = True
            break
        if difference > 0:
            high = s
        else:
            low = s
        new = s - difference / k2 if k2 > 0 else np.nan
        if not low < new < high or not np.isfinite(new):
            bracketed = np.isfinite(low) and np.isfinite(high)
            new = 0.5 * (low + high) if bracketed else 2 * s + np.sign(-difference) / scale
        if abs(new) * scale > 1e8:  # the observation lies at the edge of what the null can produce
            break
        s = new
    if not solved:
        upper = 0.0 if observed > mean else 1.0
        return upper, 1.0 - upper, False
    w = np.sign(s) * np.sqrt(max(2.0 * (s * observed - k0), 0.0))
    u = s * np.sqrt(k2)
    if abs(w) < 1e-3:
        # 1/u - 1/w cancels here; its limit is the first Edgeworth term.
        upper = float(np.clip(norm.sf(z) + norm.pdf(z) * _skewness(null, centred, scale) * (z**2 - 1) / 6, 0.0, 1.0))
        return upper, 1.0 - upper, True
    if u * u < MIN_SPREAD * w * w:
        upper = 0.0 if observed > mean else 1.0
        return upper, 1.0 - upper, False
    correction = norm.pdf(w) * (1.0 / u - 1.0 / w)
    upper = float(np.clip(norm.sf(w) + correction, 0.0, 1.0))
    lower = float(np.clip(norm.cdf(w) - correction, 0.0, 1.0))
    return upper, lower, True


def _skewness(null: NullModel, centred: np.ndarray, scale: float) -> float:
    third = np.einsum("ij,ij,ij,ij->i", null.proba, centred, centred, centred)
    return float((null.weight**3) @ third) / scale**3
