"""The spherical score: the cosine between the prediction and the label."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_lossacc.metrics.rows import Rows

__all__ = ["spherical_score"]


def spherical_score(
    y_true: Any,
    y_proba: Any,
    *,
    sample_weight: Any = None,
    classes: Any = None,
    input: str = "proba",
) -> float:
    """Mean cosine of the angle between the vector of probabilities and the label's corner of the simplex.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Labels.
    y_proba : array-like of shape (n_samples, n_classes), (n_samples,) or (n_samples, 1)
        Probabilities or logits; a single column belongs to the second class.
    sample_weight : array-like of shape (n_samples,), optional
        Weight k is the row repeated k times.
    classes : array-like of shape (n_classes,), optional
        The label of each column, in column order, which is honoured.
    input : {"proba", "logits"}, default="proba"
        What `y_proba` holds.

    Returns
    -------
    float
        Between 0 and 1; 1 / sqrt(n_classes) for equal probabilities. Larger is better.

    Raises
    ------
    LossAccError
        A `ValueError`, if the arguments are unusable or do not fit together.

    Notes
    -----
    sum_i w_i p_i[y_i] / ||p_i|| / sum_i w_i with the Euclidean norm: a strictly proper score, bounded like the
    Brier score.

    References
    ----------
    T. Gneiting, A. E. Raftery, "Strictly Proper Scoring Rules, Prediction, and Estimation", JASA 102, 2007.

    Examples
    --------
    >>> from sklearn_lossacc.metrics import spherical_score
    >>> round(spherical_score([1], [0.8]), 6)  # .8 / sqrt(.64 + .04)
    0.970143
    """
    rows = Rows.check(y_true, y_proba, sample_weight=sample_weight, classes=classes, input=input)
    rows.read_whole()
    return rows.mean(np.exp(rows.true_log_proba) / np.sqrt(rows.squares))
