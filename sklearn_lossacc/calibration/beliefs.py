"""What few rows are worth, and the simplest of several maps that is as good as what they make one believe."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sklearn_lossacc._numerics import LOSS_CLIP, softmax
from sklearn_lossacc._numerics.dependent_groups import worth_of_groups
from sklearn_lossacc._numerics.score_unit import in_unit
from sklearn_lossacc._numerics.temperature import FARTHEST, solve_temperature
from sklearn_lossacc._numerics.temperature_blocks import log_scores
from sklearn_lossacc.calibration.base import BaseCalibrator
from sklearn_lossacc.inputs import Predictions

__all__ = ["are_few", "effective_weight", "simplest_believed"]

FEW_ROWS, FEW_ENTRIES = 2**12, 2**20  # a prior counts for little beyond the first, and costs much beyond the second
NEGLIGIBLE = 3e-4  # nats
EXACT = 2.0**53  # above it floats are no counts
DIGITS, NOTHING = 9, 1e-9  # of scores, in nats, and of ratios: beyond is rounding


def are_few(predictions: Predictions) -> bool:
    """Say whether a prior still counts for something.

    Parameters
    ----------
    predictions : Predictions
        Labels and scores; weight k is k rows.

    Returns
    -------
    bool
        True up to 4096 rows and 2**20 entries.
    """
    weight = predictions.sample_weight
    n_rows = predictions.n_rows if weight is None else max(float((weight > 0).sum()), float(weight.sum()))
    return n_rows <= FEW_ROWS and n_rows * predictions.n_classes <= FEW_ENTRIES


def effective_weight(predictions: Predictions, *, of_classes: bool = False) -> np.ndarray:
    """Divide the weights by how much more than that many rows they let the likelihood vary.

    Parameters
    ----------
    predictions : Predictions
        Labels and scores.
    of_classes : bool, default=False
        Whether groups are asked what they are worth for a map of single classes, not only for a temperature.

    Returns
    -------
    ndarray of shape (n_rows,)
        1 for rows without weights and groups, all different. Copies of a row, weights and groups of alike rows count
        for as many independent rows as they are worth.

    Notes
    -----
    The divisor is the variance of the slope in log beta of the log likelihood, with all rows of the same scores as one
    draw, over that of as many independent rows; at least 1. Beta is the likeliest: at any other, rows of the same
    scores, as leaves and votes have them, are off by the same amount without being copies of each other.

    Groups are each one draw, see `worth_of_groups`, which allows for few and for unequal ones. They share more of what
    offsets of classes say than of what a temperature does: a map of classes asks for the mean over all these slopes.

    No temperature may be right for such rows. But copies of a row have its label, so that rows of the same scores and
    of several labels are none, unless all their counts by scores and label have a common divisor c: then they may be c
    copies of fewer. So without groups the divisor is no more than if only rows of the same scores that all have the
    same label were one draw, and of the others each c. Whole weights are counts; of other weights each row is one draw,
    and without groups such rows are worth no more than Kish's (sum w)^2 / sum w^2, whatever their residuals.
    """
    y, n_rows = predictions.y, predictions.n_rows
    weight = np.ones(n_rows) if predictions.sample_weight is None else predictions.sample_weight
    share = weight / weight.max()
    logits = predictions.input == "logits"
    scores = in_unit(predictions.scores)[0] if logits else predictions.scores
    scores = log_scores(scores, logits=logits, ordered=True)
    scores = np.maximum(scores - scores.max(axis=1, keepdims=True), -FARTHEST)
    # At the temperature of these rows: rows of the same scores that are too sure err alike, copies or not.
    beta = solve_temperature(scores, y, share).beta
    proba = softmax(beta * scores)
    residual = scores[np.arange(n_rows), y] - (proba * scores).sum(axis=1)
    if predictions.groups is not None:
        slopes = residual[:, np.newaxis]
        if of_classes:
            slopes = np.column_stack([residual, np.arange(predictions.n_classes) == y[:, np.newaxis]])
            slopes[:, 1:] -= proba
        return weight * worth_of_groups(slopes, weight, predictions.groups)
    # rounded: a pair of probabilities and the second of them have the same copies
    unit = np.unique(scores.round(DIGITS), axis=0, return_inverse=True)[1].ravel()
    residual -= share @ residual / share.sum()
    size = np.sqrt(share @ residual**2 / share.sum())
    residual = residual / size if size > NOTHING else np.ones(n_rows)
    by_unit = np.bincount(unit, weights=share * residual)
    square = float(weight.max() * (by_unit @ by_unit))
    square = min(square, float(weight.max()) * _square_of_copies(unit, y, weight, residual))
    total = float(share @ residual**2)
    if (weight != np.floor(weight)).any():
        # what the residuals of a few heavy rows happen to be says less than that they are few
        square = max(square, total * float(weight @ weight / weight.sum()))
    return weight * (total / square if square > total * (1.0 + NOTHING) else 1.0)


def _square_of_copies(unit: np.ndarray, y: np.ndarray, weight: np.ndarray, residual: np.ndarray) -> float:
    """Sum the squares of the residuals of all draws, with as many rows in one as may be copies of each other.

    In units of the largest weight.
    """
    rows = weight > 0
    weight, residual, share = weight[rows], residual[rows], weight[rows] / weight.max()
    pairs, pair = np.unique(np.stack([unit, y])[:, rows], axis=1, return_inverse=True)
    pair = pair.ravel()
    mixed = np.bincount(pairs[0])[pairs[0]] > 1
    square = np.bincount(pair, weights=share * residual) ** 2
    counts = np.bincount(pair, weights=weight)[mixed]
    if (weight == np.floor(weight)).all() and counts.max(initial=0.0) < EXACT:
        square[mixed] *= np.gcd.reduce(counts.astype(np.int64)) / counts
    else:
        square[mixed] = np.bincount(pair, weights=(share * residual) ** 2)[mixed]
    return float(square.sum())


def simplest_believed(calibrators: Sequence[BaseCalibrator], predictions: Predictions, weight: np.ndarray) -> int:
    """Find the first of several maps that costs next to nothing if the last is right.

    Parameters
    ----------
    calibrators : sequence of BaseCalibrator
        Fitted, from the simplest on.
    predictions : Predictions
        Labels and scores.
    weight : ndarray of shape (n_rows,)
        From `effective_weight`.

    Returns
    -------
    int
        Place of the first with a mean Kullback-Leibler divergence of at most .0003 nats, or, where that is less, of
        what fitting one parameter costs, 1 / 2n.
    """
    rows, scores = slice(0, predictions.n_rows), predictions.checked
    believed = calibrators[-1]._apply(scores, rows)
    entropy = (believed * np.log(believed)).sum(axis=1)
    total = float(weight.sum())
    for place, one in enumerate(calibrators):
        proba = np.maximum(one._apply(scores, rows), LOSS_CLIP)
        cost = weight @ (entropy - (believed * np.log(proba)).sum(axis=1)) / total
        if cost <= min(NEGLIGIBLE, 0.5 / total):
            return place
    return len(calibrators) - 1
