"""What each selected cause costs, in nats: the parts of the waterfall that are fitted."""

from __future__ import annotations

import math

import numpy as np

from sklearn_lossacc._numerics.mixture import mixture_proba
from sklearn_lossacc.findings.decomposition import Part
from sklearn_lossacc.inference.cause_model import CauseModel
from sklearn_lossacc.inference.intervals import mean_and_error, unit_sums
from sklearn_lossacc.inference.null import NullModel

Z95 = 1.959963984540054
PATH = ("floor", "class_bias", "temperature")  # the order in which the terms are taken off


def row_losses(log_proba: np.ndarray, y: np.ndarray, beta: float, bias: np.ndarray, floor: float) -> np.ndarray:
    """Return -log q at the labels."""
    rows = np.arange(len(y))
    if floor > 0:
        return -np.log(mixture_proba(log_proba, beta, bias, floor)[rows, y])
    # Without a floor the probability itself may underflow.
    scores = beta * log_proba + bias
    scores -= scores.max(axis=1, keepdims=True)
    return np.log(np.exp(scores).sum(axis=1)) - scores[rows, y]


def term_df(n_classes: int, term: str) -> int:
    """Degrees of freedom of a term."""
    return n_classes - 1 if term == "class_bias" else 1


def stage_losses(causes: CauseModel, null: NullModel, log_proba: np.ndarray) -> list[np.ndarray]:
    """Return the losses of the rows that are kept, as they are and after each step of the path."""
    fit, kept = causes.fit, causes.kept
    zero = np.zeros(null.n_classes)
    stages = [(1.0, zero, 0.0), (1.0, zero, fit.floor), (1.0, fit.bias, fit.floor), (fit.beta, fit.bias, fit.floor)]
    log_proba, y = log_proba[kept], null.y[kept]
    losses = [row_losses(log_proba, y, *stages[0])]
    for term, stage in zip(PATH, stages[1:], strict=True):
        losses.append(row_losses(log_proba, y, *stage) if term in causes.terms else losses[-1])
    return losses


def fitted_parts(causes: CauseModel | None, null: NullModel, losses: list[np.ndarray]) -> dict[str, Part]:
    """Cost of each selected term along the path floor, class bias, temperature, from the losses of its stages.

    The loss that a fitted term saves on its own rows is optimistic by df / (2 n), which is taken off.
    """
    if causes is None or not causes.terms:
        return {}
    kept = causes.kept
    weight = null.weight[kept]
    group = None if null.group is None else np.unique(null.group[kept], return_inverse=True)[1]
    share = float(weight.sum() / null.weight.sum())
    n_effective = causes.scale * float(weight.sum())
    parts = {}
    for term, before, after in zip(PATH, losses[:-1], losses[1:], strict=True):
        if term not in causes.terms:
            continue
        sums, sizes = unit_sums((before - after)[:, None], weight, group)
        mean, error = mean_and_error(sums, sizes)
        value = share * (float(mean[0]) - term_df(null.n_classes, term) / (2.0 * n_effective))
        half = Z95 * share * float(error[0])
        known = math.isfinite(half)  # one row, or one group, has no spread
        parts[term] = Part(term, value, value - half if known else None, value + half if known else None)
    return parts
