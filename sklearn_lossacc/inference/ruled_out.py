"""Label noise among the labels that a model does not rule out, where zeros would show anything."""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import softmax
from scipy.stats import chi2

from sklearn_lossacc._numerics.mixture import profile_floor

LOG_BETA = 3.0  # temperatures from 1 / 20 to 20
CLOSE = {"xatol": 1e-3}  # moves the likelihood ratio of 10 000 rows by less than 0.01


def noise_among_possible(
    log_proba: np.ndarray, y: np.ndarray, weight: np.ndarray, bias: np.ndarray, ruled_out: float, scale: float = 1.0
) -> float:
    """Return the p-value of label noise, given of each row that its label is none of those with probability 0.

    Parameters
    ----------
    log_proba : ndarray of shape (n_rows, n_classes)
        Log probabilities.
    y : ndarray of shape (n_rows,)
        Column index of each label.
    weight : ndarray of shape (n_rows,)
        Row weights.
    bias : ndarray of shape (n_classes,)
        Class offsets.
    ruled_out : float
        The log probability that stands for 0.
    scale : float, default=1.0
        Factor that turns the likelihood ratio into that of independent draws.

    Returns
    -------
    float
        Half the chi-square tail of the likelihood ratio of a floor beside a temperature; 1 where no row can tell.

    Notes
    -----
    A row that shows a label of probability 0 refutes the model, and a floor explains it whatever it is: wrong labels,
    or a tree or a vote that says 0 of what it has not counted. Noise reaches the other labels too. Given that the label
    is one of the m possible ones, the law with noise is (1 - e) softmax(beta log p + b) + e / m over these, so that the
    rows that are left judge noise without the zeros.

    Examples
    --------
    Of 100 rows at (0.9, 0.1, 0) ten show the second class, as they should, and of another 20 each shows the third:

    >>> log_proba = np.log([[0.9, 0.1, 1e-300]]).repeat(120, axis=0)
    >>> y = np.repeat([0, 1, 2], [90, 10, 20])
    >>> noise_among_possible(log_proba, y, np.ones(120), np.zeros(3), -36.0)
    1.0
    """
    possible = log_proba > ruled_out
    count = possible.sum(axis=1)
    telling = np.flatnonzero(possible[np.arange(len(y)), y] & (count > 1))
    if not telling.size:
        return 1.0
    scores = np.where(possible[telling], log_proba[telling], -np.inf)
    y, weight, count = y[telling], weight[telling], count[telling]
    rows = np.arange(telling.size)

    def loss(log_beta: float, noisy: bool) -> float:
        p_true = softmax(math.exp(log_beta) * scores + bias, axis=1)[rows, y]
        floor = profile_floor(p_true, weight, count) if noisy else 0.0
        return -float(weight @ np.log(np.maximum((1.0 - floor) * p_true + floor / count, 1e-300)))

    least = [
        minimize_scalar(loss, args=(noisy,), bounds=(-LOG_BETA, LOG_BETA), method="bounded", options=CLOSE).fun
        for noisy in (False, True)
    ]
    ratio = 2.0 * scale * (least[0] - least[1])
    return 0.5 * float(chi2.sf(ratio, 1)) if ratio > 1e-6 else 1.0
