"""A small logistic regression that is pulled toward a given answer, so that it always has one."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from sklearn_lossacc._numerics.blocks import row_blocks
from sklearn_lossacc._numerics.computed_rows import Rows

__all__ = ["fit_logistic", "logistic_evidence"]

BLOCK_ROWS = 2**13  # with their features and all that is computed from them they fit a level-2 cache
MAX_STEPS = 100  # Newton needs about six
MAX_HALVINGS = 40
ROUNDING = 1e-14  # of the terms of the objective
TOL = 1e-11  # of the objective: the decrease that one more step promises; that step is still taken


@dataclass(frozen=True)
class _Problem:
    """The penalised log loss of some of the coefficients."""

    features: Rows
    free: np.ndarray | slice
    target: Rows
    weight: np.ndarray | None
    center: np.ndarray
    penalty: np.ndarray

    def rounding(self, coef: np.ndarray, value: float) -> float:
        """Return how much rounding may change the objective: a stiff penalty is a sum of large terms that cancel."""
        distance = np.abs(coef - self.center)
        return ROUNDING * (value + float(distance @ np.abs(self.penalty) @ distance))

    def evaluate(self, coef: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Return the objective in nats, its gradient and its Hessian."""
        distance = coef - self.center
        gradient, hessian = self.penalty @ distance, self.penalty.copy()
        value = 0.5 * float(distance @ gradient)
        for rows in row_blocks(self.target.shape[0], 1, BLOCK_ROWS):
            features = self.features[rows][:, self.free]
            z, hit = features @ coef, self.target[rows]
            # p and log(1 + e^z) by one exponential that cannot overflow
            small = np.exp(-np.abs(z))
            p = np.where(z >= 0, 1.0, small) / (1.0 + small)
            loss = np.log1p(small) + np.maximum(z, 0.0) - hit * z
            pull, curve = p - hit, p * (1.0 - p)
            if self.weight is not None:
                weight = self.weight[rows]
                loss, pull, curve = loss * weight, pull * weight, curve * weight
            value += float(loss.sum())
            gradient += pull @ features
            hessian += (features * curve[:, np.newaxis]).T @ features
        return value, gradient, hessian


def _newton(problem: _Problem, start: np.ndarray) -> np.ndarray:
    """Minimise by damped Newton steps."""
    coef = start.copy()
    value, gradient, hessian = problem.evaluate(coef)
    for _ in range(MAX_STEPS):
        step = np.linalg.solve(hessian, gradient)
        promised = float(step @ gradient)
        if promised <= TOL * max(1.0, value):
            return coef - step
        length = 1.0
        for _ in range(MAX_HALVINGS):
            reached = problem.evaluate(coef - length * step)
            if reached[0] <= value - 1e-4 * length * promised + problem.rounding(coef, value):
                break
            length *= 0.5
        else:
            return coef
        coef = coef - length * step
        value, gradient, hessian = reached
    return coef


def fit_logistic(
    features: Rows,
    target: Rows,
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
    features : ndarray of shape (n_rows, n_features), float64, or ComputedRows
        Few features, finite.
    target : ndarray of shape (n_rows,), or ComputedRows
        0 or 1, or a mean of such.
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
    >>> fit_logistic(one, 1 - hits, center=np.zeros(1), penalty=np.eye(1), nonnegative=(0,))
    array([0.])
    """
    n_features = features.shape[1]
    best, lowest = np.zeros(n_features), np.inf
    for n_zero in range(len(nonnegative) + 1):
        for chosen in combinations(nonnegative, n_zero):
            zeros = np.array(chosen, dtype=np.intp)
            free = np.setdiff1d(np.arange(n_features), zeros)
            coef = np.zeros(n_features)
            if len(free):
                # the penalty couples a coefficient that is held at 0 with the free ones: move the centre
                rest = penalty[np.ix_(free, zeros)] @ center[zeros]
                inner = penalty[np.ix_(free, free)]
                moved = center[free] + np.linalg.solve(inner, rest)
                begin = start if start is not None and n_zero == 0 else moved
                problem = _Problem(features, free if n_zero else slice(None), target, weight, moved, inner)
                coef[free] = _newton(problem, begin)
            if (coef[list(nonnegative)] < 0).any():
                continue
            if n_zero == 0:
                return coef
            value = _Problem(features, slice(None), target, weight, center, penalty).evaluate(coef)[0]
            if value < lowest:
                best, lowest = coef, value
    return best


def logistic_evidence(
    features: Rows,
    target: Rows,
    weight: np.ndarray | None = None,
    *,
    center: np.ndarray,
    penalty: np.ndarray,
    coef: np.ndarray,
) -> float:
    """Approximate the log probability of the labels under a penalty, the coefficients integrated out.

    Parameters
    ----------
    features, target, weight, center, penalty
        As for `fit_logistic`.
    coef : ndarray of shape (n_features,)
        What `fit_logistic` found, with no sign prescribed.

    Returns
    -------
    float
        Laplace's approximation, in nats.

    Examples
    --------
    Three hits of four speak for log odds near 1, against log odds near -1:

    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.logistic import fit_logistic, logistic_evidence
    >>> one, hits = np.ones((4, 1)), np.array([1.0, 1.0, 1.0, 0.0])
    >>> for center in (np.ones(1), -np.ones(1)):
    ...     given = {"center": center, "penalty": np.eye(1)}
    ...     print(round(logistic_evidence(one, hits, **given, coef=fit_logistic(one, hits, **given)), 2))
    -2.54
    -3.62
    """
    value, _, hessian = _Problem(features, slice(None), target, weight, center, penalty).evaluate(coef)
    return float(-value + 0.5 * (np.linalg.slogdet(penalty)[1] - np.linalg.slogdet(hessian)[1]))
