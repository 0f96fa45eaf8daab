"""Per-row values of predictions, and their weighted mean."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sklearn_lossacc.inputs import Block, Predictions

__all__ = ["mean_over_rows"]


def mean_over_rows(predictions: Predictions, value: Callable[[Block], np.ndarray]) -> float:
    """Average a value of each row.

    Parameters
    ----------
    predictions : Predictions
        Labels and scores.
    value : callable
        Returns the values of the rows of a block.

    Returns
    -------
    float
        Weighted mean. Rows of weight 0 take no part, even where their value is infinite.
    """
    total = mass = 0.0
    for block in predictions.blocks():
        values = value(block).astype(np.float64)
        weight = np.ones(len(values)) if block.weight is None else block.weight
        kept = weight > 0
        total += float(weight[kept] @ values[kept])
        mass += float(weight[kept].sum())
    return total / mass
