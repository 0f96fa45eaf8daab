"""Tail probabilities of the total loss under the universal null, by the Lugannani-Rice saddlepoint."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from sklearn_lossacc.inference.null import NullModel


def _cumulants(null: NullModel, s: float) -> tuple[float, float, float]:
    """Return K(s), K'(s), K''(s) of T = sum w l, where K(s) = sum_i log sum_j p_ij exp(s w_i l_ij)."""
    exponent = (s * null.weight)[:, None] * null.loss
    shift = exponent.max(axis=1)
    exponent -= shift[:, None]
    tilted = null.proba * np.exp(exponent, out=exponent)
    total = tilted.sum(axis=1)
    tilted /= total[:, None]
    first = np.einsum("ij,ij->i", tilted, null.loss)
    second = np.einsum("ij,ij,ij->i", tilted, null.loss, null.loss) - first**2
    return (
        float((np.log(total) + shift).sum()),
        float(null.weight @ first),
        float((null.weight**2) @ np.maximum(second, 0.0)),
    )


def loss_tail(null: NullModel) -> tuple[float, float, bool]:
    """Return (P(T >= t), P(T <= t), solved) for the observed total loss t = sum w l.

    Notes
    -----
    With s solving K'(s) = t, w = sign(s) sqrt(2 (s t - K(s))) and u = s sqrt(K''(s)), the upper tail is
    Phi(-w) + phi(w) (1/u - 1/w). Near s = 0, where 1/u - 1/w loses its digits, the first Edgeworth term stands in.

    References
    ----------
    Lugannani and Rice (1980), Adv. Appl. Probab. 12, 475-490.
    """
    observed = float(null.weight @ null.true_loss)
    mean = float(null.weight @ null.entropy)
    variance = float((null.weight**2) @ null.varentropy)
    if variance <= 0:
        return 1.0, 1.0, False
    scale = np.sqrt(variance)
    z = (observed - mean) / scale
    s, low, high = float(np.clip(z, -3.0, 3.0)) / scale, -np.inf, np.inf
    solved = False
    for _ in range(60):
        k0, k1, k2 = _cumulants(null, s)
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
            if np.isfinite(low) and np.isfinite(high):
                new = 0.5 * (low + high)
            else:
                new = 2 * s + np.sign(-difference) / scale
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
        upper = float(np.clip(norm.sf(z) + norm.pdf(z) * _skewness(null, scale) * (z**2 - 1) / 6, 0.0, 1.0))
        return upper, 1.0 - upper, True
    correction = norm.pdf(w) * (1.0 / u - 1.0 / w)
    upper = float(np.clip(norm.sf(w) + correction, 0.0, 1.0))
    lower = float(np.clip(norm.cdf(w) - correction, 0.0, 1.0))
    return upper, lower, True


def _skewness(null: NullModel, scale: float) -> float:
    centred = null.loss - null.entropy[:, None]
    third = np.einsum("ij,ij,ij,ij->i", null.proba, centred, centred, centred)
    return float((null.weight**3) @ third) / scale**3
