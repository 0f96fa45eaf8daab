"""Tail probabilities of weighted totals under the universal null, by the Lugannani-Rice saddlepoint."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
from scipy.stats import norm

from sklearn_lossacc.inference.null import NullModel

MIN_SPREAD = 0.05  # tilted variance, relative to the deviance, below which the tilted law has all but one outcome left
FAR = -230.0  # log of a bound (1e-100) below which the p-value itself is not sought
SURE = -9.3  # log of a bound (below 1e-4) that is taken where else labels would have to be drawn
LEAST = -700.0  # log of the smallest p-value
START = 3.0  # standard errors
NARROW = 64  # classes, up to which a copy with these first saves time
SURE_Z, SURE_STARTS = 5.0, (8.0, 4.0, 2.0)  # standard errors


class WeightedTotal:
    """The total T = sum_i w_i values[i, y_i] of some labels, and its first moments under the null.

    Parameters
    ----------
    null : NullModel
        The rows and their labels.
    values : ndarray of shape (n_rows, n_classes)
        What each label would contribute.

    Attributes
    ----------
    observed, mean : float
        The total of the labels, and its expectation.
    row_mean : ndarray of shape (n_rows,)
        Expectation of each row's value.
    centred : ndarray of shape (n_rows, n_classes)
        Values minus their expectation, 0 where the label cannot be drawn.
    variance : float
        Variance of the total.

    Examples
    --------
    Five of ten fair coins show heads:

    >>> null = NullModel(np.full((10, 2), np.log(0.5)), np.arange(10) % 2, np.ones(10))
    >>> heads = WeightedTotal(null, np.tile([0.0, 1.0], (10, 1)))
    >>> heads.observed, heads.mean, heads.variance, heads.z
    (5.0, 5.0, 2.5, 0.0)
    """

    def __init__(self, null: NullModel, values: np.ndarray):
        self.null = null
        observed = values[np.arange(null.n_rows), null.y]
        self.observed = float(null.weight @ observed)
        self.row_mean = np.vecdot(null.proba, values)
        self.mean = float(null.weight @ self.row_mean)
        self.centred = values - self.row_mean[:, None]
        self.tilted = null.proba * self.centred
        self.variance = float(null.weight**2 @ np.vecdot(self.tilted, self.centred))
        # What is left of equal terms that cancel must not be mistaken for a difference.
        self.excess = float(null.weight @ (observed - self.row_mean))

    @property
    def z(self) -> float:
        """The observed total minus its expectation, in standard errors; 0 where it cannot vary."""
        return self.excess / math.sqrt(self.variance) if self.variance > 0 else 0.0

    def events(self) -> float:
        """Return the squared variance over the fourth moment, which counts independent events.

        m jumps of a Poisson process give m, n fair coins give n, and rows that hardly contribute are not counted.
        """
        squares = self.tilted * self.centred
        squares *= self.centred
        share, variance = self._in_largest_weights()
        fourth = float(share**4 @ np.vecdot(squares, self.centred))
        return variance**2 / fourth if fourth > 0 else 0.0

    def skewness(self) -> float:
        """Return the third central moment over the 3/2 power of the variance."""
        third = np.vecdot(self.tilted * self.centred, self.centred)
        share, variance = self._in_largest_weights()
        return float(share**3 @ third) / variance**1.5

    def _in_largest_weights(self) -> tuple[np.ndarray, float]:
        """Return the weights and the variance in units of the largest weight, whose fourth power may be no number."""
        largest = float(self.null.weight.max())
        return self.null.weight / largest, self.variance / largest**2

    @cached_property
    def _law(self) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities and centred values with the classes first: reductions along a short last axis are slow.

        What an impossible label would contribute must not enter the scaling of the exponentials.
        """
        proba, values = self.null.proba, self.centred
        impossible = proba <= 0
        if impossible.any():
            values = np.where(impossible, 0.0, values)
        if self.null.n_classes > NARROW:
            return proba.T, values.T
        return np.ascontiguousarray(proba.T), np.ascontiguousarray(values.T)

    def cumulants(self, s: float) -> tuple[float, float, float]:
        """Return K(s), K'(s), K''(s) of T - mean, where K(s) = sum_i log sum_j p_ij exp(s w_i (v_ij - m_i))."""
        weight, (proba, values) = self.null.weight, self._law
        exponent = values * (s * weight)
        shift = exponent.max(axis=0)
        exponent -= shift
        tilted = np.exp(exponent, out=exponent)
        tilted *= proba
        total = np.einsum("ij->j", tilted)
        tilted *= values
        first = np.einsum("ij->j", tilted) / total
        second = np.einsum("ij,ij->j", tilted, values) / total - first**2
        return (
            float((np.log(total) + shift).sum()),
            float(weight @ first),
            float((weight**2) @ np.maximum(second, 0.0)),
        )

    def bound(self) -> tuple[float, float] | None:
        """Return bounds of the two tail probabilities where one of them is beyond doubt, whatever the law.

        Chernoff's bound: P(T >= t) <= exp(K(s) - s t) for every s >= 0, and P(T <= t) for every s <= 0.
        """
        if self.variance <= 0 or abs(self.z) < SURE_Z:
            return None
        for start in SURE_STARTS:
            s = math.copysign(start, self.z) / math.sqrt(self.variance)
            exponent = self.cumulants(s)[0] - s * self.excess
            if exponent < SURE:
                least = math.exp(max(exponent, LEAST))
                return (least, 1.0) if s > 0 else (1.0, least)
        return None


