"""Scores in a unit of their own, such as distances that nobody has turned into nats: how likely, and what beta then."""

from __future__ import annotations

import numpy as np

from sklearn_lossacc._numerics.shrinkage import ANY_UNIT, OWN_UNIT

__all__ = ["MARGIN_SCALE", "log_margin", "log_normal", "log_units", "typical_log_beta"]

MARGINS = 0.1, 20.0  # nats from a row's second class to its first: the medians of 95 % of all models
LOG_MARGIN, MARGIN_SCALE = float(np.log(MARGINS).mean()), float(np.ptp(np.log(MARGINS)) / (2 * 1.96))


def log_normal(x: np.ndarray | float, mean: float, scale: float) -> np.ndarray:
    """Return the log density of a normal law.

    Parameters
    ----------
    x : ndarray or float
        Where.
    mean, scale : float
        The law's; `scale` is its standard deviation.

    Returns
    -------
    ndarray
        Of the shape of `x`.
    """
    return -0.5 * ((np.asarray(x) - mean) / scale) ** 2 - np.log(scale * np.sqrt(2 * np.pi))


def log_margin(scores: np.ndarray, weight: np.ndarray) -> float:
    """Return the log of the median distance from the second largest score of a row to the largest.

    Parameters
    ----------
    scores : ndarray of shape (n_rows, n_classes)
        Logits, or logs of probabilities.
    weight : ndarray of shape (n_rows,), float64
        How often each row counts.

    Returns
    -------
    float
        Of the rows with a distance; if there are none, that of a typical model.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.own_unit import log_margin
    >>> round(float(np.exp(log_margin(np.array([[0.0, 1.0], [3.0, 3.0], [2.0, 0.0], [1.0, 5.0]]), np.ones(4)))), 6)
    2.0
    """
    top = np.partition(scores, -2, axis=1)[:, -2:]
    margin = top[:, 1] - top[:, 0]
    order = np.argsort(margin)[np.count_nonzero(margin == 0.0) :]
    below = np.cumsum(weight[order])
    if not below.size or below[-1] == 0.0:
        return LOG_MARGIN
    return float(np.log(margin[order[np.searchsorted(below, below[-1] / 2.0)]]))


def log_units(margin: float) -> tuple[float, float]:
    """Return the logs of how likely scores are in nats, and in a unit of their own, labels unseen.

    Parameters
    ----------
    margin : float
        From `log_margin`.

    Returns
    -------
    nats, own : float
        The probabilities sum to 1.

    Notes
    -----
    A hundredth of the prior is for a unit of their own, of which no more is known than that floats hold it. In nats the
    log margin of models is taken to be normal, 95 % between 0.1 and 20.

    Examples
    --------
    Margins of 3, 300 and 30 000 nats:

    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.own_unit import log_units
    >>> [round(float(np.exp(log_units(np.log(margin))[1])), 2) for margin in (3.0, 300.0, 3e4)]
    [0.0, 0.08, 1.0]
    """
    nats = np.log1p(-OWN_UNIT) + log_normal(margin, LOG_MARGIN, MARGIN_SCALE)
    own = np.log(OWN_UNIT) + log_normal(margin, LOG_MARGIN, float(np.hypot(ANY_UNIT, MARGIN_SCALE)))
    either = np.logaddexp(nats, own)
    return float(nats - either), float(own - either)


def typical_log_beta(margin: float) -> float:
    """Return the log of the beta that gives scores in a unit of their own the margin of a typical model.

    Parameters
    ----------
    margin : float
        From `log_margin`.

    Returns
    -------
    float
        The mean of log beta before labels are seen; its standard deviation is that of log margins.
    """
    return LOG_MARGIN - margin
