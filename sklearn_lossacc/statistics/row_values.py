"""From blocks of probabilities to the few numbers of each row that statistics are made of.

`measure` does what needs the whole matrix, block by block, while a block is in the cache; `complete` does the rest for
many rows at once, where a call of numpy is worth its overhead.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sklearn_lossacc._numerics import LOG_CLIP, row_sum
from sklearn_lossacc.inputs import Block, Predictions
from sklearn_lossacc.inputs.checks import working_dtype

__all__ = ["COLUMNS", "MAX_LOSS", "NARROW", "RowValues", "WholeSums", "complete", "measure"]

COLUMNS = ("one", "loss", "entropy", "varentropy", "correct", "confidence", "brier", "expected_brier")
ONE, LOSS, ENTROPY, VARENTROPY, CORRECT, CONFIDENCE, BRIER, EXPECTED_BRIER = range(len(COLUMNS))

MAX_LOSS = -LOG_CLIP

# Up to this many classes a block is turned round: numpy reduces along a short last axis slowly.
NARROW = 32

TINY = {name: float(np.finfo(name).tiny) for name in ("float64", "float32")}
POOR = 1e-4  # share of the squares below which a spread has lost too many digits to their difference

UNDO_TOLERANCE = {"float64": 1e-9, "float32": 1e-4}  # how far an undone softmax may leave [0, 1]


@dataclass
class RowValues:
    """Values of the rows of a chunk, which all have positive weight.

    Attributes
    ----------
    values : ndarray of float64 of shape (len(COLUMNS), n)
        One line for each of `COLUMNS`; until `complete`, what these are made of.
    rows : ndarray of intp of shape (n,)
        Numbers of the rows.
    y, pred : ndarray of intp of shape (n,)
        Column of the true class, and of the most probable one (the first of equals).
    total : ndarray of float64 of shape (n,)
        Sum of the scores of the row.
    p_true, raw_loss : ndarray of float64 of shape (n,)
        Probability of the true class and its negative logarithm, not clipped.
    surprise_p : ndarray of float64 of shape (n,)
        Surprise p-value where it is of interest or trivial, otherwise NaN; see `fill_surprise`.
    weight : ndarray of float64 of shape (n,) or None
        Sample weights.
    """

    values: np.ndarray
    rows: np.ndarray
    y: np.ndarray
    pred: np.ndarray
    total: np.ndarray
    p_true: np.ndarray
    raw_loss: np.ndarray
    surprise_p: np.ndarray
    weight: np.ndarray | None

    @classmethod
    def reserve(cls, n_rows: int, weighted: bool) -> RowValues:
        """Return room for `n_rows` rows."""
        values = np.empty((len(COLUMNS), n_rows))
        rows, y, pred = np.empty((3, n_rows), dtype=np.intp)
        total, p_true, raw_loss, surprise_p = np.empty((4, n_rows))
        weight = np.empty(n_rows) if weighted else None
        return cls(values, rows, y, pred, total, p_true, raw_loss, surprise_p, weight)

    def part(self, rows: slice) -> RowValues:
        """Return a view of some rows."""
        return RowValues(
            self.values[:, rows],
            self.rows[rows],
            self.y[rows],
            self.pred[rows],
            self.total[rows],
            self.p_true[rows],
            self.raw_loss[rows],
            self.surprise_p[rows],
            None if self.weight is None else self.weight[rows],
        )


@dataclass
class WholeSums:
    """What is added up, or decided, over whole blocks.

    Attributes
    ----------
    proba_sum : ndarray of float64 of shape (n_classes,)
        sum w p by column.
    low : float
        Smallest probability.
    undo_softmax_ok : bool
        Whether one softmax can be undone in every row so far.
    """

    proba_sum: np.ndarray
    low: float = math.inf
    undo_softmax_ok: bool = True


def _scores_of(
    predictions: Predictions, block: Block, dtype: np.dtype
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Return scores q and totals t with p = q / t, and log p where it does not follow from q.

    A matrix of probabilities is taken as it is: dividing the few results of a row is cheaper than dividing the row.
    """
    if predictions.input == "proba" and predictions.scores.ndim == 2:
        scores = np.asarray(predictions.scores[block.start : block.stop])
        if scores.dtype != dtype:
            scores = scores.astype(dtype)
        return scores, row_sum(scores), None
    proba = block.proba().astype(dtype, copy=False)
    return proba, np.ones(len(proba), dtype=dtype), block.log_proba().astype(dtype, copy=False)


def _present(weight: np.ndarray | None) -> np.ndarray | slice:
    """Return what selects the rows of positive weight: all of them, where possible without a copy."""
    return slice(None) if weight is None or weight.all() else np.flatnonzero(weight)


def _first_maximum(scores: np.ndarray, largest: np.ndarray) -> np.ndarray:
    """Find the first class that reaches the maximum, for scores with at most 255 classes, which come first."""
    n_classes = scores.shape[0]
    rank = np.arange(n_classes, 0, -1, dtype=np.uint8)
    reached = (scores == largest).view(np.uint8)
    reached *= rank[:, None]
    return n_classes - reached.max(axis=0).astype(np.intp)


