"""Whether a second softmax, or sigmoid, or a temperature explains labels that are surer than the probabilities."""

from __future__ import annotations

import math
from itertools import product

import numpy as np

from sklearn_lossacc._numerics.links import LOSS_CLIP
from sklearn_lossacc._numerics.mixture import fit_mixture_rows
from sklearn_lossacc._numerics.mixture_rows import MixtureRows
from sklearn_lossacc.inference.design import design_scale
from sklearn_lossacc.inference.null import NullModel

HALVES = 4e-3  # log odds of two halves, as half precision rounds them


def undo_softmax(log_proba: np.ndarray) -> np.ndarray:
    """Return what softmax was applied to, if that were probabilities.

    Parameters
    ----------
    log_proba : ndarray of shape (n_rows, n_classes)
        Log probabilities.

    Returns
    -------
    ndarray of shape (n_rows, n_classes)
        s = log p - mean(log p) + 1/k, which sums to 1, and of which softmax is p; none below 2.2e-16.

    Examples
    --------
    >>> from scipy.special import log_softmax
    >>> undo_softmax(log_softmax([[0.9, 0.1]], axis=1)).round(6).tolist()
    [[0.9, 0.1]]
    """
    centred = log_proba - log_proba.mean(axis=1, keepdims=True)
    return np.maximum(centred + 1.0 / log_proba.shape[1], LOSS_CLIP)


def undo_sigmoid(log_proba: np.ndarray) -> np.ndarray | None:
    """Return what a sigmoid was applied to, if that were probabilities of one of two classes.

    Parameters
    ----------
    log_proba : ndarray of shape (n_rows, n_classes)
        Log probabilities, of which a second softmax can be undone.

    Returns
    -------
    ndarray of shape (n_rows, 2) or None
        The log odds of the class that is the likelier one in every row; none below 2.2e-16. None for more classes, or
        where neither is.

    Notes
    -----
    The sigmoid of a probability lies between 1/2 and .731. That of rows of halves says nothing, so that rounding may
    take the log odds a little below 0.

    Examples
    --------
    >>> from scipy.special import log_expit
    >>> odds = np.array([0.9, 0.2])
    >>> undo_sigmoid(np.stack([log_expit(-odds), log_expit(odds)], axis=1)).round(6).tolist()
    [[0.1, 0.9], [0.8, 0.2]]
    >>> undo_sigmoid(np.log([[0.4, 0.6], [0.6, 0.4]])) is None
    True
    """
    if log_proba.shape[1] != 2:
        return None
    odds = log_proba[:, 1] - log_proba[:, 0]
    second = bool(odds.sum() >= 0.0)
    odds = odds if second else -odds
    if odds.min() < -HALVES:
        return None
    odds = np.clip(odds, LOSS_CLIP, 1.0 - LOSS_CLIP)
    return np.stack([1.0 - odds, odds] if second else [odds, 1.0 - odds], axis=1)


def share_to_edge(undone: np.ndarray) -> float:
    """Return how near the undone probabilities come to 0, as a share of the way from equal ones.

    Parameters
    ----------
    undone : ndarray of shape (n_rows, n_classes)
        From `undo_softmax` or `undo_sigmoid`.

    Returns
    -------
    float
        k times the smallest of them: 0 at the edge of the simplex, 1 where all are equal.

    Notes
    -----
    Probabilities come near 0 and stop there, so that their softmax has a bound and reaches it. A model that is timid by
    itself knows nothing of that bound: if its scores stay within, their range is any share of it, and nearer than s
    with probability s.

    Examples
    --------
    >>> share_to_edge(np.array([[0.99, 0.01], [0.6, 0.4]]))
    0.02
    """
    return float(undone.min() * undone.shape[1])


def softmax_ahead(null: NullModel, log_proba: np.ndarray, undone: np.ndarray, *, offsets: bool = False) -> float:
    """Return by how much a second softmax, or sigmoid, explains the labels better than a temperature does.

    Parameters
    ----------
    null : NullModel
        The rows.
    log_proba : ndarray of shape (n_rows, n_classes)
        Their log probabilities, finite.
    undone : ndarray of shape (n_rows, n_classes)
        From `undo_softmax` or `undo_sigmoid`.
    offsets : bool, default=False
        Whether the rival has class offsets, too: a second sigmoid makes one class the likelier one in every row.

    Returns
    -------
    float
        Difference of log likelihoods in nats of all rows, each less ln(n)/2 for every parameter fitted.

    Notes
    -----
    A timid model is squeezed together as a second softmax squeezes, and undoing one lowers its loss as well. So both
    are fitted: the undone probabilities, with a temperature, a floor, both or neither, since a model may have been too
    sure, or its labels noisy, before the second softmax; and those as given, with a temperature and perhaps a floor.
    The likelihoods are those of independent draws (Kish's number of rows, over the design effect of groups).

    References
    ----------
    G. Schwarz, "Estimating the Dimension of a Model", Annals of Statistics 6, 1978.

    Examples
    --------
    Two thousand rows of [.9, .1] or [.6, .4], as often right, and through a second softmax; then scores of a model that
    is only half as sure as it could be:

    >>> from scipy.special import expit, log_softmax
    >>> twice = np.repeat(log_softmax([[0.9, 0.1], [0.6, 0.4]], axis=1), 1000, axis=0)
    >>> y = np.repeat([0, 1, 0, 1], [900, 100, 600, 400])
    >>> softmax_ahead(NullModel(twice, y, np.ones(2000)), twice, undo_softmax(twice)) > 1.92
    True
    >>> rng = np.random.default_rng(0)
    >>> score = rng.uniform(-0.9, 0.9, 4000)
    >>> timid, y = log_softmax(np.stack([0 * score, score], axis=1), axis=1), (rng.random(4000) < expit(2 * score)) * 1
    >>> softmax_ahead(NullModel(timid, y, np.ones(4000)), timid, undo_softmax(timid)) < 1.92
    True
    """
    scale = design_scale(null)
    charge = 0.5 * math.log(max(scale * float(null.weight.sum()), 1.0))

    def likeliest(scores: np.ndarray, temperatures: tuple[bool, ...], bias: bool = False) -> float:
        rows = MixtureRows(scores, null.y, null.weight)
        return max(
            scale * fit_mixture_rows(rows, temperature=temperature, bias=bias, floor=floor).log_likelihood
            - charge * (temperature + floor + bias * (null.n_classes - 1))
            for temperature, floor in product(temperatures, (False, True))
        )

    return likeliest(np.log(undone), (False, True)) - likeliest(log_proba, (True,), offsets)
