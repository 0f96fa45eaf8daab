"""From a block of probabilities to the few numbers of each row that statistics are made of."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sklearn_lossacc._numerics.links import LOSS_CLIP
from sklearn_lossacc.inputs import Block

__all__ = ["COLUMNS", "MAX_LOSS", "NARROW", "BlockSums", "RowValues", "measure"]

COLUMNS = ("one", "loss", "entropy", "varentropy", "correct", "confidence", "brier", "expected_brier")
ONE, LOSS, ENTROPY, VARENTROPY, CORRECT, CONFIDENCE, BRIER, EXPECTED_BRIER = range(len(COLUMNS))

MAX_LOSS = -math.log(LOSS_CLIP)

# Up to this many classes a block is turned round: numpy reduces along a short last axis slowly.
NARROW = 32

TIE = 1e-9  # relative difference within which two probabilities of a row count as equal
UNDO_TOLERANCE = {"float64": 1e-9}  # how far an undone softmax may leave [0, 1]; 1e-4 for shorter floats


@dataclass
class RowValues:
    """Values of the rows of a chunk, filled block by block.

    Attributes
    ----------
    values : ndarray of float64 of shape (len(COLUMNS), n)
        One line for each of `COLUMNS`.
    rows : ndarray of intp of shape (n,)
        Numbers of the rows, which all have positive weight.
    y, pred : ndarray of intp of shape (n,)
        Column of the true class, and of the most probable one (the first of equals).
    p_true, raw_loss : ndarray of float64 of shape (n,)
        Probability of the true class and its negative logarithm, not clipped.
    surprise_p : ndarray of float64 of shape (n,)
        Surprise p-value where it was asked for or is trivial, otherwise NaN.
    code : ndarray of uint64 of shape (n,)
        Hash of the row, where it was asked for.
    weight : ndarray of float64 of shape (n,) or None
        Sample weights.
    """

    values: np.ndarray
    rows: np.ndarray
    y: np.ndarray
    pred: np.ndarray
    p_true: np.ndarray
    raw_loss: np.ndarray
    surprise_p: np.ndarray
    code: np.ndarray
    weight: np.ndarray | None

    @classmethod
    def reserve(cls, n_rows: int, weighted: bool) -> RowValues:
        """Return room for `n_rows` rows."""
        values = np.empty((len(COLUMNS), n_rows))
        values[ONE] = 1.0
        rows, y, pred = np.empty((3, n_rows), dtype=np.intp)
        p_true, raw_loss, surprise_p = np.empty((3, n_rows))
        code = np.empty(n_rows, dtype=np.uint64)
        weight = np.empty(n_rows) if weighted else None
        return cls(values, rows, y, pred, p_true, raw_loss, surprise_p, code, weight)

    def part(self, rows: slice) -> RowValues:
        """Return a view of some rows."""
        return RowValues(
            self.values[:, rows],
            self.rows[rows],
            self.y[rows],
            self.pred[rows],
            self.p_true[rows],
            self.raw_loss[rows],
            self.surprise_p[rows],
            self.code[rows],
            None if self.weight is None else self.weight[rows],
        )


@dataclass
class BlockSums:
    """What is added up, or decided, over whole blocks.

    Attributes
    ----------
    proba_sum : ndarray of float64 of shape (n_classes,)
        sum w p by column.
    low, high : float
        Smallest and largest probability.
    undo_softmax_ok : bool
        Whether one softmax can be undone in every row so far.
    """

    proba_sum: np.ndarray
    low: float = math.inf
    high: float = -math.inf
    undo_softmax_ok: bool = True


def _first_maximum(proba: np.ndarray, largest: np.ndarray, out: np.ndarray) -> None:
    """Find the first class that reaches the maximum, for probabilities with the classes first."""
    out.fill(0)
    for column in range(proba.shape[0] - 1, 0, -1):
        np.copyto(out, column, where=proba[column] == largest)
    np.copyto(out, 0, where=proba[0] == largest)


def _surprise(proba: np.ndarray, p_true: np.ndarray) -> np.ndarray:
    """Add up the probabilities that do not exceed that of the true class, for rows of shape (m, n_classes)."""
    proba = proba.astype(np.float64, copy=False)
    limit = p_true * (1.0 + TIE)
    return np.einsum("ij,ij->i", proba, (proba <= limit[:, None]).astype(np.float64))


def _can_be_undone(log_proba: np.ndarray, log_largest: np.ndarray, axis: int) -> bool:
    """Tell whether log p - mean log p + 1/k lies in [0, 1] everywhere: whether p can be a softmax of probabilities."""
    tolerance = UNDO_TOLERANCE.get(log_proba.dtype.name, 1e-4)
    n_classes = log_proba.shape[axis]
    centre = np.add.reduce(log_proba, axis=axis) / n_classes - 1.0 / n_classes
    with np.errstate(invalid="ignore"):  # -inf - -inf, where a probability is 0: not a number, hence not undone
        if not (log_largest - centre).max() <= 1.0 + tolerance:
            return False
        return bool((log_proba.min(axis=axis) - centre).min() >= -tolerance)


def _wants_surprise(into: RowValues, surprise_limit: float, loss_limit: float) -> np.ndarray:
    """Mark the rows that may have a surprise p-value up to the limit, or a loss above the limit.

    The p-value is at least p_true. It is the chance, under the row's own probabilities, of a loss of at least that
    of the label, hence at least d^2 / (V + d^2) where the loss is d below its expectation (Cantelli's inequality, V
    is the varentropy).
    """
    loss, entropy, varentropy = into.raw_loss, into.values[ENTROPY], into.values[VARENTROPY]
    distance = np.maximum(entropy - loss, 0.0) ** 2
    least = np.maximum(into.p_true, distance / (varentropy + distance + 1e-300))
    wanted = least * 0.99 <= surprise_limit  # room for rounding, also in float32
    wanted |= into.values[LOSS] > loss_limit
    wanted &= into.pred != into.y
    return wanted


def measure(
    block: Block, into: RowValues, sums: BlockSums, *, surprise_limit: float, loss_limit: float
) -> int:
    """Fill in the values of the rows of a block that have positive weight, and add to the sums.

    Parameters
    ----------
    block : Block
        Rows of the predictions.
    into : RowValues
        Room for as many rows as the block has; the fields `code` are left alone.
    sums : BlockSums
        Sums over the blocks so far.
    surprise_limit, loss_limit : float
        The surprise p-value is computed for rows where it may be up to this, or where the loss exceeds that.

    Returns
    -------
    int
        Number of rows filled in.
    """
    proba, log_proba, y, weight = block.proba(), block.log_proba(), block.y, block.weight
    rows = np.arange(block.start, block.stop)
    if weight is not None and not weight.all():
        present = np.flatnonzero(weight)
        if not present.size:
            return 0
        proba, log_proba, y, weight, rows = (
            array[present] for array in (proba, log_proba, y, weight, rows)
        )
    n_rows, n_classes = proba.shape
    into = into.part(slice(0, n_rows))
    into.rows[:], into.y[:] = rows, y
    if weight is not None:
        assert into.weight is not None
        into.weight[:] = weight

    position = np.arange(n_rows)
    into.p_true[:] = proba[position, y]
    np.negative(log_proba[position, y], out=into.raw_loss)

    narrow = n_classes <= NARROW
    axis = 0 if narrow else 1
    if narrow:
        proba, log_proba = np.ascontiguousarray(proba.T), np.ascontiguousarray(log_proba.T)
        largest = proba.max(axis=0)
        _first_maximum(proba, largest, into.pred)
    else:
        proba.argmax(axis=1, out=into.pred)
        largest = proba[position, into.pred]
    along = "ij,ij->j" if narrow else "ij,ij->i"

    low = float(proba.min())
    sums.low, sums.high = min(sums.low, low), max(sums.high, float(largest.max()))
    if sums.undo_softmax_ok:
        log_largest = np.log(largest)
        sums.undo_softmax_ok = low > 0 and _can_be_undone(log_proba, log_largest, axis)
    if low == 0:
        log_proba = np.where(proba > 0, log_proba, 0)  # 0 log 0 = 0

    values = into.values
    np.minimum(into.raw_loss, MAX_LOSS, out=values[LOSS])
    entropy = -np.einsum(along, proba, log_proba)
    deviation = log_proba + (entropy if narrow else entropy[:, None])
    values[ENTROPY] = entropy
    values[VARENTROPY] = np.einsum(along, proba * deviation, deviation)
    np.equal(into.pred, y, out=values[CORRECT], casting="unsafe")
    values[CONFIDENCE] = largest
    squares = np.einsum(along, proba, proba).astype(np.float64)
    np.subtract(1.0, squares, out=values[EXPECTED_BRIER])
    values[BRIER] = np.maximum(squares - 2.0 * into.p_true + 1.0, 0.0)

    by_column = proba if narrow else proba.T
    if weight is None:
        sums.proba_sum += np.add.reduce(by_column, axis=1, dtype=np.float64)
    else:
        sums.proba_sum += by_column @ weight

    into.surprise_p[:] = np.where(into.pred == y, 1.0, np.nan)
    wanted = np.flatnonzero(_wants_surprise(into, surprise_limit, loss_limit))
    if wanted.size:
        chosen = proba[:, wanted].T if narrow else proba[wanted]
        into.surprise_p[wanted] = _surprise(chosen, into.p_true[wanted])
    return n_rows
