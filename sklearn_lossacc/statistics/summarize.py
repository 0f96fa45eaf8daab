"""From arrays to a summary in one call."""

from __future__ import annotations

from typing import Any

from sklearn_lossacc.inputs import Predictions
from sklearn_lossacc.inputs.weights import check_weight_scale
from sklearn_lossacc.statistics.summary import PredictionSummary
from sklearn_lossacc.statistics.tally import SAMPLE_ENTRIES

__all__ = ["summarize"]


def summarize(
    y_true: Any,
    y_proba: Any,
    *,
    input: str = "proba",
    classes: Any = None,
    sample_weight: Any = None,
    groups: Any = None,
    train_prior: Any = None,
    out_of_sample: bool = True,
    row_offset: int = 0,
    sample_entries: int = SAMPLE_ENTRIES,
    X: Any = None,
) -> PredictionSummary:
    """Summarize predictions in one pass, so that parts can be summarized apart and merged.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Class labels.
    y_proba : array-like of shape (n_samples, n_classes), (n_samples,) or (n_samples, 1)
        Probabilities or logits; one column: of ``classes[1]`` of a binary problem. Referenced, never copied.
    input : {"proba", "logits"}, default="proba"
        What `y_proba` holds.
    classes : array-like of shape (n_classes,), optional
        The label of each column, in column order. Pass it for parts in which some class may be missing.
    sample_weight : array-like of shape (n_samples,), optional
        Non-negative weights. Every value equals repetition of rows; for variances a weighted row is one draw.
    groups : array-like of shape (n_samples,), optional
        Group labels; rows of one group are dependent. A group may have rows in several parts.
    train_prior : array-like of shape (n_classes,) or mapping, optional
        Class frequencies at training.
    out_of_sample : bool, default=True
        False declares predictions of the training data.
    row_offset : int, default=0
        Number of rows before this part, over all parts.
    sample_entries : int, default=2**21
        Size of the row sample, in matrix entries: it holds ``max(2048, sample_entries // n_classes)`` rows.
    X : array-like of shape (n_samples, ...), sparse matrix or data frame, optional
        The features, read only to recognise rows that are copies. One code of 64 bits a row of the sample is kept.

    Returns
    -------
    PredictionSummary
        Everything that a diagnosis needs; merges with summaries of other rows.

    Raises
    ------
    LossAccError
        If the input cannot be used, a ValueError: InvalidPredictionsError, InvalidTargetError, ClassesMismatchError,
        InvalidWeightsError, InvalidGroupsError or InvalidFeaturesError.

    See Also
    --------
    PredictionSummary : Says what is in it.

    Examples
    --------
    The losses of four labels with probability 1/2 or 1/4:

    >>> from math import log
    >>> from sklearn_lossacc import summarize
    >>> y_proba = [[0.5, 0.25, 0.25]] * 4
    >>> summary = summarize(["a", "a", "b", "c"], y_proba, classes=["a", "b", "c"])
    >>> round(summary.log_loss / log(2), 12)
    1.5
    >>> summary.mean("correct"), summary.mean("confidence"), summary.mean("brier")
    (0.5, 0.5, 0.625)
    >>> summary.class_rows.tolist(), summary.proba_sum.tolist()
    ([2, 1, 1], [2.0, 1.0, 1.0])
    """
    predictions = Predictions.from_arrays(
        y_true,
        y_proba,
        input=input,
        classes=classes,
        sample_weight=sample_weight,
        groups=groups,
        train_prior=train_prior,
        out_of_sample=out_of_sample,
        row_offset=row_offset,
        X=X,
    )
    check_weight_scale(predictions.sample_weight)
    return PredictionSummary.from_predictions(predictions, sample_entries)
