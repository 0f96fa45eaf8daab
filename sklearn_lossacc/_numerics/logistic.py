"""A small logistic regression that is pulled toward a given answer, so that it always has one."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from scipy.special import expit

__all__ = ["fit_logistic"]

MAX_STEPS = 100  # Newton needs about six
MAX_HALVINGS = 40
ROUNDING = 1e-14  # of the objective
TOL = 1e-11  # of the objective: the decrease that one more step promises; that step is still taken


def _objective(
    z: np.ndarray, target: np.ndarray, weight: np.ndarray, distance: np.ndarray, penalty: np.ndarray
) -> float:
    """Log loss in nats plus the penalty of the distance from the centre."""
    # log(1 + e^z) - t z, without overflow
    loss = np.logaddexp(0.0, z) - target * z
    return float(weight @ loss + 0.5 * distance @ penalty @ distance)


def _newton(
    features: np.ndarray,
    target: np.ndarray,
    weight: np.ndarray,
    center: np.ndarray,
    penalty: np.ndarray,
    start: np.ndarray,
) -> np.ndarray:
    """Minimise by damped Newton steps."""
    coef = start.copy()
    z = features @ coef
    value = _objective(z, target, weight, coef - center, penalty)
    for _ in range(MAX_STEPS):
        p = expit(z)
        gradient = (weight * (p - target)) @ features + penalty @ (coef - center)
        hessian = (features * (weight * p * (1.0 - p))[:, np.newaxis]).T @ features + penalty
        step = np.linalg.solve(hessian, gradient)
        promised = float(step @ gradient)
        if promised <= TOL * max(1.0, value):
            return coef - step
        length = 1.0
        for _ in range(MAX_HALVINGS):
            tried = coef - length * step
            z = features @ tried
            reached = _objective(z, target, weight, tried - center, penalty)
            if reached <= value - 1e-4 * length * promised + ROUNDING * value:
                break
            length *= 0.5
        else:
            return coef
        coef, value = tried, reached
    return coef


def fit_logistic(
    features: np.ndarray,
    target: np.ndarray,
    weight: np.ndarray | None = None,
    *,
    center: np.ndarray,
    penalty: np.ndarray,
    nonnegative: tuple[int, ...] = (),
    start: np.ndarray | None = None,
) -> np.ndarray:
    """Fit log odds that are linear in some features, shrunk toward given coefficients.

    Parameters
    ----------
    features : ndarray of shape (n_rows, n_features), float64
        Few features, finite.
    target : ndarray of shape (n_rows,), float64
        0 or 1.
    weight : ndarray of shape (n_rows,), float64, or None
        Non-negative weights; a weight k is the row repeated k times.
    center : ndarray of shape (n_features,)
        The coefficients without any row.
    penalty : ndarray of shape (n_features, n_features)
        Positive definite, symmetric.
    nonnegative : tuple of int, default=()
        Features whose coefficients may not be negative.
    start : ndarray of shape (n_features,), optional
        Where the search starts if no coefficient is held at 0; by default at `center`.

    Returns
    -------
    ndarray of shape (n_features,)
        The only minimum: the problem is strictly convex, even if the classes can be separated.

    Notes
    -----
    Minimises, in nats, sum_i w_i [log(1 + exp(c x_i)) - t_i c x_i] + (c - c0)' P (c - c0) / 2. Its value at
    c0 has no penalty, so the fit's log loss is never above that of c0, if c0 is allowed. With signs
    prescribed, every subset of these coefficients is tried at 0 until the minimum has the right signs.

    Examples
    --------
    Three hits of four, with a penalty next to nothing, are the log odds log 3:

    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.logistic import fit_logistic
    >>> one = np.ones((4, 1))
    >>> hits = np.array([1.0, 1.0, 1.0, 0.0])
    >>> fit_logistic(one, hits, center=np.zeros(1), penalty=np.eye(1) * 1e-9).round(6)
    array([1.098612])
    >>> fit_logistic(one, 1 - hits, center=np.ones(1), penalty=np.eye(1), nonnegative=(0,))
    array([0.])
    """
    weight = np.ones(len(target)) if weight is None else weight
    best = np.zeros(features.shape[1])
    lowest = np.inf
    for n_zero in range(len(nonnegative) + 1):
        for chosen in combinations(nonnegative, n_zero):
            zeros = np.array(chosen, dtype=np.intp)
            free = np.setdiff1d(np.arange(features.shape[1]), zeros)
            coef = np.zeros(features.shape[1])
            if len(free):
                # the penalty couples a coefficient that is held at 0 with the free ones: move the centre
                rest = penalty[np.ix_(free, zeros)] @ center[zeros]
                inner = penalty[np.ix_(free, free)]
                moved = center[free] + np.linalg.solve(inner, rest)
                begin = start if start is not None and n_zero == 0 else moved
                coef[free] = _newton(features[:, free], target, weight, moved, inner, begin)
            value = _objective(features @ coef, target, weight, coef - center, penalty)
            if value < lowest and (coef[list(nonnegative)] >= 0).all():
                best, lowest = coef, value
        if n_zero == 0 and lowest < np.inf:
            break
    return best
