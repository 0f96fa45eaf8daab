"""The lower limit of the floor by profile likelihood."""

from __future__ import annotations

import numpy as np

from sklearn_lossacc._numerics.mixture import fit_mixture_rows
from sklearn_lossacc._numerics.mixture_rows import MixtureRows
from sklearn_lossacc.inference.cause_model import CauseModel
from sklearn_lossacc.inference.normal import Z95

LIMIT_STEPS = 14


def floor_lower_limit(causes: CauseModel, finite_log_proba: np.ndarray) -> float:
    """Return the lower 95 % profile-likelihood limit of the floor, the other terms fitted anew at each value.

    Parameters
    ----------
    causes : CauseModel
        A selection that holds a floor.
    finite_log_proba : ndarray of shape (n_kept, n_classes)
        Log probabilities of the kept rows, exact zeros replaced.

    Returns
    -------
    float
        The limit; 0 where no floor at all is likely enough.

    Notes
    -----
    The signed root of the likelihood ratio is close to a straight line through 0 at the fit, so that a few steps along
    the line to the last point find where it is 1.96; where zeros make it bend sharply near 0, halving steps do.
    """
    null, fit = causes.null, causes.fit
    flags = {"temperature": "temperature" in causes.terms, "bias": "class_bias" in causes.terms}

    rows, at = MixtureRows(finite_log_proba, null.y, null.weight), fit

    def root_of_ratio(floor: float) -> float:
        nonlocal at  # the next value is near: start there
        at = fit_mixture_rows(rows, floor=False, floor_value=floor, starts=(at.beta,), start_bias=at.bias, **flags)
        return np.sqrt(max(2.0 * causes.scale * (fit.log_likelihood - at.log_likelihood), 0.0))

    root = float(np.sqrt(causes.statistics["floor"]))
    if root <= Z95:
        return 0.0
    far, near, middle = 0.0, fit.floor, 0.0
    for step in range(LIMIT_STEPS):
        ahead = fit.floor + (middle - fit.floor) * Z95 / root if root > 0 else far
        middle = ahead if far < ahead < near and (step < 3 or step % 2) else 0.5 * (near + far)
        root = root_of_ratio(middle)
        if abs(root - Z95) < 0.02:
            return float(middle)
        if root > Z95:
            far = middle
        else:
            near = middle
    return float(far)
