"""How far a law may be from the likeliest one, and what the probabilities cost under it."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import entr

LIMIT_TOL = 1e-4


def last_likely(
    lost: Callable[[float], float], near: float, ahead: float, far: float, allowed: float, tol: float = LIMIT_TOL
) -> float:
    """Return where, from a likely point on, so much log likelihood is lost as is allowed, or the end of the way.

    Parameters
    ----------
    lost : callable
        Maps a place on the way to the log likelihood lost there, in nats.
    near, ahead, far : float
        A likely place, one that is probably beyond the limit and not far from it, and the end of the way.
    allowed : float
        What may be lost, in nats.
    tol : float, default=1e-4
        Precision, as a share of the way from `near` to what lies beyond the limit.

    Returns
    -------
    float
        The root of what is lost is close to a straight line near the likeliest point: a few steps find the place.

    Examples
    --------
    >>> print(round(last_likely(lambda place: place**2, 0.0, 3.0, 9.0, 4.0), 3))
    2.0
    """

    @cache
    def beyond(place: float) -> float:
        return math.sqrt(max(lost(place), 0.0)) - math.sqrt(allowed)

    end = ahead if beyond(ahead) > 0.0 else far
    return far if beyond(end) <= 0.0 else float(brentq(beyond, near, end, xtol=tol * abs(end - near)))


def divergence(model: np.ndarray, log_proba: np.ndarray) -> np.ndarray:
    """Return what each row's probabilities cost if those of the model are the law, in nats.

    Parameters
    ----------
    model : ndarray of shape (n_rows, n_classes)
        Probabilities q.
    log_proba : ndarray of shape (n_rows, n_classes)
        Finite logarithms of the probabilities p.

    Returns
    -------
    ndarray of shape (n_rows,)
        KL(q || p) = sum_j q_j log(q_j / p_j).

    Examples
    --------
    >>> print(divergence(np.array([[0.5, 0.5]]), np.log([[0.25, 0.75]])).round(4).tolist())
    [0.1438]
    """
    return -entr(model).sum(axis=1) - np.einsum("ij,ij->i", model, log_proba)
