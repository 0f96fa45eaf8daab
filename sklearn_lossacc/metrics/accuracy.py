"""The accuracy: how often the likeliest class is the label."""

from __future__ import annotations

from typing import Any

from sklearn_lossacc.inputs import Predictions
from sklearn_lossacc.metrics.rows import mean_over_rows

__all__ = ["accuracy_score"]


def accuracy_score(
    y_true: Any,
    y_proba: Any,
    *,
    input: str = "proba",
    classes: Any = None,
    sample_weight: Any = None,
) -> float:
    """Share of the rows whose label has the largest probability, the first of equal ones.

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
        Between 0 and 1. Larger is better.

    Raises
    ------
    LossAccError
        A `ValueError`, if the arguments are unusable or do not fit together.

    Examples
    --------
    >>> from sklearn_lossacc.metrics import accuracy_score
    >>> accuracy_score(["a", "b", "b"], [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    0.6666666666666666
    """
    predictions = Predictions.from_arrays(y_true, y_proba, input=input, classes=classes, sample_weight=sample_weight)
    return mean_over_rows(predictions, lambda block: block.proba().argmax(axis=1) == block.y)
