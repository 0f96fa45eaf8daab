"""The limits of the temperature beside a floor, by profile likelihood."""

from __future__ import annotations

import math

import numpy as np

from sklearn_lossacc._numerics.mixture import fit_mixture
from sklearn_lossacc.inference.cause_model import Z95, CauseModel

STEPS = 12
CLOSE = 0.05  # of the signed root: a fortieth of the half width
MOST_LOG = math.log(1000.0)  # a temperature this far from 1 is as good as 0, or as infinity
LONGEST = 3.0  # times what the last step covered, where the likelihood is flat


def temperature_limits(causes: CauseModel, finite_log_proba: np.ndarray) -> tuple[float, float]:
    """Return the 95 % profile-likelihood limits of the temperature, floor and offsets fitted anew at each value.

    Parameters
    ----------
    causes : CauseModel
        A selection that holds a temperature and a floor.
    finite_log_proba : ndarray of shape (n_kept, n_classes)
        Log probabilities of the kept rows, exact zeros replaced.

    Returns
    -------
    float, float
        The limits; 0, or infinity, where a temperature a thousand times smaller, or larger, than 1 is likely enough.

    Notes
    -----
    Where a floor takes every error for noise, the sharpest temperature is about as likely as any other: the likelihood
    is flat on one side, and its curvature, or its height over T = 1, say nothing of how far it stays so.
    """
    return _limit(causes, finite_log_proba, 1.0), _limit(causes, finite_log_proba, -1.0)


def _limit(causes: CauseModel, finite_log_proba: np.ndarray, side: float) -> float:
    """Return the limit on the side of larger (1) or smaller (-1) inverse temperatures."""
    null, fit = causes.null, causes.fit
    at, origin, bias = fit, math.log(fit.beta), "class_bias" in causes.terms

    def root_of_ratio(log_beta: float) -> float:
        nonlocal at  # the next value is near: start there
        at = fit_mixture(
            math.exp(log_beta) * finite_log_proba,
            null.y,
            null.weight,
            temperature=False,
            bias=bias,
            start_bias=at.bias,
        )
        return math.sqrt(max(2.0 * causes.scale * (fit.log_likelihood - at.log_likelihood), 0.0))

    near, far = 0.0, MOST_LOG - side * origin  # distances from the fit, of which the limit lies between
    if far <= 0.0:
        return 0.0 if side > 0 else math.inf
    # If the likelihood were a parabola up to T = 1.
    distance = min(Z95 * abs(origin) / math.sqrt(max(causes.statistics["temperature"], 1e-12)), far)
    beyond = False
    for _ in range(STEPS):
        root = root_of_ratio(origin + side * distance)
        if abs(root - Z95) < CLOSE:
            break
        if root > Z95:
            far, beyond = distance, True
        elif distance >= far:
            return 0.0 if side > 0 else math.inf
        else:
            near = distance
        ahead = min(distance * Z95 / root if root > 0 else far, LONGEST * distance)
        middle = 0.5 * (near + far) if beyond else far
        distance = ahead if near < ahead < far else middle
    return math.exp(-(origin + side * distance))