def saddlepoint_tail(total: WeightedTotal) -> tuple[float, float, bool]:
    """Return (P(T >= t), P(T <= t), solved) for the observed total t = sum_i w_i values[i, y_i].

    Parameters
    ----------
    total : WeightedTotal
        The total.

    Returns
    -------
    upper, lower : float
        Tail probabilities; Chernoff's bound where that is below 1e-100, or nothing better is known.
    solved : bool
        False where the observed total lies at the edge of what the null can produce.

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
    >>> upper, lower, solved = saddlepoint_tail(WeightedTotal(null, np.tile([0.0, 1.0], (10, 1))))
    >>> print(round(upper, 3), solved)  # between P(heads >= 8) = 0.055 and P(heads >= 9) = 0.011
    0.029 True
    """
    observed = total.excess
    if total.variance <= 0:
        return 1.0, 1.0, False
    scale = math.sqrt(total.variance)
    z = total.z
    s, low, high = min(max(z, -START), START) / scale, -np.inf, np.inf
    solved, bound = False, 0.0
    for _ in range(60):
        k0, k1, k2 = total.cumulants(s)
        bound = min(bound, k0 - s * observed)
        if bound < FAR:
            break
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
    if solved and -2.0 * bound < 1e-6:
        # 1/u - 1/w cancels here; its limit is the first Edgeworth term.
        upper = float(np.clip(norm.sf(z) + norm.pdf(z) * total.skewness() * (z**2 - 1) / 6, 0.0, 1.0))
        return upper, 1.0 - upper, True
    # The tilted law may have all but one outcome left: then the bound stands, or nothing is known.
    if not solved or k2 * s * s < MIN_SPREAD * -2.0 * bound:
        least = math.exp(max(bound, LEAST)) if bound < SURE else 0.0
        return (least, 1.0, bound < SURE) if observed > 0 else (1.0, least, bound < SURE)
    w, u = math.copysign(math.sqrt(-2.0 * (k0 - s * observed)), s), s * math.sqrt(k2)
    correction = norm.pdf(w) * (1.0 / u - 1.0 / w)
    upper = float(np.clip(norm.sf(w) + correction, 0.0, 1.0))
    lower = float(np.clip(norm.cdf(w) - correction, 0.0, 1.0))
    return upper, lower, True
