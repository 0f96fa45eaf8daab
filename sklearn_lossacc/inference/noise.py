"""Label noise beyond the floor: anchors, confused pairs, and the quality of each label."""

from __future__ import annotations

from typing import Any

import numpy as np

ANCHOR_SHARE = 0.1
MIN_ANCHORS = 20
N_PAIRS = 5


def class_thresholds(proba: np.ndarray, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return each class's mean probability among the rows labelled so; NaN for a class without rows."""
    k = proba.shape[1]
    total = np.bincount(y, weight, k)
    with np.errstate(invalid="ignore"):
        return np.bincount(y, weight * proba[np.arange(len(y)), y], k) / total


def label_quality(proba: np.ndarray, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return a score in [0, 1] of how well each label agrees with the model: low means suspicious.

    Parameters
    ----------
    proba : ndarray of shape (n_rows, n_classes)
        Out-of-sample probabilities.
    y : ndarray of shape (n_rows,)
        Column index of each label.
    weight : ndarray of shape (n_rows,)
        Row weights, for the class means.

    Returns
    -------
    ndarray of shape (n_rows,)

    Notes
    -----
    The margin p_y - max_{j != y} p_j, after each column is shifted by its class's mean probability among the rows
    labelled so (a network trained on noisy labels is less sure of the classes that are noisier), is mapped to [0, 1].
    """
    thresholds = class_thresholds(proba, y, weight)
    thresholds = np.where(np.isfinite(thresholds), thresholds, np.nanmax(thresholds))
    adjusted = proba - thresholds + thresholds.max()
    adjusted /= adjusted.sum(axis=1, keepdims=True)
    rows = np.arange(len(y))
    own = adjusted[rows, y].copy()
    adjusted[rows, y] = -np.inf
    return (own - adjusted.max(axis=1) + 1.0) / 2.0


def anchor_rate(proba: np.ndarray, y: np.ndarray, weight: np.ndarray) -> float | None:
    """Return the share of other labels among the rows that the model is surest of, by predicted class.

    Notes
    -----
    Per predicted class the surest tenth of its rows (at least 20) are anchors; rates are averaged by predicted weight.
    It is an upper bound where no class has pure rows, so it stands beside an interval and never decides alone.
    """
    predicted = proba.argmax(axis=1)
    confidence = proba[np.arange(len(y)), predicted]
    rates, masses = [], []
    for j in np.unique(predicted):
        members = np.flatnonzero(predicted == j)
        n_anchors = max(MIN_ANCHORS, int(ANCHOR_SHARE * members.size))
        if members.size < n_anchors:
            continue
        anchors = members[np.argsort(-confidence[members], kind="stable")[:n_anchors]]
        rates.append(float(np.average(y[anchors] != j, weights=weight[anchors])))
        masses.append(float(weight[members].sum()))
    return float(np.average(rates, weights=masses)) if rates else None


def confused_pairs(proba: np.ndarray, y: np.ndarray, weight: np.ndarray, classes: np.ndarray) -> list[dict[str, Any]]:
    """Return the pairs of classes whose labels disagree with confident predictions most often.

    A row counts for (label, other) when the model gives the other class at least that class's mean probability among
    its own rows.
    """
    thresholds = class_thresholds(proba, y, weight)
    k = proba.shape[1]
    # An absent class has no threshold and is never a confident alternative.
    confident = proba >= np.where(np.isfinite(thresholds), thresholds, np.inf)
    alternative = np.where(confident, proba, -1.0).argmax(axis=1)
    disagree = confident.any(axis=1) & (alternative != y)
    cells = np.bincount(y[disagree] * k + alternative[disagree], weight[disagree], k * k)
    best = np.argsort(-cells, kind="stable")[:N_PAIRS]
    total = float(weight.sum())
    return [
        {"label": str(classes[c // k]), "looks_like": str(classes[c % k]), "share": float(cells[c] / total)}
        for c in best
        if cells[c] > 0
    ]
