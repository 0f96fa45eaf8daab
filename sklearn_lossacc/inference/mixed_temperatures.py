"""Rows of several temperatures: what looks like label noise where a model is too sure of some of its rows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sklearn_lossacc._numerics.mixture import softmax_columns
from sklearn_lossacc._numerics.mixture_weights import fit_mixture_weights

TEMPERATURES = np.array([0.7, 1.0, 1.4, 2.0, 2.8, 4.0])  # what lies between two of them is a mixture of both
TOO_SURE = TEMPERATURES > 1.5


@dataclass(frozen=True)
class MixedTemperatures:
    """The likeliest shares of rows at several temperatures.

    Attributes
    ----------
    share : float
        Part of the rows at temperatures of 2 or more.
    temperature : float
        Geometric mean of these; NaN where the share is 0.
    log_likelihood : float
        Weighted sum of the log probabilities of the labels, in nats.
    """

    share: float
    temperature: float
    log_likelihood: float


def mixed_temperatures(scores: np.ndarray, y: np.ndarray, weight: np.ndarray) -> MixedTemperatures:
    """Fit labels that are drawn at a temperature of their own row by row, nobody knows which, and none at random.

    Parameters
    ----------
    scores : ndarray of shape (n_rows, n_classes)
        Logits, or log probabilities.
    y : ndarray of shape (n_rows,)
        Column index of each label.
    weight : ndarray of shape (n_rows,)
        Row weights.

    Returns
    -------
    MixedTemperatures

    Notes
    -----
    Where such a model errs, the true class is one that it ranks next. Label noise is likelier than that to name a class
    that the model thinks little of, and the more classes there are, the plainer the difference.

    Examples
    --------
    Ten rows of which each tells little: whether one of them is at another temperature cannot be seen.

    >>> found = mixed_temperatures(np.log([[0.5, 0.3, 0.2]] * 10), np.repeat([0, 1, 2], [5, 3, 2]), np.ones(10))
    >>> found.share, round(found.log_likelihood, 2)
    (0.0, -10.3)
    """
    rows = np.arange(len(y))
    columns = np.ascontiguousarray(scores.T)
    density = np.stack([softmax_columns(columns / temperature)[y, rows] for temperature in TEMPERATURES], axis=1)
    shares = fit_mixture_weights(density, weight)
    share = float(shares[TOO_SURE].sum())
    log_mean = float(shares[TOO_SURE] @ np.log(TEMPERATURES[TOO_SURE])) / share if share > 0 else math.nan
    likelihood = float(weight @ np.log(np.maximum(density @ shares, 1e-300)))
    return MixedTemperatures(share, math.exp(log_mean), likelihood)
