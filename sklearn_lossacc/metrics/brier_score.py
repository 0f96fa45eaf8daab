"""The Brier score: squared distance of the probabilities from the label."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_lossacc.metrics.rows import Rows

__all__ = ["brier_score_loss", "brier_score_of", "d2_brier_of", "d2_brier_score"]


def brier_score_of(rows: Rows) -> float:
    """Return the Brier score, halved for two classes."""
    scale = 0.5 if rows.predictions.n_classes == 2 else 1.0
    return scale * rows.mean(rows.squares - 2.0 * np.exp(rows.true_log_proba) + 1.0)


def d2_brier_of(rows: Rows) -> float:
    """Return the share of the prior's Brier score that the model saves."""
    share = rows.class_share
    prior = share if rows.predictions.train_prior is None else rows.predictions.train_prior
    baseline = float(1.0 - 2.0 * share @ prior + prior @ prior)
    if rows.predictions.n_classes == 2:
        baseline *= 0.5
    # One class only: what is left of 1 - 2 + 1 is rounding.
    return 1.0 - brier_score_of(rows) / baseline if baseline > 1e-15 else float("nan")


def brier_score_loss(
    y_true: Any,
    y_proba: Any,
    *,
    sample_weight: Any = None,
    classes: Any = None,
    input: str = "proba",
) -> float:
    """Mean squared distance of the probabilities from the label, halved for two classes.

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
        Between 0 and 1 for two classes, between 0 and 2 for more. Smaller is better.

    Raises
    ------
    LossAccError
        A `ValueError`, if the arguments are unusable or do not fit together.

    See Also
    --------
    corp_decomposition : Its parts.

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
    return brier_score_of(Rows.check(y_true, y_proba, sample_weight=sample_weight, classes=classes, input=input))


def d2_brier_score(
    y_true: Any,
    y_proba: Any,
    *,
    sample_weight: Any = None,
    classes: Any = None,
    input: str = "proba",
    train_prior: Any = None,
) -> float:
    """Share of the prior's Brier score that the model saves: the Brier skill score.

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
    train_prior : array-like of shape (n_classes,) or mapping, optional
        Class frequencies at training, the prediction to beat. Without it: those of `y_true`.

    Returns
    -------
    float
        At most 1; 0 is as good as the prior, negative values are worse. Larger is better. NaN where the prior's
        score is 0, because all labels are of one class.

    Raises
    ------
    LossAccError
        A `ValueError`, if the arguments are unusable or do not fit together.

    Notes
    -----
    1 - brier_score_loss(y, p) / brier_score_loss(y, prior).

    Examples
    --------
    The prior costs 1 / 4 a row, the model 1 / 16:

    >>> from sklearn_lossacc.metrics import d2_brier_score
    >>> d2_brier_score([0, 1], [0.25, 0.75])
    0.75
    """
    rows = Rows.check(
        y_true, y_proba, sample_weight=sample_weight, classes=classes, input=input, train_prior=train_prior
    )
    return d2_brier_of(rows)
