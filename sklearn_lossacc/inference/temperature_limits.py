"""The limits of the temperature, by profile likelihood."""

from __future__ import annotations

import math

import numpy as np

from sklearn_lossacc._numerics.mixture import fit_mixture_rows
from sklearn_lossacc._numerics.mixture_rows import MixtureRows
from sklearn_lossacc.inference.cause_model import CauseModel
from sklearn_lossacc.inference.likely_laws import last_likely
from sklearn_lossacc.inference.normal import Z95

MOST_LOG = math.log(1000.0)  # a temperature this far from 1 is as good as 0, or as infinity
BEYOND = 1.3
LIMIT_TOL = 0.01  # of the way on which the limit is sought


def temperature_limits(causes: CauseModel, finite_log_proba: np.ndarray) -> tuple[float, float]:
    """Return the 95 % profile-likelihood limits of the temperature, selected floor and offsets fitted at each value.

    Parameters
    ----------
    causes : CauseModel
        A selection that holds a temperature.
    finite_log_proba : ndarray of shape (n_kept, n_classes)
        Log probabilities of the kept rows, exact zeros replaced.

    Returns
    -------
    float, float
        The limits; 0, or infinity, where a temperature a thousand times smaller, or larger, than 1 is likely enough.

    Notes
    -----
    Where a floor takes every error for noise, or there is no error, the sharpest temperature is about as likely as any
    other: the likelihood is flat on one side, and its curvature, or its height over T = 1, say nothing of how far it
    stays so.

    References
    ----------
    Pawitan (2001), In All Likelihood, section 3.4.

    Examples
    --------
    200 labels, all of them the one that the model gives 0.7. Sharper is likelier without end, and 0.7 has to become
    0.9905 before all of them have a chance of exp(-1.92):

    >>> from sklearn_lossacc.inference.cause_model import select_causes
    >>> from sklearn_lossacc.inference.null import NullModel
    >>> y = np.arange(200) % 2
    >>> log_proba = np.log(np.where(y[:, None] == [0, 1], 0.7, 0.3))
    >>> causes = select_causes(NullModel(log_proba, y, np.ones(200)), log_floor=-36.0)
    >>> low, high = temperature_limits(causes, log_proba)
    >>> print(low, round(high, 2), round((np.log(7 / 3)) / np.log(0.99044 / 0.00956), 2))
    0.0 0.18 0.18
    """
    rows = MixtureRows(finite_log_proba, causes.null.y, causes.null.weight)
    return _limit(causes, rows, 1.0), _limit(causes, rows, -1.0)


def _limit(causes: CauseModel, rows: MixtureRows, side: float) -> float:
    """Return the limit on the side of larger (1) or smaller (-1) inverse temperatures."""
    at = fit = causes.fit
    origin, bias, floor = math.log(fit.beta), "class_bias" in causes.terms, "floor" in causes.terms

    def lost(distance: float) -> float:
        nonlocal at  # the next value is near: start there
        if distance == 0.0:  # the search at a fixed temperature may miss the likeliest floor of a few rows
            return 0.0
        beta = math.exp(origin + side * distance)
        at = fit_mixture_rows(rows, temperature=False, bias=bias, floor=floor, starts=(beta,), start_bias=at.bias)
        return causes.scale * (fit.log_likelihood - at.log_likelihood)

    far = MOST_LOG - side * origin
    # If the likelihood were a parabola up to T = 1, and a bit beyond.
    ahead = BEYOND * Z95 * abs(origin) / math.sqrt(max(causes.statistics["temperature"], 1e-12))
    distance = last_likely(lost, 0.0, min(ahead, far), far, 0.5 * Z95**2, tol=LIMIT_TOL) if far > 0.0 else 0.0
    if distance >= far:
        return 0.0 if side > 0 else math.inf
    return math.exp(-(origin + side * distance))
