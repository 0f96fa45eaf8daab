"""A share of the labels of one class given as another: what it would make of the probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sklearn_lossacc._numerics.mixture_weights import fit_mixture_weights

TRIED = (0.03, 0.3)  # shares by which the pair of classes is chosen
SMALLEST = 1e-300


@dataclass(frozen=True)
class OneWayFlips:
    """The likeliest share of one class that is labelled as another.

    Attributes
    ----------
    true, given : int
        Columns of the two classes.
    share : float
        How much of the class `true` is labelled `given`.
    log_likelihood : float
        Weighted sum of the log probabilities of the labels, in nats.
    """

    true: int
    given: int
    share: float
    log_likelihood: float


def one_way_flips(proba: np.ndarray, y: np.ndarray, weight: np.ndarray) -> OneWayFlips:
    """Fit labels of one class of which a share is given as one other: q_j = p_j + f p_i, q_i = (1 - f) p_i.

    Parameters
    ----------
    proba : ndarray of shape (n_rows, n_classes)
        Probabilities of the classes.
    y : ndarray of shape (n_rows,)
        Column index of each label.
    weight : ndarray of shape (n_rows,)
        Row weights.

    Returns
    -------
    OneWayFlips
        The likeliest pair of classes, chosen by a small and a large share, with its likeliest share.

    Examples
    --------
    A quarter of the rows that are surely of class 0 are labelled 2:

    >>> proba = np.repeat([[0.98, 0.01, 0.01], [0.01, 0.98, 0.01]], 40, axis=0)
    >>> found = one_way_flips(proba, np.repeat([2, 0, 1], [10, 30, 40]), np.ones(80))
    >>> found.true, found.given, round(found.share, 2)
    (0, 2, 0.24)
    """
    k = proba.shape[1]
    p_true = np.maximum(proba[np.arange(len(y)), y], SMALLEST)
    total = np.bincount(y, weight, k)
    best, pair = -np.inf, (0, 1)
    for given in np.flatnonzero(total).tolist():
        rows = np.flatnonzero(y == given)
        ratio = proba[rows] / p_true[rows, None]
        for share in TRIED:
            gain = weight[rows] @ np.log1p(share * ratio) + total * np.log1p(-share)
            gain[given] = -np.inf
            if gain.max() > best:
                best, pair = gain.max(), (int(gain.argmax()), given)
    true, given = pair
    moved = np.where(y == true, 0.0, p_true + np.where(y == given, proba[:, true], 0.0))
    density = np.stack([p_true, moved], axis=1)
    shares = fit_mixture_weights(density, weight)
    likelihood = float(weight @ np.log(np.maximum(density @ shares, SMALLEST)))
    return OneWayFlips(true, given, float(shares[1]), likelihood)
