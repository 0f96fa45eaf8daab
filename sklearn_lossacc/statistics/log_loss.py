"""The log loss alone, without the rest of a summary."""

from __future__ import annotations

import math

import numpy as np

from sklearn_lossacc._numerics.blocks import row_sum
from sklearn_lossacc._numerics.links import LOSS_CLIP
from sklearn_lossacc.inputs import Predictions
from sklearn_lossacc.inputs.predictions import Block

__all__ = ["log_loss_value"]

ENTRIES = 2**17


def _block_loss(predictions: Predictions, block: Block) -> np.ndarray:
    """Return -log p of the true class, without the logarithm of any other class where that can be had."""
    position = np.arange(block.stop - block.start)
    scores = predictions.scores
    if predictions.input == "logits" or scores.ndim == 1 or scores.dtype not in (np.float32, np.float64):
        return -block.log_proba()[position, block.y].astype(np.float64)
    rows = scores[block.start : block.stop]
    p_true = rows[position, block.y] / row_sum(rows)
    with np.errstate(divide="ignore"):
        return -np.log(p_true.astype(np.float64))


def log_loss_value(predictions: Predictions, *, clip: float | None = LOSS_CLIP) -> float:
    """Compute the weighted mean log loss.

    Parameters
    ----------
    predictions : Predictions
        Checked labels and probabilities or logits.
    clip : float or None, default=2.22e-16
        Probabilities below this are raised to it; None leaves them, and the loss is infinite where a true class has
        probability 0.

    Returns
    -------
    float
        sum w (-log p_true) / sum w, in nats.

    Examples
    --------
    >>> from sklearn_lossacc.inputs import Predictions
    >>> from sklearn_lossacc.statistics import log_loss_value
    >>> predictions = Predictions.from_arrays([0, 1], [[0.5, 0.5], [0.75, 0.25]])
    >>> round(log_loss_value(predictions), 6)  # (log 2 + log 4) / 2
    1.039721
    """
    most = math.inf if clip is None else -math.log(clip)
    total, sum_w = 0.0, 0.0
    for block in predictions.blocks(ENTRIES):
        loss = np.minimum(_block_loss(predictions, block), most)
        if block.weight is None:
            total += float(loss.sum())
            sum_w += loss.size
        else:
            present = block.weight > 0  # 0 times an infinite loss is no loss
            total += float(loss[present] @ block.weight[present])
            sum_w += float(block.weight.sum())
    return total / sum_w
