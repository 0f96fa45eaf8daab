"""How well a temperature is known, whether or not one temperature is what is wrong."""

from __future__ import annotations

import math

import numpy as np

from sklearn_lossacc._numerics.mixture import mixture_proba
from sklearn_lossacc._numerics.temperature import TemperatureSolution
from sklearn_lossacc.inference.null import NullModel


def log_temperature_error(null: NullModel, log_proba: np.ndarray, fit: TemperatureSolution) -> float:
    """Return the standard error of log T, over groups when given.

    Parameters
    ----------
    null : NullModel
        The rows.
    log_proba : ndarray of shape (n_rows, n_classes)
        Their log probabilities, finite.
    fit : TemperatureSolution
        Their likeliest temperature.

    Returns
    -------
    float

    Notes
    -----
    The sandwich of the score at the fit, but not less than what the fitted model itself expects of it: among few rows
    the surprising ones may be missing.

    References
    ----------
    H. White, "Maximum Likelihood Estimation of Misspecified Models", Econometrica 50, 1982.

    Examples
    --------
    Log odds of 1, three of four labels on the likelier side. beta is log 3, its score per row has variance 3 / 16:

    >>> from sklearn_lossacc._numerics.temperature import solve_temperature
    >>> log_proba, y = np.array([[0.0, 1.0]] * 400), np.repeat([1, 0], [300, 100])
    >>> null = NullModel(log_proba - np.log(1 + np.e), y, np.ones(400))
    >>> error = log_temperature_error(null, log_proba, solve_temperature(log_proba, y))
    >>> print(round(error, 3), round(1 / (400 * 3 / 16) ** 0.5 / np.log(3), 3))
    0.105 0.105
    """
    model = mixture_proba(log_proba, fit.beta, np.zeros(null.n_classes), 0.0)
    mean = np.einsum("ij,ij->i", model, log_proba)
    score = null.weight * (log_proba[np.arange(null.n_rows), null.y] - mean)
    expected = null.weight**2 @ (np.einsum("ij,ij,ij->i", model, log_proba, log_proba) - mean**2)
    squares = float(score @ score)
    units = score if null.group is None else np.bincount(null.group, score)
    seen = float(units @ units) * len(units) / max(len(units) - 1, 1)
    expected *= max(1.0, seen / squares) if null.group is not None and squares > 0 else 1.0
    return math.sqrt(max(seen, float(expected))) / max(fit.information, 1e-300) / fit.beta
