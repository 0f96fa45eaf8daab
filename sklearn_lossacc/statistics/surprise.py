"""How surprising a label is to the model: the chance, by its own probabilities, of a label at most as probable."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from sklearn_lossacc._numerics import row_blocks
from sklearn_lossacc.inputs import Predictions
from sklearn_lossacc.statistics.row_values import ENTROPY, LOSS, VARENTROPY, RowValues

__all__ = ["fill_surprise"]

TIE = 1e-9  # relative difference within which two probabilities of a row count as equal
ROOM = 1.0 + 1e-5  # for rounding, where a bound leaves a row out
WIDE = 256  # number of classes from which a part of the columns is worth a look of its own
ENTRIES = 2**18  # of the rows that are looked at together


def _column_parts(n_classes: int) -> list[slice]:
    """Cut the columns into growing parts: most rows are decided by the first."""
    limits = [0, n_classes // 8, n_classes // 2, n_classes] if n_classes >= WIDE else [0, n_classes]
    return [slice(start, stop) for start, stop in pairwise(limits)]


def _proba_part(predictions: Predictions, chunk: RowValues, at: np.ndarray, columns: slice) -> np.ndarray:
    """Return some columns of the probabilities, times the total, of the rows at some places of a chunk."""
    scores, rows = predictions.scores, chunk.rows[at]
    if scores.ndim == 1:
        return predictions.checked.proba(rows, np.float64)[:, columns]
    part = np.asarray(scores[rows, columns], dtype=np.float64)
    if predictions.input == "logits":
        part -= (scores[rows, chunk.y[at]].astype(np.float64) + chunk.raw_loss[at])[:, None]
        np.exp(part, out=part)
    return part


def _mass_up_to_true(predictions: Predictions, chunk: RowValues, at: np.ndarray, limit: np.ndarray) -> np.ndarray:
    """Return the p-values of the rows at some places, where they are at most a limit; exact or NaN elsewhere."""
    total = chunk.total[at]
    highest = np.exp(-chunk.raw_loss[at]) * total * (1.0 + TIE)
    mass = np.zeros(at.size)
    left = np.arange(at.size)
    for columns in _column_parts(predictions.n_classes):
        part = _proba_part(predictions, chunk, at[left], columns)
        small = (part <= highest[left, None]).astype(np.float64)
        mass[left] += np.einsum("ij,ij->i", part, small)
        # The p-value is at least what some of the columns contribute.
        left = left[mass[left] <= limit[left] * total[left]]
    p_values = np.full(at.size, np.nan)
    p_values[left] = mass[left] / total[left]
    return p_values


def fill_surprise(predictions: Predictions, chunk: RowValues, *, surprise_limit: float, loss_limit: float) -> None:
    """Compute the surprise p-values that are of interest.

    Parameters
    ----------
    predictions : Predictions
        Checked input.
    chunk : RowValues
        Complete values of some rows. Its `surprise_p` is filled in: exact where it is at most `surprise_limit` or the
        loss exceeds `loss_limit`, and exact or NaN elsewhere.
    surprise_limit, loss_limit : float
        What is of interest.

    Notes
    -----
    The p-value is sum_j p_j 1[p_j <= p_y]. Labels drawn from the probabilities make it at most u with a chance of at
    most u. It is 1 where the model is right, and at least p_y. It is the chance, under the row's own probabilities,
    of a loss of at least that of the label, hence at least d^2 / (V + d^2) where the loss is d below its expectation
    (Cantelli's inequality, V is the varentropy).
    """
    loss, entropy, varentropy = chunk.raw_loss, chunk.values[ENTROPY], chunk.values[VARENTROPY]
    wrong = chunk.pred != chunk.y
    chunk.surprise_p[:] = np.where(wrong, np.nan, 1.0)
    limit = np.where(chunk.values[LOSS] > loss_limit, np.inf, surprise_limit * ROOM)
    squared = np.maximum(entropy - loss, 0.0) ** 2
    least = squared / (varentropy + squared + 1e-300)
    places = np.flatnonzero(wrong & (chunk.p_true <= limit) & (least <= limit))
    for block in row_blocks(places.size, predictions.n_classes, ENTRIES):
        at = places[block]
        chunk.surprise_p[at] = _mass_up_to_true(predictions, chunk, at, limit[at])
