"""Log odds of each class against all others."""

from __future__ import annotations

import numpy as np

from sklearn_lossacc._numerics.temperature_blocks import log_scores

__all__ = ["LARGEST", "log_odds"]

LARGEST = 700.0  # exp(700) is still finite


def log_odds(block: np.ndarray, *, logits: bool) -> np.ndarray:
    """Compute the log odds of each class against all others.

    Parameters
    ----------
    block : ndarray of shape (n_rows, n_classes) or (n_rows,)
        Probabilities or logits; one dimension holds the second class of a binary problem.
    logits : bool
        Whether `block` holds logits.

    Returns
    -------
    ndarray of shape (n_rows, n_classes), float64
        Between -700 and 700.

    Notes
    -----
    d_j = log p_j - log sum_{i != j} p_i. The sum over the others is added up, not taken from 1, so that a
    probability near 1 keeps its digits. A probability of exactly 0 counts as 2.22e-16.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.log_odds import log_odds
    >>> np.exp(log_odds(np.array([[0.5, 0.25, 0.25]]), logits=False)).round(6)
    array([[1.      , 0.333333, 0.333333]])
    """
    scores = log_scores(block, logits=logits)
    if scores.shape[1] == 2:
        second = np.clip(scores[:, 1] - scores[:, 0], -LARGEST, LARGEST)
        return np.stack([-second, second], axis=1)
    rows, top = np.arange(len(scores)), scores.argmax(axis=1)
    scores = scores - scores[rows, top][:, np.newaxis]
    mass = np.exp(scores)
    mass[rows, top] = 0.0
    others = mass.sum(axis=1)
    odds = scores - np.log((1.0 + others)[:, np.newaxis] - mass)
    with np.errstate(divide="ignore"):
        odds[rows, top] = -np.log(others)
    return np.clip(odds, -LARGEST, LARGEST, out=odds)
