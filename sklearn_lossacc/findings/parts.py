"""What each selected cause costs, in nats: the parts of the waterfall that are fitted."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize_scalar

from sklearn_lossacc._numerics import row_blocks
from sklearn_lossacc._numerics.mixture import score_columns
from sklearn_lossacc.findings.decomposition import Part
from sklearn_lossacc.inference.cause_model import CauseModel
from sklearn_lossacc.inference.intervals import mean_and_error, unit_sums
from sklearn_lossacc.inference.normal import Z95
from sklearn_lossacc.inference.null import NullModel


def row_losses(log_proba: np.ndarray, y: np.ndarray, beta: float, bias: np.ndarray, floor: float) -> np.ndarray:
    """Return -log q at the labels."""
    losses = np.empty(len(y))
    for block in row_blocks(*log_proba.shape):
        scores = score_columns(log_proba[block], beta, bias)
        scores -= scores.max(axis=0)
        log_q = scores[y[block], np.arange(scores.shape[1])]
        log_q -= np.log(np.exp(scores, out=scores).sum(axis=0))
        # Without a floor the probability itself may underflow.
        losses[block] = -np.log((1.0 - floor) * np.exp(log_q) + floor / len(scores)) if floor > 0 else -log_q
    return losses


def term_df(n_classes: int, term: str) -> int:
    """Degrees of freedom of a term."""
    return n_classes - 1 if term == "class_bias" else 1


def term_gains(
    causes: CauseModel, null: NullModel, log_proba: np.ndarray, repaired: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """Return what each selected term costs each row that is kept, in nats; together, what the selected model saves.

    Taken off in the order of the waterfall: a temperature in front would take the share of the others. Floor and
    offsets of the selected model suit its temperature. Scores that are too close together need less of them as they
    are, or none, and offsets may do harm before scores that are too far apart are repaired: then as much of each is
    taken off as helps, and the rest with the temperature, as is what else brings the rows to those `repaired`.
    """
    fit, kept = causes.fit, causes.kept
    y, weight = null.y[kept], null.weight[kept]
    log_proba, repaired = log_proba[kept], (log_proba if repaired is None else repaired)[kept]

    def loss(beta: float, bias: float, floor: float, rows: np.ndarray = log_proba) -> np.ndarray:
        return row_losses(rows, y, beta, bias * fit.bias, floor * fit.floor)

    def helpful(of_part: Callable[[float], np.ndarray]) -> float:
        options = {"xatol": 1e-3}  # squared, of a loss that is flat there
        return float(
            minimize_scalar(lambda part: weight @ of_part(part), bounds=(0.0, 1.0), method="bounded", options=options).x
        )

    gains = {}
    floor, now = 0.0, loss(1.0, 0.0, 0.0)
    if "floor" in causes.terms:
        floor = helpful(lambda part: loss(1.0, 0.0, part)) if fit.beta > 1.0 else 1.0
        before, now = now, loss(1.0, 0.0, floor)
        gains["floor"] = before - now
    if "class_bias" in causes.terms:
        bias, before, now = 1.0, now, loss(1.0, 1.0, floor)
        if fit.beta > 1.0 or weight @ now > weight @ before:
            bias = helpful(lambda part: loss(1.0, part, floor))
            now = loss(1.0, bias, floor)
        gains["class_bias"] = before - now
    if "temperature" in causes.terms:
        gains["temperature"] = now - loss(fit.beta, 1.0, 1.0, repaired)
    return gains


def fitted_parts(causes: CauseModel | None, null: NullModel, gains: dict[str, np.ndarray]) -> dict[str, Part]:
    """Mean cost of each selected term, from what it costs each row that is kept.

    The loss that a fitted term saves on its own rows is optimistic by df / (2 n), which is taken off.
    """
    if causes is None or not gains:
        return {}
    kept = causes.kept
    weight = null.weight[kept]
    group = None if null.group is None else np.unique(null.group[kept], return_inverse=True)[1]
    share = float(weight.sum() / null.weight.sum())
    n_effective = causes.scale * float(weight.sum())
    parts = {}
    for term, gain in gains.items():
        sums, sizes = unit_sums(gain[:, None], weight, group)
        mean, error = mean_and_error(sums, sizes)
        value = share * (float(mean[0]) - term_df(null.n_classes, term) / (2.0 * n_effective))
        half = Z95 * share * float(error[0])
        known = math.isfinite(half)  # one row, or one group, has no spread
        parts[term] = Part(term, value, value - half if known else None, value + half if known else None)
    return parts