def _dot_columns(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the scalar product of each column of one matrix with that of another."""
    return np.einsum("ij,ij->j", a, b)


def _spread_of_rows(scores: np.ndarray, logs: np.ndarray, mean_log: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Return sum_j q_j (log q_j - m)^2 of each row; overwrites the logarithms.

    Subtracting m from wide rows costs more than all the rest, and is worth it only where the squares are large beside
    their spread: for nearly uniform rows, and in float32.
    """
    if logs.dtype != np.float64:
        logs -= mean_log[:, None]
        logs *= logs
        return np.vecdot(scores, logs)
    logs *= logs
    squares = np.vecdot(scores, logs)
    spread = squares - total * mean_log**2
    poor = np.flatnonzero(spread < POOR * squares)
    if poor.size:
        chosen = scores[poor]
        deviation = np.log(np.maximum(chosen, TINY[chosen.dtype.name])) - mean_log[poor, None]
        spread[poor] = np.vecdot(chosen, deviation * deviation)
    return spread


def _can_be_undone(logs: np.ndarray, largest: np.ndarray, smallest: np.ndarray, axis: int, tolerance: float) -> bool:
    """Tell whether log p - mean log p + 1/k lies in [0, 1] everywhere: whether p can be a softmax of probabilities."""
    n_classes = logs.shape[axis]
    centre = np.add.reduce(logs, axis=axis) / n_classes - 1.0 / n_classes
    within = np.log(largest) - centre <= 1.0 + tolerance
    return bool(within.all()) and bool((np.log(smallest) - centre >= -tolerance).all())


def measure(predictions: Predictions, block: Block, into: RowValues, sums: WholeSums) -> int:
    """Take from a block what needs the whole rows, for the rows of positive weight.

    Parameters
    ----------
    predictions : Predictions
        Checked input.
    block : Block
        Some of its rows.
    into : RowValues
        Room for as many rows as the block has.
    sums : WholeSums
        Sums over the blocks so far, which are added to.

    Returns
    -------
    int
        Number of rows filled in; `complete` finishes them.

    Notes
    -----
    With p = q / t and m = sum_j q_j log q_j / t: H = log t - m and V = sum_j q_j (log q_j - m)^2 / t.
    """
    precision = working_dtype(predictions.scores.dtype)
    tolerance = UNDO_TOLERANCE[precision.name]
    narrow = predictions.n_classes <= NARROW
    # In float32, sums along columns would show how many rows a block has.
    scores, total, logs = _scores_of(predictions, block, np.dtype(np.float64) if narrow else precision)
    chosen = _present(block.weight)
    scores, total, y = scores[chosen], total[chosen], block.y[chosen]
    if not y.size:
        return 0
    into = into.part(slice(0, y.size))
    into.rows[:] = np.arange(block.start, block.stop)[chosen]
    into.y[:], into.total[:] = y, total
    if block.weight is not None and into.weight is not None:
        into.weight[:] = block.weight[chosen]

    position = np.arange(y.size)
    into.p_true[:] = scores[position, y]
    if logs is not None:
        logs = logs[chosen]
        into.raw_loss[:] = -logs[position, y]

    values = into.values
    dot: Callable[..., Any]
    if narrow:
        axis, dot = 0, _dot_columns
        scores = np.ascontiguousarray(scores.T)
        largest, smallest = scores.max(axis=0), scores.min(axis=0)
        into.pred[:] = _first_maximum(scores, largest)
    else:
        axis, dot = 1, np.vecdot
        scores = np.ascontiguousarray(scores)
        scores.argmax(axis=1, out=into.pred)
        largest, smallest = scores[position, into.pred], scores.min(axis=1)
    values[CONFIDENCE] = largest
    least = float((smallest / total).min())
    sums.low = min(sums.low, least)
    share = (1.0 if into.weight is None else into.weight) / into.total
    # Not by BLAS: its threads wait for each other longer than a block takes.
    sums.proba_sum += np.einsum("ij,j->i" if narrow else "ij,i->j", scores, share)
    values[EXPECTED_BRIER] = dot(scores, scores)

    if logs is None:
        with np.errstate(divide="ignore"):
            logs = np.log(scores)
    else:
        logs = np.array(logs.T if axis == 0 else logs, order="C")
    if sums.undo_softmax_ok:
        sums.undo_softmax_ok = least > 0 and _can_be_undone(logs, largest, smallest, axis, tolerance)
    if least == 0:
        # A product of 0 and anything finite: 0 log 0 = 0.
        np.maximum(logs, math.log(TINY[logs.dtype.name]), out=logs)
    mean_log = dot(scores, logs) / total
    values[ENTROPY] = mean_log
    if narrow:
        logs -= mean_log
        logs *= logs
        values[VARENTROPY] = dot(scores, logs)
    else:
        values[VARENTROPY] = _spread_of_rows(scores, logs, mean_log, total)
    return y.size


def complete(chunk: RowValues, *, given_loss: bool) -> None:
    """Turn what `measure` left into the values of each column.

    Parameters
    ----------
    chunk : RowValues
        Rows that `measure` filled in.
    given_loss : bool
        Whether their losses are known from logarithms that were given.
    """
    values, total = chunk.values, chunk.total
    chunk.p_true /= total
    if not given_loss:
        with np.errstate(divide="ignore"):
            np.log(chunk.p_true, out=chunk.raw_loss)
        np.negative(chunk.raw_loss, out=chunk.raw_loss)
    values[ONE] = 1.0
    np.minimum(chunk.raw_loss, MAX_LOSS, out=values[LOSS])
    np.subtract(np.log(total), values[ENTROPY], out=values[ENTROPY])
    values[VARENTROPY] /= total
    values[CORRECT] = chunk.pred == chunk.y
    values[CONFIDENCE] /= total
    squares = values[EXPECTED_BRIER] / total**2
    np.subtract(1.0, squares, out=values[EXPECTED_BRIER])
    squares -= 2.0 * chunk.p_true
    squares += 1.0
    np.maximum(squares, 0.0, out=values[BRIER])
