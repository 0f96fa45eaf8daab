"""Calibration loss and refinement loss: what recalibration would save, and what it would leave."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.special import logsumexp

from sklearn_lossacc._numerics import LOG_CLIP
from sklearn_lossacc._numerics.temperature_blocks import log_scores, solve_temperature_in_blocks
from sklearn_lossacc.inputs import Block, Predictions
from sklearn_lossacc.metrics.log_loss import log_loss_of, prior_log_loss_of
from sklearn_lossacc.metrics.rows import Rows

__all__ = ["calibration_loss", "calibration_of", "refinement_loss", "refinement_of", "resolution"]


class Refinement(NamedTuple):
    """Both parts of a log loss.

    Attributes
    ----------
    calibration, refinement : float
        In nats; they sum to the log loss.
    """

    calibration: float
    refinement: float


def _loss_at(predictions: Predictions, block: Block, beta: float) -> np.ndarray:
    """Return the clipped losses of a block under softmax(beta log p)."""
    scores = np.asarray(predictions.scores[block.start : block.stop])
    logs = beta * log_scores(scores, logits=predictions.input == "logits")
    loss = logsumexp(logs, axis=1) - logs[np.arange(len(block.y)), block.y]
    return np.minimum(loss, -LOG_CLIP)


def refine(rows: Rows) -> Refinement:
    """Split the log loss by the temperature of largest likelihood."""
    data, loss = rows.predictions, log_loss_of(rows)
    fit = solve_temperature_in_blocks(data.scores, data.y, data.sample_weight, logits=data.input == "logits")
    if fit.outcome == "separable":
        return Refinement(0.0, loss)
    fitted = fit.log_loss
    # A recalibrated label costs at most log k - b log p, with p = 0 taken for the clip: up to the clip's loss nothing
    # is clipped, and the loss of the fit is the clipped one.
    lowest = rows.true_log_proba.min()
    if np.log(data.n_classes) - fit.beta * (lowest if np.isfinite(lowest) else LOG_CLIP) > -LOG_CLIP:
        fitted = rows.mean(rows.values(lambda block: _loss_at(data, block, fit.beta)))
    refinement = fitted + 0.5 / rows.effective_n
    return Refinement(loss - refinement, refinement)


def calibration_of(rows: Rows) -> float:
    """Return the calibration loss."""
    return rows.once(refine).calibration


def refinement_of(rows: Rows) -> float:
    """Return the refinement loss."""
    return rows.once(refine).refinement


def calibration_loss(
    y_true: Any,
    y_proba: Any,
    *,
    sample_weight: Any = None,
    classes: Any = None,
    input: str = "proba",
) -> float:
    """Part of the log loss that the right temperature would save, in nats.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Labels.
    y_proba : array-like of shape (n_samples, n_classes), (n_samples,) or (n_samples, 1)
        Probabilities or logits; a single column belongs to the second class.
    sample_weight : array-like of shape (n_samples,), optional
        Weight k is one row that counts k times; it is not k rows.
    classes : array-like of shape (n_classes,), optional
        The label of each column, in column order, which is honoured.
    input : {"proba", "logits"}, default="proba"
        What `y_proba` holds.

    Returns
    -------
    float
        0 in expectation for a calibrated model, hence slightly negative about as often as not. Smaller is better.

    Raises
    ------
    LossAccError
        A `ValueError`, if the arguments are unusable or do not fit together.

    See Also
    --------
    refinement_loss : The rest of the log loss.

    Notes
    -----
    l(1) - l(b) - 1 / (2 n), where l(b) is the log loss of softmax(b log p), clipped like `log_loss`; b >= 0 is the
    inverse temperature of largest likelihood on these very rows; n = (sum w)^2 / sum w^2. The last term is what a
    fitted parameter gains by chance: with it the estimate needs no held-out rows, and has no bias to first order.
    Where every label has its row's largest score no temperature is best, T = 1 is kept, and the result is 0.

    One temperature corrects over- and underconfidence. Class bias, noise floors and the shape of a reliability curve
    are not in it; `diagnose` separates those.

    It is gamed by a model that knows nothing: the class frequencies, predicted for every row, are nearly perfect.

    References
    ----------
    E. Berta, D. Holzmueller, M. I. Jordan, F. Bach, "Rethinking Early Stopping: Refine, Then Calibrate", 2025.

    Examples
    --------
    .9 where 3 of 4 are right; the best temperature makes it .75. The loss falls from log(10) - log(9) * 3/4 to the
    entropy of 3/4, and 1 / (2 * 4) is taken off:

    >>> from math import log
    >>> from sklearn_lossacc.metrics import calibration_loss
    >>> entropy = log(4) - 0.75 * log(3)
    >>> print(round(calibration_loss([1, 1, 1, 0], [0.9] * 4), 6), round(log(10) - 0.75 * log(9) - entropy - 0.125, 6))
    -0.032668 -0.032668
    """
    return calibration_of(Rows.check(y_true, y_proba, sample_weight=sample_weight, classes=classes, input=input))


def refinement_loss(
    y_true: Any,
    y_proba: Any,
    *,
    sample_weight: Any = None,
    classes: Any = None,
    input: str = "proba",
) -> float:
    """Log loss that would be left after the right temperature, in nats.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Labels.
    y_proba : array-like of shape (n_samples, n_classes), (n_samples,) or (n_samples, 1)
        Probabilities or logits; a single column belongs to the second class.
    sample_weight : array-like of shape (n_samples,), optional
        Weight k is one row that counts k times; it is not k rows.
    classes : array-like of shape (n_classes,), optional
        The label of each column, in column order, which is honoured.
    input : {"proba", "logits"}, default="proba"
        What `y_proba` holds.

    Returns
    -------
    float
        `log_loss` minus `calibration_loss`. At least 0. Smaller is better.

    Raises
    ------
    LossAccError
        A `ValueError`, if the arguments are unusable or do not fit together.

    See Also
    --------
    calibration_loss : Says how the temperature is found, and what one temperature cannot correct.
    TemperatureCalibrator : Reaches this loss on new rows.

    Notes
    -----
    l(b) + 1 / (2 n) in the notation of `calibration_loss`. It chooses the model that will be best once it is
    recalibrated, whatever its temperature is now.

    References
    ----------
    E. Berta, D. Holzmueller, M. I. Jordan, F. Bach, "Rethinking Early Stopping: Refine, Then Calibrate", 2025.

    Examples
    --------
    >>> from math import log
    >>> from sklearn_lossacc.metrics import refinement_loss
    >>> print(round(refinement_loss([1, 1, 1, 0], [0.9] * 4), 6), round(log(4) - 0.75 * log(3) + 0.125, 6))
    0.687335 0.687335
    """
    return refinement_of(Rows.check(y_true, y_proba, sample_weight=sample_weight, classes=classes, input=input))


def resolution(
    y_true: Any,
    y_proba: Any,
    *,
    sample_weight: Any = None,
    classes: Any = None,
    input: str = "proba",
    train_prior: Any = None,
) -> float:
    """How much the recalibrated model saves over the class frequencies, in nats: what it knows.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Labels.
    y_proba : array-like of shape (n_samples, n_classes), (n_samples,) or (n_samples, 1)
        Probabilities or logits; a single column belongs to the second class.
    sample_weight : array-like of shape (n_samples,), optional
        Weight k is one row that counts k times; it is not k rows.
    classes : array-like of shape (n_classes,), optional
        The label of each column, in column order, which is honoured.
    input : {"proba", "logits"}, default="proba"
        What `y_proba` holds.
    train_prior : array-like of shape (n_classes,) or mapping, optional
        Class frequencies at training. Without it: those of `y_true`.

    Returns
    -------
    float
        The prior's log loss minus `refinement_loss`. Larger is better. Infinite if the prior rules out a class that
        occurs.

    Raises
    ------
    LossAccError
        A `ValueError`, if the arguments are unusable or do not fit together.

    Notes
    -----
    log loss = prior's log loss - resolution + calibration loss.

    Examples
    --------
    A model that is always right, half the labels of each class, knows log 2:

    >>> from sklearn_lossacc.metrics import resolution
    >>> round(resolution([0, 1], [[1.0, 0.0], [0.0, 1.0]]), 6)
    0.693147
    """
    rows = Rows.check(
        y_true, y_proba, sample_weight=sample_weight, classes=classes, input=input, train_prior=train_prior
    )
    return prior_log_loss_of(rows) - refinement_of(rows)
