"""The Brier score: squared distance of the probabilities from the label."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_lossacc.inputs import Block, Predictions
from sklearn_lossacc.metrics.rows import mean_over_rows

__all__ = ["brier_score_loss"]


def _squared_distance(block: Block) -> np.ndarray:
    """Return the squared distance of each row from its one-hot label."""
    distance = block.proba().astype(np.float64)
    distance[np.arange(len(block.y)), block.y] -= 1.0
    return np.einsum("ij,ij->i", distance, distance)


def brier_score_loss(
    y_true: Any,
    y_proba: Any,
    *,
    input: str = "proba",
    classes: Any = None,
    sample_weight: Any = None,
) -> float:
    """Mean squared distance of the probabilities from the label, halved for two classes.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Labels.
    y_proba : array-like of shape (n_samples, n_classes), (n_samples,) or (n_samples, 1)
        Probabilities or logits; a single column belongs to the second class.
    input : {"proba", "logits"}, default="proba"
        What `y_proba` holds.
    classes : array-like of shape (n_classes,), optional
        The label of each column, in column order, which is honoured.
    sample_weight : array-like of shape (n_samples,), optional
        Weight k is the row repeated k times.

    Returns
    -------
    float
        Between 0 and 1 for two classes, between 0 and 2 for more. Smaller is better.

    Raises
    ------
    LossAccError
        A `ValueError`, if the arguments are unusable or do not fit together.

    Notes
    -----
    sum_i w_i sum_j (p_ij - 1[y_i = j])^2 / sum_i w_i, and half of it for two classes, which makes it the mean of
    (p - y)^2: the default scaling of scikit-learn.

    References
    ----------
    G. W. Brier, "Verification of Forecasts Expressed in Terms of Probability", Monthly Weather Review 78, 1950.

    Examples
    --------
    >>> from sklearn_lossacc.metrics import brier_score_loss
    >>> brier_score_loss([1, 0], [0.5, 0.25])  # (.25 + .0625) / 2
    0.15625
    >>> brier_score_loss([2], [[0.0, 0.5, 0.5]])
    0.5
    """
    predictions = Predictions.from_arrays(y_true, y_proba, input=input, classes=classes, sample_weight=sample_weight)
    scale = 0.5 if predictions.n_classes == 2 else 1.0
    return scale * mean_over_rows(predictions, _squared_distance)
