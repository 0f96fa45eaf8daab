"""Losses after a temperature that was fitted to other rows."""

from __future__ import annotations

import math

import numpy as np

from sklearn_lossacc._numerics import LOG_CLIP, log_softmax, row_blocks
from sklearn_lossacc._numerics.temperature_blocks import log_scores, solve_temperature_in_blocks
from sklearn_lossacc.inputs import Predictions


def held_out_loss(predictions: Predictions, rows: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Compute the log loss of each row by the temperature of largest likelihood on the other folds.

    Parameters
    ----------
    predictions : Predictions
        Labels and scores.
    rows : ndarray of int of shape (m,)
        The rows that take part.
    fold : ndarray of int of shape (m,)
        Fold of each of them.

    Returns
    -------
    ndarray of shape (n_rows,)
        In nats, clipped at 2.22e-16; NaN for rows that do not take part.

    Notes
    -----
    Where the other folds say that no temperature helps, equal probabilities are judged; where all their rows are right,
    the probabilities as they are.

    Examples
    --------
    Each half says T = 2 for a model that says .9 and is right three times of four:

    >>> from sklearn_lossacc.inputs import Predictions
    >>> p = Predictions.from_arrays([1, 1, 1, 0] * 2, np.full(8, 0.9))
    >>> loss = held_out_loss(p, np.arange(8), np.repeat([0, 1], 4))
    >>> np.allclose(loss[:4], [-np.log(0.75)] * 3 + [-np.log(0.25)])
    True
    """
    logits = predictions.input == "logits"
    loss = np.full(predictions.n_rows, math.nan)
    for number in np.unique(fold):
        train, test = rows[fold != number], rows[fold == number]
        weight = None if predictions.sample_weight is None else predictions.sample_weight[train]
        solution = solve_temperature_in_blocks(
            np.asarray(predictions.scores[train]), predictions.y[train], weight, logits=logits
        )
        for block in row_blocks(len(test), predictions.n_classes):
            here = test[block]
            tempered = log_softmax(solution.beta * log_scores(np.asarray(predictions.scores[here]), logits=logits))
            loss[here] = -tempered[np.arange(len(here)), predictions.y[here]]
    return np.minimum(loss, -LOG_CLIP)
