"""What a free monotone map of one probability would gain, cross-fitted."""

from __future__ import annotations

import numpy as np
from scipy.optimize import isotonic_regression

from sklearn_lossacc.inference.intervals import mean_and_error, unit_sums
from sklearn_lossacc.inference.shape import folds


def binary_loss(proba: np.ndarray, hit: np.ndarray) -> np.ndarray:
    """Return the log loss of an event."""
    proba = np.clip(proba, 1e-15, 1 - 1e-15)
    return -np.where(hit, np.log(proba), np.log1p(-proba))


def isotonic_fit(proba: np.ndarray, hit: np.ndarray, weight: np.ndarray):
    """Return the distinct probabilities, their weights, and the increasing map of them that fits best."""
    # Equal probabilities are one point: their order must not decide where a block ends.
    x, tied = np.unique(proba, return_inverse=True)
    total = np.bincount(tied, weight)
    return x, total, isotonic_regression(np.bincount(tied, weight * hit) / total, weights=total)


def isotonic_map(train_proba, train_hit, train_weight, proba) -> np.ndarray:
    """Fit a monotone map with one pseudo-row at the mean in every block, and apply it by linear interpolation."""
    x, weight, fitted = isotonic_fit(train_proba, train_hit, train_weight)
    starts = fitted.blocks[:-1]
    mass = np.add.reduceat(weight, starts)
    centre = np.add.reduceat(weight * x, starts) / mass
    pseudo = train_weight.mean()
    level = (fitted.x[starts] * mass + centre * pseudo) / (mass + pseudo)
    return np.clip(np.interp(proba, centre, np.maximum.accumulate(level)), 1e-12, 1 - 1e-12)


def monotone_gain(
    proba: np.ndarray, y: np.ndarray, weight: np.ndarray, group: np.ndarray | None, rng: np.random.Generator
) -> tuple[float, float]:
    """Return the cross-fitted gain of a free monotone map of one probability a row, and its standard error, in nats.

    The probability is that of the second class of two, or of the likeliest class of more. The loss of a row is the loss
    of that event plus a remainder that such a map leaves alone, so the gain of the event is the gain of the row.
    """
    top = np.full(len(y), 1) if proba.shape[1] == 2 else proba.argmax(axis=1)
    p_event = proba[np.arange(len(y)), top]
    hit = y == top
    fold = folds(len(y), group, rng, by=p_event)
    gain = np.zeros(len(y))
    for f in np.unique(fold):
        test, train = fold == f, fold != f
        mapped = isotonic_map(p_event[train], hit[train], weight[train], p_event[test])
        gain[test] = binary_loss(p_event[test], hit[test]) - binary_loss(mapped, hit[test])
    sums, sizes = unit_sums(gain[:, None], weight, group)
    mean, error = mean_and_error(sums, sizes)
    return float(mean[0]), float(error[0])
