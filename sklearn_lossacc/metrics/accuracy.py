"""The accuracy: how often the likeliest class is the label, and how often the model thinks so."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_lossacc.metrics.rows import Rows

__all__ = ["accuracy_of", "accuracy_score", "confidence_gap", "gap_of"]


def accuracy_of(rows: Rows) -> float:
    """Return the accuracy of the likeliest classes."""
    return float(np.average(rows.top.correct, weights=rows.top.weight))


def gap_of(rows: Rows) -> float:
    """Return mean confidence minus accuracy."""
    return float(np.average(rows.top.confidence - rows.top.correct, weights=rows.top.weight))


def accuracy_score(
    y_true: Any,
    y_proba: Any,
    *,
    sample_weight: Any = None,
    classes: Any = None,
    input: str = "proba",
) -> float:
    """Share of the rows whose label has the largest probability, the first of equal ones.

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
    return accuracy_of(Rows.check(y_true, y_proba, sample_weight=sample_weight, classes=classes, input=input))


def confidence_gap(
    y_true: Any,
    y_proba: Any,
    *,
    sample_weight: Any = None,
    classes: Any = None,
    input: str = "proba",
) -> float:
    """Mean confidence minus accuracy: how much more often the model expects to be right than it is.

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
        Between -1 and 1. Positive for an overconfident model, negative for an underconfident one; 0 is best.

    Raises
    ------
    LossAccError
        A `ValueError`, if the arguments are unusable or do not fit together.

    See Also
    --------
    expected_calibration_error : Takes the gap of each level of confidence.

    Notes
    -----
    sum_i w_i (max_j p_ij - 1[y_i = argmax_j p_ij]) / sum_i w_i. Gaps of opposite sign cancel: a model that predicts
    the class frequencies for every row has a gap of 0 and knows nothing. It is no criterion for a choice by itself.

    Examples
    --------
    >>> from sklearn_lossacc.metrics import confidence_gap
    >>> round(confidence_gap([1, 1, 0, 1], [0.75, 0.75, 0.75, 1.0]), 6)  # 3.25 / 4 - 3 / 4
    0.0625
    """
    return gap_of(Rows.check(y_true, y_proba, sample_weight=sample_weight, classes=classes, input=input))
