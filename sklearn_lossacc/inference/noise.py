"""Label noise beyond the floor: anchors and confused pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sklearn_lossacc._numerics.mixture_weights import fit_mixture_weights

ANCHOR_SHARE = 0.1
MIN_ANCHORS = 20
N_PAIRS = 5


@dataclass(frozen=True)
class StraightLine:
    """The likeliest straight line from the probability of the second of two classes to its frequency.

    Attributes
    ----------
    intercept, slope : float
        Frequency = intercept + slope x probability, within [0, 1] over all of [0, 1].
    log_likelihood : float
        Weighted sum of the log frequencies of the labels, in nats.
    """

    intercept: float
    slope: float
    log_likelihood: float


def straight_line(proba: np.ndarray, y: np.ndarray, weight: np.ndarray) -> StraightLine:
    """Fit frequencies of two classes that are a straight line in their probability.

    Parameters
    ----------
    proba : ndarray of shape (n_rows, 2)
        Probabilities.
    y : ndarray of shape (n_rows,)
        Column index of each label.
    weight : ndarray of shape (n_rows,)
        Row weights.

    Returns
    -------
    StraightLine

    Notes
    -----
    A share e of labels at random is the line (1 - e) p + e / 2: with two classes, noise and scores that were stretched
    along a line are one and the same. Lines that rise from a to 1 - b mix labels always 1, always 0, and drawn from p.

    Examples
    --------
    Scores of 0 and 1 that are right three times in four, and nine times in ten:

    >>> proba = np.repeat([[1.0, 0.0], [0.0, 1.0]], [4, 10], axis=0)
    >>> line = straight_line(proba, np.repeat([1, 0, 0, 1], [1, 3, 1, 9]), np.ones(14))
    >>> print(round(line.intercept, 4), round(line.slope, 4))
    0.25 0.65
    """
    density = np.stack([y == 1, y == 0, proba[np.arange(len(y)), y]], axis=1).astype(float)
    always, _, slope = share = fit_mixture_weights(density, weight)
    # Beside the heaviest rows, one may weigh nothing: then no line needs to allow its label.
    frequency = np.maximum(density @ share, 1e-300)
    return StraightLine(float(always), float(slope), float(weight @ np.log(frequency)))


def class_thresholds(proba: np.ndarray, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return each class's mean probability among the rows labelled so; NaN for a class without rows."""
    k = proba.shape[1]
    total = np.bincount(y, weight, k)
    with np.errstate(invalid="ignore"):
        return np.bincount(y, weight * proba[np.arange(len(y)), y], k) / total


def anchors(proba: np.ndarray) -> dict[int, np.ndarray]:
    """Return the rows that the model is surest of, by predicted class: the surest tenth, but at least 20.

    Parameters
    ----------
    proba : ndarray of shape (n_rows, n_classes)
        Out-of-sample probabilities.

    Returns
    -------
    dict of int to ndarray of int
        Classes that are predicted for fewer rows are absent.
    """
    predicted = proba.argmax(axis=1)
    confidence = proba[np.arange(len(proba)), predicted]
    found = {}
    for j in np.unique(predicted):
        members = np.flatnonzero(predicted == j)
        n_anchors = max(MIN_ANCHORS, int(ANCHOR_SHARE * members.size))
        if members.size >= n_anchors:
            found[int(j)] = members[np.argsort(-confidence[members], kind="stable")[:n_anchors]]
    return found


def anchor_rate(proba: np.ndarray, y: np.ndarray, weight: np.ndarray) -> float | None:
    """Return the share of other labels among the anchors of a class, averaged over the classes by predicted weight.

    Notes
    -----
    It is an upper bound where no class has pure rows, so it stands beside an interval and never decides alone.
    """
    mass = np.bincount(proba.argmax(axis=1), weight, proba.shape[1])
    rates = {j: np.average(y[rows] != j, weights=weight[rows]) for j, rows in anchors(proba).items()}
    return float(np.average([*rates.values()], weights=mass[[*rates]])) if rates else None


def noise_matrix(proba: np.ndarray, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return how often a row of one class is labelled as another, as its anchors show.

    Parameters
    ----------
    proba : ndarray of shape (n_rows, n_classes)
        Out-of-sample probabilities.
    y : ndarray of shape (n_rows,)
        Column index of each label.
    weight : ndarray of shape (n_rows,)
        Row weights.

    Returns
    -------
    ndarray of shape (n_classes, n_classes)
        Row i holds the shares of the labels among the anchors of class i; NaN where it has none.

    Notes
    -----
    Anchors are rows whose class is taken to be beyond doubt. Where it is not, the matrix shows doubt as well as noise.

    References
    ----------
    G. Patrini, A. Rozza, A. Menon, R. Nock, L. Qu, "Making Deep Neural Networks Robust to Label Noise", CVPR 2017.

    Examples
    --------
    Twenty rows of each class, and a quarter of the zeros are labelled 1:

    >>> proba = np.repeat([[0.99, 0.01], [0.01, 0.99]], 20, axis=0)
    >>> noise_matrix(proba, np.repeat([1, 0, 1], [5, 15, 20]), np.ones(40)).tolist()
    [[0.75, 0.25], [0.0, 1.0]]
    """
    k = proba.shape[1]
    matrix = np.full((k, k), np.nan)
    for j, rows in anchors(proba).items():
        matrix[j] = np.bincount(y[rows], weight[rows], k) / weight[rows].sum()
    return matrix


def confused_pairs(proba: np.ndarray, y: np.ndarray, weight: np.ndarray, classes: np.ndarray) -> list[dict[str, Any]]:
    """Return the pairs of classes whose labels disagree with confident predictions most often.

    A row counts for (label, other) when the model gives the other class at least that class's mean probability among
    its own rows.
    """
    thresholds = class_thresholds(proba, y, weight)
    k = proba.shape[1]
    # An absent class has no threshold and is never a confident alternative.
    thresholds = np.where(np.isfinite(thresholds), thresholds, np.inf)
    confident = proba >= thresholds * (1.0 - 1e-9)  # equal probabilities reach their own mean
    alternative = np.where(confident, proba, -1.0).argmax(axis=1)
    disagree = confident.any(axis=1) & (alternative != y)
    cells, cell = np.unique(y[disagree].astype(np.int64) * k + alternative[disagree], return_inverse=True)
    weights = np.bincount(cell, weight[disagree], cells.size)
    total = float(weight.sum())
    return [
        {
            "label": str(classes[cells[i] // k]),
            "looks_like": str(classes[cells[i] % k]),
            "share": float(weights[i]) / total,
        }
        for i in np.argsort(-weights, kind="stable")[:N_PAIRS].tolist()
    ]
