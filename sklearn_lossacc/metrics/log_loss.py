"""The log loss: what the label costs a model that says p, in nats."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from scipy.special import entr

from sklearn_lossacc._numerics import LOSS_CLIP
from sklearn_lossacc.metrics.rows import Rows

__all__ = [
    "d2_log_loss_of",
    "d2_log_loss_score",
    "expected_log_loss",
    "log_loss",
    "log_loss_of",
    "log_loss_per_sample",
    "prior_log_loss_of",
]


def _check_clip(clip: float | None) -> None:
    """Refuse a clip that is no probability."""
    if clip is not None and not (isinstance(clip, Real) and 0 < clip < 1):
        raise ValueError(f"clip must be None or between 0 and 1, got {clip!r}.")


def log_loss_of(rows: Rows) -> float:
    """Return the clipped log loss."""
    return rows.mean(rows.loss())


def prior_log_loss_of(rows: Rows) -> float:
    """Return the log loss of the training prior, or of the class shares of the labels themselves."""
    prior = rows.predictions.train_prior
    share = rows.class_share
    if prior is None:
        return float(entr(share).sum())
    occurs = share > 0
    if (prior[occurs] == 0).any():
        return float("inf")
    return float(-share[occurs] @ np.log(prior[occurs]))


def d2_log_loss_of(rows: Rows) -> float:
    """Return the share of the prior's log loss that the model saves."""
    baseline = prior_log_loss_of(rows)
    if not 0 < baseline < np.inf:
        return float("nan")
    return 1.0 - log_loss_of(rows) / baseline


def log_loss(
    y_true: Any,
    y_proba: Any,
    *,
    sample_weight: Any = None,
    classes: Any = None,
    input: str = "proba",
    clip: float | None = LOSS_CLIP,
) -> float:
    """Mean of -log p at the label, in nats.

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
    clip : float or None, default=2.22e-16
        Smallest probability that is taken at its word, whatever the dtype of `y_proba`; None makes one label of
        probability 0 cost infinitely much.

    Returns
    -------
    float
        At least 0; log(n_classes) for equal probabilities. Smaller is better.

    Raises
    ------
    LossAccError
        A `ValueError`, if the arguments are unusable or do not fit together.

    See Also
    --------
    brier_score_loss : Bounded, hence kinder to confident errors.
    log_loss_per_sample : Its terms.

    Notes
    -----
    sum_i w_i (-log max(p_i[y_i], clip)) / sum_i w_i.

    Examples
    --------
    >>> from sklearn_lossacc.metrics import log_loss
    >>> round(log_loss(["dog", "cat"], [[0.5, 0.5], [0.25, 0.75]], classes=["cat", "dog"]), 6)  # (log 2 + log 4) / 2
    1.039721
    >>> log_loss([1], [0.0], clip=None)
    inf
    """
    _check_clip(clip)
    rows = Rows.check(y_true, y_proba, sample_weight=sample_weight, classes=classes, input=input)
    return rows.mean(rows.loss(clip))


def log_loss_per_sample(
    y_true: Any,
    y_proba: Any,
    *,
    classes: Any = None,
    input: str = "proba",
    clip: float | None = LOSS_CLIP,
) -> np.ndarray:
    """Return -log p at each label, in nats.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Labels.
    y_proba : array-like of shape (n_samples, n_classes), (n_samples,) or (n_samples, 1)
        Probabilities or logits; a single column belongs to the second class.
    classes : array-like of shape (n_classes,), optional
        The label of each column, in column order, which is honoured.
    input : {"proba", "logits"}, default="proba"
        What `y_proba` holds.
    clip : float or None, default=2.22e-16
        Smallest probability that is taken at its word.

    Returns
    -------
    ndarray of shape (n_samples,)
        The losses, in the order of the rows. Their weighted mean is `log_loss`.

    Raises
    ------
    LossAccError
        A `ValueError`, if the arguments are unusable or do not fit together.

    Examples
    --------
    >>> from sklearn_lossacc.metrics import log_loss_per_sample
    >>> log_loss_per_sample([0, 1], [[0.5, 0.5], [1.0, 0.0]], clip=0.125).round(6)  # log 2 and log 8
    array([0.693147, 2.079442])
    """
    _check_clip(clip)
    return Rows.check(y_true, y_proba, classes=classes, input=input).loss(clip)


def expected_log_loss(
    y_true: Any,
    y_proba: Any,
    *,
    sample_weight: Any = None,
    classes: Any = None,
    input: str = "proba",
) -> float:
    """Log loss that the model expects of itself: the mean entropy of its predictions, in nats.

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
        Between 0 and log(n_classes). Not a score: compare it with `log_loss`. A loss above it means overconfidence,
        a loss below it underconfidence.

    Raises
    ------
    LossAccError
        A `ValueError`, if the arguments are unusable or do not fit together.

    Notes
    -----
    sum_i w_i H(p_i) / sum_i w_i with H(p) = -sum_j p_j log p_j. The labels serve to name the columns only. If labels
    are drawn from the predictions, the log loss has this expectation; the difference of the two is the slope of the
    log likelihood in the inverse temperature, at temperature 1.

    Examples
    --------
    >>> from sklearn_lossacc.metrics import expected_log_loss
    >>> round(expected_log_loss([0, 0], [[0.5, 0.5], [1.0, 0.0]]), 6)  # (log 2 + 0) / 2
    0.346574
    """
    rows = Rows.check(y_true, y_proba, sample_weight=sample_weight, classes=classes, input=input)
    return rows.mean(rows.entropy)


def d2_log_loss_score(
    y_true: Any,
    y_proba: Any,
    *,
    sample_weight: Any = None,
    classes: Any = None,
    input: str = "proba",
    train_prior: Any = None,
) -> float:
    """Share of the prior's log loss that the model saves.

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
        Class frequencies at training, the prediction to beat. Without it: those of `y_true`, which no model can
        know beforehand, so that the score errs on the strict side.

    Returns
    -------
    float
        At most 1; 0 is the prior's loss, negative values are worse than that. Larger is better. NaN where the
        prior's loss is 0, because all labels are of one class, or infinite.

    Raises
    ------
    LossAccError
        A `ValueError`, if the arguments are unusable or do not fit together.

    Notes
    -----
    1 - log_loss(y, p) / log_loss(y, prior), the first clipped like `log_loss`.

    Examples
    --------
    The prior costs log 2 a row, the model log(4 / 3):

    >>> from sklearn_lossacc.metrics import d2_log_loss_score
    >>> round(d2_log_loss_score([0, 1], [0.25, 0.75]), 6)
    0.584963
    """
    rows = Rows.check(
        y_true, y_proba, sample_weight=sample_weight, classes=classes, input=input, train_prior=train_prior
    )
    return d2_log_loss_of(rows)
