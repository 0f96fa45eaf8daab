"""Log odds of each class against all others."""

from __future__ import annotations

import numpy as np

from sklearn_lossacc._numerics.blocks import row_max, row_sum
from sklearn_lossacc._numerics.links import LOSS_CLIP
from sklearn_lossacc._numerics.temperature_blocks import log_scores

__all__ = ["LARGEST", "log_odds", "odds_against_rest", "row_terms"]

LARGEST = 1e50  # nats; no logits need be told from each other further out, and cubes of this are numbers still
LARGEST_OF_PROBA = 745.0  # nats: -log of the smallest number; its reciprocal is infinite


def row_terms(block: np.ndarray, *, logits: bool) -> tuple[np.ndarray, ...]:
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
        Sum of all other probabilities; of logits, the log of the sum of their exponentials relative to the largest.
    zero : ndarray of shape (n_rows,), float64
        What a probability counts as at least; where one is 0 that is 2.22e-16 or the smallest other of its row, if
        that is less. Of probabilities only.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.log_odds import row_terms
    >>> row_terms(np.array([[0.5, 0.25, 0.25]]), logits=False)[:2]
    (array([0.5]), array([0.5]))
    """
    rows = np.arange(len(block)), block.argmax(axis=1)
    others = np.array(block, dtype=np.float64)
    largest = others[rows]
    if logits:
        others[rows] = -np.inf
        second = row_max(others)
        with np.errstate(over="ignore"):  # exp(-inf) is 0
            rest = np.log(row_sum(np.exp(np.subtract(others, second[:, np.newaxis], out=others), out=others)))
            rest += second - largest
        return largest, np.maximum(rest, -LARGEST)
    zero = np.zeros(len(block))
    if others.min() == 0:
        positive = others > 0
        np.min(others, axis=1, initial=LOSS_CLIP, where=positive, out=zero)
        np.copyto(others, zero[:, np.newaxis], where=~positive)
    others[rows] = 0.0
    return largest, row_sum(others), zero


def odds_against_rest(
    entries: np.ndarray, terms: tuple[np.ndarray, ...], *, logits: bool, out: np.ndarray | None = None
) -> np.ndarray:
    """Compute log odds from the entries of some classes and what `row_terms` says of their rows.

    Parameters
    ----------
    entries : ndarray of any shape
        Probabilities or logits.
    terms : tuple of ndarray
        From `row_terms`, of a shape that fits.
    logits : bool
        Whether `entries` are logits.
    out : ndarray of the shape of `entries`, float64, optional
        Where to put the log odds.

    Returns
    -------
    ndarray of the shape of `entries`, float64
        Between -1e50 and 1e50.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.log_odds import odds_against_rest, row_terms
    >>> terms = row_terms(np.array([[0.5, 0.25, 0.25]]), logits=False)
    >>> np.exp(odds_against_rest(np.array([0.25]), terms, logits=False)).round(6)
    array([0.333333])
    """
    entries = np.asarray(entries, dtype=np.float64)
    with np.errstate(over="ignore"):
        if logits:
            largest, rest = terms
            entries = np.maximum(entries - largest, -LARGEST)
            # of the others, the largest being 1, which cannot add up to less
            odds = np.subtract(1.0, np.exp(entries), out=out)
            odds += np.exp(rest)
            np.subtract(entries, np.log(np.maximum(odds, 1.0, out=odds), out=odds), out=odds)
            np.copyto(odds, -rest, where=entries == 0)
            return odds
        largest, rest, zero = terms
        entries = np.maximum(entries, zero)
        odds = np.subtract(largest, entries, out=out)
        odds += rest
        np.log(np.divide(entries, odds, out=odds), out=odds)
    return np.minimum(odds, LARGEST_OF_PROBA, out=odds)


def log_odds(block: np.ndarray, *, logits: bool, out: np.ndarray | None = None) -> np.ndarray:
    """Compute the log odds of each class against all others.

    Parameters
    ----------
    block : ndarray of shape (n_rows, n_classes) or (n_rows,)
        Probabilities or logits; one dimension holds the second class of a binary problem.
    logits : bool
        Whether `block` holds logits.
    out : ndarray of shape (n_rows, n_classes), float64, optional
        Where to put the log odds.

    Returns
    -------
    ndarray of shape (n_rows, n_classes), float64
        Between -1e50 and 1e50.

    Notes
    -----
    d_j = log p_j - log sum_{i != j} p_i. The sum over the others is added up, not taken from 1, and of logits its log
    is, so that neither a probability near 1 nor one near 0 loses its digits: rows whose probabilities round to the same
    are still told apart. A probability of exactly 0 counts as 2.22e-16, but never for more than another one of its row.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.log_odds import log_odds
    >>> np.exp(log_odds(np.array([[0.5, 0.25, 0.25]]), logits=False)).round(6)
    array([[1.      , 0.333333, 0.333333]])
    >>> log_odds(np.array([[0.0, 1000.0, 3000.0]]), logits=True)
    array([[-3000., -2000.,  2000.]])
    """
    if block.ndim == 2 and block.shape[1] > 2:
        terms = tuple(term[:, np.newaxis] for term in row_terms(block, logits=logits))
        return odds_against_rest(block, terms, logits=logits, out=out)
    scores = log_scores(block, logits=logits, ordered=True, out=out)
    odds = np.empty(scores.shape) if out is None else out
    with np.errstate(over="ignore"):
        second = scores[:, 1] - scores[:, 0]
    np.clip(second, -LARGEST, LARGEST, out=odds[:, 1])
    np.negative(odds[:, 1], out=odds[:, 0])
    return odds
