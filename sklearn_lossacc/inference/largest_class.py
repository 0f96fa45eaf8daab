"""The class whose total is furthest from its expectation: with many classes, a bias of a few drowns in a chi-square."""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit
from scipy.stats import norm

MANY_CLASSES = 20  # with fewer, a chi-square over all of them finds a bias of a few as well
FEWEST_EVENTS = 1.0  # tilted variance, in rows, below which the bound stands
DOUBLINGS = 12


def binomial_tail(proba: np.ndarray, weight: np.ndarray, observed: float) -> float:
    """Return the chance of a weighted count at least as far on its side of the expectation as the observed one.

    Parameters
    ----------
    proba : ndarray of shape (n_rows,)
        Chance that each row counts; rows are independent.
    weight : ndarray of shape (n_rows,)
        What it counts for.
    observed : float
        The weighted count.

    Returns
    -------
    float
        By the saddlepoint, on the lattice where all weights are equal; by Chernoff's bound near the edge.

    References
    ----------
    Daniels (1987), Tail probability approximations, Int. Stat. Rev. 55.

    Examples
    --------
    Eight of ten fair coins show heads, with a chance of 56 / 1024 = 0.055:

    >>> print(round(binomial_tail(np.full(10, 0.5), np.ones(10), 8.0), 2))
    0.06
    """
    unit = float(weight.max())
    weight, observed = weight / unit, observed / unit
    distance = observed - float(weight @ proba)
    odds, side = logit(proba), math.copysign(1.0, distance)

    def beyond(s: float) -> float:
        return float(weight @ expit(odds + s * weight)) - observed

    far = side
    for _ in range(DOUBLINGS):
        if side * beyond(far) > 0:
            break
        far *= 2.0
    solved = side * beyond(far) > 0 and distance != 0
    s = float(brentq(beyond, 0.0, far)) if solved else far if distance else 0.0
    with np.errstate(divide="ignore"):
        cumulant = float(np.logaddexp(np.log1p(-proba), np.log(proba) + s * weight).sum())
    exponent = cumulant - s * observed
    bound = math.exp(min(exponent, 0.0))
    tilted = expit(odds + s * weight)
    variance = float(weight**2 @ (tilted * (1.0 - tilted)))
    if not solved or variance < FEWEST_EVENTS or -exponent < 1e-3:
        return bound
    step = -math.expm1(-abs(s)) if weight.min() == 1.0 else abs(s)
    root, curved = math.sqrt(-2.0 * exponent), step * math.sqrt(variance)
    return float(min(bound, norm.sf(root) + norm.pdf(root) * (1.0 / curved - 1.0 / root)))


def largest_class_p_value(proba: np.ndarray, y: np.ndarray, weight: np.ndarray) -> float:
    """Return the p-value of the class total furthest from its expectation, in standard errors.

    Parameters
    ----------
    proba : ndarray of shape (n_rows, n_classes)
        Probabilities of independent rows.
    y : ndarray of shape (n_rows,)
        Column index of each label.
    weight : ndarray of shape (n_rows,)
        Row weights.

    Returns
    -------
    float
        Two-sided, times the number of classes (Bonferroni).

    Examples
    --------
    Ten fair coins show eight heads: 2 x 2 x 56 / 1024 = 0.22, closely.

    >>> p_value = largest_class_p_value(np.full((10, 2), 0.5), np.repeat([0, 1], [2, 8]), np.ones(10))
    >>> print(round(p_value, 1))
    0.2
    """
    n_classes = proba.shape[1]
    total = np.bincount(y, weight, n_classes)
    squared = weight**2
    variance = squared @ proba - np.einsum("i,ij,ij->j", squared, proba, proba)
    deviation = total - weight @ proba
    z = np.abs(deviation) / np.sqrt(np.maximum(variance, np.finfo(float).tiny))
    z[variance <= 1e-13 * squared.sum()] = 0.0  # what rounding left of a sum of zeros and ones
    j = int(z.argmax())
    if z[j] < 1.0:
        return 1.0
    return min(1.0, 2.0 * n_classes * binomial_tail(proba[:, j], weight, float(total[j])))


def or_largest_class(
    p_value: float, proba: np.ndarray, y: np.ndarray, weight: np.ndarray, group: np.ndarray | None
) -> float:
    """Return the p-value of a bias of many classes or of a few: either may show it (Bonferroni).

    Parameters
    ----------
    p_value : float
        Of all class totals together.
    proba : ndarray of shape (n_rows, n_classes)
        Probabilities of the rows.
    y : ndarray of shape (n_rows,)
        Column index of each label.
    weight : ndarray of shape (n_rows,)
        Row weights.
    group : ndarray of shape (n_rows,) or None
        Group codes.

    Returns
    -------
    float
        Twice the smaller p-value; the given one for few classes, and in groups, whose rows are not independent.

    Examples
    --------
    >>> or_largest_class(0.3, np.full((10, 2), 0.5), np.repeat([0, 1], [2, 8]), np.ones(10), None)
    0.3
    """
    if group is not None or proba.shape[1] < MANY_CLASSES:
        return p_value
    return min(1.0, 2.0 * min(p_value, largest_class_p_value(proba, y, weight)))
