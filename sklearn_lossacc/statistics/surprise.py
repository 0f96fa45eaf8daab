"""How surprising a label is to the model: the chance, by its own probabilities, of a label at most as probable."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from sklearn_lossacc._numerics import row_blocks
from sklearn_lossacc.inputs import Predictions
from sklearn_lossacc.statistics.row_values import ENTROPY, VARENTROPY, RowValues

__all__ = ["fill_surprise", "surprise_p"]

TIE = 1e-9  # relative difference within which two probabilities of a row count as equal
ROOM = 1.0 + 1e-5  # for rounding, where a bound leaves a row out
WIDE = 256  # number of classes from which a part of the columns is worth a look of its own
ENTRIES = 2**14  # of the columns of the rows that are looked at together
FAR = 1e150  # nats: further, a row cannot be put in order


def _column_parts(n_classes: int) -> list[slice]:
    """Cut the columns into growing parts: most rows are decided by the first."""
    limits = [n_classes // 8, n_classes // 4, n_classes // 2, n_classes] if n_classes >= WIDE else [n_classes]
    return [slice(start, stop) for start, stop in pairwise([0, *limits])]


def _proba_part(predictions: Predictions, chunk: RowValues, at: np.ndarray, columns: slice) -> np.ndarray:
    """Return some columns of the probabilities, times the total, of the rows at some places of a chunk."""
    scores, rows = predictions.scores, chunk.rows[at]
    if scores.ndim == 1:
        return predictions.checked.proba(rows, np.float64)[:, columns]
    part = np.asarray(scores[rows, columns], dtype=np.float64)
    if predictions.input == "logits":
        part -= (scores[rows, chunk.y[at]].astype(np.float64) + chunk.raw_loss[at])[:, None]
        np.exp(np.minimum(part, 0.0, out=part), out=part)  # huge logits round to more than all there is
    return part


def _p_values(predictions: Predictions, chunk: RowValues, at: np.ndarray, limit: float) -> np.ndarray:
    """Return the p-values of the rows at some places, where they are at most a limit; exact or NaN elsewhere."""
    total = chunk.total[at]
    highest = np.exp(-chunk.raw_loss[at]) * total * (1.0 + TIE)
    most = limit * total * ROOM
    mass = np.zeros(at.size)
    left = np.arange(at.size)
    for columns in _column_parts(predictions.n_classes):
        part = _proba_part(predictions, chunk, at[left], columns)
        small = (part <= highest[left, None]).astype(np.float64)
        mass[left] += np.einsum("ij,ij->i", part, small)
        # The p-value is at least what some of the columns contribute.
        left = left[mass[left] <= most[left]]
    p_values = np.full(at.size, np.nan)
    p_values[left] = mass[left] / total[left]
    return p_values


def fill_surprise(predictions: Predictions, chunk: RowValues, smallest: np.ndarray) -> None:
    """Compute the surprise p-values that are among the smallest.

    Parameters
    ----------
    predictions : Predictions
        Checked input.
    chunk : RowValues
        Complete values of some rows. Its `surprise_p` is filled in: exact for the rows of interest, and exact or NaN
        elsewhere.
    smallest : ndarray of shape (MAX_TOP_ROWS,)
        Smallest p-values of earlier rows, increasing; infinite where there were fewer.

    Notes
    -----
    See `surprise_p`. The p-value is 1 where the model is right, and at least p_y. It is the chance, under the row's
    own probabilities, of a loss of at least that of the label, hence at least d^2 / (V + d^2) where the loss is d
    below its expectation (Cantelli's inequality, V is the varentropy). Rows with the most standard deviations of loss
    above expectation come first, so that the limit soon leaves out the others.
    """
    right = chunk.pred == chunk.y
    chunk.surprise_p.fill(np.nan)
    if smallest[-1] >= 1.0:
        chunk.surprise_p[right] = 1.0
    places = np.flatnonzero((chunk.p_true <= smallest[-1] * ROOM) & ~right)
    distance = chunk.raw_loss[places] - chunk.values[ENTROPY, places]
    variance = chunk.values[VARENTROPY, places] + np.finfo(np.float64).tiny
    squared = np.minimum(distance, 0.0) ** 2
    least = np.maximum(chunk.p_true[places], squared / (variance + squared))
    order = np.argsort(-np.minimum(distance, FAR) / np.sqrt(variance))
    for block in row_blocks(places.size, _column_parts(predictions.n_classes)[0].stop, ENTRIES):
        limit = float(smallest[-1])
        promising = order[block]
        at = np.sort(places[promising[least[promising] <= limit * ROOM]])
        found = chunk.surprise_p[at] = _p_values(predictions, chunk, at, limit)
        # NaN does not count: it is not below anything.
        smallest = np.sort(np.concatenate([smallest, found[found < limit]]))[: smallest.size]


def surprise_p(predictions: Predictions, rows: np.ndarray) -> np.ndarray:
    """Compute the surprise p-values of some rows.

    Parameters
    ----------
    predictions : Predictions
        Checked input.
    rows : ndarray of int of shape (m,)
        Numbers of the rows.

    Returns
    -------
    ndarray of float64 of shape (m,)

    Notes
    -----
    p = sum_j p_j 1[p_j <= p_y], where probabilities that agree to 1e-9 count as equal. Labels drawn from the
    probabilities make it at most u with a chance of at most u.

    Examples
    --------
    >>> from sklearn_lossacc.inputs import Predictions
    >>> from sklearn_lossacc.statistics.surprise import surprise_p
    >>> surprise_p(Predictions.from_arrays([0, 1], [[0.5, 0.25, 0.25]] * 2), [0, 1])
    array([1. , 0.5])
    """
    rows = np.asarray(rows, dtype=np.intp)
    p_values = np.empty(rows.size)
    for block in row_blocks(rows.size, predictions.n_classes, ENTRIES):
        proba = predictions.checked.proba(rows[block], np.float64)
        p_true = np.take_along_axis(proba, predictions.y[rows[block], None], axis=1)
        p_values[block] = np.einsum("ij,ij->i", proba, (proba <= p_true * (1.0 + TIE)).astype(np.float64))
    return p_values
