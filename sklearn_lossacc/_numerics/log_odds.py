"""Log odds of each class against all others."""

from __future__ import annotations

import numpy as np

from sklearn_lossacc._numerics.blocks import row_sum
from sklearn_lossacc._numerics.links import LOSS_CLIP
from sklearn_lossacc._numerics.temperature_blocks import log_scores

__all__ = ["LARGEST", "largest_and_rest", "log_odds", "odds_against_rest"]

LARGEST = 700.0  # exp(700) is still finite


def _positive(proba: np.ndarray) -> np.ndarray:
    """Return probabilities in float64, with 2.22e-16 in the place of 0."""
    proba = np.asarray(proba, dtype=np.float64)
    return proba if proba.min() > 0 else np.where(proba > 0, proba, LOSS_CLIP)


def largest_and_rest(block: np.ndarray, *, logits: bool) -> tuple[np.ndarray, np.ndarray]:
    """Compute what the log odds of every class in a row need of the other classes.

    Parameters
    ----------
    block : ndarray of shape (n_rows, n_classes)
        Probabilities or logits.
    logits : bool
        Whether `block` holds logits.

    Returns
    -------
    largest : ndarray of shape (n_rows,), float64
        The largest entry.
    rest : ndarray of shape (n_rows,), float64
        Sum of all other probabilities; of logits, that of their exponentials relative to the largest.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.log_odds import largest_and_rest
    >>> largest_and_rest(np.array([[0.5, 0.25, 0.25]]), logits=False)
    (array([0.5]), array([0.5]))
    """
    top = block.argmax(axis=1)[:, np.newaxis]
    mass = np.array(block, dtype=np.float64) if logits else _positive(block).copy()
    largest = np.take_along_axis(mass, top, axis=1)
    if logits:
        np.exp(np.subtract(mass, largest, out=mass), out=mass)
    np.put_along_axis(mass, top, 0.0, axis=1)
    return largest[:, 0], row_sum(mass)


def odds_against_rest(entries: np.ndarray, largest: np.ndarray, rest: np.ndarray, *, logits: bool) -> np.ndarray:
    """Compute log odds from the entries of some classes and what `largest_and_rest` says of their rows.

    Parameters
    ----------
    entries : ndarray of any shape
        Probabilities or logits.
    largest, rest : ndarray
        Of a shape that fits.
    logits : bool
        Whether `entries` are logits.

    Returns
    -------
    ndarray of the shape of `entries`, float64
        Between -700 and 700.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.log_odds import odds_against_rest
    >>> np.exp(odds_against_rest(np.array([0.25]), np.array([0.5]), np.array([0.5]), logits=False)).round(6)
    array([0.333333])
    """
    with np.errstate(divide="ignore", over="ignore"):
        if logits:
            entries = np.asarray(entries, dtype=np.float64) - largest
            odds = np.subtract(1.0, np.exp(entries))
            odds += rest
            np.subtract(entries, np.log(odds, out=odds), out=odds)
        else:
            entries = _positive(entries)
            odds = largest - entries
            odds += rest
            np.log(np.divide(entries, odds, out=odds), out=odds)
    return np.clip(odds, -LARGEST, LARGEST, out=odds)


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
    if block.ndim == 2 and block.shape[1] > 2:
        largest, rest = largest_and_rest(block, logits=logits)
        return odds_against_rest(block, largest[:, np.newaxis], rest[:, np.newaxis], logits=logits)
    scores = log_scores(block, logits=logits)
    second = np.clip(scores[:, 1] - scores[:, 0], -LARGEST, LARGEST)
    return np.stack([-second, second], axis=1)
