"""What a temperature or a floor may cost although none was shown: the cost under the furthest law still likely."""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import chi2

from sklearn_lossacc._numerics.mixture import MAX_FLOOR, mixture_proba
from sklearn_lossacc._numerics.temperature import TemperatureSolution
from sklearn_lossacc.inference.design import design_scale
from sklearn_lossacc.inference.likely_laws import divergence, last_likely
from sklearn_lossacc.inference.null import NullModel

ALLOWED = 0.5 * float(chi2.ppf(0.9, 1))  # below the largest log likelihood: a limit that holds in 95 % on its side


def open_temperature_cost(null: NullModel, log_proba: np.ndarray, fit: TemperatureSolution) -> float:
    """Return what overconfidence may cost: the loss of the probabilities under the largest temperature still likely.

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
        Upper 95 % limit in nats a row; 0 where every likely temperature is below 1.

    Notes
    -----
    The limit is max_b mean_i KL(softmax(b log p_i) || p_i) over the b <= 1 with 2 n (l(b) - min l) <= z_{.95}^2: l is
    the mean loss and n the effective number of rows. Few rows may hold none of the surprising labels that make up most
    of the cost, so that a mean over the rows would not show it.

    References
    ----------
    Pawitan (2001), In All Likelihood, section 3.4.

    Examples
    --------
    Four labels, all of them the one that the model is sure of. So might they be under a law much less sure:

    >>> from sklearn_lossacc._numerics.temperature import solve_temperature
    >>> log_proba, y = np.log(np.tile([0.01, 0.99], (4, 1))), np.ones(4, dtype=int)
    >>> null = NullModel(log_proba, y, np.ones(4))
    >>> print(round(open_temperature_cost(null, log_proba, solve_temperature(log_proba, y)), 3))
    0.729
    """
    scores = np.ascontiguousarray((log_proba - log_proba.max(axis=1, keepdims=True)).T)  # short last axes are slow
    true_score = scores[null.y, np.arange(null.n_rows)]
    weight = null.weight * design_scale(null)
    best = 0.0 if fit.outcome == "separable" else fit.log_loss * float(weight.sum())

    def lost(beta: float) -> float:
        return float(weight @ (np.log(np.exp(beta * scores).sum(axis=0)) - beta * true_score)) - best

    likely = 1.0 if fit.outcome == "separable" else min(fit.beta, 1.0)
    if likely == 1.0 and lost(1.0) >= ALLOWED:
        return 0.0
    information = max(fit.information * design_scale(null), 1e-300)
    ahead = likely - 1.5 * math.sqrt(2.0 * ALLOWED / information)
    beta = last_likely(lost, likely, max(ahead, 0.0), 0.0, ALLOWED)
    model = mixture_proba(log_proba, beta, np.zeros(null.n_classes), 0.0)
    return float(np.average(divergence(model, log_proba), weights=null.weight))


def open_floor_cost(null: NullModel, log_proba: np.ndarray, floor: float) -> float:
    """Return what label noise may cost: the loss of the probabilities under the largest floor still likely.

    Parameters
    ----------
    null : NullModel
        The rows.
    log_proba : ndarray of shape (n_rows, n_classes)
        Their log probabilities, finite.
    floor : float
        Their likeliest floor.

    Returns
    -------
    float
        Upper 95 % limit in nats a row.

    Notes
    -----
    As in `open_temperature_cost`, with (1 - e) p + e / k in place of softmax(b log p).

    Examples
    --------
    Four labels that the model was sure of are no proof against noise; four hundred are:

    >>> def cost(n):
    ...     log_proba, y = np.log(np.tile([0.01, 0.99], (n, 1))), np.ones(n, dtype=int)
    ...     return open_floor_cost(NullModel(log_proba, y, np.ones(n)), log_proba, 0.0)
    >>> print(round(cost(4), 3), round(cost(400), 4))
    0.614 0.0005
    """
    p_true = np.exp(log_proba[np.arange(null.n_rows), null.y])
    weight = null.weight * design_scale(null)

    best = (1.0 - floor) * p_true + floor / null.n_classes

    def lost(e: float) -> float:
        return -float(weight @ np.log(((1.0 - e) * p_true + e / null.n_classes) / best))

    e = last_likely(lost, floor, MAX_FLOOR, MAX_FLOOR, ALLOWED)
    model = mixture_proba(log_proba, 1.0, np.zeros(null.n_classes), e)
    return float(np.average(divergence(model, log_proba), weights=null.weight))
